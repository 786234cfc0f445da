"""What somebody wrote into a name is shown letter by letter, and acts on nothing in the window."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import Qt as GuiQt
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QApplication, QLabel, QSizePolicy
from pytestqt.qtbot import QtBot

from opqn_app.core.harmless import in_text
from opqn_app.ui.kit.controls import CutLabel, text_label
from opqn_app.ui.kit.tips import plain
from opqn_app.ui.shell.main_window import MainWindow
from opqn_app.ui.work.session import Session
from tests.trust.hostile import NAMES, SHOWN

MakePeople = Callable[..., Path]
SIGNS = {*map(chr, range(32)), *map(chr, range(0x7F, 0xA0)), *"\u2028\u2029\u202a\u202e"} - {"\n"}


@pytest.mark.parametrize("kind", SHOWN)
def test_labels_and_tips_show_names_as_they_are(kind: str, qtbot: QtBot) -> None:
    name = SHOWN[kind]
    cut = CutLabel()
    cut.setText(name)
    for label in (text_label(name), cut):
        qtbot.addWidget(label)
        assert label.textFormat() == Qt.TextFormat.PlainText
        assert label.text() == in_text(name)
    assert cut.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Ignored  # cut, not wide
    tip, shown = plain(name), QTextDocument()
    shown.setHtml(tip) if GuiQt.mightBeRichText(tip) else shown.setPlainText(tip)
    assert shown.toPlainText().replace("\u2028", "\n") == in_text(name)
    assert not SIGNS & set(in_text(name))


@pytest.mark.skipif(sys.platform == "win32", reason="names of POSIX")
def test_the_library_shows_files_with_such_names(
    session: Session,
    people: MakePeople,
    tmp_path: Path,
    index_folder_of: Callable[[Path], None],
    qtbot: QtBot,
) -> None:
    """Half are photos, half can't be read; each is opened large, and the window stays small."""
    session.settings = replace(session.settings, copies_once=False)
    window = MainWindow(session)
    qtbot.addWidget(window)
    window.resize(800, 600)
    window.show()
    red = people("red.png", "red").read_bytes()
    album = tmp_path / "album"
    album.mkdir()
    for number, name in enumerate(NAMES):
        (album / name).write_bytes(red + bytes([number]) if number % 2 else b"no picture")
    index_folder_of(album)
    window.show_page("library")
    page = window.library
    qtbot.waitUntil(lambda: page.photos.rowCount() >= 10, timeout=120_000)
    for row, photo in enumerate(page.photos.photos):
        window.viewer.open_photos(page.photos.photos, row)
        assert window.viewer.photo == photo
        _look_at(window)
    assert window.minimumSizeHint().width() <= 800


def _look_at(window: MainWindow) -> None:
    shown = [
        label for each in QApplication.topLevelWidgets() for label in each.findChildren(QLabel)
    ]
    assert len(shown) > 20
    for label in shown:
        is_ours = not any(name in label.text() for name in NAMES)
        assert is_ours or label.textFormat() == Qt.TextFormat.PlainText, label.text()
        assert not SIGNS & set(label.text()), label.text()
