"""What can be done with the chosen faces of a results view, by key, menu and button."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence

from opqn_app.ui.kit import desktop
from opqn_app.ui.search.results_view import ResultsView


class FaceActions(QObject):
    """Actions on the grid of `results`; they answer while it has the keyboard.

    Signals:
        search_wanted: ids of faces to search with, and whether to add them to the query.
        preview_requested: show the whole photo of a face (PhotoRecord, FaceRecord).
        failed: why a photo can't be handed over, as a plain sentence.
    """

    search_wanted = Signal(object, bool)
    preview_requested = Signal(object, object)
    failed = Signal(str)

    def __init__(self, results: ResultsView) -> None:
        super().__init__(results)
        self._results = results
        self.all: tuple[QAction, ...] = (
            self._action("Search with this face", ("S", "Ctrl+Return"), self.search),
            self._action("Add these faces to the search", ("Shift+S",), self.combine),
            self._action("Look at the photo", ("Space",), self.preview),
            self._action("Open the photo", ("Return", "Enter"), self.open_photo),
            self._action("Show in folder", ("Ctrl+Shift+F",), self.show_photo),
        )
        results.chosen.connect(lambda _record: self._show_enabled())
        results.grid.picked.connect(lambda _index: self.search())
        results.why.open_wanted.connect(self.open_photo)
        results.why.show_wanted.connect(self.show_photo)
        results.why.search_wanted.connect(self.search)
        results.why.preview_wanted.connect(self.preview)
        self._show_enabled()

    def search(self) -> None:
        """Search with the selected faces; several are combined."""
        self._ask(self._results.selected_ids(), add=False)

    def combine(self) -> None:
        """Add the selected faces to the query: they are known to be this person."""
        self._ask(self._results.selected_ids(), add=True)

    def preview(self) -> None:
        """Look at the whole photo of the current face."""
        record = self._results.current_record()
        if record is not None:
            self.preview_requested.emit(record.photo, record)

    def open_photo(self) -> None:
        """Open the photo of the current face in its usual program."""
        self._hand_over(desktop.open_file)

    def show_photo(self) -> None:
        """Show the photo of the current face in the file manager."""
        self._hand_over(desktop.show_in_folder)

    def _ask(self, face_ids: Sequence[int], *, add: bool) -> None:
        if face_ids:
            self.search_wanted.emit(face_ids, add)

    def _hand_over(self, act: Callable[[Path], bool]) -> None:
        record = self._results.current_record()
        if record is not None and not act(record.photo.path):
            self.failed.emit(
                f"{record.photo.path} can't be opened. If it is on a disk that is not plugged "
                "in, plug it in and try again."
            )

    def _action(self, text: str, keys: Sequence[str], act: Callable[[], None]) -> QAction:
        action = QAction(text, self)
        action.setShortcuts([QKeySequence(key) for key in keys])
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.triggered.connect(lambda _checked=False: act())
        self._results.grid.addAction(action)
        return action

    def _show_enabled(self) -> None:
        has_face = self._results.current_face_id() is not None
        for action in self.all:
            action.setEnabled(has_face)
