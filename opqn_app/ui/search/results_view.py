"""The answer to a query: grid, threshold, sorting and the reasons of the chosen face."""

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QItemSelectionModel, QModelIndex, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from opqn_app.core.types import Floats
from opqn_app.ui.kit.choice_box import ChoiceBox
from opqn_app.ui.kit.controls import text_label
from opqn_app.ui.kit.photo_thumbnails import BATCH, load_photo_thumbnails
from opqn_app.ui.kit.section_grid import CAPTION
from opqn_app.ui.kit.thumbnails import ThumbnailCache, load_face_crops
from opqn_app.ui.search.divider_band import DividerBand
from opqn_app.ui.search.nobody_note import NobodyNote
from opqn_app.ui.search.photo_keys import photo_keys
from opqn_app.ui.search.result_delegate import NAME, FaceDelegate
from opqn_app.ui.search.result_grid import FaceGrid
from opqn_app.ui.search.result_model import FaceRole, ResultListModel
from opqn_app.ui.search.result_order import (
    MAX_SORTED,
    SORTS,
    PhotoKey,
    Positions,
    alikeness,
    count_likely,
    headings,
    histogram,
    order_rows,
)
from opqn_app.ui.search.result_switch import ResultSwitch
from opqn_app.ui.search.threshold_bar import ThresholdBar
from opqn_app.ui.search.why_panel import WhyPanel
from opqn_app.ui.work import jobs
from opqn_app.ui.work.session import Session

if TYPE_CHECKING:
    from opqn_app.store.records import FaceRecord
    from opqn_app.ui.work.people_jobs import PeopleView


PHOTOS_KEPT = 200  # thumbnails
CONTROLS = 336  # width in pixels; a narrow window gives what their words need


