"""One suggestion: a face, how likely it is, a tick and a cross."""

from PySide6.QtCore import QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from opqn_app.core.progress import counted
from opqn_app.ui.kit import theme, wording
from opqn_app.ui.kit.controls import text_label, tool_button
from opqn_app.ui.kit.face_tile import RING, FaceTile
from opqn_app.ui.kit.tips import plain
from opqn_app.ui.people.suggestion_pages import Choice, Suggested

CAPTION = 22  # pixels below the face
BADGE = 24  # side of the mark of a choice
_ARROWS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)
_SAID = {Choice.OPEN: "not answered", Choice.YES: "ticked", Choice.NO: "crossed out"}


class SuggestionPicture(FaceTile):
    """The face; with a tick and a ring it is the person, pale and crossed out it is not.

    Signals:
        looked_at: it was double-clicked.
    """

    looked_at = Signal()

    def __init__(self, side: int, number: int) -> None:
        super().__init__(QImage(), side, "", number)
        self.setCheckable(True)
        self.choice = Choice.OPEN

    def nextCheckState(self) -> None:
        """The page decides what a click means."""

    def show_choice(self, choice: Choice) -> None:
        """Draw what is said of it."""
        self.choice = choice
        self.setChecked(choice == Choice.YES)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.choice == Choice.OPEN:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        colours, place = theme.colours(), self.rect().adjusted(RING, RING, -RING, -RING)
        is_yes = self.choice == Choice.YES
        if not is_yes:
            veil = self.palette().color(QPalette.ColorRole.Base)
            veil.setAlpha(190)
            painter.setBrush(veil)
            radius = min(12.0, place.width() / 6)
            painter.drawRoundedRect(QRectF(place), radius, radius)
        disc = QRectF(place.right() - BADGE - 3, place.top() + 4, BADGE, BADGE)
        painter.setBrush(QColor(colours.accent if is_yes else colours.warning))
        painter.drawEllipse(disc)
        name, ratio = "check" if is_yes else "close", self.devicePixelRatioF()
        mark = theme.icon_pixmap(name, 16, colours.on_accent if is_yes else colours.base, ratio)
        painter.drawPixmap(disc.topLeft().toPoint() + QPoint(4, 4), mark)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ARROWS:
            event.ignore()  # the strip goes from one to the next
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        # The first click of the two was a click: this one takes it back.
        self.click()
        self.looked_at.emit()


class SuggestionTile(QWidget):
    """Signals:
    chosen: a Choice was clicked; `Choice.OPEN` for the face itself, which goes to the next one.
    looked_at: the user wants to see the photo.
    more_wanted: the user wants to see all its faces.
    """

    chosen = Signal(object)
    looked_at = Signal()
    more_wanted = Signal()

    def __init__(self, suggestion: Suggested, number: int, side: int) -> None:
        super().__init__()
        self.suggestion = suggestion
        self._number = number
        self.picture = SuggestionPicture(side, number)
        self.picture.clicked.connect(lambda: self.chosen.emit(Choice.OPEN))
        self.picture.looked_at.connect(self.looked_at)
        self.yes = self._button("check", "Yes", Choice.YES)
        self.no = self._button("close", "No", Choice.NO)
        buttons = QVBoxLayout()
        buttons.setSpacing(4)
        buttons.addStretch(1)
        buttons.addWidget(self.yes)
        buttons.addWidget(self.no)
        buttons.addStretch(1)
        face = QHBoxLayout()
        face.setSpacing(0)
        face.addWidget(self.picture)
        face.addLayout(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(face)
        column.addWidget(self._caption())
        column.addStretch(1)

    def show_choice(self, choice: Choice, name: str) -> None:
        """Show what is said of it.

        Args:
            name: of the person who is asked about.
        """
        self.picture.show_choice(choice)
        self.yes.setChecked(choice == Choice.YES)
        self.no.setChecked(choice == Choice.NO)
        faces = counted(len(self.suggestion.faces), "face")
        chance = wording.chance(self.suggestion.probability)
        words = f"{self._number}: {faces}, {chance} likely {name}, {_SAID[choice]}"
        self.picture.setAccessibleName(words)
        self.picture.setToolTip(
            plain(
                f"{chance} likely {name}. Click, or press {self._number}: yes, no, open again.\n"
                "Double-click to look at the photo."
            )
        )

    def _caption(self) -> QWidget:
        caption = QWidget()
        caption.setObjectName("clear")
        caption.setFixedHeight(CAPTION)
        row = QHBoxLayout(caption)
        row.setContentsMargins(RING + 2, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(text_label(wording.chance(self.suggestion.probability), style="heading"))
        n = len(self.suggestion.faces)
        if n > 1:
            more = tool_button(
                "more", f"Look at all {n:,} faces", self.more_wanted.emit, words=f"{n:,}"
            )
            more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            more.setText(counted(n, "face"))
            more.setObjectName("link")
            more.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            row.addWidget(more)
        row.addStretch(1)
        return caption

    def _button(self, icon: str, name: str, choice: Choice) -> QToolButton:
        button = tool_button(icon, f"{name}, suggestion {self._number}", tip=name)
        button.setCheckable(True)
        button.setProperty("answer", choice.value)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # keys: see the strip
        button.clicked.connect(lambda: self.chosen.emit(choice))
        return button
