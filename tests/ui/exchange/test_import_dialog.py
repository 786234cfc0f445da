from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QBitmap, QRegion, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QTableWidgetItem, QWidget
from pytestqt.qtbot import QtBot

from opqn_app.core.types import Box
from opqn_app.exchange.programs.listed import PROGRAMS
from opqn_app.store.library import Library
from opqn_app.ui.exchange.asked_dialog import AskedDialog
from opqn_app.ui.exchange.import_dialog import READING, ImportDialog
from opqn_app.ui.shell.main_window import MainWindow
from opqn_app.ui.work.session import Session
from tests.exchange.program_files import picasa_ini, takeout_json

TIMEOUT = 20_000
OTHER = Box(0.02, 0.6, 0.12, 0.95)  # where nobody is found


@pytest.fixture
def dialog(
    session: Session,
    varied_album: Path,
    index_folder_of: Callable[[Path], None],
    qtbot: QtBot,
) -> ImportDialog:
    """Over a library of the album, whose folder Picasa knows too."""
    index_folder_of(varied_album)
    picasa(session, varied_album)
    made = ImportDialog(session)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    qtbot.waitUntil(lambda: made.place.text() == str(varied_album), timeout=TIMEOUT)
    return made


def picasa(session: Session, album: Path) -> None:
    """Picasa knows Ann on the red photos, Ben and a box of Cy where no face was found."""
    said: dict[str, list[tuple[str | None, Box | None]]] = {}
    with Library.open(session.library_path) as library:
        for photo in library.photos():
            faces = library.faces_of(photo.id)
            name = {"a_red": "Ann", "b_red": "Ann", "green": "Ben"}.get(photo.path.stem)
            if name is not None:
                box = faces[0].box
                across, down = photo.width, photo.height
                share = Box(
                    box.left / across, box.top / down, box.right / across, box.bottom / down
                )
                said[photo.path.name] = [(name, share)]
    said["both.png"] = [("Cy", OTHER)]
    (album / ".picasa.ini").write_text(picasa_ini(said), encoding="utf-8")


def names(session: Session) -> dict[str, int]:
    view = session.people.view
    assert view is not None
    return {person.name or "": len(person.faces) for person in view.persons}


def cell(dialog: ImportDialog, row: int, column: int) -> QTableWidgetItem:
    found = dialog.table.item(row, column)
    assert found is not None
    return found


def preview(dialog: ImportDialog, qtbot: QtBot) -> None:
    """Choose Picasa, and read, by keyboard alone."""
    dialog.programs.setFocus()
    qtbot.keyClick(dialog.programs, Qt.Key.Key_Down)
    assert dialog.program.key == "picasa"
    with qtbot.waitSignal(dialog.run.planned, timeout=TIMEOUT):
        dialog.read_button.setFocus()
        qtbot.keyClick(dialog.read_button, Qt.Key.Key_Return)
    assert dialog.sheets.currentIndex() == 2


def take(dialog: ImportDialog, qtbot: QtBot) -> None:
    with qtbot.waitSignal(dialog.run.taken, timeout=TIMEOUT):
        qtbot.mouseClick(dialog.take_button, Qt.MouseButton.LeftButton)


def test_names_come_in_and_go_again_by_one_step(
    dialog: ImportDialog, session: Session, qtbot: QtBot
) -> None:
    preview(dialog, qtbot)
    shown = [cell(dialog, row, 0).text() for row in range(dialog.table.rowCount())]
    assert shown == ["Ann", "Ben", "Cy"]
    assert cell(dialog, 0, 1).text() == "2 faces"
    assert cell(dialog, 2, 1).text() == "1 face (1 drawn)"
    assert dialog.take_button.text() == "Take in 3 names"
    session.load_engine()
    take(dialog, qtbot)
    qtbot.waitUntil(lambda: names(session) == {"Ann": 2, "Ben": 1, "Cy": 1}, timeout=TIMEOUT)
    assert "4 faces got a name, of 3 people." in dialog.report.toPlainText()
    qtbot.mouseClick(dialog.undo_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: names(session) == {}, timeout=TIMEOUT)


def test_only_what_is_ticked_comes_in(dialog: ImportDialog, session: Session, qtbot: QtBot) -> None:
    preview(dialog, qtbot)
    dialog.table.setFocus()
    qtbot.keyClick(dialog.table, Qt.Key.Key_Space)  # Ann is current
    assert dialog.take_button.text() == "Take in 2 names"
    qtbot.mouseClick(dialog.none_button, Qt.MouseButton.LeftButton)
    assert not dialog.take_button.isEnabled()
    qtbot.mouseClick(dialog.all_button, Qt.MouseButton.LeftButton)
    for row in (0, 2):
        cell(dialog, row, 0).setCheckState(Qt.CheckState.Unchecked)
    take(dialog, qtbot)
    qtbot.waitUntil(lambda: names(session) == {"Ben": 1}, timeout=TIMEOUT)


