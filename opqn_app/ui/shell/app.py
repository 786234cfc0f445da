"""Starts the window and ends it in order: Qt application, logging, crash notes, one way out."""

import faulthandler
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, Qt, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from opqn_app.core import crash_reports, paths, private
from opqn_app.core import settings as settings_file
from opqn_app.ui.kit import theme
from opqn_app.ui.shell.main_window import MainWindow
from opqn_app.ui.shell.menus import TITLE
from opqn_app.ui.shell.one_window import TOKEN, Call, OneWindow, come_forward
from opqn_app.ui.work.daily_backups import DailyBackups
from opqn_app.ui.work.session import Session

logger = logging.getLogger(__name__)
qt_logger = logging.getLogger("qt")

DESKTOP_FILE = "org.opqn.PhotoSearch"  # by which a desktop knows our windows; packaging/ has it
TIMER_VARIABLE = "OPQN_TIME_TO_WINDOW"
SIGNAL_POLL_MS = 200

_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def run_gui(
    library: Path | None = None, *, find: Path | None = None, time_to_window: bool = False
) -> int:
    """Open the window and run until it is closed; where one is open, bring that forward.

    Args:
        library: library file instead of the one in the settings.
        find: a photo to search with.
        time_to_window: print how long the first paint took, in milliseconds, and end; the
            environment variable OPQN_TIME_TO_WINDOW=1 does the same.

    Returns:
        The exit status.
    """
    qInstallMessageHandler(_log_qt_message)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName(TITLE)
    app.setDesktopFileName(DESKTOP_FILE)
    settings = settings_file.load()
    is_timed = time_to_window or os.environ.get(TIMER_VARIABLE) == "1"
    one = None
    if not is_timed:
        call = Call(find and find.absolute(), os.environ.get(TOKEN, ""))
        one = OneWindow(library or settings.library_path, call)
        if not one.is_first:
            sys.stderr.write("The window that is open already was brought forward.\n")
            return 0
    theme.apply_theme(app, settings.theme)
    app.setWindowIcon(QIcon(str(paths.resource("desktop/icon.svg"))))
    session = Session(settings, library=library)
    session.runner.hold()
    window = MainWindow(session)
    sys.excepthook = partial(_on_unexpected_error, window)
    threading.excepthook = _on_thread_error
    if find is not None:
        window.search.open_sources([find])
    if one is not None:
        attend(window, one)
    window.show()
    after_first_paint(lambda: _on_first_paint(session, window, is_timed=is_timed))
    with _crash_notes():
        stop_on_signals(window.close_now)
        return app.exec()


def attend(window: MainWindow, one: OneWindow) -> None:
    """Let a window hear later starts, until it closes."""

    def on_call(call: Call) -> None:
        come_forward(window, call)
        if call.find is not None:
            window.search.open_sources([call.find])

    one.setParent(window)
    one.called.connect(on_call)
    if one.problem:
        sys.stderr.write(f"{one.problem}\n")
        window.search.messages.warn(one.problem)


def after_first_paint(act: Callable[[], None]) -> None:
    """Run `act` when the events of showing the window are done."""
    QTimer.singleShot(0, lambda: QTimer.singleShot(0, act))


def _on_first_paint(session: Session, window: MainWindow, *, is_timed: bool) -> None:
    passed = milliseconds_since_start()
    logger.info("time to first window: %.0f ms", passed)
    if is_timed:
        sys.stderr.write(f"{passed:.0f} ms to the first window\n")
        window.close()
        return
    session.runner.release()
    session.watch.start()
    backups = DailyBackups(session)
    backups.failed.connect(window.search.messages.warn)
    backups.start()
    session.refresh_status()
    session.load_engine()


def milliseconds_since_start() -> float:
    """Since the process began, so that Python's own start and all imports count."""
    try:
        fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        uptime = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
    except OSError:  # not Linux: from the first import of this module's parent at least
        return time.process_time() * 1000
    started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return (uptime - started) * 1000


def stop_on_signals(close: Callable[[], object]) -> None:
    """Ctrl-C in the terminal closes the window as its button does."""
    signal.signal(signal.SIGINT, lambda _signal, _frame: close())
    signal.signal(signal.SIGTERM, lambda _signal, _frame: close())
    # Python sees a signal only when it runs: Qt's loop has to come back to it now and then.
    timer = QTimer(QApplication.instance())
    timer.timeout.connect(lambda: None)
    timer.start(SIGNAL_POLL_MS)


class _crash_notes:
    """Where the interpreter writes the stacks of all threads if it dies."""

    def __enter__(self) -> None:
        path = paths.log_dir() / "crash.log"
        private.make_file(path)
        private.tighten(path)
        self._file = path.open("a", encoding="utf-8")
        faulthandler.enable(self._file)

    def __exit__(self, *_error: object) -> None:
        faulthandler.disable()
        self._file.close()


def _log_qt_message(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    qt_logger.log(_LEVELS.get(kind, logging.WARNING), "%s", text)


def _on_thread_error(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        logger.critical("a thread ended by an unexpected error", exc_info=args.exc_value)


def _on_unexpected_error(
    window: MainWindow,
    kind: type[BaseException],
    error: BaseException,
    traceback: TracebackType | None,
) -> None:
    logger.critical("unexpected error", exc_info=(kind, error, traceback))
    if issubclass(kind, KeyboardInterrupt):
        window.close()
        return
    report = crash_reports.write(error, "the window is open")
    window.search.messages.warn(
        "Something went wrong that should not have; your library is safe.",
        "Details…",
        lambda: show_details(window, report),
    )


def show_details(window: MainWindow, report: Path | None) -> None:
    """Let the user read what is written down of a fault, before it is copied."""
    from opqn_app.ui.shell.crash_dialog import CrashDialog

    dialog = CrashDialog(report, parent=window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
