"""What is painted is fetched once, in batches, newest first, and bounded."""

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from opqn_app.ui.work.lane_cache import WAITING, LaneCache
from opqn_app.ui.work.tasks import TaskRunner


class Source:
    """Squares of numbers, and a record of what was asked for."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = threading.Event()
        self.gate.set()

    def load(self, keys: Sequence[int]) -> dict[int, int]:
        self.batches.append(list(keys))
        self.gate.wait(120)
        return {key: key * key for key in keys if key >= 0}


@pytest.fixture
def runner(qapp: object) -> Iterator[TaskRunner]:
    made = TaskRunner()
    yield made
    made.shutdown()


def cache_of(runner: TaskRunner, source: Source, **options: Any) -> LaneCache[int]:
    chosen = {"capacity": 100, "batch": 10, **options}
    return LaneCache(runner, "read", source.load, lambda v: -1 if v is None else v, **chosen)


def test_a_screen_of_keys_is_fetched_in_batches_newest_first(
    runner: TaskRunner, qtbot: QtBot
) -> None:
    source = Source()
    cache = cache_of(runner, source)
    for key in range(25):
        assert cache.get(key) is None
    qtbot.waitUntil(lambda: cache.held(0) is not None)
    assert [len(batch) for batch in source.batches] == [10, 10, 5]
    assert source.batches[0] == list(range(24, 14, -1))
    assert cache.get(7) == 49


def test_a_key_is_asked_for_only_once_while_it_is_on_its_way(
    runner: TaskRunner, qtbot: QtBot
) -> None:
    source = Source()
    source.gate.clear()
    cache = cache_of(runner, source)
    cache.get(3)
    qtbot.waitUntil(lambda: len(source.batches) == 1)
    cache.get(3)
    source.gate.set()
    qtbot.waitUntil(lambda: cache.held(3) is not None)
    assert source.batches == [[3]]


def test_a_key_without_a_value_is_remembered_as_missing(runner: TaskRunner, qtbot: QtBot) -> None:
    cache = cache_of(runner, Source())
    cache.get(-5)
    qtbot.waitUntil(lambda: cache.held(-5) is not None)
    assert cache.get(-5) == -1


def test_requests_scrolled_past_long_ago_are_dropped(runner: TaskRunner, qtbot: QtBot) -> None:
    source = Source()
    cache = cache_of(runner, source, capacity=10_000, batch=100)
    for key in range(5000):
        cache.get(key)
    qtbot.waitUntil(lambda: cache.held(5000 - WAITING) is not None)
    assert sum(map(len, source.batches)) == WAITING
    assert cache.held(0) is None


def test_only_the_values_used_last_are_kept(runner: TaskRunner, qtbot: QtBot) -> None:
    cache = cache_of(runner, Source(), capacity=20)
    for key in range(60):
        cache.get(key)
    qtbot.waitUntil(lambda: cache.held(0) is not None)
    assert sum(cache.held(key) is not None for key in range(60)) == 20


def test_an_answer_from_before_clear_is_not_kept(runner: TaskRunner, qtbot: QtBot) -> None:
    source = Source()
    source.gate.clear()
    cache = cache_of(runner, source)
    cache.get(2)
    qtbot.waitUntil(lambda: len(source.batches) == 1)
    cache.clear()
    source.gate.set()
    cache.get(4)
    qtbot.waitUntil(lambda: cache.held(4) is not None)
    assert cache.held(2) is None
