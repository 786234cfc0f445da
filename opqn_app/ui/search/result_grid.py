"""The grid of found faces: a band may part the likely rows from the others."""

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from opqn_app.ui.kit.grid_layout import GridSection
from opqn_app.ui.kit.section_grid import SectionGrid


class FaceGrid(SectionGrid):
    """Square faces with a caption; the band is a widget that scrolls with them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.is_dimmed = False
        self._divider: int | None = None
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

    def set_dimmed(self, is_dimmed: bool) -> None:
        """Draw the faces faintly, since a newer answer is on its way."""
        self.is_dimmed = is_dimmed
        self.viewport().update()

    def sections(self) -> Sequence[GridSection]:
        count = self.row_count()
        if self._divider is None or self._band is None:
            return (GridSection(count),)
        first = min(self._divider, count)
        band = self._band.sizeHint().height() + 8
        return (GridSection(first), GridSection(count - first, header=band))

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
            place = self.heading_rect(1)
            self._band.setGeometry(
                place.x(), place.y(), place.width(), self._band.sizeHint().height()
            )
