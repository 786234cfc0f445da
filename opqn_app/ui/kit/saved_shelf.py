"""The saved searches, with how many photos each finds now; kept in the library by the desk."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from opqn_app.people.photo_filter import PhotoFilter
from opqn_app.ui.work.session import Session

if TYPE_CHECKING:
    from opqn_app.people.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved search.

    Attributes:
        photos: that it finds now.
        is_lost: the folder that it asks for holds no photo of the library any more.
    """

    id: int
    name: str
    asked: PhotoFilter
    photos: int
    is_lost: bool = False


class SavedShelf(QObject):
    """Reads them anew whenever they may find other photos.

    Signals:
        changed: `searches` are others now.
        saved: a Saved that has just come, and may get another name.
        failed: an exception.
    """

    changed = Signal()
    saved = Signal(object)
    failed = Signal(object)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self.searches: tuple[Saved, ...] = ()
        self._desk = session.people
        self._is_reading = False
        self._is_stale = False
        self._desk.changed.connect(lambda _view: self.read())

    def read(self) -> None:
        """Look what there is; one look at a time."""
        if self._is_reading:
            self._is_stale = True
            return
        self._is_reading, self._is_stale = True, False
        task = self._desk.ask(_read, self._take)
        task.finished.connect(self._end)

    def save(self, name: str, asked: PhotoFilter) -> None:
        """Keep a search; a name that is taken gets a number."""
        name = _free_name(name, [each.name for each in self.searches])
        self._change(lambda ledger: ledger.library.saved_searches.save(name, asked.as_json()), name)

    def put_back(self, search: Saved) -> None:
        """Undo that it was removed."""
        self._change(
            lambda ledger: ledger.library.saved_searches.save(search.name, search.asked.as_json())
        )

    def remove(self, search: Saved) -> None:
        """Forget a search; the photos stay."""
        self._change(lambda ledger: ledger.library.saved_searches.remove(search.name))

    def rename(self, search: Saved, name: str) -> None:
        """Give it another name; where that is taken, it stays as it was."""
        if name.strip():
            self._change(lambda ledger: ledger.library.saved_searches.rename(search.id, name))

    def _change(self, job: Any, name: str = "") -> None:
        task = self._desk.ask(lambda ledger, _guesses: (job(ledger), _read(ledger, None))[1])
        task.is_kept = True  # closing the window at once loses nothing
        task.failed.connect(self.failed)
        task.succeeded.connect(lambda found: self._take(found, name))

    def _take(self, found: Sequence[Saved], name: str = "") -> None:
        if tuple(found) != self.searches:
            self.searches = tuple(found)
            self.changed.emit()
        for search in self.searches:
            if name and search.name == name:
                self.saved.emit(search)

    def _end(self) -> None:
        self._is_reading = False
        if self._is_stale:
            self.read()


def _read(ledger: "Ledger", _guesses: object) -> list[Saved]:
    found = []
    for each in ledger.library.saved_searches.all():
        asked = PhotoFilter.from_json(each.asked)
        photos = len(asked.find(ledger))
        is_lost = not photos and asked.under is not None
        if is_lost:  # or the others in it do not fit
            is_lost = not PhotoFilter(under=asked.under).find(ledger)
        found.append(Saved(each.id, each.name, asked, photos, is_lost))
    return found


def _free_name(name: str, taken: Sequence[str]) -> str:
    known, number, free = {each.casefold() for each in taken}, 2, name
    while free.casefold() in known:
        free, number = f"{name} {number}", number + 1
    return free
