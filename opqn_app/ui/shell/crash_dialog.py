"""Shows the report of a fault, so that it is read before it is copied."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QPlainTextEdit,
    QWidget,
)

from opqn_app.core import paths
from opqn_app.ui.kit import desktop
from opqn_app.ui.kit.controls import push_button
from opqn_app.ui.shell.told_dialog import lay_out

TITLE = "What went wrong"
INTRO = (
    "This is a fault of the program. The report says where it was met. It holds no names, no paths "
    "of photos and no faces, and was sent to nobody. Read it before you pass it on."
)
UNWRITTEN = "No report could be written. The log file may say more: {}"
SIZE, SMALLEST = QSize(720, 480), QSize(480, 320)


class CrashDialog(QDialog):
    """Args:
    report: the file; None where none could be written.
    show_file: shows a file in the system's file manager.
    """

    def __init__(
        self,
        report: Path | None,
        *,
        show_file: Callable[[Path], bool] = desktop.show_in_folder,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._report, self._show_file = report, show_file
        self.setWindowTitle(TITLE)
        self.setMinimumSize(SMALLEST)
        self.text = QPlainTextEdit(_read(report))
        self.text.setReadOnly(True)
        self.text.setAccessibleName("The report")
        self.text.setTabChangesFocus(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.copy_button = push_button("Copy", self._copy)
        self.open_button = push_button("Open the folder", self._open)
        for button in (self.copy_button, self.open_button):
            button.setAutoDefault(False)
            button.setEnabled(report is not None)
        lay_out(self, TITLE, INTRO, [self.text], [self.copy_button, self.open_button])
        self.resize(SIZE if parent is None else SIZE.boundedTo(parent.window().size()))

    def _copy(self) -> None:
        QApplication.clipboard().setText(self.text.toPlainText())
        self.copy_button.setText("Copied")

    def _open(self) -> None:
        if self._report is not None:
            self._show_file(self._report)


def _read(report: Path | None) -> str:
    try:
        if report is not None:
            return report.read_text(encoding="utf-8", errors="replace")
    except OSError:
        pass  # it was deleted meanwhile
    return UNWRITTEN.format(paths.log_dir() / "opqn.log")
