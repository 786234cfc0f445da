from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from opqn_app.core import paths
from opqn_app.ui.shell.welcome_page import WelcomePage, example_photos
from opqn_app.ui.work.session import Session


@pytest.fixture
def page(session: Session, qtbot: QtBot, tmp_path: Path) -> WelcomePage:
    made = WelcomePage(session, choose_folder=lambda _parent: tmp_path)
    qtbot.addWidget(made)
    made.show()
    return made


def test_one_screen_says_what_happens_and_that_nothing_is_sent(page: WelcomePage) -> None:
    said = " ".join(label.text() for label in page.findChildren(QLabel))
    for words in ("every photo of that person", "Pick a folder", "Faces are found", "Drop a photo"):
        assert words in said
    assert "Nothing is sent anywhere" in said


def test_enter_adds_a_folder(page: WelcomePage, qtbot: QtBot, tmp_path: Path) -> None:
    with qtbot.waitSignal(page.folder_chosen) as chosen:
        qtbot.keyClick(page, Qt.Key.Key_Return)
    assert chosen.args == [tmp_path]


def test_the_sample_is_one_press_away(page: WelcomePage, qtbot: QtBot) -> None:
    page.sample_button.setFocus()
    with qtbot.waitSignal(page.sample_chosen):
        qtbot.keyClick(page.sample_button, Qt.Key.Key_Space)


def test_a_dropped_folder_is_taken(page: WelcomePage, qtbot: QtBot, tmp_path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    rest = (
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(page, QDragEnterEvent(QPoint(20, 20), *rest))
    with qtbot.waitSignal(page.folder_chosen) as chosen:
        QApplication.sendEvent(page, QDropEvent(QPointF(20, 20), *rest))
    assert chosen.args == [tmp_path]


def test_the_example_shows_one_person_of_the_sample() -> None:
    shown = example_photos(paths.resource("sample"))
    assert len(shown) == 5
    assert all(path.is_file() for path in shown)


def test_without_the_sample_there_is_no_example(tmp_path: Path) -> None:
    assert example_photos(tmp_path) == []
