"""The Evaluate page, with a scripted child and once with the real command."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QScrollArea
from pytestqt.qtbot import QtBot
from safetensors.numpy import save_file

from opqn_app.core import paths
from opqn_app.opqn.calibration import Calibration
from opqn_app.ui.evaluate.evaluate_page import EvaluatePage
from opqn_app.ui.evaluate.kept_evaluations import evaluations_folder, remove_old
from opqn_app.ui.kit.labelled_data import look_at
from opqn_app.ui.kit.models import ModelChoice, list_models
from opqn_app.ui.search.search_page import SearchPage
from opqn_app.ui.work.session import Session
from tests.tiny_checkpoint import make_tiny_checkpoint
from tests.ui.evaluation_results import MODEL_ID, plan, progress
from tests.ui.keyboard import tab_through

TIMEOUT = 600_000  # ms; only reached by a test that fails
FAKE = Path(__file__).parent / "fake_child.py"
OTHER = ModelChoice("other", "id of other", 8, None)
MODELS = [ModelChoice("fake", MODEL_ID, 8, Calibration(slope=1.0, intercept=-5.0)), OTHER]
MakePage = Callable[..., EvaluatePage]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Four people of three pictures, and a file that is none."""
    for person in range(4):
        for picture in range(3):
            folder = tmp_path / "people" / f"p{person}"
            folder.mkdir(parents=True, exist_ok=True)
            blocks = np.random.default_rng(person).integers(0, 256, (7, 7, 3))
            noise = np.random.default_rng((person, picture)).integers(-12, 13, (7, 7, 3))
            pixels = np.clip(blocks + noise, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).resize((112, 112), 0).save(folder / f"{picture}.png")
    (tmp_path / "people" / "p0" / "notes.txt").write_text("no picture")
    return tmp_path / "people"


@pytest.fixture
def make_page(session: Session, qtbot: QtBot, tmp_path: Path, data: Path) -> Iterator[MakePage]:
    """A page whose child follows a plan, pictures and a model chosen."""
    made: list[EvaluatePage] = []

    def make(*steps: dict[str, Any], models: list[ModelChoice] = MODELS) -> EvaluatePage:
        path = tmp_path / "plan.json"
        path.write_text(json.dumps(steps), encoding="utf-8")
        session.remember(model="fake")
        page = EvaluatePage(
            session,
            program=[sys.executable, str(FAKE), str(path)],
            list_models=lambda: models,
            open_file=opened.append,
        )
        page.form.set_data(data)
        page.resize(900, 600)
        page.show()
        qtbot.addWidget(page)
        qtbot.waitUntil(lambda: page.form.run_button.isEnabled(), timeout=TIMEOUT)
        made.append(page)
        return page

    opened: list[Path] = []
    yield make
    for page in made:
        page.shut_down()
    running = psutil.Process(os.getpid()).children(recursive=True)
    assert not [p for p in running if any("fake_child" in part for part in p.cmdline())]


def arguments_of(page: EvaluatePage, tmp_path: Path) -> list[str]:
    return list(json.loads((tmp_path / "plan.arguments").read_text(encoding="utf-8")))


