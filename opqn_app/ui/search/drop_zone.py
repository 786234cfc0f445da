"""The empty Search page: one large target, one sentence, two buttons."""

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from opqn_app.ui.kit import wording
from opqn_app.ui.kit.controls import push_button, text_label
from opqn_app.ui.kit.theme import colours, icon_pixmap

MARK = 64
FOUND = (
    "Every photo of that person in your library is found on this computer:\n"
    "nothing is ever sent anywhere."
)
NOBODY = "So there is nobody to find: a photo that you drop here is compared with nothing."


class DropZone(QWidget):
    """What to do first.

    Signals:
        choose_wanted: open the file dialog.
        faces_wanted: faces are to be remembered again.
        sample_wanted: show it with the photos that come along.
    """

    choose_wanted = Signal()
    sample_wanted = Signal()
    faces_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mark = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._title = text_label(style="title", wraps=True)
        self._told = text_label(is_quiet=True, wraps=True)
        self._hint = text_label("or paste one with Ctrl+V", is_quiet=True)
        for label in (self._title, self._told, self._hint):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.choose = push_button("Choose a photo", self.choose_wanted.emit, is_primary=True)
        self.sample = push_button("Try the sample", self.sample_wanted.emit)
        self.remember = push_button(wording.REMEMBER_AGAIN, self.faces_wanted.emit, is_primary=True)
        buttons = QHBoxLayout()
        buttons.setSpacing(12)
        buttons.addStretch(1)
        buttons.addWidget(self.choose)
        buttons.addWidget(self.sample)
        buttons.addWidget(self.remember)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addStretch(1)
        column.addWidget(self._mark)
        column.addSpacing(8)
        column.addWidget(self._title)
        column.addWidget(self._told)
        column.addSpacing(16)
        column.addLayout(buttons)
        column.addWidget(self._hint)
        column.addStretch(1)
        self._show_mark()
        self.show_memory(True)

    def show_memory(self, is_on: bool) -> None:
        """Ask for a photo; or say why none can be searched with, where no face is remembered."""
        self._title.setText("Drop a photo of someone here" if is_on else wording.NO_FACES)
        self._told.setText(FOUND if is_on else NOBODY)
        for widget in (self.choose, self.sample, self._hint):
            widget.setVisible(is_on)
        self.remember.setVisible(not is_on)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._show_mark()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(self.palette().color(QPalette.ColorRole.Mid), 2, Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(self.palette().color(QPalette.ColorRole.Base))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 16, 16)

    def _show_mark(self) -> None:
        ratio = self.devicePixelRatioF()
        self._mark.setPixmap(icon_pixmap("face", MARK, colours().accent, ratio))
