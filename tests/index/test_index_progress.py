"""Rates and estimates with a clock of the test's own."""

import random
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from opqn_app.core.progress import WINDOW_S, RateMeter
from opqn_app.index.progress import RunCounts


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_no_estimate_before_there_is_something_to_go_by() -> None:
    clock = Clock()
    meter = RateMeter(clock)
    assert (meter.rate(), meter.eta_s(10)) == (0.0, None)
    clock.now += 8  # workers start
    meter.add(1)
    assert (meter.rate(), meter.eta_s(10)) == (0.0, None)
    clock.now += 0.5
    meter.add(5)
    assert meter.rate() == 10.0
    assert meter.eta_s(10) is None
    for _ in range(6):
        clock.now += 0.5
        meter.add(5)
    assert meter.eta_s(50) == 5.0


def told(paces: Sequence[float]) -> list[float | None]:
    """What is said of 100 more, second by second, at so many a second."""
    clock = Clock()
    meter = RateMeter(clock)
    meter.add(1)
    found = []
    for pace in paces:
        clock.now += 1
        meter.add(round(pace))
        found.append(meter.eta_s(100))
    return found


def test_nothing_is_said_while_the_pace_still_changes() -> None:
    speeding_up = told([1, 4, 8, 10, 10, 10, 10, 10])
    assert speeding_up[:3] == [None] * 3
    first = next(eta for eta in speeding_up if eta is not None)
    assert 10 <= first <= 17, "near what it takes at the pace that it comes to"


def test_a_pace_that_never_settles_is_told_at_last() -> None:
    jumping = told([1, 20] * 20)
    assert jumping[-1] == pytest.approx(100 / 10.5, rel=0.1)


def test_a_pause_does_not_count() -> None:
    clock = Clock()
    meter = RateMeter(clock)
    for _ in range(4):
        clock.now += 1
        meter.add(2)
        with meter.paused():
            clock.now += 1000
    assert meter.rate() == 2.0
    assert meter.eta_s(8) == 4.0


def test_only_the_last_half_minute_counts() -> None:
    clock = Clock()
    meter = RateMeter(clock)
    for _ in range(100):
        clock.now += 1
        meter.add(1)
    for _ in range(int(WINDOW_S) + 2):
        clock.now += 1
        meter.add(7)
    assert meter.rate() == pytest.approx(7.0)


def test_a_step_counts_and_stops_the_clock_while_it_is_out() -> None:
    clock = Clock()
    counts = RunCounts(total=18, meter=RateMeter(clock))
    [progress] = counts.step(2, "a.jpg")
    assert (progress.photos_per_s, progress.eta_s) == (0.0, None)
    clock.now += 3
    for progress in counts.step(6, "b.jpg"):
        assert (progress.done, progress.total, progress.current) == (8, 18, "b.jpg")
        assert (progress.photos_per_s, progress.eta_s) == (2.0, 5.0)
        clock.now += 500
    clock.now += 2
    [progress] = counts.step(4, "c.jpg")
    assert (progress.done, progress.photos_per_s, progress.eta_s) == (12, 2.0, 3.0)


def paces(kind: str, chance: random.Random) -> Iterator[float]:
    """Seconds that one photo after the other takes."""
    for place in range(400):
        if kind == "slow":
            yield 4.0
        elif kind == "warming up":  # models are loaded, the disk wakes
            yield 1.0 if place < 8 else 0.1
        elif kind == "speeding up":  # from 1 a second to 10
            yield 1 / min(10.0, 1 + 0.3 * place)
        elif kind == "small ones first":
            yield 0.1 if place < 10 else 0.5
        else:  # some are a hundred times as large as others
            yield chance.lognormvariate(-1, 0.8)


@pytest.mark.parametrize("at_once", [1, 8])
@pytest.mark.parametrize(
    "kind", ["slow", "warming up", "speeding up", "small ones first", "all sizes"]
)
def test_the_first_estimate_is_near_the_truth_or_comes_later(kind: str, at_once: int) -> None:
    for seed in range(10):
        finished = np.cumsum(list(paces(kind, random.Random(seed))))
        clock = Clock()
        meter = RateMeter(clock)
        for done in range(at_once, len(finished), at_once):
            clock.now = 100.0 + float(finished[done - 1])
            meter.add(at_once)
            told = meter.eta_s(len(finished) - done)
            if told is not None:
                break
        truth = float(finished[-1] - finished[done - 1])
        assert told is not None, "it comes before the end"
        assert truth / 2 <= told <= truth * 2, (seed, done)
