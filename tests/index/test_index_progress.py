"""Rates and estimates with a clock of the test's own."""

import pytest

from opqn_app.index.progress import WINDOW_S, RateMeter, RunCounts


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_no_estimate_before_there_is_something_to_go_by() -> None:
    clock = Clock()
    meter = RateMeter(clock)
    assert (meter.rate(), meter.eta_s(10)) == (0.0, None)
    clock.now += 0.5
    meter.add(5)
    assert meter.rate() == 10.0
    assert meter.eta_s(10) is None
    clock.now += 1.5
    meter.add(15)
    assert meter.eta_s(50) == 5.0


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
    counts = RunCounts(total=10, meter=RateMeter(clock))
    clock.now += 2
    for progress in counts.step(4, "a.jpg"):
        assert (progress.done, progress.total, progress.current) == (4, 10, "a.jpg")
        assert (progress.photos_per_s, progress.eta_s) == (2.0, 3.0)
        clock.now += 500
    clock.now += 2
    [progress] = counts.step(4, "b.jpg")
    assert (progress.done, progress.photos_per_s, progress.eta_s) == (8, 2.0, 1.0)
