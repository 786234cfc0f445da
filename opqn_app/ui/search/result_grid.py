"""The grid of found faces: a band may part the likely rows from the others."""

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from opqn_app.ui.kit.grid_layout import GridSection
from opqn_app.ui.kit.section_grid import SectionGrid

SHAPE = 4 / 3  # width to height of a photo
SIDES = {False: 128, True: 192}  # pixels of faces and of photos, at first


class FaceGrid(SectionGrid):
    """Square faces with a caption; the band is a widget that scrolls with them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.is_dimmed = False
        self.shows_photos = False
        self._sides = dict(SIDES)
        self._divider: int | None = None
        self._headings: tuple[Sequence[GridSection], Sequence[GridSection]] = ((), ())
        self._band: QWidget | None = None

    def set_band(self, widget: QWidget) -> None:
        """The widget between likely and less likely rows; hidden until `set_divider`."""
        widget.setParent(self.viewport())
        widget.hide()
        self._band = widget

    def set_divider(self, row: int | None) -> None:
        """Put the band before `row` (which may be one past the last); None hides it."""
        self._divider = row
        self.updateGeometries()
        self.viewport().update()

    def set_headings(self, likely: Sequence[GridSection], others: Sequence[GridSection]) -> None:
        """What the rows before and behind the band stand under."""
        self._headings = (likely, others)

    def show_photos(self, is_wanted: bool) -> None:
        """Show whole photos, or faces; each has its own size."""
        self._sides[self.shows_photos] = self.side
        self.shows_photos = is_wanted
        self.shape = SHAPE if is_wanted else 1.0
        self.set_side(self._sides[is_wanted])
        self.updateGeometries()
        self.viewport().update()

    def set_dimmed(self, is_dimmed: bool) -> None:
        """Draw the faces faintly, since a newer answer is on its way."""
        self.is_dimmed = is_dimmed
        self.viewport().update()

    def sections(self) -> Sequence[GridSection]:
        likely, others = self._headings
        count = self.row_count()
        if sum(each.rows for each in (*likely, *others)) != count:  # rows are on their way
            first = count if self._divider is None else min(self._divider, count)
            likely, others = (GridSection(first),), (GridSection(count - first),)
        if self._divider is None or self._band is None:
            return (*likely, *others)
        band = self._band.sizeHint().height() + 8
        return (*likely, GridSection(0, header=band), *others)

    def updateGeometries(self) -> None:
        super().updateGeometries()
        self._place_band()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self._place_band()
        super().scrollContentsBy(dx, dy)

    def _place_band(self) -> None:
        if self._band is None:
            return
        self._band.setVisible(self._divider is not None)
        if self._divider is not None:
            bands = [n for n, each in enumerate(self.sections()) if each.header and not each.title]
            place = self.heading_rect(bands[0])
            self._band.setGeometry(
                place.x(), place.y(), place.width(), self._band.sizeHint().height()
            )
