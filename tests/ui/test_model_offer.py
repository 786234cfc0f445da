"""A model that is worse on what was named asks first; one that is not takes over; and back."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from opqn_app.core import settings as settings_file
from opqn_app.core.errors import ModelMissing
from opqn_app.core.settings import Settings
from opqn_app.engine import Engine
from opqn_app.people import gestures
from opqn_app.people.agreement import Verdict
from opqn_app.people.ledger import Ledger
from opqn_app.store.library import Library
from opqn_app.ui.shell.agreement_page import AgreementPage
from opqn_app.ui.shell.main_window import MainWindow
from opqn_app.ui.shell.switch_bar import SwitchBar
from opqn_app.ui.work.session import Session
from tests.library_fakes import PixelDetector
from tests.people.two_models import KnownEncoder, codes_about, store_both

TIMEOUT = 120_000
MANY = [person for person in range(12) for _ in range(4)]
GOOD, BAD = codes_about(MANY, 1, 0.1), codes_about(MANY, 2, 0.7)
TABLE = np.zeros((256, 4), np.uint8)


def engine_of(model: str, _device: str = "") -> Engine:
    if model not in ("old", "worse", "twin"):
        raise ModelMissing(model)
    encoder = KnownEncoder(model, seed=int(model == "worse"), known=TABLE)
    return Engine(PixelDetector(n_faces=1), encoder)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Codes of "old" and of "worse", and three named faces of each of 12 people."""
    path = tmp_path / "library.sqlite"
    stored = store_both(path, (KnownEncoder("old"), GOOD), (KnownEncoder("worse"), BAD))
    ids = stored.face_ids.reshape(12, 4).tolist()
    with Library.open(path, write=True) as opened:
        opened.writer.save_codes(KnownEncoder("twin").info, stored.face_ids.tolist(), GOOD)
        ledger = Ledger(opened)
        for person, faces in enumerate(ids):
            gestures.name_faces(ledger, faces[:3], f"Person {person}")
    return path


@pytest.fixture
def session(qtbot: QtBot, themed: QApplication, library: Path) -> Iterator[Session]:
    made = Session(Settings(library=str(library), model="old"), engine_factory=engine_of)
    with qtbot.waitSignal(made.engine_ready, timeout=TIMEOUT):
        made.load_engine()
    yield made
    made.shut_down()


@pytest.fixture
def window(session: Session, qtbot: QtBot) -> MainWindow:
    window = MainWindow(session, confirm_close=lambda _parent, _words: True)
    qtbot.addWidget(window)
    window.show()
    return window


def offer(session: Session, qtbot: QtBot) -> None:
    with qtbot.waitSignal(session.model_offered, timeout=TIMEOUT):
        session.switch_model("worse")


def answering(session: Session, qtbot: QtBot) -> str:
    with qtbot.waitSignal(session.results_ready, timeout=TIMEOUT) as answered:
        session.search_faces([np.zeros((112, 112, 3), np.uint8)])
    return str(answered.args[0].index.model_id)


def click(button: QPushButton, qtbot: QtBot) -> None:
    assert button.isVisible()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def people_of(path: Path) -> dict[str | None, tuple[int, ...]]:
    with Library.open(path) as library:
        return {person.name: person.faces for person in Ledger(library).persons()}


def test_a_worse_model_is_offered_and_the_present_one_kept(
    session: Session, window: MainWindow, qtbot: QtBot, library: Path
) -> None:
    before = people_of(library)
    offer(session, qtbot)
    assert "waits for your word; old goes on answering" in window.status_line.text
    assert (session.settings.model, session.settings.next_model) == ("old", "worse")
    assert answering(session, qtbot) == "old-id"
    bar = window.switch_bar
    assert "worse is ready, but it knows your people less well than old" in bar.text
    assert not bar.back.isVisible()
    click(bar.keep, qtbot)
    assert bar.text == ""
    assert (session.settings.model, session.settings.next_model) == ("old", "")
    assert settings_file.load().next_model == ""
    assert answering(session, qtbot) == "old-id"
    assert people_of(library) == before


