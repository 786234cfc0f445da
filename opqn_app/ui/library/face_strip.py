"""The faces of a photo as a row of buttons, which scrolls where there are more than fit."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QToolButton, QWidget

from opqn_app.store.records import FaceRecord
from opqn_app.ui.kit import face_boxes
from opqn_app.ui.kit.tips import plain

CHIP = 56  # face buttons, pixels
LABEL = 96  # pixels of the words below


class FaceStrip(QScrollArea):
    """Numbered buttons with the stored crops; a school photo has more than a window is wide.

    Signals:
        face_picked: id of the face whose button was clicked.
        face_reached: id of the face whose button has got the keyboard.
        menu_wanted: id of the face, and where (QPoint of the screen).
    """

    face_picked = Signal(int)
    face_reached = Signal(int)
    menu_wanted = Signal(int, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chips: list[QToolButton] = []
        self._ids: list[int] = []
        self.setObjectName("clear")
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        holder = QWidget()
        holder.setObjectName("clear")
        self.setWidget(holder)
        self._row = QHBoxLayout(holder)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        self._row.addStretch(1)

    def show_faces(
        self, faces: Sequence[tuple[FaceRecord, QImage]], names: Mapping[int, str] | None = None
    ) -> None:
        """Show faces with their crops, from number 1 on; without any, take no room.

        Args:
            names: face → name, of those that have one.
        """
        at = self.focused
        for chip in self._chips:
            self._row.removeWidget(chip)
            chip.setParent(None)
            chip.deleteLater()
        self._ids = [face.id for face, _crop in faces]
        names = names or {}
        self._chips = [
            self._chip(n, face, crop, names.get(face.id, ""))
            for n, (face, crop) in enumerate(faces, start=1)
        ]
        for place, chip in enumerate(self._chips):
            self._row.insertWidget(place, chip)  # before the stretch
            chip.show()  # a layout does so only later, and until then Tab would pass it by
        height = self._chips[0].sizeHint().height() if self._chips else 0
        bar = self.horizontalScrollBar().sizeHint().height()
        self.setFixedHeight(height + bar if height else 0)
        if at in self._ids:
            self._chips[self._ids.index(at)].setFocus()

    @property
    def focused(self) -> int | None:
        """The face whose button has the keyboard."""
        with_focus = [i for i, chip in zip(self._ids, self._chips, strict=True) if chip.hasFocus()]
        return with_focus[0] if with_focus else None

    def pick(self, place: int) -> None:
        """Click a button by its place, from 0 on, if there is one."""
        if place < len(self._chips):
            self._chips[place].click()

    def follow_focus(self, focused: QWidget | None) -> None:
        """Scroll to the button that has got the focus, if it is one of these."""
        if focused in self._chips:
            self.ensureWidgetVisible(focused)
            self.face_reached.emit(self.focused)

    def _chip(self, number: int, face: FaceRecord, crop: QImage, name: str) -> QToolButton:
        weak = face_boxes.weakness_in_words(face)
        marked = f", {weak}, so it may be found less surely" if weak else ""
        chip = QToolButton()
        chip.setObjectName("faceChip")
        chip.setProperty("weak", bool(weak))
        chip.setIcon(QIcon(QPixmap.fromImage(crop)))
        chip.setIconSize(QSize(CHIP, CHIP))
        label = " ".join(part for part in (str(number), name or weak) if part)
        right = Qt.TextElideMode.ElideRight
        chip.setText(chip.fontMetrics().elidedText(label, right, LABEL).replace("&", "&&"))
        chip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        chip.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        who = f", {name}" if name else ""
        chip.setAccessibleName(f"Search with face {number}{who}{marked}")
        chip.setToolTip(plain(f"Search with this face{who}{marked}"))
        chip.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        chip.customContextMenuRequested.connect(
            lambda at: self.menu_wanted.emit(face.id, chip.mapToGlobal(at))
        )
        chip.clicked.connect(lambda: self.face_picked.emit(face.id))
        return chip
