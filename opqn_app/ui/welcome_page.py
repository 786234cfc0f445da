"""The first start: what the program does, what happens next, and that nothing is sent anywhere."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from opqn_app.ui import dialogs, theme
from opqn_app.ui.folder_drop import dropped_folders
from opqn_app.ui.session import Session
from opqn_app.ui.widgets.controls import push_button, text_label

WIDTH = 720
ICON_SIDE = 32

STEPS = (
    ("folder", "Pick a folder", "Your photos stay where they are and are never changed."),
    ("face", "Faces are found", "Every face becomes a code of a few bytes, kept on this computer."),
    ("photo_drop", "Drop a photo", "Every photo with that person is shown, most alike first."),
)


class WelcomePage(QWidget):
    """One screen with two ways to go on.

    Args:
        choose_folder: asks for a folder of photos.

    Signals:
        folder_chosen: the folder (Path) that is being indexed now.
        sample_chosen: the sample photos are being indexed now.
    """

    folder_chosen = Signal(object)
    sample_chosen = Signal()

    def __init__(
        self,
        session: Session,
        *,
        choose_folder: Callable[[QWidget], Path | None] = dialogs.choose_folder,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._choose_folder = choose_folder
        self._icons: list[tuple[QLabel, str]] = []
        self.setAcceptDrops(True)
        self._build()

    def add_folder(self) -> None:
        """Ask for a folder and index it."""
        chosen = self._choose_folder(self)
        if chosen is not None:
            self._index(chosen)

    def try_sample(self) -> None:
        """Index the sample photos, an ordinary folder of the library."""
        self._session.index(self._session.sample_photos())
        self.sample_chosen.emit()

    def _index(self, folder: Path) -> None:
        folder = folder.resolve()
        self._session.index(folder)
        self.folder_chosen.emit(folder)

    def _build(self) -> None:
        body = QWidget()
        body.setMaximumWidth(WIDTH)
        stack = QVBoxLayout(body)
        stack.setContentsMargins(0, 0, 0, 0)
        stack.setSpacing(16)
        title = text_label("Find everyone in your photos", style="welcome")
        what = text_label(
            "Show a face, and see every photo of that person. "
            "It works without names, without an account and without the internet.",
            wraps=True,
        )
        for label in (title, what):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            stack.addWidget(label)
        stack.addSpacing(8)
        stack.addLayout(self._build_steps())
        stack.addSpacing(8)
        stack.addLayout(self._build_buttons())
        stack.addLayout(self._build_promise())
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 24, 24, 24)
        outer.addStretch(2)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(body, 100)
        row.addStretch(1)
        outer.addLayout(row)
        outer.addStretch(3)

    def _build_steps(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(16)
        for number, (icon, name, words) in enumerate(STEPS, start=1):
            card = QFrame()
            card.setObjectName("card")
            stack = QVBoxLayout(card)
            stack.setContentsMargins(16, 16, 16, 16)
            stack.setSpacing(8)
            picture = QLabel()
            self._icons.append((picture, icon))
            stack.addWidget(picture)
            stack.addWidget(text_label(f"{number}.  {name}", style="heading"))
            stack.addWidget(text_label(words, is_quiet=True, wraps=True))
            stack.addStretch(1)
            row.addWidget(card, 1)
        return row

    def _build_buttons(self) -> QHBoxLayout:
        self.add_button = push_button("Add a folder", self.add_folder, is_primary=True)
        self.sample_button = push_button("Try the sample", self.try_sample)
        self.sample_button.setToolTip("227 free photos that come with the program")
        self.add_button.setDefault(True)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addStretch(1)
        for button in (self.add_button, self.sample_button):
            button.setMinimumSize(160, 40)
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _build_promise(self) -> QHBoxLayout:
        shield = QLabel()
        self._icons.append((shield, "shield"))
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        row.addWidget(shield)
        row.addWidget(text_label("Nothing is sent anywhere. You can also drop a folder here."))
        row.addStretch(1)
        return row

    def _show_icons(self) -> None:
        colours = theme.colours()
        for label, name in self._icons:
            side = 20 if name == "shield" else ICON_SIDE
            ratio = self.devicePixelRatioF()
            label.setPixmap(theme.icon_pixmap(name, side, colours.accent, ratio))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._show_icons()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_icons()
        self.add_button.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.add_folder()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_folders(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for folder in dropped_folders(event.mimeData()):
            self._index(folder)
        event.acceptProposedAction()
