"""Says why a face is who it is: the decisions about it, and the confirmed faces most like it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from opqn_app.ui.kit import wording
from opqn_app.ui.kit.controls import push_button, text_label
from opqn_app.ui.kit.face_tile import FaceTile
from opqn_app.ui.kit.popover import Popover
from opqn_app.ui.work.face_pictures import face_picture
from opqn_app.ui.work.people_desk import PeopleDesk

if TYPE_CHECKING:
    from opqn_app.opqn.face_encoder import FaceEncoder
    from opqn_app.people.ledger import Ledger

WIDTH = 360
MOST = 8  # decisions shown
NEAREST, SIDE = 5, 52  # faces shown, and pixels of each


@dataclass(frozen=True, slots=True, eq=False)
class Reasons:
    """Why a face is who it is.

    Attributes:
        title: the question.
        lines: the decisions that count, the newest last.
        nearest: faces that were said to be the same person, the most alike first, each with the
            probability that it is.
    """

    title: str
    lines: tuple[str, ...]
    nearest: tuple[tuple[QImage, float], ...] = ()


class WhyPopover(Popover):
    """Reads the reasons on the desk's lane and shows them when they are there."""

    def __init__(self, desk: PeopleDesk, sheet: QWidget) -> None:
        super().__init__(sheet)
        self._desk = desk
        self._face = 0
        self._title = text_label(style="heading", wraps=True)
        self._reasons = text_label(wraps=True)
        self._reasons.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._alike = text_label("Most like it, among the faces you said so of:", is_quiet=True)
        self._shown: list[QWidget] = []
        self._faces = QHBoxLayout()
        self._faces.setSpacing(4)
        self._faces.addStretch(1)
        self._close = push_button("Close", self.close_card)
        self.column.addWidget(self._title)
        self.column.addWidget(self._reasons)
        self.column.addWidget(self._alike)
        self.column.addLayout(self._faces)
        self.column.addWidget(self._close, 0, Qt.AlignmentFlag.AlignRight)
        self.setFixedWidth(WIDTH)

    @property
    def reasons(self) -> str:
        return self._reasons.text()

    @property
    def chances(self) -> list[str]:
        """How likely each of the faces shown is the same person."""
        return [face.accessibleName() for face in self._shown]

    def explain(self, face_id: int, about: QRect) -> None:
        """Show why, beside `about`, which is given in coordinates of the screen."""
        self._face = face_id
        encoder = self._desk.encoder
        self._desk.ask(
            lambda ledger, _guesses: reasons_of(ledger, face_id, encoder),
            lambda found: self._show(face_id, found, about),
        )

    def _show(self, face_id: int, found: Reasons, about: QRect) -> None:
        if face_id != self._face:
            return
        self._title.setText(found.title)
        self._reasons.setText("\n".join(found.lines))
        self._reasons.setVisible(bool(found.lines))
        self.setAccessibleName(found.title)
        self._show_nearest(found)
        self.open_at(about, self._close)

    def _show_nearest(self, found: Reasons) -> None:
        for old in self._shown:
            self._faces.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._shown = []
        for place, (image, chance) in enumerate(found.nearest):
            face = _alike_face(image, wording.chance(chance))
            self._faces.insertWidget(place, face)
            self._shown.append(face)
            face.show()  # a layout does so only later, and until then it takes no room
        self._alike.setVisible(bool(found.nearest))


def reasons_of(ledger: "Ledger", face_id: int, encoder: "FaceEncoder | None") -> Reasons:
    """A question and its answer; runs on the desk's lane.

    Args:
        encoder: says which faces are most alike; None while no model is loaded.
    """
    from opqn_app.people.words import sentence

    why = ledger.why(face_id)
    if why.person is None:
        return Reasons("Nobody said who this is.", ())
    name = why.person.name or "this person"
    lines = [f"{wording.day(row.time)}: {sentence(ledger.state, [row])}" for row in why.rows]
    if len(lines) > MOST:
        lines = [lines[0], f"… {len(lines) - MOST + 1} more …", *lines[-(MOST - 2) :]]
    if why.overlap is not None and why.overlap < 0.999:
        lines.append(
            f"The face was found again since: its box covers {why.overlap:.0%} of what you saw."
        )
    nearest = () if encoder is None else _nearest(ledger, face_id, why.person.faces, encoder)
    return Reasons(f"Why is this {name}? Because you said so:", tuple(lines), nearest)


def _nearest(
    ledger: "Ledger", face_id: int, faces: tuple[int, ...], encoder: "FaceEncoder"
) -> tuple[tuple[QImage, float], ...]:
    from opqn_app.people.likeness import nearest_of

    found = nearest_of(ledger.library, face_id, faces, encoder, NEAREST)
    return tuple((face_picture(ledger.library, each), chance) for each, chance in found)


def _alike_face(image: QImage, chance: str) -> QWidget:
    holder = QWidget()
    holder.setObjectName("clear")
    holder.setAccessibleName(chance)
    tile = FaceTile(image, SIDE, f"{chance} likely the same person")
    tile.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    tile.setCursor(Qt.CursorShape.ArrowCursor)
    words = text_label(chance, is_quiet=True)
    words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for widget in (tile, words):
        column.addWidget(widget)
        widget.show()
    return holder
