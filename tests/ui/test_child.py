"""A child is listened to, stopped, killed if need be, and its failures become sentences."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from opqn_app.ui.evaluate.evaluate_form import EvaluateForm
from opqn_app.ui.train.train_form import TrainForm
from opqn_app.ui.work.child import FIELDS, ChildEnd, ChildProcess, failure_in_words
from opqn_app.ui.work.session import Session

TIMEOUT = 600_000  # ms; only reached by a test that fails
FAKE = Path(__file__).parent / "fake_child.py"
MakeChild = Callable[..., ChildProcess]


@pytest.fixture
def make_child(qtbot: QtBot, tmp_path: Path) -> MakeChild:
    """A child that follows a plan."""

    def make(*steps: dict[str, Any]) -> ChildProcess:
        plan = tmp_path / "plan.json"
        plan.write_text(json.dumps(steps), encoding="utf-8")
        return ChildProcess(program=[sys.executable, str(FAKE), str(plan)])

    return make


@pytest.fixture(autouse=True)
def nothing_left_running() -> Any:
    yield
    left = [p for p in psutil.Process(os.getpid()).children(recursive=True)
            if any("fake_child" in part for part in p.cmdline())]  # fmt: skip
    assert not left


def run(child: ChildProcess, qtbot: QtBot) -> tuple[list[dict[str, Any]], ChildEnd]:
    told: list[dict[str, Any]] = []
    child.told.connect(told.append)
    with qtbot.waitSignal(child.finished, timeout=TIMEOUT) as finished:
        child.start(["evaluate", "DATA"])
    return told, finished.args[0]


def test_every_line_is_told_and_chatter_is_passed_over(
    make_child: MakeChild, qtbot: QtBot, tmp_path: Path
) -> None:
    child = make_child(
        {"do": "print", "value": {"event": "progress", "done": 1}},
        {"do": "print", "value": "a library says hello {"},
        {"do": "print", "value": "[1, 2]"},
        {"do": "print", "value": {"results": ["ü" * 100_000]}},
    )
    told, end = run(child, qtbot)
    assert told == [{"event": "progress", "done": 1}, {"results": ["ü" * 100_000]}]
    assert end == ChildEnd("done")
    assert not child.is_running
    assert json.loads((tmp_path / "plan.arguments").read_text()) == ["evaluate", "DATA"]


def test_a_known_problem_is_the_last_line_of_stderr(make_child: MakeChild, qtbot: QtBot) -> None:
    child = make_child(
        {"do": "complain", "value": "some warning"},
        {"do": "complain", "value": "The data at /x can't be used: it is empty."},
        {"do": "exit", "value": 1},
    )
    _, end = run(child, qtbot)
    assert (end.status, end.words) == ("failed", "The data at /x can't be used: it is empty.")
    assert "some warning" in end.details


def test_a_crash_is_told_in_plain_words(make_child: MakeChild, qtbot: QtBot) -> None:
    _, end = run(make_child({"do": "crash"}), qtbot)
    assert end.status == "failed"
    assert "memory" in end.words


def test_a_traceback_is_for_the_log_only() -> None:
    errors = "Traceback (most recent call last):\n  File …\nZeroDivisionError: division by zero"
    words = failure_in_words(errors, 1, is_crash=False)
    assert words == "This task ended by a fault of this program; its log file says more."
    assert failure_in_words("usage: opqn …", 2, is_crash=False) == words


def test_stopping_lets_the_child_save_first(make_child: MakeChild, qtbot: QtBot) -> None:
    child = make_child({"do": "print", "value": {"event": "run"}}, {"do": "wait"})
    child.told.connect(lambda _event: child.stop())
    _, end = run(child, qtbot)
    assert end == ChildEnd("stopped")


def test_a_child_that_does_not_listen_is_killed(make_child: MakeChild, qtbot: QtBot) -> None:
    child = make_child({"do": "ignore"}, {"do": "print", "value": {"event": "run"}}, {"do": "wait"})
    child.told.connect(lambda _event: child.stop(grace_ms=100))
    _, end = run(child, qtbot)
    assert end == ChildEnd("stopped")


def test_waiting_for_the_end_leaves_nothing_behind(make_child: MakeChild, qtbot: QtBot) -> None:
    for steps in ([{"do": "wait"}], [{"do": "ignore"}, {"do": "print", "value": {}},
                                     {"do": "wait"}]):  # fmt: skip
        child = make_child({"do": "print", "value": {"event": "run"}}, *steps)
        with qtbot.waitSignal(child.told, timeout=TIMEOUT):
            child.start(["train"])
        child.stop_and_wait(grace_ms=500)
        assert not child.is_running


def test_a_program_that_is_not_there_is_a_sentence(qtbot: QtBot) -> None:
    child = ChildProcess(program=["/no/such/program"])
    _, end = run(child, qtbot)
    assert end.status == "failed"
    assert "could not start" in end.words


def test_the_fields_that_stand_for_flags_are_there(session: Session, qtbot: QtBot) -> None:
    forms = [form(session.settings, session.runner) for form in (EvaluateForm, TrainForm)]
    for form in forms:
        qtbot.addWidget(form)
    shown = {label.text() for form in forms for label in form.findChildren(QLabel)}
    assert set(FIELDS.values()) <= shown


def test_a_sentence_about_a_flag_names_the_field() -> None:
    told = "nobody has 43 pictures, so none are left to test with; lower --queries."
    said = failure_in_words(f"a line\n{told}\n", 1, is_crash=False)
    assert said.endswith("lower “Test pictures of each person”.")
    told = "lower --queries-per-person, or ask --queries-on-paper"
    said = failure_in_words(told, 1, is_crash=False)
    assert said == "lower “Pictures of each that ask”, or ask --queries-on-paper"