@dataclass(frozen=True, slots=True)
class Counts:
    """What the headline tells.

    Attributes:
        total: faces in the ranking.
        likely: likely ones of those that may be shown.
        is_kept: only faces on some photos are shown.
    """

    total: int
    likely: int
    is_kept: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where the user is in the results, by faces; as it is given, nowhere.

    Attributes:
        face: the current one; `row` is where it stands.
        chosen: those that are selected.
        first: the first in sight, None at the top; its cell begins `top` pixels from the edge.
    """

    face: int | None = None
    row: int = -1
    chosen: tuple[int, ...] = ()
    first: int | None = None
    top: int = 0


class ResultsView(QWidget):
    """Shows a SearchOutcome; re-ranks without a new search.

    Signals:
        counted: Counts, whenever the threshold or the ranking changes.
        chosen: the FaceRecord of the current face, or None.
        minimum_changed: the least likeness the user asks for, 0 to 1.
        group_changed: one result a photo.
    """

    counted = Signal(object)
    chosen = Signal(object)
    minimum_changed = Signal(float)
    group_changed = Signal(bool)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.outcome: jobs.SearchOutcome | None = None
        self.counts: Counts | None = None
        self._alike: Floats = np.empty(0, dtype=np.float32)
        self._keys: list[PhotoKey] | None = None
        self._shows_less = False
        self._given: int | None = None  # the face that became current without the user
        self._photos: frozenset[int] | None = None  # those the results are kept to
        self._kept: Positions | None = None  # positions that may be shown; None for all
        self._left_out: frozenset[int] = frozenset()
        self.model = ResultListModel(
            session.runner, session.library_path, self, name_of=session.people.name_of
        )
        self.thumbnails = ThumbnailCache(
            session.runner,
            lambda ids: load_face_crops(session.library_path, ids),
            parent=self,
        )
        self._build()
        self._connect()
        self._show_photos(session.settings.results_as_photos)

    def _build(self) -> None:
        settings = self._session.settings
        self.grid = FaceGrid()
        self.grid.setAccessibleName("Results")
        self.grid.setModel(self.model)
        load = partial(load_photo_thumbnails, self._session.library_path)
        photos = ThumbnailCache(
            self._session.runner, load, capacity=PHOTOS_KEPT, batch=BATCH, parent=self
        )
        self.grid.setItemDelegate(FaceDelegate(self.grid, self.thumbnails, photos))
        self.grid.setDragEnabled(True)
        self.band = DividerBand()
        self.grid.set_band(self.band)
        self.nobody = NobodyNote(self.grid)
        self.why = WhyPanel()
        self.threshold = ThresholdBar(settings.min_probability)
        self.sort = ChoiceBox("Sort by", SORTS)
        self.group = QCheckBox("One face a photo")
        self.group.setChecked(settings.group_by_photo)
        self.switch = ResultSwitch(settings.results_as_photos)
        self.controls = self._controls()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.grid, 1)
        row.addWidget(self.why)

    def _controls(self) -> QWidget:
        """What the page puts beside the query: threshold, sorting, grouping."""
        holder = QWidget()
        holder.setFixedWidth(CONTROLS)
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        choices = QHBoxLayout()
        choices.setSpacing(8)
        self._sort_label = text_label("Sort by")
        choices.addWidget(self._sort_label)
        choices.addWidget(self.sort, 1)
        choices.addWidget(self.group)
        column.addStretch(1)
        column.addWidget(self.threshold)
        column.addLayout(choices)
        column.addStretch(1)
        return holder

    def set_narrow(self, is_narrow: bool) -> None:
        """Leave the query more room, since the window is narrow."""
        self._sort_label.setVisible(not is_narrow)
        self.controls.setMinimumWidth(0 if is_narrow else CONTROLS)

    def _connect(self) -> None:
        self.threshold.changed.connect(self._on_minimum)
        self.sort.currentIndexChanged.connect(lambda _row: self._reorder(Place()))
        self.group.toggled.connect(self._on_group)
        self.switch.changed.connect(self._show_photos)
        self.band.toggled.connect(self.show_less_likely)
        self.grid.selectionModel().currentChanged.connect(lambda new, _old: self._explain(new))
        self.grid.selectionModel().selectionChanged.connect(
            lambda: self.why.show_selection(len(self.grid.rows_selected()))
        )
        self.model.modelReset.connect(lambda: self.why.show_selection(0))
        self.model.dataChanged.connect(self._on_data_changed)
        self.thumbnails.ready.connect(self._on_thumbnails)
        self._session.people.changed.connect(self._on_people)

    # The answer

    def show_outcome(self, outcome: jobs.SearchOutcome) -> None:
        """Replace what is shown; of the same question all keeps its place by its face."""
        is_refresh = self.outcome is not None and outcome.asks_as(self.outcome)
        place = self._place() if is_refresh else Place()
        self.outcome = outcome
        self._keys = None
        self._shows_less = self._shows_less and is_refresh
        ranking = outcome.ranking
        self._kept = self._positions_kept()
        if outcome.together is not None:
            self._alike = outcome.together.chances
        else:
            self._alike = alikeness(ranking.scores, outcome.calibration, outcome.tables)
        self.model.set_ranking(ranking.face_ids, ranking.scores, self._alike)
        self.threshold.slider.set_counts(histogram(self._alike))
        self.grid.set_dimmed(False)
        self._reorder(place)
        self.grid.verticalScrollBar().setValue(0)
        row = None if place.first is None else self.model.row_of(place.first)
        if row is not None:
            top = self.grid.visualRect(self.model.index(row)).top()
            self.grid.verticalScrollBar().setValue(top - place.top)

    @property
    def is_at_top(self) -> bool:
        """The user has neither scrolled nor chosen a face: new results disturb nobody."""
        is_chosen = self.current_face_id() not in (None, self._given)
        return self.grid.verticalScrollBar().value() == 0 and not is_chosen

    @property
    def is_looked_at(self) -> bool:
        """The user has gone somewhere in the results and has the mouse there."""
        return self.grid.underMouse() and not self.is_at_top

    def _place(self) -> Place:
        """Where the user is now."""
        grid = self.grid
        place = Place(self.current_face_id(), grid.currentIndex().row(), tuple(self.ticked_ids()))
        shown = grid.rows_in(grid.viewport().rect())
        if not grid.verticalScrollBar().value() or not shown:
            return place
        top = grid.visualRect(self.model.index(shown.start)).top()
        return replace(place, first=self.model.face_ids([shown.start])[0], top=top)

    def set_dimmed(self, is_dimmed: bool) -> None:
        """A newer answer is on its way."""
        self.grid.set_dimmed(is_dimmed)

    def clear(self) -> None:
        """Show nothing."""
        self.outcome = self.counts = None
        self._alike = self._alike[:0]
        self.model.set_ranking(np.empty(0, np.int64), self._alike, self._alike)
        self.nobody.hide()
        self.grid.set_divider(None)
        self.grid.set_dimmed(False)
        self.why.clear()

    def show_less_likely(self, is_shown: bool) -> None:
        """Unfold or fold the faces below the threshold."""
        self._shows_less = is_shown
        self._reorder(self._place())

    # The chosen faces

    def current_face_id(self) -> int | None:
        face_id = self.grid.currentIndex().data(FaceRole.FACE_ID)
        return None if face_id is None else int(face_id)

    def current_record(self) -> "FaceRecord | None":
        record: FaceRecord | None = self.grid.currentIndex().data(FaceRole.RECORD)
        return record

    def follow_face(self, face_id: int) -> None:
        """Make a face the current one and select it, as the viewer goes through them."""
        row = self.model.row_of(face_id)
        if row is not None and face_id != self.current_face_id():
            self.grid.setCurrentIndex(self.model.index(row))

    def selected_ids(self) -> list[int]:
        """The selected faces in the order they are shown; the current one if none is."""
        ticked = self.ticked_ids()
        if ticked:
            return ticked
        current = self.current_face_id()
        return [] if current is None else [current]

    def ticked_ids(self) -> list[int]:
        """The selected faces in the order they are shown."""
        return self.model.face_ids(self.grid.rows_selected())

    # Ordering

    def _on_minimum(self, minimum: float) -> None:
        self._reorder(self._place())
        self.minimum_changed.emit(minimum)

    def _on_group(self, is_grouped: bool) -> None:
        self._reorder(self._place())
        self.group_changed.emit(is_grouped)

    def _show_photos(self, is_wanted: bool) -> None:
        self.grid.show_photos(is_wanted)
        self.group.setEnabled(not is_wanted)  # a photo stands there once
        self.grid.setAccessibleName("Resulting photos" if is_wanted else "Results")
        if is_wanted != self._session.settings.results_as_photos:
            self._session.remember(results_as_photos=is_wanted)
        self._reorder(self._place())

    @property
    def _is_grouped(self) -> bool:
        return self.group.isChecked() or self.grid.shows_photos

    @property
    def _needs_keys(self) -> bool:
        return self._is_grouped or self.sort.currentData() != "match"

    def _reorder(self, place: Place) -> None:
        if self.outcome is None:
            return
        if self._needs_keys and self._keys is None:
            self._fetch_keys(self.outcome)
        n_likely = count_likely(self._alike, self.threshold.minimum)
        kept = self._kept
        total = len(self._alike)
        n_shown = total if self._shows_less else n_likely
        keys, sort = self._keys if self._needs_keys else None, self.sort.currentData()
        rows, cut = order_rows(n_likely, n_shown, sort, keys, self._is_grouped, kept)
        self.grid.set_headings(headings(rows[:cut], sort, keys), headings(rows[cut:], sort, keys))
        if kept is not None:
            total, n_likely = len(kept), int(np.searchsorted(kept, n_likely))
        self.model.set_rows(rows, cut)
        self._show_band(n_likely, total, cut)
        self._choose(place)
        self.counts = Counts(len(self._alike), n_likely, self._photos is not None)
        self.counted.emit(self.counts)

    def _show_band(self, n_likely: int, total: int, cut: int) -> None:
        n_less = total - n_likely
        note = ""
        if self._needs_keys and total > MAX_SORTED:
            note = f"sorting covers the best {MAX_SORTED:,}"
        is_nobody = n_likely == 0 and not self._shows_less and n_less > 0
        self.nobody.setVisible(is_nobody and self._photos is None)
        self.band.show_count(n_less, is_open=self._shows_less, nobody=n_likely == 0, note=note)
        self.grid.set_divider(cut if n_less else None)

    def _choose(self, place: Place) -> None:
        """Make a face the current one; one that has gone is followed by its neighbour."""
        row = self.model.row_of(place.face) if place.face is not None else None
        if row is None and self.model.rowCount():
            row = min(max(place.row, 0), self.model.rowCount() - 1)
            self._given = self.model.face_ids([row])[0] if place.face is None else None
        if row is None:
            self.why.clear()
            self.chosen.emit(None)
            return
        index = self.model.index(row)
        flag = QItemSelectionModel.SelectionFlag.NoUpdate
        self.grid.selectionModel().setCurrentIndex(index, flag)
        self.grid.select_rows(self.model.rows_of(place.chosen))

    def _fetch_keys(self, outcome: jobs.SearchOutcome) -> None:
        best = outcome.ranking.face_ids[:MAX_SORTED].tolist()
        task = self._session.read(lambda library: photo_keys(library, best))
        task.succeeded.connect(lambda keys: self._on_keys(outcome, keys))

    def _on_keys(self, outcome: jobs.SearchOutcome, keys: list[PhotoKey]) -> None:
        if outcome is self.outcome:
            self._keys = keys
            self._reorder(self._place())

    # What is left out

    def keep_to(self, photo_ids: frozenset[int] | None) -> None:
        """Show only faces on these photos; None for all."""
        self._photos = photo_ids
        self._keep()

    def _on_people(self, view: "PeopleView") -> None:
        has_names = any(person.name and not person.is_hidden for person in view.persons)
        caption = CAPTION + (NAME if has_names else 0)
        if caption != self.grid.caption:
            self.grid.caption = caption
            self.grid.updateGeometries()
        if view.left_out != self._left_out:
            self._left_out = view.left_out
            self._keep()
        self.why.show_name(self._current_name())
        self.grid.viewport().update()

    def _keep(self) -> None:
        height = self.grid.verticalScrollBar().value()
        self._kept = self._positions_kept()
        self._reorder(self._place())
        self.grid.verticalScrollBar().setValue(height)

    def _positions_kept(self) -> Positions | None:
        if self.outcome is None or (self._photos is None and not self._left_out):
            return None
        face_ids = self.outcome.ranking.face_ids
        left_out = np.fromiter(self._left_out, np.int64, len(self._left_out))
        is_kept = ~np.isin(face_ids, left_out)
        view = self._session.people.view
        if self._photos is not None and view is not None:
            photo_of = [view.photo_of.get(face, -1) for face in face_ids.tolist()]
            wanted = np.fromiter(self._photos, np.int64, len(self._photos))
            is_kept &= np.isin(np.array(photo_of, np.int64), wanted)
        return np.flatnonzero(is_kept)

    def _current_name(self) -> str | None:
        face_id = self.current_face_id()
        return None if face_id is None else self._session.people.name_of(face_id)

    # The reasons

    def _explain(self, index: QModelIndex) -> None:
        outcome, face_id = self.outcome, self.current_face_id()
        if outcome is None or face_id is None or not index.isValid():
            self.why.clear()
            self.chosen.emit(None)
            return
        parts, table = outcome.explain(face_id)
        self.why.show_face(
            float(index.data(FaceRole.ALIKE)),
            float(index.data(FaceRole.SCORE)),
            parts.tolist(),
            table.max(axis=1).tolist(),
            table.mean(axis=1).tolist(),
            self.thumbnails.pixmap(face_id),
        )
        self._show_record()

    def _show_record(self) -> None:
        record = self.current_record()
        self.why.show_record(record)
        self.why.show_name(self._current_name())
        self.chosen.emit(record)

    def _on_data_changed(self) -> None:
        if self.current_face_id() is not None:
            self._show_record()

    def _on_thumbnails(self, face_ids: set[int]) -> None:
        current = self.current_face_id()
        if current in face_ids:
            self.why.show_picture(self.thumbnails.held(current))
