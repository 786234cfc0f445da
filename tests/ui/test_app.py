"""Starting and ending the program: torch comes after the first paint, errors are shown and kept."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QMessageLogContext, QtMsgType
from pytestqt.qtbot import QtBot

from opqn_app.ui.shell import app
from opqn_app.ui.shell.main_window import MainWindow
from opqn_app.ui.work.session import Session

ROOT = Path(__file__).resolve().parents[2]

PROBE = """
import sys
from opqn_app.ui.shell.app import run_gui
status = run_gui(time_to_window=True)
heavy = [name for name in ("torch", "facenet_pytorch") if name in sys.modules]
print(status, heavy)
"""


@pytest.fixture
def window(session: Session, qtbot: QtBot) -> MainWindow:
    made = MainWindow(session)
    qtbot.addWidget(made)
    return made


@pytest.mark.slow
def test_the_window_shows_before_torch_is_imported(own_folders: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROBE],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    assert run.stdout.strip() == "0 []"
    told = run.stderr.strip().splitlines()[-1]
    assert float(told.removesuffix(" ms to the first window")) > 0
    assert (own_folders / "log" / "crash.log").is_file()


def test_an_unexpected_error_is_logged_and_shown_in_the_page(
    window: MainWindow, caplog: pytest.LogCaptureFixture
) -> None:
    error = ValueError("a bug")
    with caplog.at_level(logging.CRITICAL):
        app._on_unexpected_error(window, ValueError, error, None)
    assert "unexpected error" in caplog.text
    assert "your library is safe" in window.search.messages.text


@pytest.mark.slow
def test_ctrl_c_in_the_terminal_closes_the_window(window: MainWindow, session: Session) -> None:
    window.show()
    app._on_unexpected_error(window, KeyboardInterrupt, KeyboardInterrupt(), None)
    assert not window.isVisible()
    assert session.runner.is_shut_down


def test_qt_messages_go_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="qt"):
        app._log_qt_message(QtMsgType.QtWarningMsg, QMessageLogContext(), "a Qt warning")
    assert [(r.name, r.levelno, r.message) for r in caplog.records] == [
        ("qt", logging.WARNING, "a Qt warning")
    ]
