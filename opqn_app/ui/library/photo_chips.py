"""Keeps the photos of the Library page to those that the chips above them ask for."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from opqn_app.core.progress import counted
from opqn_app.store.photo_list import PhotoList
from opqn_app.ui.kit import wording
from opqn_app.ui.kit.chip_line import ChipLine
from opqn_app.ui.kit.controls import push_button
from opqn_app.ui.kit.photo_finder import PhotoFinder
from opqn_app.ui.kit.saved_shelf import SavedShelf
from opqn_app.ui.library.photo_grid import PhotoGrid
from opqn_app.ui.work.session import Session


class PhotoChips(QObject):
    """The line of chips, and the photos it means, looked up again whenever they may be others.

    Attributes:
        photos: what was found; None while there are no chips, or it is not known yet.

    Signals:
        found: `photos` are others now.
    """

    found = Signal()

    def __init__(self, session: Session, grid: PhotoGrid, shelf: SavedShelf) -> None:
        super().__init__(grid)
        self._within: Path | None = None
        self._shelf = shelf
        self.photos: PhotoList | None = None
        self.line = ChipLine(session, lambda: grid.current_photo, shelf=shelf)
        self.save_button = push_button("Save", self.save)
        self.save_button.setToolTip("Keep this search at the left; it stays current.")
        self.line.add_button(self.save_button)
        self._finder = PhotoFinder(session, self)
        self._finder.found.connect(self._take)
        self.line.changed.connect(lambda _filter: self._look())
        self.line.left.connect(grid.setFocus)

    @property
    def is_used(self) -> bool:
        """There are chips."""
        return not self.line.filter.is_empty

    def look_in(self, folder: Path | None) -> None:
        """Find photos of one folder only; None for all."""
        if folder != self._within:
            self._within, self.photos = folder, None
            self._look()

    def save(self) -> None:
        """Keep what the chips ask, with the folder that is shown."""
        asked, within, words = self.line.filter, self._within, self.line.words
        if asked.under is None and within is not None:
            asked, words = replace(asked, under=within), f"{words} in {wording.folder_name(within)}"
        self._shelf.save(words, asked)

    def _look(self) -> None:
        self._finder.look_for(self.line.filter, self._within)

    def _take(self, photos: PhotoList | None) -> None:
        self.photos = photos
        if photos is not None:
            self.line.say(f"{counted(len(photos), 'photo')}." if photos else "No photo shows that.")
        self.found.emit()
