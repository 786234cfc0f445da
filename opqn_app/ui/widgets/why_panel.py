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

from opqn_app.ui import wording
from opqn_app.ui.item_models import WEAKNESS_WORDS, percent
from opqn_app.ui.result_order import verdict
from opqn_app.ui.widgets.contribution_bars import ContributionBars, count_agreeing
from opqn_app.ui.widgets.controls import push_button, text_label
from opqn_app.ui.widgets.face_tile import FaceTile

if TYPE_CHECKING:
    from opqn_app.library.records import FaceRecord

WIDTH = 304
FACE = 96


class WhyPanel(QScrollArea):
    """Explains one result.

    Signals:
        open_wanted, show_wanted, search_wanted, preview_wanted: what to do with the face shown.
    """

    open_wanted = Signal()
    show_wanted = Signal()
    search_wanted = Signal()
    preview_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Why this match")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFixedWidth(WIDTH)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._body = QWidget()
        self._column = QVBoxLayout(self._body)
        self._column.setContentsMargins(16, 8, 16, 16)
        self._column.setSpacing(12)
        self._build()
        self.setWidget(self._body)
        self.clear()

    def _build(self) -> None:
        self._title = text_label("Why this match", style="heading")
        self._face = FaceTile(QImage(), FACE, "Look at the whole photo")
        self._face.clicked.connect(self.preview_wanted)
        self._percent = text_label(style="title")
        self._verdict = text_label(wraps=True)
        self.bars = ContributionBars()
        self._agreement = text_label(is_quiet=True, wraps=True)
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
        self._column.addLayout(head)
        self._column.addWidget(self.bars)
        self._column.addWidget(self._agreement)
        self._column.addWidget(self._weak)
        self._column.addLayout(self._facts)
        self._column.addStretch(1)
        self._add_buttons()

    def _add_buttons(self) -> None:
        self.search = push_button("Search with this face", self.search_wanted.emit, icon="search")
        self.open = push_button("Open photo", self.open_wanted.emit, icon="open")
        self.show_file = push_button("Show in folder", self.show_wanted.emit, icon="folder")
        for button in (self.search, self.open, self.show_file):
            self._column.addWidget(button)

    def _fact(self, word: str) -> QLabel:
        value = text_label(wraps=True)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._facts.addRow(text_label(word, is_quiet=True), value)
        return value

    def clear(self) -> None:
        """No face is chosen."""
        self._body.setEnabled(False)
        self._percent.setText("")
        self._verdict.setText("Choose a face to see why it was found.")
        self._weak.hide()
        self.bars.set_values((), ())

    def show_face(
        self,
        alike: float,
        score: float,
        contributions: Sequence[float],
        best: Sequence[float],
        picture: QPixmap | None,
    ) -> None:
        """Explain a face; its record follows with `show_record`.

        Args:
            alike: 0 to 1.
            contributions: M shares of the score.
            best: the largest each could have been.
        """
        self._body.setEnabled(True)
        self._percent.setText(percent(alike))
        self._verdict.setText(verdict(alike))
        self.bars.set_values(contributions, best)
        agreeing = count_agreeing(contributions, best)
        self._agreement.setText(
            f"A face is kept as {len(best)} short codes, one for each part of its features. "
            f"{agreeing} of them agree with your photo."
        )
        self._score.setText(f"{score:.4f}")
        self.show_picture(picture)

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
        self._photo.setToolTip(str(photo.path))
        self._folder.setText(str(photo.path.parent.name))
        self._folder.setToolTip(str(photo.path.parent))
        self._taken.setText(wording.day(photo.taken_at))
        self._size.setText(f"{record.quality.size_px:.0f} pixels wide")
        self._weak.setText("\n".join(WEAKNESS_WORDS[w] for w in record.quality.weaknesses))
        self._weak.setVisible(bool(record.quality.weaknesses))