def test_the_user_takes_it_all_the_same_and_one_click_goes_back(
    session: Session, window: MainWindow, qtbot: QtBot, library: Path
) -> None:
    before = people_of(library)
    offer(session, qtbot)
    with qtbot.waitSignal(session.model_switched, timeout=TIMEOUT):
        click(window.switch_bar.use, qtbot)
    assert answering(session, qtbot) == "worse-id"
    assert settings_file.load().previous_model == "old"
    assert window.switch_bar.back.text() == "Go back to old"
    assert "less well" in window.switch_bar.text
    with qtbot.waitSignal(session.model_switched, timeout=TIMEOUT):
        click(window.switch_bar.back, qtbot)
    assert answering(session, qtbot) == "old-id"
    kept = settings_file.load()
    assert (kept.model, kept.previous_model, kept.next_model) == ("old", "worse", "")
    assert window.switch_bar.back.text() == "Go back to worse"
    assert not window.switch_bar.report.isVisible()
    session.switch.dismiss()
    assert window.switch_bar.text == ""
    assert people_of(library) == before


def test_a_model_that_is_as_good_takes_over_and_says_so(
    session: Session, window: MainWindow, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(session.model_switched, timeout=TIMEOUT):
        session.switch_model("twin")
    assert answering(session, qtbot) == "twin-id"
    words = "twin now answers your searches. It knows your people as well as old."
    assert window.switch_bar.text == words
    with qtbot.waitSignal(session.model_switched, timeout=TIMEOUT):
        click(window.switch_bar.back, qtbot)
    assert answering(session, qtbot) == "old-id"


def test_without_names_a_model_takes_over_without_a_report(
    session: Session, window: MainWindow, qtbot: QtBot, library: Path
) -> None:
    with Library.open_to_decide(library) as opened:
        ledger = Ledger(opened)
        while ledger.can_undo:
            ledger.undo()
    with qtbot.waitSignal(session.model_switched, timeout=TIMEOUT):
        session.switch_model("worse")
    assert window.switch_bar.text == "worse now answers your searches."
    assert window.switch_bar.back.isVisible()
    assert not window.switch_bar.report.isVisible()


def test_the_bar_and_the_report_by_keyboard(
    session: Session, window: MainWindow, qtbot: QtBot
) -> None:
    offer(session, qtbot)
    bar = window.switch_bar
    bar.report.setFocus()
    qtbot.keyClick(bar.report, Qt.Key.Key_Space)
    page = window.pages["agreement"]
    assert isinstance(page, AgreementPage)
    assert window.stack.currentWidget() is page
    assert window.focusWidget().accessibleName() == "How the two models compare"
    bar.keep.setFocus()
    qtbot.keyClick(bar.keep, Qt.Key.Key_Tab)
    assert window.focusWidget() is bar.use
    with qtbot.waitSignal(session.model_switched, timeout=TIMEOUT):
        qtbot.keyClick(bar.use, Qt.Key.Key_Return)
    assert window.stack.currentWidget() is not page
    assert session.settings.model == "worse"
    qtbot.keyClick(bar.report, Qt.Key.Key_Space)
    assert window.stack.currentWidget() is page
    with qtbot.waitSignal(session.model_switched, timeout=TIMEOUT):
        qtbot.keyClick(bar.back, Qt.Key.Key_Space)
    assert session.settings.model == "old"
    assert window.stack.currentWidget() is not page


def test_the_report_shows_who_gains_and_loses(
    session: Session, window: MainWindow, qtbot: QtBot
) -> None:
    offer(session, qtbot)
    window.show_page("library")
    click(window.switch_bar.report, qtbot)
    page = window.pages["agreement"]
    assert isinstance(page, AgreementPage)
    report = page.report
    assert report is not None
    assert report.verdict == Verdict.WORSE
    assert report.groups is not None
    changes = report.groups.people
    assert changes
    expected = [
        ids for change in changes for ids in ((change.picture,), change.lost, change.gained)
    ]
    assert [row.face_ids for row in page.rows[: len(expected)]] == expected
    some = next(row for row in page.rows if row.face_ids)
    assert set(some.shown) <= set(some.face_ids)
    qtbot.waitUntil(lambda: set(some.face_ids) <= some._images.keys(), timeout=TIMEOUT)
    click(window.switch_bar.keep, qtbot)
    assert window.stack.currentWidget() is window.library
    assert session.switch.offer is None
    window.show_page("search")
    session.switch.dismiss()  # what the closed report hears moves nobody
    assert window.stack.currentWidget() is window.search


def test_an_offer_stands_after_a_restart(session: Session, qtbot: QtBot) -> None:
    offer(session, qtbot)
    session.shut_down()
    kept = settings_file.load()
    assert (kept.model, kept.next_model) == ("old", "worse")
    again = Session(kept, engine_factory=engine_of)
    with qtbot.waitSignal(again.model_offered, timeout=TIMEOUT):
        again.load_engine()
    assert again.switch.offer is not None
    again.shut_down()


def test_the_way_back_is_there_after_a_restart_until_it_is_dismissed(
    session: Session, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(session.model_switched, timeout=TIMEOUT):
        session.switch_model("twin")
    session.shut_down()
    again = Session(settings_file.load(), engine_factory=engine_of)
    around = QWidget()
    qtbot.addWidget(around)
    bar = SwitchBar(again.switch, around)
    assert bar.text == "twin now answers your searches."
    assert not bar.back.isHidden()
    with qtbot.waitSignal(again.model_switched, timeout=TIMEOUT) as switched:
        bar.back.click()
    assert switched.args == ["old"]
    bar._close.click()
    again.shut_down()
    last = Session(settings_file.load(), engine_factory=engine_of)
    assert last.settings.previous_model == "twin"
    assert last.switch.taken is None
    last.shut_down()


def test_faces_that_come_while_an_offer_stands_get_codes_when_it_is_taken(
    session: Session, qtbot: QtBot, make_photo: Callable[..., Path], library: Path
) -> None:
    offer(session, qtbot)
    folder = make_photo("more/one.png", seed=1).parent
    with qtbot.waitSignal(session.indexing_finished, timeout=TIMEOUT):
        session.index(folder)
    with Library.open(library) as opened:
        assert opened.faces_without_code("worse-id") == 1
        assert opened.faces_without_code("old-id") == 0
    with qtbot.waitSignal(session.model_switched, timeout=TIMEOUT):
        session.switch.accept()
    with Library.open(library) as opened:
        assert opened.faces_without_code("worse-id") == 0


def test_a_model_that_can_not_be_loaded_any_more_keeps_nobody_from_the_next(
    qtbot: QtBot, themed: QApplication, library: Path
) -> None:
    made = Session(Settings(library=str(library), model="gone"), engine_factory=engine_of)
    with qtbot.waitSignal(made.engine_failed, timeout=TIMEOUT):
        made.load_engine()
    with qtbot.waitSignal(made.model_switched, timeout=TIMEOUT):
        made.switch_model("worse")
    assert made.settings.previous_model == "gone"
    with qtbot.waitSignal(made.model_switch_ended, timeout=TIMEOUT) as ended:
        made.switch.go_back()
    assert "There is no model" in ended.args[1]
    assert made.settings.model == "worse"
    made.shut_down()


def test_a_switch_wanted_before_the_engine_is_there_waits_for_it(
    qtbot: QtBot, themed: QApplication, library: Path
) -> None:
    """It is compared with the one that is being loaded."""
    made = Session(Settings(library=str(library), model="old"), engine_factory=engine_of)
    made.load_engine()
    with qtbot.waitSignal(made.model_offered, timeout=TIMEOUT):
        made.switch_model("worse")
    made.shut_down()


def test_a_dialog_that_was_open_meanwhile_brings_no_old_model_back(
    session: Session, qtbot: QtBot
) -> None:
    opened_with = session.settings
    with qtbot.waitSignal(session.model_switched, timeout=TIMEOUT):
        session.switch_model("twin")
    with qtbot.waitSignal(session.model_switched, timeout=TIMEOUT):
        session.change_settings(replace(opened_with, theme="dark"))
    assert session.settings.model == "old"  # what the dialog showed and the user saved
    assert (session.settings.previous_model, session.settings.next_model) == ("twin", "")


def test_the_settings_dialog_is_no_way_around_the_question(session: Session, qtbot: QtBot) -> None:
    with qtbot.waitSignal(session.model_offered, timeout=TIMEOUT):
        session.change_settings(replace(session.settings, model="worse", theme="dark"))
    assert (session.settings.model, session.settings.theme) == ("old", "dark")


def test_a_newer_choice_replaces_the_offer(session: Session, qtbot: QtBot) -> None:
    offer(session, qtbot)
    with qtbot.waitSignal(session.model_switched, timeout=TIMEOUT):
        session.switch_model("twin")
    assert session.switch.offer is None
    assert (session.settings.model, session.settings.next_model) == ("twin", "")
    session.switch.accept()  # a click that came too late takes nothing
    assert not session.is_switching
