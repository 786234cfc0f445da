"""All faces of a suggestion in a small sheet, before they are said to be one person."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFrame, QGridLayout, QWidget

from opqn_app.core.progress import counted
from opqn_app.ui.kit.controls import text_label
from opqn_app.ui.kit.face_tile import FaceTile
from opqn_app.ui.kit.thumbnails import ThumbnailCache

SIDE, COLUMNS, MOST = 72, 6, 24


class FacePeek(QFrame):
    """Esc, or a click beside it, closes it."""

    def __init__(self, faces: ThumbnailCache, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("card")
        self.setAccessibleName("All faces of the suggestion")
        self._faces = faces
        self._tiles: dict[int, FaceTile] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(12, 12, 12, 12)
        self._grid.setSpacing(4)
        faces.ready.connect(lambda _ids: self._show_pictures())

    def open_below(self, widget: QWidget, face_ids: Sequence[int]) -> None:
        """Show faces below a widget."""
        while item := self._grid.takeAt(0):
            old = item.widget()
            if old is not None:
                old.hide()
                old.deleteLater()
        self._tiles = {}
        for place, face_id in enumerate(face_ids[:MOST]):
            tile = FaceTile(QImage(), SIDE, f"Face {place + 1}")
            tile.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            tile.setToolTip("")
            self._tiles[face_id] = tile
            self._grid.addWidget(tile, place // COLUMNS, place % COLUMNS)
            tile.show()
        if len(face_ids) > MOST:
            more = text_label(f"and {counted(len(face_ids) - MOST, 'face')} more", is_quiet=True)
            self._grid.addWidget(more, MOST // COLUMNS, 0, 1, COLUMNS)
        self._show_pictures()
        self.adjustSize()
        self.move(widget.mapToGlobal(QPoint(0, widget.height())))
        self.show()

    def _show_pictures(self) -> None:
        for face_id, tile in self._tiles.items():
            pixmap = self._faces.pixmap(face_id)
            if pixmap is not None:
                tile.set_pixmap(pixmap)