def evaluate(page: EvaluatePage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(page.evaluated, timeout=TIMEOUT):
        page.form.run_button.click()


def test_without_pictures_the_page_says_what_to_do(session: Session, qtbot: QtBot) -> None:
    page = EvaluatePage(session, list_models=lambda: MODELS)
    qtbot.addWidget(page)
    page.show()
    assert page.stack.currentWidget() is page.empty
    assert page.empty.button.text() == "Choose labelled folders"
    assert not page.form.run_button.isEnabled()
    qtbot.waitUntil(lambda: page.form.models.chosen == ["bundled-64"] or bool(page._models))


def test_a_folder_is_counted_before_anything_runs(data: Path, tmp_path: Path) -> None:
    found = look_at(data)
    assert (found.people, found.pictures, found.words) == (4, 12, "4 people, 12 pictures")
    assert found.is_usable
    (tmp_path / "empty").mkdir()
    assert (
        look_at(tmp_path / "empty").words == "There are no folders of people with pictures in it."
    )
    assert not look_at(data / "p0").is_usable


def test_a_pack_is_counted_by_its_head(tmp_path: Path) -> None:
    names = {"people": ["a", "b"], "files": ["a/1.png", "a/2.png", "b/1.png"]}
    pack = tmp_path / "p.safetensors"
    images = {"images": np.zeros((3, 8, 8, 3), np.uint8)}
    save_file(images, pack, metadata={"opqn": json.dumps(names)})
    assert look_at(pack).words == "2 people, 3 pictures"
    for content in (b"", b"x" * 100):
        pack.write_bytes(content)
        with pytest.raises(ValueError):  # noqa: PT011 - the page says the same of all
            look_at(pack)
    save_file(images, pack)
    with pytest.raises(ValueError, match="no pack"):
        look_at(pack)


def test_choices_become_the_command_line(
    make_page: MakePage, qtbot: QtBot, tmp_path: Path, data: Path
) -> None:
    page = make_page(*plan())
    form = page.form
    form.models.tick("other")
    form.kind.choose("aligned")
    form.protocol.choose("single")
    form.queries.setValue(2)
    form.controls.setChecked(True)
    evaluate(page, qtbot)
    arguments = arguments_of(page, tmp_path)
    assert arguments[:8] == [
        "evaluate", str(data), "--protocol", "single", "--model", "fake", "--model", "other",
    ]  # fmt: skip
    for flag in ("--aligned", "--controls", "--json-lines", "--no-pictures"):
        assert flag in arguments
    assert arguments[arguments.index("--queries-per-person") + 1] == "2"
    out = Path(arguments[arguments.index("--out") + 1])
    assert out.parent == paths.data_dir() / "evaluations"
    assert out.name.endswith("people")


def test_progress_is_counted_and_told(make_page: MakePage, qtbot: QtBot) -> None:
    page = make_page(*plan({"do": "wait"}))
    page.form.run_button.click()
    assert not page.form.run_button.isEnabled()
    words = "fake: reading and encoding: 3 of 20"
    qtbot.waitUntil(lambda: page.work.text == words, timeout=TIMEOUT)
    assert "about 1 minute left" in page.work._pace.text()
    assert page.is_running


def test_cancelling_ends_the_child_and_keeps_nothing(make_page: MakePage, qtbot: QtBot) -> None:
    written = {"do": "write", "name": "half.csv", "value": "half"}
    waiting = {"do": "print", "value": progress(4, 20)}
    page = make_page(*plan(written, waiting, {"do": "wait"}))
    page.form.run_button.click()
    qtbot.waitUntil(lambda: "4 of 20" in page.work.text, timeout=TIMEOUT)
    with qtbot.waitSignal(page.child.finished, timeout=TIMEOUT):
        page._cancel.click()
    assert page.messages.text == "Stopped. Nothing of this evaluation was kept."
    qtbot.waitUntil(lambda: not list(evaluations_folder().iterdir()), timeout=TIMEOUT)
    assert page.work.isHidden()
    assert page.form.run_button.isEnabled()


@pytest.mark.slow
def test_old_reports_go_when_a_new_one_is_shown(make_page: MakePage, qtbot: QtBot) -> None:
    made = []
    for day in range(1, 26):
        made.append(evaluations_folder() / f"2024-03-{day:02d} 101112 people")
        made[-1].mkdir(parents=True)
        (made[-1] / "report.json").write_text("{}")
    own = evaluations_folder() / "my notes"
    own.mkdir()
    page = make_page(*plan())
    evaluate(page, qtbot)
    qtbot.waitUntil(lambda: not any(path.exists() for path in made[:5]), timeout=TIMEOUT)
    assert [path.exists() for path in made] == [False] * 5 + [True] * 20
    assert own.exists()
    assert page.view is not None
    assert page._folder.is_dir()
    assert str(page._folder) in page.view._place.text()
    assert "newest 20" in page.view._place.text()


def test_what_is_in_use_or_perhaps_being_made_is_not_removed() -> None:
    folders = [evaluations_folder() / f"2024-03-0{day} 101112 x" for day in range(1, 6)]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "report.json").write_text("{}")
    (folders[4] / "report.json").unlink()  # another window may be writing it
    assert remove_old({folders[0]}, kept=1) == [folders[2], folders[1]]
    assert [folder.exists() for folder in folders] == [True, False, False, True, True]
    os.utime(folders[4], (0, 0))
    assert remove_old({folders[0]}, kept=1) == [folders[4]]