def test_what_was_said_here_stays_and_is_told(
    dialog: ImportDialog, session: Session, qtbot: QtBot
) -> None:
    with Library.open(session.library_path) as library:
        photo = next(each for each in library.photos() if each.path.stem == "green")
        face = library.faces_of(photo.id)[0].id
    with qtbot.waitSignal(session.people.told, timeout=TIMEOUT):
        session.people.name([face], "Dora")
    preview(dialog, qtbot)
    assert [cell(dialog, row, 0).text() for row in range(2)] == ["Ann", "Cy"]
    assert "Ben, where you said Dora" in dialog._left.toPlainText()
    take(dialog, qtbot)
    qtbot.waitUntil(lambda: names(session)["Ann"] == 2, timeout=TIMEOUT)
    assert names(session)["Dora"] == 1


def test_the_same_again_brings_nothing(
    dialog: ImportDialog, session: Session, qtbot: QtBot
) -> None:
    preview(dialog, qtbot)
    session.load_engine()
    take(dialog, qtbot)
    qtbot.waitUntil(lambda: names(session).get("Cy") == 1, timeout=TIMEOUT)
    again = ImportDialog(session)
    qtbot.addWidget(again)
    again.show()
    qtbot.waitUntil(lambda: bool(again.place.text()), timeout=TIMEOUT)
    preview(again, qtbot)
    assert again.table.isHidden()
    assert "Nothing of it is new" in again._headline.text()
    assert not again.take_button.isEnabled()


def test_a_place_that_is_not_there_is_said(dialog: ImportDialog, qtbot: QtBot) -> None:
    dialog.choose("digikam", Path("/nowhere/digikam4.db"))
    qtbot.mouseClick(dialog.read_button, Qt.MouseButton.LeftButton)
    assert dialog.sheets.currentIndex() == 0
    assert dialog.messages.text.startswith("/nowhere/digikam4.db is not there.")
    qtbot.keyClicks(dialog.place, "x")
    assert dialog.messages.text == ""


