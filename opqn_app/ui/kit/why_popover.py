"""Says why a face is who it is: the decisions about it, and whether it was found again since."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QWidget

from opqn_app.ui.kit.controls import push_button, text_label
from opqn_app.ui.kit.popover import Popover
from opqn_app.ui.work.people_desk import PeopleDesk

if TYPE_CHECKING:
    from opqn_app.people.ledger import Ledger

WIDTH = 360
MOST = 8  # decisions shown


class WhyPopover(Popover):
    """Reads the reasons on the desk's lane and shows them when they are there."""

    def __init__(self, desk: PeopleDesk, sheet: QWidget) -> None:
        super().__init__(sheet)
        self._desk = desk
        self._face = 0
        self._title = text_label(style="heading", wraps=True)
        self._reasons = text_label(wraps=True)
        self._reasons.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._close = push_button("Close", self.close_card)
        self.column.addWidget(self._title)
        self.column.addWidget(self._reasons)
        self.column.addWidget(self._close, 0, Qt.AlignmentFlag.AlignRight)
        self.setFixedWidth(WIDTH)

    @property
    def reasons(self) -> str:
        return self._reasons.text()

    def explain(self, face_id: int, about: QRect) -> None:
        """Show why, beside `about`, which is given in coordinates of the screen."""
        self._face = face_id
        self._desk.ask(
            lambda ledger, _guesses: reasons_of(ledger, face_id),
            lambda found: self._show(face_id, found, about),
        )

    def _show(self, face_id: int, found: tuple[str, list[str]], about: QRect) -> None:
        if face_id != self._face:
            return
        title, reasons = found
        self._title.setText(title)
        self._reasons.setText("\n".join(reasons))
        self.setAccessibleName(title)
        self.open_at(about, self._close)


def reasons_of(ledger: "Ledger", face_id: int) -> tuple[str, list[str]]:
    """A question and its answer in lines: the decisions that count, the newest last."""
    from opqn_app.people.words import sentence
    from opqn_app.ui.kit import wording

    why = ledger.why(face_id)
    if why.person is None:
        return "Nobody said who this is.", []
    name = why.person.name or "this person"
    lines = [f"{wording.day(row.time)}: {sentence(ledger.state, [row])}" for row in why.rows]
    if len(lines) > MOST:
        lines = [lines[0], f"… {len(lines) - MOST + 1} more …", *lines[-(MOST - 2) :]]
    if why.overlap is not None and why.overlap < 0.999:
        lines.append(
            f"The face was found again since: its box covers {why.overlap:.0%} of what you saw."
        )
    return f"Why is this {name}? Because you said so:", lines
