from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
)
from pytestqt.qtbot import QtBot

from opqn_app.core.settings import Settings
from opqn_app.ui.shell.settings_dialog import SKIP_HELP, SettingsDialog
from opqn_app.ui.work.session import Session
from tests.ui.keyboard import tab_through

MakeDialog = Callable[[Settings], SettingsDialog]
MODELS = ["bundled-64", "mine-128"]
CHANGED = Settings(
    library="/disk/library.sqlite",
    model="mine-128",
    device="cpu",
    detector="yunet",
    workers=3,
    excludes=("Screenshots", "*.gif"),
    theme="dark",
    min_probability=0.7,
    group_by_photo=True,
)


@pytest.fixture
def make_dialog(session: Session, qtbot: QtBot) -> MakeDialog:
    def make(settings: Settings) -> SettingsDialog:
        dialog = SettingsDialog(
            settings,
            session.runner,
            list_models=lambda: MODELS,
            choose_file=lambda _parent, _current: Path("/chosen/other.sqlite"),
        )
        qtbot.addWidget(dialog)
        dialog.show()
        combo = named(dialog, QComboBox, "Model")
        qtbot.waitUntil(lambda: combo.count() == len({*MODELS, settings.model}), timeout=120_000)
        return dialog

    return make


def named(dialog: SettingsDialog, kind: type[Any], name: str) -> Any:
    return next(each for each in dialog.findChildren(kind) if each.accessibleName() == name)


@pytest.mark.parametrize("settings", [Settings(), CHANGED])
def test_what_is_not_touched_comes_back_unchanged(
    make_dialog: MakeDialog, settings: Settings
) -> None:
    assert make_dialog(settings).edited == settings


def test_every_field_comes_back_as_entered(make_dialog: MakeDialog) -> None:
    dialog = make_dialog(Settings(min_probability=0.7, group_by_photo=True))
    for name, value in (
        ("Colours", "dark"),
        ("Model", "mine-128"),
        ("Computed by", "cpu"),
        ("Faces found by", "yunet"),
    ):
        combo = named(dialog, QComboBox, name)
        combo.setCurrentIndex(combo.findData(value))
    named(dialog, QSpinBox, "Photos read at once").setValue(3)
    named(dialog, QLineEdit, "Library file").setText(" /disk/library.sqlite ")
    skipped = named(dialog, QPlainTextEdit, "Folders and files to skip, one pattern a line")
    skipped.setPlainText("Screenshots\n\n  *.gif \n")
    assert dialog.edited == CHANGED


def test_a_model_that_is_gone_is_still_named(make_dialog: MakeDialog) -> None:
    dialog = make_dialog(Settings(model="lost-model"))
    assert dialog.edited.model == "lost-model"
    combo = named(dialog, QComboBox, "Model")
    assert [combo.itemData(i) for i in range(combo.count())] == ["lost-model", *MODELS]


def test_a_library_file_can_be_chosen(make_dialog: MakeDialog) -> None:
    dialog = make_dialog(Settings())
    named(dialog, QPushButton, "Choose the library file").click()
    assert dialog.edited.library == str(Path("/chosen/other.sqlite"))


def test_enter_saves_and_escape_leaves_all_as_it_was(make_dialog: MakeDialog, qtbot: QtBot) -> None:
    dialog = make_dialog(Settings())
    with qtbot.waitSignal(dialog.accepted):
        qtbot.keyClick(dialog, Qt.Key.Key_Return)
    other = make_dialog(Settings())
    with qtbot.waitSignal(other.rejected):
        qtbot.keyClick(other, Qt.Key.Key_Escape)


def test_tab_reaches_every_field(make_dialog: MakeDialog, qtbot: QtBot) -> None:
    dialog = make_dialog(Settings())
    stops = tab_through(qtbot, dialog, 12)
    reached = {each.accessibleName() or each.property("text") for each in stops}
    assert {
        "Colours",
        "Model",
        "Computed by",
        "Faces found by",
        "Library file",
        "Save",
        "Cancel",
    } <= reached
    assert "Folders and files to skip, one pattern a line" in reached


def test_the_help_lies_below_the_box_however_small_the_dialog_is(make_dialog: MakeDialog) -> None:
    dialog = make_dialog(CHANGED)
    dialog.resize(dialog.minimumSize())
    box = named(dialog, QPlainTextEdit, "Folders and files to skip, one pattern a line")
    (text,) = (each for each in dialog.findChildren(QLabel) if each.text() == SKIP_HELP)
    assert text.y() >= box.geometry().bottom()
    assert text.height() >= text.heightForWidth(text.width())
    assert text.geometry().bottom() <= box.parentWidget().height()


@pytest.mark.parametrize("is_another", [False, True])
def test_a_library_that_is_open_beside_the_chosen_one_is_named(
    session: Session, qtbot: QtBot, tmp_path: Path, is_another: bool
) -> None:
    """As with `opqn --library`, or once another file was chosen for the next start."""
    opened = tmp_path / "other.sqlite" if is_another else session.settings.library_path
    dialog = SettingsDialog(session.settings, session.runner, opened=opened, list_models=list)
    qtbot.addWidget(dialog)
    said = [label.text() for label in dialog.findChildren(QLabel)]
    assert (f"Open now is another one: {opened}" in said) is is_another
