"""Lanes: order, progress, pause, cancel, failure, and an end that leaves no thread behind."""

import gc
import threading
import weakref
from collections.abc import Generator, Iterator

import pytest
from pytestqt.qtbot import QtBot

from opqn_app.core.errors import OpqnError
from opqn_app.ui.work.tasks import TaskRunner


class Held:
    """What a connected function names."""


@pytest.fixture
def runner(qapp: object) -> Iterator[TaskRunner]:
    made = TaskRunner()
    yield made
    made.shutdown()


def test_jobs_of_a_lane_run_in_the_order_they_were_started(
    runner: TaskRunner, qtbot: QtBot
) -> None:
    done: list[int] = []
    tasks = [runner.start("query", done.append, number) for number in range(20)]
    qtbot.waitUntil(lambda: all(task.is_done for task in tasks))
    assert done == list(range(20))


def test_a_generator_reports_its_newest_progress_and_its_result(
    runner: TaskRunner, qtbot: QtBot
) -> None:
    def count() -> Generator[int, None, str]:
        yield from range(500)
        return "counted"

    seen: list[int] = []
    task = runner.start("read", count)
    task.progressed.connect(seen.append)
    with qtbot.waitSignal(task.succeeded) as answer:
        pass
    assert answer.args == ["counted"]
    assert seen == sorted(seen)
    assert seen[-1] == 499


def test_a_cancelled_generator_is_closed_and_says_so(runner: TaskRunner, qtbot: QtBot) -> None:
    closed = threading.Event()

    def endless() -> Generator[int, None, None]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    task = runner.start("index", endless)
    qtbot.waitSignal(task.progressed).wait()
    with qtbot.waitSignal(task.cancelled):
        task.cancel()
    assert closed.is_set()


def test_a_paused_generator_stands_still_until_it_is_resumed(
    runner: TaskRunner, qtbot: QtBot
) -> None:
    steps: list[int] = []
    may_go_on = threading.Semaphore(0)

    def step() -> Generator[int, None, None]:
        for number in range(3):
            may_go_on.acquire()
            steps.append(number)
            yield number

    task = runner.start("index", step)
    task.pause()
    assert task.is_paused
    may_go_on.release(3)
    task.resume()
    with qtbot.waitSignal(task.succeeded):
        pass
    assert steps == [0, 1, 2]


def test_a_paused_task_can_be_cancelled(runner: TaskRunner, qtbot: QtBot) -> None:
    def endless() -> Generator[int, None, None]:
        while True:
            yield 1

    task = runner.start("index", endless)
    task.pause()
    with qtbot.waitSignal(task.cancelled):
        task.cancel()


def test_a_failure_arrives_as_the_exception(runner: TaskRunner, qtbot: QtBot) -> None:
    def fail() -> None:
        raise OpqnError("The disk is full. Free some space.")

    task = runner.start("read", fail)
    with qtbot.waitSignal(task.failed) as answer:
        pass
    assert answer.args is not None
    assert str(answer.args[0]) == "The disk is full. Free some space."


def test_held_jobs_wait_for_the_release_and_keep_their_order(
    runner: TaskRunner, qtbot: QtBot
) -> None:
    done: list[int] = []
    runner.hold()
    tasks = [runner.start("query", done.append, number) for number in range(3)]
    barrier = threading.Event()
    assert not barrier.wait(0.05)
    assert not done
    runner.release()
    qtbot.waitUntil(lambda: all(task.is_done for task in tasks))
    assert done == [0, 1, 2]


def test_shutdown_ends_endless_jobs_in_every_lane(qapp: object) -> None:
    def endless() -> Generator[int, None, None]:
        while True:
            yield 1

    runner = TaskRunner()
    for lane in ("index", "query", "read", "thumbs", "load"):
        runner.start(lane, endless)
    runner.shutdown()
    late = runner.start("read", list)
    assert runner.is_shut_down
    assert not late.is_done


def test_what_a_lane_has_opened_is_closed_on_its_thread_at_the_end(
    qtbot: QtBot, qapp: object
) -> None:
    runner = TaskRunner()
    threads: list[object] = []
    runner.at_end("people", lambda: threads.append(threading.get_ident()))
    task = runner.start("people", threading.get_ident)
    task.succeeded.connect(threads.append)
    qtbot.waitUntil(lambda: len(threads) == 1, timeout=60_000)
    runner.start("people", lambda: threads.append("too late"))
    runner.shutdown()
    assert threads[0] == threads[-1]


def test_a_task_goes_although_its_functions_name_it(runner: TaskRunner, qtbot: QtBot) -> None:
    """Qt's connections hide such a ring from Python's collector: each search left one behind."""
    heard: list[object] = []

    def start() -> tuple[weakref.ref[object], weakref.ref[object]]:
        task, held = runner.start("read", list), Held()
        task.succeeded.connect(lambda _: heard.append((task.is_done, held)[0]))
        task.finished.connect(lambda: heard.append(task.is_done))
        return weakref.ref(task), weakref.ref(held)

    both = start()
    qtbot.waitUntil(lambda: len(heard) == 2)

    def is_gone() -> bool:
        gc.collect()
        return both[0]() is both[1]() is None

    qtbot.waitUntil(is_gone)
