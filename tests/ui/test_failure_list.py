from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from opqn_app.ui.library.failure_list import FailureList, FailureListModel
from tests.ui.photo_records import failure

ADD = QItemSelectionModel.SelectionFlag.Select


def make(qtbot: QtBot, *failures: object) -> FailureList:
    made = FailureList()
    qtbot.addWidget(made)
    made.model.show_failures(failures)  # type: ignore[arg-type]
    made.show()
    return made


def button(made: FailureList, words: str) -> QPushButton:
    return next(each for each in made.findChildren(QPushButton) if each.text() == words)


def select(made: FailureList, *rows: int) -> None:
    for row in rows:
        made.view.selectionModel().select(made.model.index(row), ADD)


def test_model_shows_ignored_failures_last_and_only_when_asked(
    qtmodeltester: ModelTester,
) -> None:
    model = FailureListModel()
    model.show_failures([failure(1, is_ignored=True), failure(2)])
    assert model.rowCount() == 1
    model.include_ignored(True)
    names = [model.index(row).data() for row in range(model.rowCount())]
    assert names == ["broken_2.jpg", "broken_1.jpg"]
    assert (model.open_count, model.ignored_count) == (1, 1)
    qtmodeltester.check(model)


def test_reason_and_state_are_told_to_a_screen_reader() -> None:
    model = FailureListModel()
    model.include_ignored(True)
    model.show_failures([failure(1, is_ignored=True)])
    told = model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert told == "broken_1.jpg: the file is empty, ignored"


def test_without_a_selection_all_are_tried_again(themed: QApplication, qtbot: QtBot) -> None:
    made = make(qtbot, failure(1), failure(2), failure(3, is_ignored=True))
    with qtbot.waitSignal(made.retry_wanted) as wanted:
        button(made, "Try all again").click()
    assert wanted.args == [[1, 2]]


def test_selected_files_are_tried_again_alone(themed: QApplication, qtbot: QtBot) -> None:
    made = make(qtbot, failure(1), failure(2), failure(3))
    select(made, 0, 2)
    with qtbot.waitSignal(made.retry_wanted) as wanted:
        button(made, "Try 2 files again").click()
    assert wanted.args == [[1, 3]]


def test_delete_ignores_what_is_selected_and_the_button_takes_it_back(
    themed: QApplication, qtbot: QtBot
) -> None:
    made = make(qtbot, failure(1), failure(2, is_ignored=True))
    select(made, 0)
    with qtbot.waitSignal(made.ignore_wanted) as wanted:
        qtbot.keyClick(made.view, Qt.Key.Key_Delete)
    assert wanted.args == [[1], True]
    made.model.include_ignored(True)
    select(made, 1)
    with qtbot.waitSignal(made.ignore_wanted) as wanted:
        button(made, "Stop ignoring").click()
    assert wanted.args == [[2], False]


def test_one_file_can_be_shown_where_it_lies(themed: QApplication, qtbot: QtBot) -> None:
    made = make(qtbot, failure(1), failure(2))
    show = button(made, "Show in file manager")
    assert not show.isEnabled()
    select(made, 1)
    with qtbot.waitSignal(made.show_wanted) as wanted:
        show.click()
    assert wanted.args == [failure(2).path]
