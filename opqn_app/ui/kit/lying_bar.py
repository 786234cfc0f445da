"""A bar that lies over a page, so that nothing on the page moves when it comes or goes."""

from PySide6.QtCore import QEvent, QObject, QPoint, QRect
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication, QWidget

from opqn_app.ui.kit.passing_bar import PassingBar

MARGIN = 12
LEAST = 48  # pixels high
CONTROL = 80  # pixels; what is higher is a grid or a page and not a button or a field


class LyingBar(PassingBar):
    """Lies over the foot of `around`; elsewhere where the foot is used just now.

    It comes neither under the pointer nor over what has the keyboard, and not over another bar.
    Where it came it stays until it goes. A subclass calls `place` once it is shown.

    Args:
        around: what it lies over; its parent. None: it stands in a layout as anything else.
    """

    def __init__(self, around: QWidget | None) -> None:
        super().__init__(around)
        self._around = around
        self._at: int | None = None  # of the places; None: it is not seen
        if around is not None:
            around.installEventFilter(self)

    def wanted_width(self, room: int) -> int:
        """Pixels it takes, at most `room`."""
        raise NotImplementedError

    def place(self) -> None:
        """Give it its size and its place."""
        around = self._around
        if around is None:
            return
        room = around.width() - 2 * MARGIN
        width = self.wanted_width(room)
        height = max(LEAST, self.heightForWidth(width) if self.hasHeightForWidth() else LEAST)
        left = (around.width() - width) // 2
        head = QRect(left, MARGIN, width, height)
        foot = QRect(left, around.height() - height - MARGIN, width, height)
        foot = self._above_others(foot, around)
        middle = QRect(left, (around.height() - height) // 2, width, height)
        places = (foot, head, middle)
        if self._at is None:
            unused = [n for n, place in enumerate(places) if not self._is_used(place, around)]
            self._at = unused[0] if unused else 0
        self.setGeometry(places[self._at])
        self.raise_()

    def setVisible(self, is_visible: bool) -> None:
        if not is_visible:
            self._at = None
        super().setVisible(is_visible)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and not self.isHidden():
            self.place()
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest and self.isVisible():
            self.place()  # what is in it has another size now
        return done

    def _is_used(self, place: QRect, around: QWidget) -> bool:
        """The pointer is there, or what has the keyboard."""
        if place.contains(around.mapFromGlobal(QCursor.pos())):
            return True
        focused = QApplication.focusWidget()
        if focused is None or focused.height() > CONTROL or self.isAncestorOf(focused):
            return False
        corner = around.mapFromGlobal(focused.mapToGlobal(QPoint()))
        return focused.window() is self.window() and place.intersects(QRect(corner, focused.size()))

    def _above_others(self, foot: QRect, around: QWidget) -> QRect:
        """`foot`, or higher where another bar lies in the window."""
        for other in self.window().findChildren(LyingBar):
            if other is self or not other.isVisible():
                continue
            corner = around.mapFromGlobal(other.mapToGlobal(QPoint()))
            if foot.intersects(QRect(corner, other.size())):
                foot.moveBottom(corner.y() - MARGIN)
        return foot
