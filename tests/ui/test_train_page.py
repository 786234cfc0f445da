"""The Train page with a scripted child: curves, pause, resume, stop, runs, use as model."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image
from PySide6.QtWidgets import QApplication, QLabel, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from opqn_app.ui.shell.main_window import MainWindow
from opqn_app.ui.train import training
from opqn_app.ui.train.method_names import METHODS as METHOD_NAMES
from opqn_app.ui.train.method_names import method_of
from opqn_app.ui.train.train_page import TrainPage
from opqn_app.ui.work.session import Session
from trainer.methods import METHODS

TIMEOUT = 600_000  # ms; only reached by a test that fails
FAKE = Path(__file__).parent / "fake_child.py"
COUNTS = {"train": 10, "val": 2, "test": 3, "gallery": 12, "people": 2, "duplicates": 0}
CONFIG = {
    "preset": "paper",
    "data": {},
    "method": {"variant": "OPQN", "n_books": 6, "n_words": 64},
    "engine": {"epochs": 5},
}
FakeTraining = Callable[..., list[str]]


def epoch(number: int, loss: float, figure: float | None = None) -> dict[str, Any]:
    validation = None if figure is None else {"map": figure, "rank1": figure}
    return {"event": "epoch", "epoch": number, "loss": {"total": loss}, "validation": validation}


def step(number: int) -> dict[str, Any]:
    return {"event": "step", "epoch": number, "epochs": 5, "step": 1, "steps": 2, "loss": 21.5,
            "images_per_s": 812.4, "eta_s": 240.0}  # fmt: skip


def make_run(name: str, *lines: dict[str, Any], result: dict[str, Any] | None = None) -> Path:
    """A run folder as the trainer leaves it."""
    path = training.runs_folder() / name
    path.mkdir(parents=True)
    (path / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (path / "metrics.jsonl").write_text(text, encoding="utf-8")
    (path / "last.pt").touch()
    (path / "best.pt").touch()
    if result is not None:
        (path / "result.json").write_text(json.dumps(result), encoding="utf-8")
    return path


def events(run: Path, *more: dict[str, Any]) -> list[dict[str, Any]]:
    told = [{"event": "loading", "sources": []}, {"event": "data", **COUNTS},
            {"event": "run", "run": str(run), "config": CONFIG}]  # fmt: skip
    return [{"do": "print", "value": value} for value in (*told, *more)]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for person in range(2):
        for picture in range(2):
            path = tmp_path / "people" / f"p{person}" / f"{picture}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((8, 8, 3), 40 * person + picture, np.uint8)).save(path)
    return tmp_path / "people"


@pytest.fixture
def plan_file(tmp_path: Path) -> Path:
    return tmp_path / "plan.json"


@pytest.fixture
def page(session: Session, qtbot: QtBot, plan_file: Path, data: Path) -> Iterator[TrainPage]:
    made = TrainPage(session, program=[sys.executable, str(FAKE), str(plan_file)])
    qtbot.addWidget(made)
    made.resize(900, 600)
    made.form.set_data(data)
    made.show()
    qtbot.waitUntil(made.form.train_button.isEnabled, timeout=TIMEOUT)
    yield made
    made.shut_down()
    running = psutil.Process(os.getpid()).children(recursive=True)
    assert not [p for p in running if any("fake_child" in part for part in p.cmdline())]


def plan(path: Path, steps: list[dict[str, Any]]) -> None:
    path.write_text(json.dumps(steps), encoding="utf-8")


def arguments_of(plan_file: Path) -> list[str]:
    return list(json.loads(plan_file.with_suffix(".arguments").read_text(encoding="utf-8")))


def cells_of(page: TrainPage) -> list[str]:
    items = [page.runs.table.item(0, i) for i in range(page.runs.table.columnCount())]
    return [item.text() for item in items if item is not None]


def curve(page: TrainPage, chart: str, name: str) -> list[float]:
    assert page.view is not None
    column = "value" if chart == "accuracy" else "loss"
    curves = {c.name: c for c in getattr(page.view, chart)._curves}
    return list(curves[name].columns[column]) if name in curves else []


def test_without_runs_the_page_says_what_it_is_for(page: TrainPage) -> None:
    assert page.stack.currentWidget() is page.empty
    assert page.empty.button.text() == "Choose labelled folders"


def test_choices_become_the_command_line(
    page: TrainPage, qtbot: QtBot, plan_file: Path, data: Path
) -> None:
    plan(plan_file, [])
    form = page.form
    assert form.bits.value == "36"
    form.preset.choose("code")
    form.method.choose("gpq")
    form.pixels.choose("112")
    form.bits.choose("128")
    form.epochs.setValue(7)
    form.queries.setValue(1)
    form.device.choose("cpu")
    with qtbot.waitSignal(page.run_ended, timeout=TIMEOUT):
        form.train_button.click()
    arguments = arguments_of(plan_file)
    assert arguments[:14] == [
        "train", str(data), "--preset", "code", "--method", "gpq", "--input-size", "112",
        "--len", "128", "--queries", "1", "--device", "cpu",
    ]  # fmt: skip
    assert arguments[14:17] == ["--epochs", "7", "--json-lines"]
    assert arguments[arguments.index("--out") + 1] == str(training.runs_folder())
    assert arguments[arguments.index("--name") + 1].startswith("people 2")
    assert page.messages.text == "Training ended without a result; the log file says more."


def test_every_method_can_be_chosen_and_is_explained(page: TrainPage) -> None:
    known = {name: (listed.title, listed.sentence) for name, listed in METHODS.items()}
    assert known == METHOD_NAMES
    assert page.form.method.value == "opqn"
    for name, (_, sentence) in METHOD_NAMES.items():
        page.form.method.choose(name)
        assert sentence in [label.text() for label in page.form.findChildren(QLabel)]


def test_the_list_of_runs_names_the_method() -> None:
    assert method_of({"variant": "OPQN-A"}) == "OPQN-A"  # of before there were methods
    assert method_of({"name": "gpq", "variant": "OPQN"}) == "GPQ"
    assert method_of({"name": "a later one", "variant": "OPQN"}) == "a later one"


@pytest.mark.parametrize(
    ("data", "taken", "name"),
    [
        ("faces", [], "faces DAY"),
        ("faces.tar.gz", ["faces DAY-36bit-6x64-OPQN-dct-s1", "other"], "faces DAY"),
        ("faces", ["Faces DAY", "faces DAY 2"], "faces DAY 3"),
        (".faces", [], "DAY"),
    ],
)
def test_a_run_gets_a_name_that_no_other_has(data: str, taken: list[str], name: str) -> None:
    day = time.strftime("%Y-%m-%d")
    found = training.run_name(Path("/set") / data, [each.replace("DAY", day) for each in taken])
    assert found == name.replace("DAY", day)


def test_a_folder_that_is_no_run_keeps_its_name_too(
    page: TrainPage, qtbot: QtBot, plan_file: Path
) -> None:
    """A run that could not even begin; the list of runs does not show it."""
    plan(plan_file, [])
    name = f"people {time.strftime('%Y-%m-%d')}"
    (training.runs_folder() / name).mkdir(parents=True)
    with qtbot.waitSignal(page.run_ended, timeout=TIMEOUT):
        page.form.train_button.click()
    arguments = arguments_of(plan_file)
    assert arguments[arguments.index("--name") + 1] == f"{name} 2"


def test_pictures_that_took_no_part_are_told() -> None:
    assert "took no part" not in training.data_in_words(COUNTS)
    told = COUNTS | {"left_out": 1, "people_without_a_picture": []}
    assert "1 picture took no part. The run's" in training.data_in_words(told)
    told = COUNTS | {"left_out": 1200, "people_without_a_picture": ["ann", "bob"]}
    words = training.data_in_words(told)
    assert "1,200 pictures took no part, and none is left of ann, bob." in words


def test_curves_grow_while_it_trains(page: TrainPage, qtbot: QtBot, plan_file: Path) -> None:
    run = make_run("a")
    told = [epoch(1, 30.0), step(2), epoch(2, 25.0, 0.4), step(3)]
    plan(plan_file, [*events(run, *told), {"do": "wait"}])
    page.form.train_button.click()
    qtbot.waitUntil(lambda: "Epoch 3 of 5" in page.work.text, timeout=TIMEOUT)
    assert page.work.text == "Epoch 3 of 5 · loss 21.500 · 812 pictures a second"
    assert "about 4 minutes left" in page.work._pace.text()
    qtbot.waitUntil(lambda: curve(page, "loss", "loss") == [30.0, 25.0, 21.5], timeout=TIMEOUT)
    assert curve(page, "accuracy", "mAP") == [0.4]
    assert "10 pictures of 2 people train" in page.messages.text
    assert not page.form.train_button.isEnabled()


@pytest.mark.slow
def test_a_finished_run_tells_its_test_figures(
    page: TrainPage, qtbot: QtBot, plan_file: Path
) -> None:
    test = {"map": 0.97, "rank1": 0.99, "queries": 3, "gallery": 12}
    run = make_run("a", epoch(1, 30.0, 0.5), result={"test": test})
    plan(plan_file, events(run, {"event": "result", "run": str(run), "test": test}))
    with qtbot.waitSignal(page.run_ended, timeout=TIMEOUT) as ended:
        page.form.train_button.click()
    assert ended.args == ["finished"]
    assert "mAP 0.9700, rank-1 0.9900 (3 asked, 12 were searched)" in page.messages.text
    qtbot.waitUntil(lambda: "finished" in cells_of(page), timeout=TIMEOUT)
    assert cells_of(page) == ["a", "OPQN", "finished", "1 of 5", "36", "0.5000", "0.9700", "0.9900"]
    assert not page.runs.resume.isEnabled()


def test_pausing_saves_and_resuming_goes_on(page: TrainPage, qtbot: QtBot, plan_file: Path) -> None:
    run = make_run("a", epoch(1, 30.0))
    plan(plan_file, [*events(run, step(2)), {"do": "wait"}])
    page.form.train_button.click()
    qtbot.waitUntil(lambda: "Epoch 2" in page.work.text, timeout=TIMEOUT)
    with qtbot.waitSignal(page.run_ended, timeout=TIMEOUT) as ended:
        page._pause.click()
    assert ended.args == ["paused"]
    assert page.work.text == "Paused in epoch 2. Everything so far is saved."
    assert page._pause.text() == "Resume"
    plan(plan_file, [*events(run, epoch(2, 24.0), step(3)), {"do": "wait"}])
    page._pause.click()
    qtbot.waitUntil(lambda: "Epoch 3" in page.work.text, timeout=TIMEOUT)
    assert arguments_of(plan_file) == ["train", "--resume", str(run), "--json-lines"]
    qtbot.waitUntil(lambda: curve(page, "loss", "loss") == [30.0, 24.0, 21.5], timeout=TIMEOUT)


@pytest.mark.slow
def test_a_stopped_run_waits_in_the_list(page: TrainPage, qtbot: QtBot, plan_file: Path) -> None:
    run = make_run("a", epoch(1, 30.0))
    plan(plan_file, [*events(run, step(2)), {"do": "wait"}])
    page.form.train_button.click()
    qtbot.waitUntil(lambda: "Epoch 2" in page.work.text, timeout=TIMEOUT)
    with qtbot.waitSignal(page.run_ended, timeout=TIMEOUT) as ended:
        page._stop_button.click()
    assert ended.args == ["stopped"]
    assert page.work.isHidden()
    assert "Stopped in epoch 2 and saved." in page.messages.text
    qtbot.waitUntil(page.runs.resume.isEnabled, timeout=TIMEOUT)
    plan(plan_file, events(run))
    with qtbot.waitSignal(page.run_ended, timeout=TIMEOUT):
        page.runs.resume.click()
    assert arguments_of(plan_file)[:3] == ["train", "--resume", str(run)]


def test_a_failure_is_said_in_the_page(page: TrainPage, qtbot: QtBot, plan_file: Path) -> None:
    words = "The training data can't be used: nobody has 7 pictures."
    plan(plan_file, [{"do": "complain", "value": words}, {"do": "exit", "value": 1}])
    with qtbot.waitSignal(page.run_ended, timeout=TIMEOUT) as ended:
        page.form.train_button.click()
    assert ended.args == ["failed"]
    assert page.messages.text == words
    assert page.form.train_button.isEnabled()


def test_earlier_runs_are_listed_newest_first_and_shown(page: TrainPage, qtbot: QtBot) -> None:
    old = make_run("old", epoch(1, 9.0, 0.2))
    for file in old.iterdir():
        os.utime(file, (1, 1))
    make_run("new", epoch(1, 8.0, 0.3), epoch(2, 7.0))
    (training.runs_folder() / "half").mkdir()
    (training.runs_folder() / "half" / "config.json").write_text("{")
    page.refresh_runs()
    qtbot.waitUntil(lambda: page.runs.table.rowCount() == 2, timeout=TIMEOUT)
    assert [run.name for run in page.runs.runs] == ["new", "old"]
    assert curve(page, "loss", "loss") == [8.0, 7.0]
    page.runs.table.setCurrentCell(1, 0)
    assert curve(page, "loss", "loss") == [9.0]


@pytest.mark.slow
def test_a_new_run_is_shown_although_an_older_one_was_chosen(
    page: TrainPage, qtbot: QtBot, plan_file: Path
) -> None:
    make_run("old", epoch(1, 9.0), result={"test": None})
    page.refresh_runs()
    qtbot.waitUntil(lambda: page.runs.current is not None, timeout=TIMEOUT)
    run = make_run("new")
    plan(plan_file, [*events(run, epoch(1, 30.0), step(2)), {"do": "wait"}])
    page.form.train_button.click()
    qtbot.waitUntil(lambda: "Epoch 2" in page.work.text, timeout=TIMEOUT)
    qtbot.waitUntil(lambda: page.runs.current is not None and page.runs.current.path == run)
    qtbot.waitUntil(lambda: curve(page, "loss", "loss") == [30.0, 21.5], timeout=TIMEOUT)
    page.runs.choose(run.parent / "old")
    assert curve(page, "loss", "loss") == [9.0]
    page.runs.choose(run)
    assert curve(page, "loss", "loss") == [30.0, 21.5]


@pytest.mark.slow
def test_nothing_is_cut_off_in_a_small_window(page: TrainPage, qtbot: QtBot) -> None:
    make_run("a run with a very long name-36bit-6x64-OPQN-dct-s1", epoch(1, 9.0, 0.5))
    page.resize(900 - 132, 560)
    page.refresh_runs()
    qtbot.waitUntil(lambda: page.runs.current is not None, timeout=TIMEOUT)
    for area in page.findChildren(QScrollArea):
        held = area.widget()
        assert held is not None
        assert held.width() <= area.viewport().width()


@pytest.mark.parametrize("why_not", ["", "The model has no calibration: too few pictures."])
def test_a_run_becomes_the_model_of_the_app(
    page: TrainPage, session: Session, qtbot: QtBot, plan_file: Path, why_not: str
) -> None:
    run = make_run("a", epoch(1, 8.0, 0.8), result={"test": None})
    page.refresh_runs()
    qtbot.waitUntil(page.runs.use.isEnabled, timeout=TIMEOUT)
    made = {"model": "x", "model_id": "y", "not_calibrated": why_not}
    plan(plan_file, [{"do": "print", "value": made}])
    with qtbot.waitSignals([page.model_made, session.model_switched], timeout=TIMEOUT):
        page.runs.use.click()
    arguments = arguments_of(plan_file)
    assert arguments[:2] == ["export-model", str(run)]
    assert Path(arguments[2]).parts[-2:] == ("models", "a")
    assert session.settings.model == "a"
    assert why_not in page.messages.text
    assert ("shares of the highest score" in page.messages.text) == bool(why_not)


@pytest.mark.slow
def test_a_run_that_can_not_be_exported_changes_nothing(
    page: TrainPage, session: Session, qtbot: QtBot, plan_file: Path
) -> None:
    make_run("a", epoch(1, 8.0))
    page.refresh_runs()
    qtbot.waitUntil(page.runs.use.isEnabled, timeout=TIMEOUT)
    words = "The app does not run this backbone."
    plan(plan_file, [{"do": "complain", "value": words}, {"do": "exit", "value": 1}])
    page.runs.use.click()
    qtbot.waitUntil(lambda: page.messages.text == words, timeout=TIMEOUT)
    assert not session.is_switching


@pytest.mark.slow
@pytest.mark.parametrize("is_agreed", [False, True])
def test_closing_the_window_asks_while_it_trains(
    session: Session, qtbot: QtBot, plan_file: Path, data: Path, is_agreed: bool
) -> None:
    asked: list[str] = []

    def confirm(_parent: QWidget, words: str) -> bool:
        asked.append(words)
        return is_agreed

    window = MainWindow(session, confirm_close=confirm)
    qtbot.addWidget(window)
    window.show()
    window.show_page("train")
    page = window.train
    assert page is not None
    page.child._program = [sys.executable, str(FAKE), str(plan_file)]
    plan(plan_file, [*events(make_run("a"), step(1)), {"do": "wait"}])
    page._start(["train"])
    qtbot.waitUntil(lambda: "Epoch 1" in page.work.text, timeout=TIMEOUT)
    assert window.close() is is_agreed
    assert asked == ["Training is running. It is saved where it stands and can be resumed."]
    assert page.is_running is not is_agreed
    window.close_now()
    assert not page.is_running
    assert len(asked) == 1, "the system's wish to end is not discussed"


@pytest.mark.slow
def test_a_quiet_window_closes_without_asking(session: Session, qtbot: QtBot) -> None:
    window = MainWindow(session, confirm_close=lambda _p, _w: pytest.fail("it asked"))
    qtbot.addWidget(window)
    window.show()
    window.show_page("evaluate")
    window.show_page("train")
    assert window.close()


@pytest.mark.slow
def test_without_torch_nothing_is_started_and_the_page_says_what_to_install(
    page: TrainPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opqn_app.core.extras.is_installed", lambda package: package != "torch")
    path = make_run("stopped", epoch(1, 20.0))
    page.form.set_running(False)  # looks again
    assert not page.form.train_button.isVisible()
    page.hide()
    page.show()
    assert page.messages.text.endswith('pip install "opqn-photo-search[train]"')
    page.messages._button.click()
    assert QApplication.clipboard().text() == 'pip install "opqn-photo-search[train]"'
    page.resume(path)
    assert page.messages.text.startswith("Training needs the package torch, which is not installed")
    assert not page.is_running
    page.use(training.read_runs(training.runs_folder())[0])
    assert not page.is_running


@pytest.mark.slow
def test_a_weak_model_is_not_taken_without_a_question(
    page: TrainPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(page.exporter, "start", started.append)
    make_run("weak", epoch(1, 20.0, 0.08))
    page.use(training.read_runs(training.runs_folder())[0])
    assert page.messages.text.startswith("weak mixes people up: its mAP is 0.08")
    assert not started
    page.messages._button.click()
    assert started[0][0] == "export-model"
