"""A list of models with a tick before each."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from opqn_app.ui.kit.controls import text_label
from opqn_app.ui.kit.models import ModelChoice
from opqn_app.ui.kit.tips import plain

NAME_WIDTH = 208  # pixels; a longer name may not widen the column


class ModelList(QWidget):
    """Signals:
    changed: other models are ticked.
    """

    changed = Signal()

    def __init__(self, chosen: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wanted = set(chosen)
        self._boxes: dict[str, QCheckBox] = {}
        self._none = text_label("Looking for models …", is_quiet=True)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._column.addWidget(self._none)

    @property
    def chosen(self) -> list[str]:
        """The ticked models, in order of the list."""
        return [name for name, box in self._boxes.items() if box.isChecked()]

    def show_models(self, models: Sequence[ModelChoice]) -> None:
        """Replace the list; what is ticked stays ticked."""
        wanted = (self._wanted | set(self.chosen)) - {
            name for name, box in self._boxes.items() if not box.isChecked()
        }
        for box in self._boxes.values():
            self._column.removeWidget(box)
            box.deleteLater()
        self._boxes = {}
        for model in models:
            middle = Qt.TextElideMode.ElideMiddle
            words = self.fontMetrics().elidedText(model.name, middle, NAME_WIDTH)
            box = QCheckBox(words.replace("&", "&&"))
            box.setToolTip(plain(model.name))
            box.setAccessibleName(f"Evaluate the model {model.name}")
            box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            box.setChecked(model.name in wanted)
            box.toggled.connect(self.changed)
            self._boxes[model.name] = box
            self._column.addWidget(box)
        if len(self._boxes) == 1:
            next(iter(self._boxes.values())).setChecked(True)
        self._none.setVisible(not models)
        self._none.setText("There are no models in this copy of the program.")
        self._wanted = set()
        self.changed.emit()

    def tick(self, name: str) -> None:
        """Tick a model, also one that is listed later."""
        self._wanted.add(name)
        if name in self._boxes:
            self._boxes[name].setChecked(True)
