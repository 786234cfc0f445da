"""Pick an operating point and use its threshold in the library."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from opqn_app.ui.evaluate import operating
from opqn_app.ui.evaluate.evaluation import Method, OperatingPoint
from opqn_app.ui.kit.choice_box import ChoiceBox
from opqn_app.ui.kit.controls import push_button, text_label
from opqn_app.ui.kit.models import ModelChoice

WANTED = 0.99  # proposed at first
PICKED = -1.0  # the entry for a point of the chart


class OperatingCard(QFrame):
    """Signals:
    point_shown: the threshold (float) that is looked at, None if there is none.
    apply_wanted: the least likeness (float) for the library.
    model_wanted: name of the model that should search the library.
    """

    point_shown = Signal(object)
    apply_wanted = Signal(float)
    model_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._methods: list[Method] = []
        self._models: dict[str, ModelChoice] = {}  # by model_id
        self._used: ModelChoice | None = None
        self._now = 0.5
        self._picked: OperatingPoint | None = None
        self._build()

    @property
    def words(self) -> str:
        """All that is said."""
        return f"{self._point_words.text()} {self._change_words.text()}"

    @property
    def point(self) -> OperatingPoint | None:
        """The chosen operating point."""
        wanted = self._wanted.currentData()
        if wanted == PICKED:
            return self._picked
        method = self._method
        return method.points.get(wanted) if method and wanted is not None else None

    def show_methods(self, methods: Sequence[Method]) -> None:
        """Offer the operating points of these."""
        self._methods = [m for m in methods if m.by_threshold is not None or m.points]
        self._picked = None
        self._name.blockSignals(True)
        self._name.clear()
        for method in self._methods:
            self._name.addItem(method.label)
        self._name.blockSignals(False)
        self._name.setVisible(len(self._methods) > 1)
        self.setVisible(bool(self._methods))
        self._offer_points()

    def show_library(
        self, models: Sequence[ModelChoice], used: ModelChoice | None, now: float
    ) -> None:
        """What searches the library now, and its least likeness."""
        self._models = {model.model_id: model for model in models}
        self._used, self._now = used, now
        self._show()

    def pick(self, number: int, row: int) -> None:
        """Take a point of the chart: number of the method, row of its curve."""
        method = self._methods[number]
        self._name.setCurrentIndex(number)
        self._picked = method.point_at(row)
        self._offer_points(PICKED)

    def _build(self) -> None:
        self._name = ChoiceBox("Model of the operating point")
        self._name.currentIndexChanged.connect(self._on_method)
        self._wanted = ChoiceBox("Wanted precision")
        self._wanted.currentIndexChanged.connect(lambda _row: self._show())
        self._point_words = text_label(wraps=True)
        self._point_words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._change_words = text_label(wraps=True, is_quiet=True)
        self._apply = push_button("Use in the library", self._on_apply, is_primary=True)
        self._switch = push_button("", self._on_switch)
        for combo in (self._name, self._wanted):  # a long name may not widen the page
            combo.setSizeAdjustPolicy(
                ChoiceBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            combo.setMinimumContentsLength(7)
            combo.setMaximumWidth(280)
        choices = QHBoxLayout()
        choices.setSpacing(8)
        choices.addWidget(self._name, 1)
        choices.addWidget(self._wanted, 1)
        choices.addStretch(1)
        buttons = QHBoxLayout()
        buttons.addWidget(self._apply)
        buttons.addWidget(self._switch)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addWidget(text_label("Operating point", style="heading"))
        column.addLayout(choices)
        column.addWidget(self._point_words)
        column.addWidget(self._change_words)
        column.addLayout(buttons)

    @property
    def _method(self) -> Method | None:
        row = self._name.currentIndex()
        return self._methods[row] if 0 <= row < len(self._methods) else None

    def _on_method(self) -> None:
        self._picked = None
        self._offer_points()

    def _offer_points(self, chosen: float | None = None) -> None:
        method = self._method
        wanted = chosen if chosen is not None else self._wanted.currentData() or WANTED
        self._wanted.blockSignals(True)
        self._wanted.clear()
        for precision in sorted(method.points) if method else ():
            self._wanted.addItem(f"{100 * precision:g} % precision", precision)
        if self._picked is not None:
            self._wanted.addItem("The point you picked", PICKED)
        row = self._wanted.findData(wanted)
        self._wanted.setCurrentIndex(row if row >= 0 else self._wanted.count() - 1)
        self._wanted.blockSignals(False)
        self._wanted.setVisible(self._wanted.count() > 0)
        self._show()

    def _show(self) -> None:
        method, point = self._method, self.point
        self.point_shown.emit(point.threshold if point else None)
        self._apply.setEnabled(False)
        self._switch.hide()
        self._change_words.show()
        if method is None or point is None:
            self._point_words.setText("No threshold gives a precision of 90 % or more here.")
            self._change_words.setText("A click on the curve above takes any other point.")
            return
        self._point_words.setText(operating.point_in_words(point))
        reason = operating.why_not(method, self._used)
        if reason:
            self._change_words.setText(reason)
            self._offer_switch(method)
            return
        assert self._used is not None
        minimum = operating.least_likeness(point.threshold, self._used)
        is_news = round(100 * minimum) != round(100 * self._now)
        self._apply.setEnabled(is_news)
        if is_news:
            words = operating.change_in_words(minimum, self._now)
        else:
            words = f"Your library uses it: the same person from {round(100 * minimum)} % on."
        self._change_words.setText(words)

    def _offer_switch(self, method: Method) -> None:
        model = self._models.get(method.model_id)
        if model is not None:
            self._switch.setText(f"Search with {model.name}")
            self._switch.show()

    def _on_apply(self) -> None:
        if self.point is not None and self._used is not None:
            self.apply_wanted.emit(operating.least_likeness(self.point.threshold, self._used))

    def _on_switch(self) -> None:
        method = self._method
        if method is not None and method.model_id in self._models:
            self.model_wanted.emit(self._models[method.model_id].name)
