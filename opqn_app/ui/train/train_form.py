"""What is to be trained: pictures, preset, method, code length; as arguments of `opqn train`."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from opqn_app.core.extras import what_training_lacks
from opqn_app.core.settings import Settings
from opqn_app.ui.kit.choice_box import QuietComboBox
from opqn_app.ui.kit.choice_column import ChoiceColumn, QuietSpinBox
from opqn_app.ui.kit.controls import push_button, text_label
from opqn_app.ui.kit.data_field import DataField
from opqn_app.ui.kit.labelled_data import EXPLAINED, PACK_SUFFIX, look_at
from opqn_app.ui.kit.wording import DEVICES
from opqn_app.ui.train.method_names import METHODS
from opqn_app.ui.work.tasks import TaskRunner
from opqn_app.vision.photo_folder import CROP_SUFFIXES

PRESETS = {
    "quick": "Quick: a small network",
    "paper": "As in the paper",
    "code": "As in the authors' code",
}
ABOUT_PRESETS = (
    "Quick takes minutes for a few thousand pictures. The others take a graphics card, or a night."
)
SIZES = {"32": "32 pixels: quick", "112": "112 pixels: better, much slower"}
BITS = {
    "32": {"16": "16 bit", "24": "24 bit", "36": "36 bit", "48": "48 bit", "64": "64 bit"},
    "112": {"24": "24 bit", "36": "36 bit", "48": "48 bit", "64": "64 bit", "128": "128 bit"},
}
USUAL_BITS = {"32": "36", "112": "64"}
PREPARED = "prepare.json"  # lies beside the crops that `opqn prepare` made
QUERIES = 2  # test pictures of each person, as preset quick takes; the paper took 5
CROPS = (
    "The pictures should be face crops, all cut alike. If you have photos, let crops be made of "
    "them first. "
    f"Each person needs {QUERIES + 2} or more, or 2 more than test pictures."
)


class TrainForm(ChoiceColumn):
    """Signals:
    train_wanted: the user wants to begin.
    crops_wanted: the pictures are photos (Path), of which face crops are to be made.
    """

    train_wanted = Signal()
    crops_wanted = Signal(object)

    def __init__(
        self, settings: Settings, runner: TaskRunner, parent: QWidget | None = None
    ) -> None:
        super().__init__("Train", parent)
        self._is_running = False
        self.data = DataField(runner, look=partial(look_at, suffixes=CROP_SUFFIXES))
        self._build(settings)
        self.data.changed.connect(self._show_enabled)
        self._show_bits()
        self._show_enabled()

    def arguments(self) -> list[str]:
        """The command line that the choices mean, without place and name of the run."""
        assert self.data.path is not None
        arguments = ["train", str(self.data.path), "--preset", self.preset.value]
        arguments += ["--method", self.method.value]
        arguments += ["--input-size", self.pixels.value, "--len", self.bits.value]
        arguments += ["--queries", str(self.queries.value()), "--device", self.device.value]
        if self.epochs.value():
            arguments += ["--epochs", str(self.epochs.value())]
        return [*arguments, "--json-lines"]

    def set_running(self, is_running: bool) -> None:
        """One training at a time."""
        self._is_running = is_running
        self._show_enabled()

    def set_data(self, path: Path) -> None:
        """Choose the pictures."""
        self.data.set_path(path)

    def _build(self, settings: Settings) -> None:
        self.preset = QuietComboBox("Preset", PRESETS)
        self.method = QuietComboBox("Method", {name: title for name, (title, _) in METHODS.items()})
        self.method.currentIndexChanged.connect(lambda _row: self._show_method())
        self._about_method = text_label(is_quiet=True, wraps=True)
        self._show_method()
        self.pixels = QuietComboBox("Size of the pictures", SIZES)
        self.pixels.currentIndexChanged.connect(lambda _row: self._show_bits())
        self.bits = QuietComboBox("Code length", BITS["32"])
        self.bits.choose(USUAL_BITS["32"])
        self.epochs = QuietSpinBox(
            "Epochs", least=0, most=10_000, value=0, unset="As the preset says"
        )
        self.queries = QuietSpinBox(
            "Test pictures of each person", least=0, most=100, value=QUERIES
        )
        self.device = QuietComboBox("Computed by", DEVICES)
        self.device.choose(settings.device)
        self.train_button = push_button("Start training", self.train_wanted.emit, is_primary=True)
        self._why_not = text_label(is_quiet=True, wraps=True)
        about = text_label(f"{EXPLAINED} {CROPS}", is_quiet=True, wraps=True)
        self.crops_button = push_button("Make face crops of these photos", self._on_crops)
        self.add_field("Labelled pictures", self.data, self.crops_button, about)
        about = text_label(ABOUT_PRESETS, is_quiet=True, wraps=True)
        self.add_field("Preset", self.preset, about)
        self.add_field("Method", self.method, self._about_method)
        self.add_field("Pictures are seen at", self.pixels)
        self.add_field("Code length of a face", self.bits)
        self.add_field("Epochs", self.epochs)
        self.add_field("Test pictures of each person", self.queries)
        self.add_field("Computed by", self.device)
        self.add_foot(self._why_not, self.train_button)

    def _on_crops(self) -> None:
        if self.data.path is not None:
            self.crops_wanted.emit(self.data.path)

    def _show_method(self) -> None:
        self._about_method.setText(METHODS[self.method.value][1])

    def _show_bits(self) -> None:
        """The lengths that the paper gives for this size."""
        size, before = self.pixels.value, self.bits.value
        self.bits.clear()
        for bits, words in BITS[size].items():
            self.bits.addItem(words, bits)
        self.bits.choose(before if before in BITS[size] else USUAL_BITS[size])

    def _show_enabled(self) -> None:
        lacks = what_training_lacks()  # the page says it: no button that can't be pressed
        reason = lacks or self._what_data_lacks()
        self.train_button.setEnabled(not reason and not self._is_running)
        self.train_button.setVisible(not lacks)
        self.crops_button.setEnabled(_may_be_photos(self.data.path) and not self._is_running)
        self._why_not.setText(reason)
        self._why_not.setVisible(bool(reason) and not lacks and not self._is_running)

    def _what_data_lacks(self) -> str:
        if self.data.path is None:
            return "Choose labelled pictures first."
        return "" if self.data.is_usable else self.data.words


def _may_be_photos(path: Path | None) -> bool:
    """A folder or a tar file that `opqn prepare` has not made itself."""
    if path is None or not path.exists() or path.suffix == PACK_SUFFIX:
        return False
    return not (path / PREPARED).exists()
