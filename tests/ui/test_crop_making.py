"""The Train page makes face crops of photos: progress, Cancel, and the offer to train on them."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from opqn_app.ui.train.crop_making import CropMaking, crops_place, made_in_words
from opqn_app.ui.train.train_page import TrainPage
from opqn_app.ui.work.session import Session

TIMEOUT = 600_000  # ms; only reached by a test that fails
SAMPLE = Path(__file__).parents[2] / "resources" / "sample" / "photos" / "Parties"
FAKE = Path(__file__).parent / "fake_child.py"
PROGRESS = {"event": "progress", "done": 8, "total": 40, "dropped": 1, "photos_per_s": 2.0,
            "eta_s": 16.0}  # fmt: skip
RESULT = {"event": "result", "found": 40, "kept": 38, "people": 2, "people_without_a_crop": []}


@pytest.fixture
def plan_file(tmp_path: Path) -> Path:
    return tmp_path / "plan.json"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of people, without their photos."""
    (tmp_path / "photos" / "Anna").mkdir(parents=True)
    return tmp_path / "photos"


@pytest.fixture
def page(session: Session, qtbot: QtBot, plan_file: Path, photos: Path) -> Iterator[TrainPage]:
    made = TrainPage(session, program=[sys.executable, str(FAKE), str(plan_file)])
    qtbot.addWidget(made)
    made.resize(668, 560)
    made.show()
    made.form.set_data(photos)
    yield made
    made.shut_down()


def test_photos_become_crops_and_training_on_them_is_offered(
    page: TrainPage, qtbot: QtBot, plan_file: Path, photos: Path
) -> None:
    steps = [{"do": "print", "value": value} for value in (PROGRESS, RESULT)]
    plan_file.write_text(json.dumps(steps), encoding="utf-8")
    assert page.form.crops_button.isEnabled()
    with qtbot.waitSignal(page.crops.made, timeout=TIMEOUT):
        page.form.crops_button.click()
        assert page.crops.work.isVisible()
        assert page.is_running
        assert not page.form.crops_button.isEnabled()
    asked = json.loads(plan_file.with_suffix(".arguments").read_text(encoding="utf-8"))
    assert asked == ["prepare", str(photos), str(crops_place(photos)), "--json-lines"]
    assert page.form.data.path == crops_place(photos)
    assert page.messages.text == "38 of 40 photos became face crops of 2 people."
    assert page.messages._button.text() == "Start training"
    assert not page.crops.work.isVisible()


def test_cancel_says_that_it_goes_on_from_there(
    page: TrainPage, qtbot: QtBot, plan_file: Path, photos: Path
) -> None:
    steps = [{"do": "print", "value": PROGRESS}, {"do": "wait"}]
    plan_file.write_text(json.dumps(steps), encoding="utf-8")
    page.form.crops_button.click()
    qtbot.waitUntil(lambda: "8 of 40 photos" in page.crops.work.text, timeout=TIMEOUT)
    with qtbot.waitSignal(page.crops.ended, timeout=TIMEOUT):
        page.crops.cancel_button.click()
    assert "go on from there" in page.messages.text
    assert page.form.data.path == photos
    assert page.form.crops_button.isEnabled()


def test_what_went_wrong_is_said(page: TrainPage, qtbot: QtBot, plan_file: Path) -> None:
    steps = [{"do": "complain", "value": "there are no photos"}, {"do": "exit", "value": 1}]
    plan_file.write_text(json.dumps(steps), encoding="utf-8")
    with qtbot.waitSignal(page.crops.failed, timeout=TIMEOUT):
        page.form.crops_button.click()
    assert page.messages.text == "there are no photos"


def test_people_of_whom_nothing_is_left_are_told() -> None:
    assert made_in_words({**RESULT, "people_without_a_crop": ["Ben"]}).endswith(
        "Nothing is left of 1 person."
    )


@pytest.mark.slow
def test_the_command_itself_makes_the_crops(session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    for number, person in enumerate(("Anna", "Ben")):
        place = tmp_path / "people" / person / f"{number}.jpg"
        place.parent.mkdir(parents=True)
        shutil.copy(SAMPLE / f"party_0{number + 1}.jpg", place)
    making = CropMaking()
    qtbot.addWidget(making.work)
    problems: list[str] = []
    making.failed.connect(problems.append)
    with qtbot.waitSignal(making.ended, timeout=TIMEOUT):
        making.start(tmp_path / "people")
    assert not problems
    folder = crops_place(tmp_path / "people")
    assert (folder / "prepare.json").is_file()
    assert len(list(folder.rglob("*.webp"))) == 2


def test_no_crops_are_made_while_no_faces_are_remembered(
    page: TrainPage, session: Session, plan_file: Path
) -> None:
    session.memory.is_on = False
    page.form.crops_button.click()
    assert "none are remembered, as you chose" in page.messages.text
    assert not page.is_running
    assert not plan_file.with_suffix(".arguments").exists()
