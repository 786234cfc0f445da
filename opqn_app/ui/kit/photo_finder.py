"""Looks up the photos that chips mean, and again whenever they may be others."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from opqn_app.people.photo_filter import PhotoFilter
from opqn_app.store.photo_list import PhotoList
from opqn_app.ui.work.session import Session


class PhotoFinder(QObject):
    """One look at a time, on the desk's lane: while a folder is indexed, much changes.

    Signals:
        found: the photos (PhotoList) of what was asked for last; None for all.
    """

    found = Signal(object)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = session.people
        self._wanted: tuple[PhotoFilter, Path | None] = (PhotoFilter(), None)
        self._is_looking = False
        self._is_stale = False
        session.library_changed.connect(self._look)

    def look_for(self, wanted: PhotoFilter, within: Path | None = None) -> None:
        """Find photos; the answer is `found`.

        Args:
            within: a folder that they lie in besides.
        """
        was_empty = self._wanted[0].is_empty
        self._wanted = (wanted, within)
        if not wanted.is_empty:
            self._look()
        elif not was_empty:
            self.found.emit(None)

    def _look(self) -> None:
        wanted, within = asked = self._wanted
        if wanted.is_empty:
            return
        if self._is_looking:
            self._is_stale = True
            return
        self._is_looking, self._is_stale = True, False
        task = self._desk.ask(
            lambda ledger, _guesses: wanted.find(ledger, within),
            lambda photos: self._take(asked, photos),
        )
        task.finished.connect(self._end)

    def _take(self, asked: tuple[PhotoFilter, Path | None], photos: PhotoList) -> None:
        if asked == self._wanted:
            self.found.emit(photos)

    def _end(self) -> None:
        self._is_looking = False
        if self._is_stale:
            self._look()
