"""The report of a fault is shown before it is copied."""

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from opqn_app.core import crash_reports, places
from opqn_app.ui.shell import app
from opqn_app.ui.shell.crash_dialog import CrashDialog
from opqn_app.ui.shell.kept_dialog import NEWEST, KeptDialog
from opqn_app.ui.shell.main_window import MainWindow
from opqn_app.ui.work.session import Session

TIMEOUT = 120_000
PHOTO = "/home/anna/Photos/Anna and Bert.jpg"


@pytest.fixture
def window(session: Session, qtbot: QtBot) -> MainWindow:
    made = MainWindow(session)
    qtbot.addWidget(made)
    made.show()
    return made


def raised() -> ValueError:
    try:
        raise ValueError(f"bad photo {PHOTO}")
    except ValueError as error:
        return error


def test_it_is_read_and_then_copied(window: MainWindow, qapp: QApplication) -> None:
    qapp.clipboard().clear()
    error = raised()
    app._on_unexpected_error(window, ValueError, error, error.__traceback__)
    assert window.search.messages.text.endswith("your library is safe.")
    window.search.messages._on_button()
    (dialog,) = window.findChildren(CrashDialog)
    (report,) = crash_reports.reports()
    assert dialog.text.toPlainText() == report.read_text(encoding="utf-8")
    assert "tests/ui/test_crash_dialog.py" in dialog.text.toPlainText()
    assert "Anna" not in dialog.text.toPlainText()
    assert qapp.clipboard().text() == ""
    dialog.copy_button.click()
    assert qapp.clipboard().text() == report.read_text(encoding="utf-8")
    dialog.close()


def test_where_none_could_be_written_it_is_said(qtbot: QtBot) -> None:
    dialog = CrashDialog(None)
    qtbot.addWidget(dialog)
    assert "No report could be written" in dialog.text.toPlainText()
    assert not dialog.copy_button.isEnabled()


def test_the_page_of_kept_things_shows_the_newest(session: Session, qtbot: QtBot) -> None:
    dialog = KeptDialog(session)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: bool(dialog._seen), timeout=TIMEOUT)
    button = dialog.cards["crashes"].buttons[NEWEST]
    assert not button.isEnabled()
    crash_reports.write(raised(), "a test")
    dialog._look()
    qtbot.waitUntil(button.isEnabled, timeout=TIMEOUT)
    button.click()
    (report,) = dialog.findChildren(CrashDialog)
    assert "While: a test" in report.text.toPlainText()
    report.close()
    assert "crashes" in {place.key for place in places.places(session.library_path)}
