"""The line above the faces of a person: what is shown, and what the chosen ones can be."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QToolButton, QWidget

from opqn_app.core.progress import counted
from opqn_app.ui.kit.controls import CutLabel, push_button, tool_button
from opqn_app.ui.kit.tips import plain


class PersonControls(QWidget):
    """Signals:
    photos_wanted: True for whole photos, False for faces.
    parts_wanted: True for the parts that are certain, False for years.
    menu_wanted: all that can be done with the chosen faces.
    """

    photos_wanted = Signal(bool)
    parts_wanted = Signal(bool)
    menu_wanted = Signal()

    def __init__(self, acts: Sequence[QAction], parent: QWidget | None = None) -> None:
        """Args:
        acts: what can be done with the chosen faces; each is a button while it can be.
        """
        super().__init__(parent)
        self.faces_button = self._switch("Faces", "photos")
        self.photos_button = self._switch("Photos", "problems")
        self.faces_button.setChecked(True)
        self.parts_button = push_button("Show parts")
        self.parts_button.setCheckable(True)
        self.parts_button.setProperty("toggle", True)
        self.parts_button.setToolTip(
            "Faces that certainly belong together stand together. Wrong ones are easy to see so."
        )
        self.parts_button.toggled.connect(self._on_parts)
        self._chosen = CutLabel(is_quiet=True)
        self._chosen.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        switch = QHBoxLayout()
        switch.setSpacing(0)
        switch.addWidget(self.faces_button)
        switch.addWidget(self.photos_button)
        row.addLayout(switch)
        row.addWidget(self.parts_button)
        row.addWidget(self._chosen, 1)
        for act in acts:
            row.addWidget(self._button(act))
        self.more_button = tool_button("more", "What can be done with them", self.menu_wanted.emit)
        self.more_button.setObjectName("act")
        self.more_button.hide()
        row.addWidget(self.more_button)
        self.setFixedHeight(36)

    def begin(self) -> None:
        """Faces by year again, for somebody else."""
        for button in (self.faces_button, self.photos_button, self.parts_button):
            button.blockSignals(True)
        self.parts_button.setChecked(False)
        self.photos_button.setChecked(False)
        self.faces_button.setChecked(True)
        for button in (self.faces_button, self.photos_button, self.parts_button):
            button.blockSignals(False)

    def show_chosen(self, faces: int) -> None:
        """Say how many faces are selected."""
        self._chosen.setText(f"{counted(faces, 'face')} selected" if faces else "")
        self.more_button.setVisible(faces > 0)

    def _switch(self, words: str, tab: str) -> QPushButton:
        button = push_button(words, lambda: self._on_photos(tab == "problems"))
        button.setCheckable(True)
        button.setProperty("tab", tab)
        return button

    def _on_photos(self, is_wanted: bool) -> None:
        self.faces_button.setChecked(not is_wanted)
        self.photos_button.setChecked(is_wanted)
        if is_wanted and self.parts_button.isChecked():
            self.parts_button.setChecked(False)
        self.photos_wanted.emit(is_wanted)

    def _on_parts(self, is_wanted: bool) -> None:
        if is_wanted and self.photos_button.isChecked():
            self._on_photos(False)
        self.parts_wanted.emit(is_wanted)

    def _button(self, act: QAction) -> QToolButton:
        button = QToolButton()
        button.setObjectName("act")
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # each has a key
        button.clicked.connect(act.trigger)

        def follow() -> None:
            button.setText(act.text())
            keys = act.shortcuts()
            key = keys[0].toString(keys[0].SequenceFormat.NativeText) if keys else ""
            button.setToolTip(plain(f"{act.text()} ({key})" if key else act.text()))
            button.setVisible(act.isVisible() and act.isEnabled())

        act.changed.connect(follow)
        follow()
        return button
