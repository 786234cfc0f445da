"""Which gestures count, and which can be undone and redone: two stacks, as in an editor."""

from collections.abc import Sequence

from opqn_app.people.kinds import Kind
from opqn_app.store.decision_records import Decision


class History:
    """The gestures of a ledger; each is the list of its rows.

    Attributes:
        done: those that count, in the order they were made; the last is undone next.
        undone: those that do not; the last is redone next. A new gesture empties it.
    """

    def __init__(self) -> None:
        self.done: list[list[Decision]] = []
        self.undone: list[list[Decision]] = []

    def take(self, row: Decision) -> tuple[list[Decision], list[Decision]]:
        """Take in the next row; returns the rows that count no more, and those that now do.

        The rows that count no more are in the order in which they are to be taken back.
        """
        if row.kind == Kind.UNDONE:
            if not (self.done and self.done[-1][0].gesture == row.target):
                return [], []
            self.undone.append(self.done.pop())
            return self.undone[-1][::-1], []
        if row.kind == Kind.REDONE:
            if not (self.undone and self.undone[-1][0].gesture == row.target):
                return [], []
            self.done.append(self.undone.pop())
            return [], self.done[-1]
        self.undone.clear()
        if self.done and self.done[-1][0].gesture == row.gesture:
            self.done[-1].append(row)
        else:
            self.done.append([row])
        return [], [row]


def counting(rows: Sequence[Decision]) -> list[Decision]:
    """The rows of a ledger that count."""
    history = History()
    for row in rows:
        history.take(row)
    return [row for gesture in history.done for row in gesture]
