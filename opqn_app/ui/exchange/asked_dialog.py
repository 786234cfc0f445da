"""Names without a place: the user says which face of a photo each of them is."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from opqn_app.core.bidi import isolated
from opqn_app.ui.exchange.sheets import sheet
from opqn_app.ui.kit.choice_box import QuietComboBox
from opqn_app.ui.kit.controls import CutLabel, empty_layout, push_button, text_label
from opqn_app.ui.kit.thumbnails import ThumbnailCache, load_face_crops
from opqn_app.ui.kit.tips import plain

if TYPE_CHECKING:
    from opqn_app.exchange.coming.import_plan import Asked
    from opqn_app.ui.work.session import Session

TITLE = "Who is who?"
INTRO = (
    "The other program knows who is on these photos, but not where. Choose a name for a face; what "
    "you leave open stays without a name."
)
SIDE = 72  # of a face
NOBODY = "Not said"


class AskedDialog(QDialog):
    """Nothing is changed by it; closed by Esc or the cross it has its answers too.

    Photos stand at the left, the open faces of one at the right, each with the names of its photo.

    Args:
        answers: face → name, said before.

    Attributes:
        answers: face → name, as it is said now.
    """

    def __init__(
        self,
        session: "Session",
        asked: "Sequence[Asked]",
        answers: Mapping[int, str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._asked = asked
        self.answers = dict(answers)
        self.choices: dict[int, QuietComboBox] = {}
        self._pictures: dict[int, QLabel] = {}
        self._thumbnails = ThumbnailCache(
            session.runner, partial(load_face_crops, session.library_path), parent=self
        )
        self._thumbnails.ready.connect(self._show_pictures)
        self.setWindowTitle(TITLE)
        self.setMinimumSize(520, 400)
        self.resize(660, 480)
        self.photos = QListWidget()
        self.photos.setObjectName("choices")
        self.photos.setAccessibleName("Photos")
        self.photos.setFixedWidth(220)
        self.photos.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.photos.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for each in asked:
            item = QListWidgetItem()
            item.setToolTip(plain(f"{each.photo}\n{', '.join(map(isolated, each.names))}"))
            self.photos.addItem(item)
        self._photo = CutLabel(style="heading")
        self._names = text_label(wraps=True, is_quiet=True)
        inner = QWidget()
        self._rows = QGridLayout(inner)
        self._rows.setContentsMargins(0, 0, 8, 0)
        self._rows.setSpacing(8)
        self._rows.setColumnStretch(1, 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inner)
        right = QVBoxLayout()
        right.addWidget(self._photo)
        right.addWidget(self._names)
        right.addWidget(area, 1)
        both = QHBoxLayout()
        both.setSpacing(20)
        both.addWidget(self.photos)
        both.addLayout(right, 1)
        self.done_button = push_button("Done", self.accept, is_primary=True)
        self.next_button = push_button("Next photo", self._go_on)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.addWidget(sheet(TITLE, INTRO, both, self.next_button, self.done_button))
        self._show_answers()
        self.photos.currentRowChanged.connect(self._show_photo)
        self.photos.setCurrentRow(0)

    def _show_answers(self) -> None:
        """Say at each photo what was answered."""
        for row, each in enumerate(self._asked):
            item = self.photos.item(row)
            said = [self.answers[face] for face in each.faces if face in self.answers]
            words = f"{isolated(each.photo.name)}\n{', '.join(map(isolated, said)) or NOBODY}"
            item.setText(words)

    def _show_photo(self, row: int) -> None:
        asked = self._asked[max(row, 0)]
        self._photo.setText(isolated(asked.photo.name))
        self._photo.setToolTip(plain(str(asked.photo)))
        self._names.setText(f"On it: {', '.join(map(isolated, asked.names))}")
        empty_layout(self._rows)
        self.choices, self._pictures = {}, {}
        for number, face in enumerate(asked.faces):
            picture = QLabel()
            choice = QuietComboBox(f"Who face {number + 1} of {asked.photo.name} is")
            picture.setFixedSize(SIDE, SIDE)
            choice.addItems([NOBODY, *map(isolated, asked.names)])
            said = self.answers.get(face)
            choice.setCurrentIndex(asked.names.index(said) + 1 if said in asked.names else 0)
            choice.currentIndexChanged.connect(partial(self._answer, asked, face))
            self._rows.addWidget(picture, number, 0)
            self._rows.addWidget(choice, number, 1)
            self._pictures[face], self.choices[face] = picture, choice
        for number in range(self._rows.rowCount()):
            self._rows.setRowStretch(number, 0)  # of a photo with more faces, or fewer
        self._rows.setRowStretch(len(asked.faces), 1)
        self.next_button.setEnabled(row + 1 < len(self._asked))
        self._show_pictures()

    def _show_pictures(self) -> None:
        for face, label in self._pictures.items():
            pixmap = self._thumbnails.pixmap(face)
            if pixmap is not None and not pixmap.isNull():
                ratio = self.devicePixelRatioF()
                smooth = Qt.TransformationMode.SmoothTransformation
                side = round(SIDE * ratio)
                scaled = pixmap.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, smooth)
                scaled.setDevicePixelRatio(ratio)
                label.setPixmap(scaled)

    def _answer(self, asked: "Asked", face: int, place: int) -> None:
        """Take an answer; nobody is on a photo twice, so another face loses the name."""
        self.answers.pop(face, None)
        if place:
            name = asked.names[place - 1]
            for other, choice in self.choices.items():
                if other != face and self.answers.get(other) == name:
                    choice.setCurrentIndex(0)
            self.answers[face] = name
        self._show_answers()

    def _go_on(self) -> None:
        self.photos.setCurrentRow(self.photos.currentRow() + 1)
        next(iter(self.choices.values())).setFocus()
