"""Keeps the results of a search to photos that the chips above them ask for."""

from PySide6.QtCore import QObject

from opqn_app.people.photo_filter import PhotoFilter
from opqn_app.store.records import PhotoRecord
from opqn_app.ui.kit.chip_line import ChipLine
from opqn_app.ui.search.results_view import Counts, ResultsView
from opqn_app.ui.work.session import Session

NONE_LEFT = "No face like this is on such a photo."


class ResultChips(QObject):
    """The line of chips, and the photos it means, looked up again whenever they may be others."""

    def __init__(self, session: Session, results: ResultsView) -> None:
        super().__init__(results)
        self._session, self._results = session, results
        self.line = ChipLine(session, self._current_photo)
        self.line.changed.connect(self._find)
        self.line.left.connect(results.grid.setFocus)
        session.library_changed.connect(lambda: self._find(self.line.filter))
        results.counted.connect(self._on_counted)

    def _current_photo(self) -> PhotoRecord | None:
        record = self._results.current_record()
        return None if record is None else record.photo

    def _find(self, wanted: PhotoFilter) -> None:
        if wanted.is_empty:
            self._results.keep_to(None)
            return
        self._session.people.ask(
            lambda ledger, _guesses: frozenset(photo.id for photo in wanted.find(ledger)),
            lambda photo_ids: self._keep_to(wanted, photo_ids),
        )

    def _keep_to(self, wanted: PhotoFilter, photo_ids: frozenset[int]) -> None:
        if wanted == self.line.filter:
            self._results.keep_to(photo_ids)

    def _on_counted(self, counts: Counts) -> None:
        if counts.is_kept and not counts.likely:
            self.line.say(NONE_LEFT)
        elif self.line.note == NONE_LEFT:
            self.line.say("")
