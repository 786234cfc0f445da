"""Why a face was found: how alike, what each part of its code adds, and where it is."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import (
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from opqn_app.ui.kit import wording
from opqn_app.ui.kit.controls import breakable, push_button, text_label
from opqn_app.ui.kit.face_tile import FaceTile
from opqn_app.ui.kit.tips import plain
from opqn_app.ui.search.contribution_bars import ContributionBars
from opqn_app.ui.search.result_model import WEAKNESS_WORDS
from opqn_app.ui.search.result_order import verdict

if TYPE_CHECKING:
    from opqn_app.store.records import FaceRecord

WIDTH = 280
FACE = 96
NAME = 240  # pixels of a line of the name


class WhyPanel(QWidget):
    """Explains one result.

    Signals:
        open_wanted, show_wanted, search_wanted, preview_wanted, name_wanted: what to do with the
            face shown.
    """

    open_wanted = Signal()
    show_wanted = Signal()
    search_wanted = Signal()
    preview_wanted = Signal()
    name_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Why this match")
        self.setFixedWidth(WIDTH)
        self._is_low = False
        self._none = text_label("Choose a face to see why it was found.", is_quiet=True, wraps=True)
        self._none.setContentsMargins(16, 8, 0, 8)
        self._none.setAlignment(Qt.AlignmentFlag.AlignTop)
        reasons = QWidget()
        self._column = QVBoxLayout(reasons)
        self._column.setContentsMargins(16, 8, 12, 8)
        self._column.setSpacing(12)
        self._build()
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(reasons)
        self._body = QWidget()
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(8)
        body.addWidget(area, 1)
        body.addLayout(self._buttons())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._none, 1)
        column.addWidget(self._body, 1)
        self.clear()

    def set_low(self, is_low: bool) -> None:
        """The page is low: what explains the match is seen whole, and needs no scrolling.

        Left out is what keys and the menu of the face do as well.
        """
        self._is_low = is_low
        for button in (self.name, self.search):
            button.setVisible(not is_low)
        self.bars.set_low(is_low)
        self._show_title()

    def _show_title(self) -> None:
        """A name takes the place of the title where there is no room for both."""
        self._title.setVisible(not (self._is_low and self._name.text()))

    def _build(self) -> None:
        self._title = text_label("Why this match", style="heading")
        self._face = FaceTile(QImage(), FACE, "Look at the whole photo")
        self._face.clicked.connect(self.preview_wanted)
        self._name = text_label(style="title", wraps=True)
        self._name.hide()
        self._percent = text_label(style="title")
        self._verdict = text_label(wraps=True)
        self.bars = ContributionBars()
        self._agreement = text_label(is_quiet=True, wraps=True)
        self._agreement.setToolTip(
            "A face is kept as a few short codes, the parts of its face code.\n"
            "A column shows how far a part lies above chance; the pale part, how far it could."
        )
        self._facts = QFormLayout()
        self._facts.setHorizontalSpacing(12)
        self._facts.setVerticalSpacing(4)
        self._photo = self._fact("Photo")
        self._folder = self._fact("Folder")
        self._taken = self._fact("Taken")
        self._size = self._fact("Face")
        self._score = self._fact("Score")
        self._weak = text_label(wraps=True)
        self._weak.setProperty("warning", True)
        words = QVBoxLayout()
        words.addWidget(self._percent)
        words.addWidget(self._verdict)
        words.addStretch(1)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self._face, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, 1)
        self._column.addWidget(self._title)
        self._column.addWidget(self._name)  # over the whole width: names can be long
        self._column.addLayout(head)
        self._column.addWidget(self._agreement)
        self._column.addWidget(self.bars)
        self._column.addWidget(self._weak)
        self._column.addLayout(self._facts)
        self._column.addStretch(1)

    def _buttons(self) -> QVBoxLayout:
        self.search = push_button("Search with this face", self.search_wanted.emit, icon="search")
        self.open = push_button("Open photo", self.open_wanted.emit)
        self.show_file = push_button("Show in folder", self.show_wanted.emit)
        self.name = push_button("Name this face…", self.name_wanted.emit)
        self.name.setToolTip("Say who this is (N)")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.open, 1)
        row.addWidget(self.show_file, 1)
        column = QVBoxLayout()
        column.setContentsMargins(16, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.name)
        column.addWidget(self.search)
        column.addLayout(row)
        return column

    def _fact(self, word: str) -> QLabel:
        value = text_label(wraps=True)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._facts.addRow(text_label(word, is_quiet=True), value)
        return value

    def clear(self) -> None:
        """No face is chosen."""
        self._body.hide()
        self._none.show()

    def show_face(
        self,
        alike: float,
        score: float,
        contributions: Sequence[float],
        best: Sequence[float],
        chance: Sequence[float],
        picture: QPixmap | None,
    ) -> None:
        """Explain a face; its record follows with `show_record`.

        Args:
            alike: 0 to 1.
            contributions: M shares of the score.
            best: the largest each could have been.
            chance: what each would be for a face drawn at random.
        """
        self._none.hide()
        self._body.show()
        self._percent.setText(wording.chance(alike))
        self._verdict.setText(verdict(alike))
        self.bars.set_values(contributions, best, chance)
        self._agreement.setText(
            f"{self.bars.n_agreeing} of {len(best)} parts of the face code agree closely."
        )
        self._score.setText(f"{score:.4f}")
        self.show_picture(picture)

    def show_selection(self, n_faces: int) -> None:
        """Say with how many faces the button searches, and how many it names."""
        these = f"these {n_faces} faces" if n_faces > 1 else "this face"
        self.search.setText(f"Search with {these}")
        self.name.setText(f"Name {these}…")

    def show_name(self, name: str | None) -> None:
        """Who the face is by the user's word; None where nobody said."""
        self._name.ensurePolished()
        self._name.setText(breakable(name or "", self._name.fontMetrics(), NAME))
        self._name.setAccessibleName(name or "")
        self._name.setVisible(bool(name))
        self._show_title()

    def show_picture(self, picture: QPixmap | None) -> None:
        self._face.set_pixmap(picture if picture is not None else QPixmap())

    def show_record(self, record: "FaceRecord | None") -> None:
        """Where the face is; None while that is being read."""
        if record is None:
            for label in (self._photo, self._folder, self._taken, self._size):
                label.setText("")
            self._weak.hide()
            return
        photo = record.photo
        self._photo.setText(photo.path.name)
        self._photo.setToolTip(plain(str(photo.path)))
        self._folder.setText(str(photo.path.parent.name))
        self._folder.setToolTip(plain(str(photo.path.parent)))
        self._taken.setText(wording.day(photo.taken_at))
        self._size.setText(f"{record.quality.size_px:.0f} pixels wide")
        self._weak.setText("\n".join(WEAKNESS_WORDS[w] for w in record.quality.weaknesses))
        self._weak.setVisible(bool(record.quality.weaknesses))