def test_figures_and_curves_are_shown(make_page: MakePage, qtbot: QtBot) -> None:
    page = make_page(*plan())
    evaluate(page, qtbot)
    view = page.view
    assert view is not None
    assert page.stack.currentWidget() is view
    assert [len(curve) for curve in view.precision_recall._curves] == [3]
    assert view.precision_at_t._curves[0].columns["T"].tolist() == [1, 10]
    items = [view.table.item(i, 0) for i in range(view.table.rowCount())]
    names = [item.text() for item in items if item is not None]
    assert names[:3] == ["Bytes a face", "Rank-1", "mAP"]
    assert "P@50" not in names, "nothing was measured there"
    assert view._notes.text().splitlines()[0] == "2 pictures had nobody to find: they do not count."


@pytest.mark.slow
def test_every_figure_can_be_copied(make_page: MakePage, qtbot: QtBot) -> None:
    page = make_page(*plan())
    evaluate(page, qtbot)
    assert page.view is not None
    table = page.view.table
    table.setCurrentCell(2, 1)
    qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == "0.9100"
    table.copy_all()
    lines = QApplication.clipboard().text().splitlines()
    assert lines[:4] == ["Figure\tfake", "Bytes a face\t8", "Rank-1\t0.9800", "mAP\t0.9100"]


def test_an_operating_point_is_used_in_the_library(
    make_page: MakePage, session: Session, qtbot: QtBot
) -> None:
    search = SearchPage(session)
    qtbot.addWidget(search)
    page = make_page(*plan())
    evaluate(page, qtbot)
    assert page.view is not None
    card = page.view.operating
    assert "99 % of the accepted pairs show one person" in card.words
    # σ(6 - 5) = 0.7311: rounded up to a whole percent
    assert "from 74 % on (now 50 %)" in card.words
    card._apply.click()
    assert session.settings.min_probability == 0.74
    assert search.results.threshold.minimum == 0.74
    assert "from 74 % on" in page.messages.text
    assert not card._apply.isEnabled()


@pytest.mark.slow
def test_a_point_of_the_curve_can_be_picked(make_page: MakePage, qtbot: QtBot) -> None:
    page = make_page(*plan())
    evaluate(page, qtbot)
    assert page.view is not None
    page.view.precision_recall.setFocus()
    for _ in range(3):
        qtbot.keyClick(page.view.precision_recall, Qt.Key.Key_Right)
    qtbot.keyClick(page.view.precision_recall, Qt.Key.Key_Return)
    point = page.view.operating.point
    assert point is not None
    assert (point.threshold, point.precision, point.recall) == (4.0, 0.8, 0.9)
    assert page.view.precision_recall._line.value() == 0.9


@pytest.mark.slow
def test_the_threshold_of_another_model_is_not_used(
    make_page: MakePage, session: Session, qtbot: QtBot
) -> None:
    page = make_page(*plan())
    evaluate(page, qtbot)
    session.remember(model="other")
    assert page.view is not None
    card = page.view.operating
    assert not card._apply.isEnabled()
    assert "Scores of different models can't be compared." in card.words
    with qtbot.waitSignal(card.model_wanted) as wanted:
        card._switch.click()
    assert wanted.args == ["fake"]
    assert session.is_switching


@pytest.mark.slow
def test_a_model_without_calibration_is_said_to_have_none(
    make_page: MakePage, qtbot: QtBot
) -> None:
    page = make_page(*plan(), models=[ModelChoice("fake", MODEL_ID, 8, None), OTHER])
    evaluate(page, qtbot)
    assert page.view is not None
    card = page.view.operating
    assert "fake has no calibration" in card.words
    assert not card._apply.isEnabled()