def test_a_file_that_is_none_of_the_program_is_said(
    dialog: ImportDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    wrong = tmp_path / "digikam4.db"
    wrong.write_bytes(b"no database at all, but text")
    dialog.choose("digikam", wrong)
    qtbot.mouseClick(dialog.read_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(
        lambda: dialog.sheets.currentIndex() != 1 and not dialog.run._task, timeout=TIMEOUT
    )
    said = dialog.messages.text + dialog._left.toPlainText()
    assert "digikam4.db" in said


def read_takeout(dialog: ImportDialog, folder: Path, qtbot: QtBot) -> None:
    """Google knows that Eve and Cy are on the photo of two faces, and not where."""
    takeout_json(folder, "both.png.supplemental-metadata.json", "both.png", ["Eve", "Cy"])
    dialog.choose("takeout", folder)
    with qtbot.waitSignal(dialog.run.planned, timeout=TIMEOUT):
        qtbot.mouseClick(dialog.read_button, Qt.MouseButton.LeftButton)


def open_asked(dialog: ImportDialog, qtbot: QtBot) -> AskedDialog:
    qtbot.mouseClick(dialog.asked_button, Qt.MouseButton.LeftButton)
    (asked,) = (each for each in dialog.findChildren(AskedDialog) if each.isVisible())
    qtbot.waitExposed(asked)
    return asked


def test_names_without_boxes_are_asked_for_and_come_in(
    dialog: ImportDialog, session: Session, varied_album: Path, qtbot: QtBot
) -> None:
    read_takeout(dialog, varied_album, qtbot)
    assert "both.png: Eve, Cy (2 faces)" in dialog._left.toPlainText()
    assert dialog._headline.text().endswith("On 1 photo you have to say who is who.")
    assert not dialog.take_button.isEnabled()
    asked = open_asked(dialog, qtbot)
    left, right = asked.choices
    asked.choices[left].setFocus()
    qtbot.keyClick(asked.choices[left], Qt.Key.Key_Down)  # Eve
    assert asked.answers == {left: "Eve"}
    turn = QWheelEvent(
        *(QPointF(5, 5), QPointF(5, 5), QPoint(0, -120), QPoint(0, -120), Qt.MouseButton.NoButton),
        *(Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False),
    )
    QApplication.sendEvent(asked.choices[left], turn)
    assert asked.answers == {left: "Eve"}, "who scrolls says nothing"
    qtbot.keyClicks(asked.choices[right], "Eve")
    assert asked.answers == {right: "Eve"}, "nobody is on a photo twice"
    qtbot.keyClicks(asked.choices[left], "Cy")
    qtbot.mouseClick(asked.done_button, Qt.MouseButton.LeftButton)
    assert dialog.take_button.text() == "Take in 2 names"
    take(dialog, qtbot)
    qtbot.waitUntil(lambda: names(session) == {"Eve": 1, "Cy": 1}, timeout=TIMEOUT)
    view = session.people.view
    assert view is not None
    assert [view.name_of(face) for face in (left, right)] == ["Cy", "Eve"]
    assert dialog.report.toPlainText() == (
        "2 faces got a name, of 2 people.\n  Cy: 1 face, somebody new\n  Eve: 1 face, somebody new"
    )
    qtbot.mouseClick(dialog.undo_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: names(session) == {}, timeout=TIMEOUT)


def test_what_is_left_open_stays_asked(
    dialog: ImportDialog, varied_album: Path, qtbot: QtBot
) -> None:
    read_takeout(dialog, varied_album, qtbot)
    asked = open_asked(dialog, qtbot)
    qtbot.keyClicks(next(iter(asked.choices.values())), "Eve")
    qtbot.keyClick(asked, Qt.Key.Key_Escape)  # nothing that was said is lost
    assert dialog.take_button.text() == "Take in 1 name"
    asked = open_asked(dialog, qtbot)
    assert [choice.currentText() for choice in asked.choices.values()] == ["Eve", "Not said"]
    qtbot.mouseClick(asked.done_button, Qt.MouseButton.LeftButton)
    take(dialog, qtbot)
    assert "both.png: Cy (1 face)" in dialog.report.toPlainText()


def test_a_place_without_names_is_said_where_it_is_chosen(
    dialog: ImportDialog, tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / "nothing").mkdir()
    dialog.choose("takeout", tmp_path / "nothing")
    with qtbot.waitSignal(dialog.run.planned, timeout=TIMEOUT):
        qtbot.mouseClick(dialog.read_button, Qt.MouseButton.LeftButton)
    assert dialog.sheets.currentIndex() == 0
    assert dialog.messages.text == "No Google Photos names were found there."
    assert dialog._how.text() == dialog.program.how


def test_every_program_can_be_chosen_and_says_what_it_needs(dialog: ImportDialog) -> None:
    for row, program in enumerate(PROGRAMS):
        dialog.programs.setCurrentRow(row)
        assert dialog._how.text() == program.how


def test_a_choice_by_the_button_is_taken(session: Session, tmp_path: Path, qtbot: QtBot) -> None:
    made = ImportDialog(session, choose=lambda _parent, _program, _start: tmp_path)
    qtbot.addWidget(made)
    made.show()
    assert not made.read_button.isEnabled()
    (browse,) = [b for b in made.findChildren(QPushButton) if b.text() == "Choose…"]
    qtbot.mouseClick(browse, Qt.MouseButton.LeftButton)
    assert made.place.text() == str(tmp_path)
    assert made.read_button.isEnabled()


def test_reading_is_not_stopped_unasked(
    session: Session, dialog: ImportDialog, varied_album: Path, qtbot: QtBot
) -> None:
    asked: list[str] = []

    def confirm(_parent: QWidget, words: str) -> bool:
        asked.append(words)
        return False

    made = ImportDialog(session, confirm_stop=confirm)
    qtbot.addWidget(made)
    made.show()
    made.choose("picasa", varied_album)
    qtbot.mouseClick(made.read_button, Qt.MouseButton.LeftButton)
    qtbot.keyClick(made, Qt.Key.Key_Escape)
    assert asked == [READING]
    qtbot.waitUntil(lambda: made.sheets.currentIndex() == 2, timeout=TIMEOUT)
    qtbot.keyClick(made, Qt.Key.Key_Escape)
    assert not made.isVisible()
    assert len(asked) == 1


def test_no_name_moves_when_its_row_becomes_the_current_one(
    dialog: ImportDialog, qtbot: QtBot
) -> None:
    preview(dialog, qtbot)
    dialog.table.setFocus()
    qtbot.waitUntil(dialog.table.hasFocus, timeout=TIMEOUT)
    rect = dialog.table.visualItemRect(cell(dialog, 0, 1)).adjusted(4, 4, -4, -4)

    def words() -> QRect:
        """Where the words stand in the cell, and nothing else is drawn."""
        picture = dialog.table.viewport().grab(rect).toImage()
        ground = picture.pixelColor(0, 0)
        return QRegion(
            QBitmap.fromImage(picture.createMaskFromColor(ground.rgb(), Qt.MaskMode.MaskInColor))
        ).boundingRect()

    dialog.table.setCurrentCell(2, 1)
    elsewhere = words()
    dialog.table.setCurrentCell(0, 1)
    assert words() == elsewhere


def test_a_drawn_box_is_counted_no_more_when_the_import_is_undone(
    session: Session, dialog: ImportDialog, qtbot: QtBot
) -> None:
    window = MainWindow(session)
    qtbot.addWidget(window)
    window.show()
    window.show_page("library")
    session.refresh_status()

    def counts(words: str) -> bool:
        said = window.status_line.text == f"{words} in your library"
        return said and words in [label.text() for label in window.library.findChildren(QLabel)]

    qtbot.waitUntil(lambda: counts("4 photos, 5 faces"), timeout=TIMEOUT)
    preview(dialog, qtbot)
    session.load_engine()
    take(dialog, qtbot)
    qtbot.waitUntil(lambda: counts("4 photos, 6 faces"), timeout=TIMEOUT)
    qtbot.mouseClick(dialog.undo_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: counts("4 photos, 5 faces"), timeout=TIMEOUT)
