"""What lies over a page borrows the keyboard: Tab stays inside, and it goes back where it was."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid


class KeyboardLoan:
    """The keyboard, lent to `borrower` while that is shown."""

    def __init__(self, borrower: QWidget) -> None:
        self._borrower = borrower
        self._before: QWidget | None = None

    def show(self, focus: QWidget) -> None:
        """Show the borrower on top, with the keyboard in `focus`."""
        if self._borrower.isHidden():
            self._before = QApplication.focusWidget()
        self._borrower.show()
        self._borrower.raise_()
        focus.setFocus(Qt.FocusReason.PopupFocusReason)

    def hide(self) -> None:
        """Hide the borrower; who had the keyboard before has it again, unless it went elsewhere."""
        focused = QApplication.focusWidget()
        had_it = (
            focused is None or focused is self._borrower or self._borrower.isAncestorOf(focused)
        )
        before, self._before = self._before, None
        self._borrower.hide()
        if had_it and before is not None and isValid(before) and before.isVisible():
            before.setFocus(Qt.FocusReason.PopupFocusReason)

    def pass_on(self, forward: bool) -> None:
        """Tab, or Shift+Tab: to the next place inside, from the last one to the first."""
        stops = [self._borrower, *self._borrower.findChildren(QWidget)]
        stops = [w for w in stops if w.focusPolicy() & Qt.FocusPolicy.TabFocus]
        stops = [w for w in stops if w.isVisible() and w.isEnabled()]
        if stops:
            now = QApplication.focusWidget()
            place = stops.index(now) if now in stops else 0
            tab, back = Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason
            stops[(place + (1 if forward else -1)) % len(stops)].setFocus(tab if forward else back)