@pytest.mark.slow
def test_nothing_is_cut_off_in_a_small_window(make_page: MakePage, qtbot: QtBot) -> None:
    long = ModelChoice("a model with a very long name-36bit-6x64-OPQN-dct-s1", "z", 8, None)
    page = make_page(*plan(), models=[*MODELS, long])
    page.resize(784 - 132, 500)  # the smallest window
    assert page.empty.minimumSizeHint().width() <= page.stack.width()
    evaluate(page, qtbot)
    for area in page.findChildren(QScrollArea):
        held = area.widget()
        assert held is not None
        assert held.width() <= area.viewport().width()


@pytest.mark.slow
def test_tab_reaches_every_control(make_page: MakePage, qtbot: QtBot) -> None:
    page = make_page(*plan())
    evaluate(page, qtbot)
    view, form = page.view, page.form
    assert view is not None
    wanted = {
        form.data.folder_button, form.kind, *form.models._boxes.values(), form.protocol,
        form.controls, form.run_button, view.precision_recall,
        view.precision_recall.export_button, view.precision_at_t,
        view.operating._wanted, view.operating._apply, view.table, view._report,
    }  # fmt: skip
    form.data.setFocus()
    reached = set(tab_through(qtbot, page, 60))
    missing = [f"{type(w).__name__} {w.accessibleName()}" for w in wanted - reached]
    assert not missing


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([{"do": "complain", "value": "The data at /x can't be used: it is empty."},
          {"do": "exit", "value": 1}], "The data at /x can't be used: it is empty."),
        ([{"do": "crash"}], "The system ended this task, most likely because memory ran out."),
        ([{"do": "print", "value": "no JSON"}], "The evaluation ended without a result"),
        ([{"do": "print", "value": {"results": [{}], "models": []}}], "The result can't be read"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_said_in_the_page(
    make_page: MakePage, qtbot: QtBot, steps: list[dict[str, Any]], words: str
) -> None:
    page = make_page(*steps)
    page.form.run_button.click()
    qtbot.waitUntil(lambda: page.messages.text.startswith(words), timeout=TIMEOUT)
    assert page.form.run_button.isEnabled()
    assert page.work.isHidden()


@pytest.mark.slow
def test_the_real_command_is_understood(
    session: Session, qtbot: QtBot, data: Path, tmp_path: Path
) -> None:
    """The one test that runs `main.py evaluate` behind the page."""
    make_tiny_checkpoint(paths.data_dir() / "models" / "tiny")
    page = EvaluatePage(session, list_models=list_models)
    qtbot.addWidget(page)
    page.show()
    page.form.models.tick("tiny")
    qtbot.waitUntil(lambda: "tiny" in page.form.models.chosen, timeout=TIMEOUT)
    page.form.models._boxes["tiny"].setChecked(True)
    for name, box in page.form.models._boxes.items():
        box.setChecked(name == "tiny")
    page.form.set_data(data)
    page.form.kind.choose("aligned")
    qtbot.waitUntil(page.form.run_button.isEnabled, timeout=TIMEOUT)
    with qtbot.waitSignal(page.evaluated, timeout=TIMEOUT) as evaluated:
        page.form.run_button.click()
    found = evaluated.args[0]
    assert [method.label for method in found.methods] == ["tiny"]
    assert found.summary == "12 pictures of 4 people; 12 asked, 12 were searched"
    assert found.report.is_file()
    assert len(found.methods[0].by_threshold) > 1
    page.shut_down()


def test_nothing_runs_while_no_faces_are_remembered(
    make_page: MakePage, session: Session, tmp_path: Path
) -> None:
    page = make_page()
    session.memory.is_on = False
    page.form.run_button.click()
    assert "none are remembered, as you chose" in page.messages.text
    assert not page.is_running
    assert not (tmp_path / "plan.arguments").exists()
    assert not evaluations_folder().exists()
