"""Where the labelled pictures lie: choose or drop a folder or a file, and see what is in it."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from opqn_app.ui.kit.controls import push_button, text_label
from opqn_app.ui.kit.labelled_data import LabelledData, look_at
from opqn_app.ui.work.tasks import Task, TaskRunner

Choose = Callable[[QWidget], Path | None]


def choose_folder(parent: QWidget) -> Path | None:
    """Ask for a folder of labelled folders."""
    chosen = QFileDialog.getExistingDirectory(parent, "Choose a folder of labelled folders")
    return Path(chosen) if chosen else None


def choose_file(parent: QWidget) -> Path | None:
    """Ask for a tar file of labelled folders, or a pack."""
    kinds = "Tar files and packs (*.tar *.tar.gz *.tgz *.tar.xz *.safetensors)"
    chosen, _kind = QFileDialog.getOpenFileName(parent, "Choose a tar file or a pack", "", kinds)
    return Path(chosen) if chosen else None


class DataField(QWidget):
    """A line for the path, two buttons, and what was found there.

    Signals:
        changed: another path, or what it holds is known now.
    """

    changed = Signal()

    def __init__(
        self,
        runner: TaskRunner,
        *,
        look: Callable[[Path], LabelledData] = look_at,
        choose_folder: Choose = choose_folder,
        choose_file: Choose = choose_file,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner = runner
        self._look_at = look
        self._choosers = {"folder": choose_folder, "file": choose_file}
        self._task: Task | None = None
        self.found: LabelledData | None = None
        self.setAcceptDrops(True)
        self._build()

    @property
    def path(self) -> Path | None:
        """The folder or file; None while the line is empty."""
        text = self._line.text().strip()
        return Path(text).expanduser() if text else None

    @property
    def is_usable(self) -> bool:
        return self.found is not None and self.found.is_usable

    @property
    def words(self) -> str:
        """What is said below the line."""
        return self._words.text()

    def set_path(self, path: Path) -> None:
        """Take a path and look at it."""
        self._line.setText(str(path))
        self._look()

    def choose(self, kind: str) -> None:
        """Ask for a "folder" or a "file"."""
        chosen = self._choosers[kind](self)
        if chosen is not None:
            self.set_path(chosen)

    def _build(self) -> None:
        self._line = QLineEdit()
        self._line.setAccessibleName("Labelled pictures")
        self._line.setPlaceholderText("Folder, tar file or pack")
        self._line.editingFinished.connect(self._on_edited)
        self.folder_button = push_button("Folder…", lambda: self.choose("folder"), icon="folder")
        self.folder_button.setAccessibleName("Choose a folder of labelled folders")
        file = push_button("File…", lambda: self.choose("file"))
        file.setAccessibleName("Choose a tar file of labelled folders, or a pack")
        self._words = text_label("You can also drop a folder here.", is_quiet=True, wraps=True)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.folder_button, 1)
        buttons.addWidget(file, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._line)
        column.addLayout(buttons)
        column.addWidget(self._words)
        self.setFocusProxy(self._line)

    def _on_edited(self) -> None:
        if self.path != (self.found.path if self.found else None):
            self._look()

    def _look(self) -> None:
        self.found = None
        path = self.path
        if path is None:
            self._words.setText("")
            self.changed.emit()
            return
        self._words.setText("Looking at what is there …")
        task = self._task = self._runner.start("read", self._look_at, path)
        task.succeeded.connect(lambda found: self._show(task, found))
        task.failed.connect(lambda error: self._refuse(task, path))
        self.changed.emit()

    def _show(self, task: Task, found: LabelledData) -> None:
        if task is self._task:
            self.found = found
            self._words.setText(found.words)
            self.changed.emit()

    def _refuse(self, task: Task, path: Path) -> None:
        if task is self._task:
            self._words.setText(f"{path} can't be read as a folder, a tar file or a pack.")
            self.changed.emit()

    # Drops

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        urls = event.mimeData().urls()
        if len(urls) == 1 and urls[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.set_path(Path(event.mimeData().urls()[0].toLocalFile()))
