"""The switch between faces and whole photos above the results."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from opqn_app.ui.kit.controls import push_button


class ResultSwitch(QWidget):
    """Signals:
    changed: True for whole photos, False for faces.
    """

    changed = Signal(bool)

    def __init__(self, shows_photos: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.faces = push_button("Faces", lambda: self._choose(False))
        self.photos = push_button("Photos", lambda: self._choose(True))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for button, side in ((self.faces, "photos"), (self.photos, "problems")):
            button.setCheckable(True)
            button.setProperty("tab", side)  # the left and the right end of a row of tabs
            row.addWidget(button)
        self._is_on = shows_photos
        self._show()

    def _choose(self, is_on: bool) -> None:
        is_other, self._is_on = is_on != self._is_on, is_on
        self._show()
        if is_other:
            self.changed.emit(is_on)

    def _show(self) -> None:
        self.faces.setChecked(not self._is_on)
        self.photos.setChecked(self._is_on)
