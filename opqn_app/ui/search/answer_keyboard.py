"""The keyboard goes to the answer when the user asks, and stays where it is when one comes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from PySide6.QtWidgets import QWidget

from opqn_app.ui.kit import keyboard


class AnswerKeyboard:
    """Moves the keyboard to `answer`, which lies on `page`.

    Args:
        query: parts of the page that the keyboard may be taken from.
    """

    def __init__(self, page: QWidget, answer: QWidget, query: Sequence[QWidget]) -> None:
        self._page, self._answer, self._query = page, answer, query

    @contextmanager
    def asked(self) -> Iterator[None]:
        """The user asks, from wherever in the window; the page is shown meanwhile."""
        was_here = self._page.isVisible()
        yield
        at = keyboard.place_of(self._page)
        has_come = not was_here and keyboard.is_in(at, [self._page])
        if has_come or not keyboard.is_held(at):
            self._answer.setFocus()

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """A query is drawn, whose old parts go meanwhile; out of these the keyboard is taken."""
        at = keyboard.place_of(self._page)
        may_go = keyboard.is_in(at, self._query) and not keyboard.is_held(at)
        yield
        if may_go:
            self._answer.setFocus()
