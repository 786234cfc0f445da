"""What "nobody matches" means, in the middle of the empty grid."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from opqn_app.ui.kit.controls import text_label
from opqn_app.ui.kit.theme import colours, icon_pixmap

WIDTH, HEIGHT = 420, 200
MARK = 48


class NobodyNote(QWidget):
    """An answer, not an error: it lies over the grid and leaves the mouse to it."""

    def __init__(self, grid: QWidget) -> None:
        super().__init__(grid)
        self._grid = grid
        self._mark = QLabel()
        told = text_label(
            "No face is as alike as you ask for: this person is probably not in these photos. "
            "Lower the bar above, add another photo of the person, or look at the nearest faces.",
            is_quiet=True,
            wraps=True,
        )
        column = QVBoxLayout(self)
        column.setSpacing(8)
        for label in (self._mark, told):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        column.addStretch(1)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._show_mark()
        self.hide()
        grid.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._grid and event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._show_mark()

    def _place(self) -> None:
        width = min(WIDTH, self._grid.width() - 32)
        top = max(72, (self._grid.height() - HEIGHT) // 2)
        self.setGeometry((self._grid.width() - width) // 2, top, width, HEIGHT)

    def _show_mark(self) -> None:
        pixmap = icon_pixmap("face", MARK, colours().quiet, self.devicePixelRatioF())
        self._mark.setPixmap(pixmap)
