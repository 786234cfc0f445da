"""The first start: what the program does, what happens next, and that nothing is sent anywhere."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from opqn_app.core import paths
from opqn_app.ui.kit import dialogs, theme
from opqn_app.ui.kit.controls import push_button, text_label
from opqn_app.ui.kit.folder_drop_page import FolderDropPage
from opqn_app.ui.shell.example_strip import ExampleStrip
from opqn_app.ui.work.session import Session

WIDTH = 720
ICON_SIDE = 32

STEPS = (
    ("folder", "Pick a folder", "Your photos stay where they are and are never changed."),
    ("face", "Faces are found", "Every face becomes a code of a few bytes, kept on this computer."),
    ("photo_drop", "Drop a photo", "Every photo with that person is shown, most alike first."),
)


class WelcomePage(FolderDropPage):
    """One screen with two ways to go on.

    Args:
        choose_folder: asks for a folder of photos.

    Signals:
        folder_chosen: a folder (Path) to be added to the library.
        sample_chosen: the sample photos are to be added.
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
        self._has_example = False
        self._icons: list[tuple[QLabel, str]] = []
        self._build()
        self.folders_dropped.connect(self._on_folders_dropped)

    def add_folder(self) -> None:
        """Ask for a folder and hand it on."""
        chosen = self._choose_folder(self)
        if chosen is not None:
            self.folder_chosen.emit(chosen)

    def _on_folders_dropped(self, folders: Sequence[Path]) -> None:
        for folder in folders:
            self.folder_chosen.emit(folder)

    def _build(self) -> None:
        body = QWidget()
        body.setMaximumWidth(WIDTH)
        stack = QVBoxLayout(body)
        stack.setContentsMargins(0, 0, 0, 0)
        stack.setSpacing(16)
        title = text_label("Find everyone in your photos", style="welcome")
        what = text_label(
            "Show a face, and see every photo of that person.\nGive names if you like. "
            "No account, no internet.",
            style="lead",
            wraps=True,
        )
        self._example = ExampleStrip()
        for label in (title, what):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        stack.addWidget(title)
        stack.addWidget(self._example, 0, Qt.AlignmentFlag.AlignHCenter)
        stack.addWidget(what)
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
        self.sample_button = push_button("Try the sample", self.sample_chosen.emit)
        self.sample_button.setToolTip(
            "227 photos that come with the program; one click removes them again"
        )
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
        if not self._has_example:
            self._has_example = True
            photos = example_photos(paths.resource("sample"))
            self._example.show_photos(self._session.runner, photos)
        self.add_button.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.add_folder()
        else:
            super().keyPressEvent(event)


def example_photos(sample: Path, count: int = 4) -> list[Path]:
    """A query of the sample and `count` photos of the same person; none if it is not there."""
    try:
        labels = json.loads((sample / "labels.json").read_text(encoding="utf-8"))
    except OSError:
        return []
    query, about = next(iter(labels["queries"].items()))
    same = [name for name, one in labels["singles"].items() if one["person"] == about["person"]]
    return [sample / "queries" / query, *(sample / "photos" / name for name in same[:count])]
