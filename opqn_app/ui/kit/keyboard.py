"""Where the keyboard is, and whether it may be moved: never away from what the user is at."""

from collections.abc import Sequence

from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from opqn_app.ui.kit.overlay import Overlay
from opqn_app.ui.kit.popover import Popover


def place_of(widget: QWidget) -> QWidget | None:
    """What has the keyboard in the window of `widget`, or has it again once that is active."""
    return widget.window().focusWidget()


def is_in(widget: QWidget | None, parts: Sequence[QWidget]) -> bool:
    """Whether `widget` is one of `parts` or lies in one."""
    return widget is not None and any(part is widget or part.isAncestorOf(widget) for part in parts)


def is_held(at: QWidget | None) -> bool:
    """Whether the user is at something that would lose what is typed, or close."""
    if QApplication.activePopupWidget() is not None or QApplication.activeModalWidget() is not None:
        return True
    while at is not None:
        if isinstance(at, QLineEdit | Popover | Overlay):
            return True
        at = None if at.isWindow() else at.parentWidget()
    return False


def place_in(widgets: Sequence[QWidget]) -> int | None:
    """Which of `widgets` has the keyboard; for a row that is about to be made anew."""
    places = [
        place for place, each in enumerate(widgets) if is_in(QApplication.focusWidget(), [each])
    ]
    return places[0] if places else None


def put_back(widgets: Sequence[QWidget], place: int | None) -> None:
    """Give the keyboard to the widget that now stands at `place`, or to the last one."""
    if place is not None and widgets:
        widget = widgets[min(place, len(widgets) - 1)]
        widget.show()  # a layout does so only later, and what is hidden can't have it
        widget.setFocus()
