"""What is to be evaluated: pictures, models, protocol; as arguments of `opqn evaluate`."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from opqn_app.core.settings import Settings
from opqn_app.ui.evaluate.evaluation import P_AT
from opqn_app.ui.kit.choice_box import QuietComboBox
from opqn_app.ui.kit.choice_column import ChoiceColumn, QuietSpinBox
from opqn_app.ui.kit.controls import push_button, text_label
from opqn_app.ui.kit.data_field import DataField
from opqn_app.ui.kit.labelled_data import EXPLAINED
from opqn_app.ui.kit.model_list import ModelList
from opqn_app.ui.work.tasks import TaskRunner

KINDS = {"photos": "Photos: find the largest face", "aligned": "Aligned face crops"}
PROTOCOLS = {
    "leave-one-out": "Leave one out",
    "single": "Some ask, the others are searched",
    "cross": "People the model never saw",
    "pairs": "Pairs: same person or not",
}
EXPLANATIONS = {
    "leave-one-out": "Every picture asks for all others of its person, as a search in a photo "
    "library does.",
    "single": "A few pictures of each person ask; the rest are searched (single-domain).",
    "cross": "As the paper's cross-domain protocol: more pictures of each person ask, and none of "
    "these people was trained on.",
    "pairs": "Two pictures at a time, as LFW does; a pairs.txt in the folder is used.",
}
DRAWN = {"single": 5, "cross": 50}  # pictures of each person that ask, as in the paper


class EvaluateForm(ChoiceColumn):
    """Signals:
    run_wanted: the arguments (list of str) of the command, without `--out`.
    """

    run_wanted = Signal(object)

    def __init__(
        self, settings: Settings, runner: TaskRunner, parent: QWidget | None = None
    ) -> None:
        super().__init__("Evaluate", parent)
        self._device = settings.device
        self.data = DataField(runner)
        self.models = ModelList([settings.model])
        self._build()
        self.data.changed.connect(self._show_enabled)
        self.models.changed.connect(self._show_enabled)
        self._show_protocol()
        self._show_enabled()

    def arguments(self) -> list[str]:
        """The command line that the choices mean."""
        assert self.data.path is not None
        protocol = self.protocol.value
        arguments = ["evaluate", str(self.data.path), "--protocol", protocol]
        for name in self.models.chosen:
            arguments += ["--model", name]
        if self.kind.value == "aligned":
            arguments.append("--aligned")
        if protocol in DRAWN and self.queries.value():
            arguments += ["--queries-per-person", str(self.queries.value())]
        if self.controls.isChecked():
            arguments.append("--controls")
        arguments += ["--device", self._device, "--at", *map(str, P_AT)]
        return [*arguments, "--json", "--json-lines", "--no-pictures"]

    def set_running(self, is_running: bool) -> None:
        """Nothing is started while something runs."""
        self._is_running = is_running
        self._show_enabled()

    def set_data(self, path: Path) -> None:
        """Choose the pictures."""
        self.data.set_path(path)

    def _build(self) -> None:
        self._is_running = False
        self.kind = QuietComboBox("Kind of pictures", KINDS)
        self.protocol = QuietComboBox("Protocol", PROTOCOLS)
        self.protocol.currentIndexChanged.connect(lambda _row: self._show_protocol())
        self._explained = text_label(is_quiet=True, wraps=True)
        self.queries = QuietSpinBox(
            "Pictures of each person that ask",
            least=0,
            most=1000,
            value=0,
            unset="As the folders say",
        )
        self.controls = QCheckBox("Uncompressed, PQ and OPQ too")
        self.controls.setToolTip(
            "Also measures the same features without compression, and with the usual product "
            "quantisers at equal size."
        )
        self.run_button = push_button("Evaluate", self._on_run, is_primary=True)
        self._why_not = text_label(is_quiet=True, wraps=True)
        self.add_field(
            "Labelled pictures", self.data, text_label(EXPLAINED, is_quiet=True, wraps=True)
        )
        self.add_field("They are", self.kind)
        self.add_field("Models", self.models)
        self.add_field("Protocol", self.protocol, self._explained)
        self._queries_label = self.add_field("Pictures of each that ask", self.queries)
        self.add_field("Compare with", self.controls)
        self.add_foot(self._why_not, self.run_button)

    def _show_protocol(self) -> None:
        protocol = self.protocol.value
        self._explained.setText(EXPLANATIONS[protocol])
        is_drawn = protocol in DRAWN
        self._queries_label.setVisible(is_drawn)
        self.queries.setVisible(is_drawn)
        if is_drawn:
            self.queries.setSpecialValueText(f"As usual ({DRAWN[protocol]})")

    def _show_enabled(self) -> None:
        reason = ""
        if self.data.path is None:
            reason = "Choose labelled pictures first."
        elif not self.data.is_usable:
            reason = "These pictures can't be evaluated."
            if self.data.found is None:
                reason = self.data.words
        elif not self.models.chosen:
            reason = "Tick a model."
        self.run_button.setEnabled(not reason and not self._is_running)
        self._why_not.setText(reason)
        self._why_not.setVisible(bool(reason) and not self._is_running)

    def _on_run(self) -> None:
        self.run_wanted.emit(self.arguments())
