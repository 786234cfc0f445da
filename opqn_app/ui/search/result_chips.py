"""Keeps the results of a search to photos that the chips above them ask for."""

from PySide6.QtCore import QObject

from opqn_app.store.photo_list import PhotoList
from opqn_app.store.records import PhotoRecord
from opqn_app.ui.kit.chip_line import ChipLine
from opqn_app.ui.kit.photo_finder import PhotoFinder
from opqn_app.ui.search.results_view import Counts, ResultsView
from opqn_app.ui.work.session import Session

NONE_LEFT = "No face like this is on such a photo."


class ResultChips(QObject):
    """The line of chips above the results, and what it leaves of them."""

    def __init__(self, session: Session, results: ResultsView) -> None:
        super().__init__(results)
        self._results = results
        self.line = ChipLine(session, self._current_photo)
        self._finder = PhotoFinder(session, self)
        self._finder.found.connect(self._keep_to)
        self.line.changed.connect(self._finder.look_for)
        self.line.left.connect(results.grid.setFocus)
        results.counted.connect(self._on_counted)

    def _current_photo(self) -> PhotoRecord | None:
        record = self._results.current_record()
        return None if record is None else record.photo

    def _keep_to(self, photos: PhotoList | None) -> None:
        self._results.keep_to(None if photos is None else frozenset(photos.ids()))

    def _on_counted(self, counts: Counts) -> None:
        if counts.is_kept and not counts.likely:
            self.line.say(NONE_LEFT)
        elif self.line.note == NONE_LEFT:
            self.line.say("")
