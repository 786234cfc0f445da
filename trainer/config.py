"""What one training run is: data, method, augmentation, engine; from TOML and flags.

Nothing else decides a result: the same config, data and machine give the same weights.
"""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Self

from opqn_app.core.checked_values import above, between, checked, kinds_of, one_of
from opqn_app.core.errors import SettingsError
from opqn_app.opqn.backbones import INPUT_SIZES
from opqn_app.opqn.config import CHANNEL_ORDERS
from trainer import choices
from trainer.loss_variants import VARIANTS
from trainer.methods import METHODS

Values = dict[str, dict[str, Any]]  # section → field → value

Count = Annotated[int, between(0, 10**6)]
AtLeastOne = Annotated[int, between(1, 10**6)]
Pixels = Annotated[int, between(0, 8192)]
Chance = Annotated[float, between(0.0, 1.0)]
Factor = Annotated[float, between(1e-6, 1e6)]
Epochs = Annotated[float, between(0.0, 1e6)]
PixelScale = Annotated[float, above(0.0, 1e9)]


@dataclass(frozen=True, slots=True)
class DataConfig:
    """Which pictures, and which of them train.

    Attributes:
        sources: identity folders, tar files, packs, or the folder of a named benchmark.
        layout: "folders", or a name of `opqn datasets`.
        part: read only what lies under this folder of the set, such as "train".
        cut: side in px of the centre that is cut out of each picture first; 0 keeps all.
        template: px of the whole picture that the app's standard crop takes; 0 means all of it.
        min_photos: people with fewer pictures are left out.
        people: at most so many people, drawn by `split_seed`; 0 takes all.
        split: "single" (queries of people who were trained on), "unseen" (whole people are kept
            for the test), "official" (folders `train` and `test`, or the benchmark's own).
        queries_per_person: test pictures of each person under "single".
        val_per_person: pictures of each person taken from the training side to choose by.
        unseen_share: share of people kept for the test under "unseen", and as many to choose by.
        split_seed: draws the split.
        split_file: a split recorded by an earlier run, used instead of drawing one.
        labelled_per_person: at most so many pictures of each person train with their label; the
            others train without one, where the method can. 0: all have their label.
        unlabelled: more sources, whose pictures train without a label.
        teacher: npz of `files` and `embeddings` for the distillation term.
    """

    sources: tuple[str, ...] = ()
    layout: str = "folders"
    part: str = ""
    cut: Pixels = 0
    template: Pixels = 0
    min_photos: AtLeastOne = 2
    people: Annotated[int, between(0, 10**9)] = 0
    split: Annotated[str, one_of(choices.SPLITS)] = "single"
    queries_per_person: Count = 5
    val_per_person: Count = 1
    unseen_share: Annotated[float, between(0.0, 0.45)] = 0.1
    split_seed: int = 0
    split_file: str = ""
    labelled_per_person: Count = 0
    unlabelled: tuple[str, ...] = ()
    teacher: str = ""


@dataclass(frozen=True, slots=True)
class MethodConfig:
    """The network, the code and the loss.

    Attributes:
        name: of the method, see `trainer.methods`.
        input_size: side in px the network takes.
        stored_size: side in px the pictures are scaled to; crops of `input_size` are cut from it.
        n_books: M.
        n_words: K.
        feature_dim: D; 0 takes `presets.feature_dim`.
        variant: OPQN, or one of the paper's comparisons; see `loss.VARIANTS`.
        codebooks: "dct" (Algorithm 1) or "svd" (orthonormal from a seeded random matrix).
        assignment: whether training assigns the "raw" or the "normalised" sub-vectors (D5).
        assignment_scale: α of Eq. 1, used by OPQN-l2q, PQN and GPQ.
        scale: r of Eqs. 6 and 7.
        margin: u of Eqs. 6 and 7.
        entropy_weight: λ of Eq. 10; in GPQ of the subspace entropy, and 0 there trains on labelled
            pictures alone.
        classifier_weight: GPQ only: factor of its classifier's loss.
        classifier_scale: GPQ only: β, which stretches sub-vectors and prototypes.
        distillation_weight: factor of the term that follows the teacher's cosines; 0 is off.
        straight_through: DPQ only: whether the hard words pass gradients on, or none as in the code
            that OPQN's authors compared with.
        flatten_bn: ResNet20 only: batch normalisation of the flattened map (D6).
        dropout: share of the flattened map that is dropped; ResNet20 only.
        trunk_file: state dict of a trained trunk.
        pixel_mean: subtracted, 0 to 255, in `channel_order`.
        pixel_std: divided by, same order.
    """

    name: Annotated[str, one_of(METHODS)] = "opqn"
    backbone: Annotated[str, one_of(INPUT_SIZES)] = "resnet20"
    input_size: Annotated[int, between(8, 1024)] = 32
    stored_size: int = 35
    n_books: Annotated[int, between(1, 4096)] = 6
    n_words: Annotated[int, between(2, 65536)] = 64
    feature_dim: Annotated[int, between(0, 65536)] = 0
    variant: Annotated[str, one_of(VARIANTS)] = "OPQN"
    codebooks: Annotated[str, one_of(choices.CODEBOOKS)] = "dct"
    assignment: Annotated[str, one_of(choices.ASSIGNMENTS)] = "raw"
    assignment_scale: Factor = 20.0
    scale: Factor = 40.0
    margin: Annotated[float, between(0.0, 2.0)] = 0.4
    entropy_weight: Annotated[float, between(0.0, 1e3)] = 0.1
    classifier_weight: Annotated[float, between(0.0, 1e3)] = 0.1
    classifier_scale: Factor = 4.0
    distillation_weight: Annotated[float, between(0.0, 1e6)] = 0.0
    straight_through: Annotated[str, one_of(choices.STRAIGHT_THROUGH)] = "passing"
    flatten_bn: bool = True
    dropout: Annotated[float, between(0.0, 0.95)] = 0.5
    trunk_file: str = ""
    channel_order: Annotated[str, one_of(CHANNEL_ORDERS)] = "rgb"
    pixel_mean: tuple[float, float, float] = (127.5, 127.5, 127.5)
    pixel_std: tuple[PixelScale, PixelScale, PixelScale] = (127.5, 127.5, 127.5)


@dataclass(frozen=True, slots=True)
class AugmentConfig:
    """What a training picture goes through; the last five are chances from 0 to 1, off in presets.

    Attributes:
        per: draw for each "image", or one draw for the whole "batch" as the released code did.
    """

    crop: bool = True
    flip: bool = True
    per: Annotated[str, one_of(choices.DRAWN_PER)] = "image"
    blur: Chance = 0.0
    grey: Chance = 0.0
    jpeg: Chance = 0.0
    low_res: Chance = 0.0
    occlusion: Chance = 0.0


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """How it is trained.

    Attributes:
        optimiser: "sgd" with momentum, or "adam".
        momentum: of SGD; β1 of Adam.
        lr_step: epochs between decays.
        lr_decay: factor at each step.
        warmup_epochs: the rate rises linearly from 0 over these; 0 is off.
        no_decay_vectors: no weight decay on biases, normalisation and PReLU slopes.
        trunk_lr_scale: factor of the rate of a pretrained trunk.
        trunk_frozen_epochs: the trunk and its statistics stand still for these first epochs.
        trunk_warmup_epochs: after that its rate rises from 0 over these.
        clip_norm: most length of the whole gradient; 0 is off.
        ema: decay of the averaged weights that are then evaluated and exported; 0 is off.
        batch_norm: "batch", "sync" (over all processes; CUDA) or "frozen" (stored statistics).
        precision: "auto" is bf16 for the trunk on CUDA, else fp32; the head is fp32 always.
        compile: run the trunk through torch.compile.
        deterministic: only kernels that give the same bits every time.
        eval_every: epochs between validations; the last one always validates.
        best_by: figure of the validation split that chooses the best weights; "loss" is the
            training loss, what the released code chose by.
        p_at: T of precision at T.
        checkpoint_minutes: least time between two checkpoints within an epoch.
        checkpoint_steps: also after so many steps; 0 is off.
        drop_last: leave out the last incomplete batch. One picture alone never makes a batch.
    """

    epochs: AtLeastOne = 200
    batch_size: Annotated[int, between(2, 10**6)] = 256
    optimiser: Annotated[str, one_of(choices.OPTIMISERS)] = "sgd"
    lr: Annotated[float, between(1e-12, 1e6)] = 0.1
    momentum: Chance = 0.9
    weight_decay: Annotated[float, between(0.0, 1e3)] = 5e-4
    lr_step: AtLeastOne = 35
    lr_decay: Annotated[float, between(1e-6, 1.0)] = 0.5
    warmup_epochs: Epochs = 0.0
    no_decay_vectors: bool = False
    trunk_lr_scale: Annotated[float, between(0.0, 1e3)] = 1.0
    trunk_frozen_epochs: Count = 0
    trunk_warmup_epochs: Epochs = 0.0
    clip_norm: Annotated[float, between(0.0, 1e9)] = 0.0
    ema: Annotated[float, between(0.0, 0.999999)] = 0.0
    batch_norm: Annotated[str, one_of(choices.BATCH_NORMS)] = "batch"
    precision: Annotated[str, one_of(choices.PRECISIONS)] = "auto"
    channels_last: bool = True
    compile: bool = False
    deterministic: bool = False
    device: Annotated[str, one_of(choices.DEVICES)] = "auto"
    seed: Annotated[int, between(0, 2**62)] = 1
    drop_last: bool = False
    eval_every: AtLeastOne = 5
    best_by: Annotated[str, one_of(choices.CHOSEN_BY)] = "map"
    p_at: AtLeastOne = 5
    checkpoint_minutes: Annotated[float, between(0.0, 1e6)] = 5.0
    checkpoint_steps: Annotated[int, between(0, 10**9)] = 0


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """One run. `preset` only names where the values came from."""

    preset: str = ""
    data: DataConfig = field(default_factory=DataConfig)
    method: MethodConfig = field(default_factory=MethodConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    engine: EngineConfig = field(default_factory=EngineConfig)

    def with_values(self, values: Mapping[str, Mapping[str, Any]]) -> Self:
        """The same config with some fields of some sections replaced, checked.

        Raises:
            SettingsError: an unknown section or field, or a value that can't be.
        """
        changed: dict[str, Any] = {}
        for section, entries in values.items():
            if section not in SECTIONS:
                raise SettingsError(section, f"there is no such section; {_one_of(SECTIONS)}")
            changed[section] = _replaced(section, getattr(self, section), entries)
        made = replace(self, **changed)
        if made.method.stored_size < made.method.input_size:
            raise SettingsError("method.stored_size", "it is below method.input_size")
        return made

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `from_dict` turns them back."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The config `to_dict` gave."""
        sections = {name: value for name, value in values.items() if name != "preset"}
        return cls(preset=str(values.get("preset", ""))).with_values(sections)


def title_of(method: MethodConfig) -> str:
    """What a table calls the method: "OPQN-A", "DPQ"; with its variant where it has some."""
    return method.variant if method.name == "opqn" else METHODS[method.name].title


def flat(config: TrainConfig) -> dict[str, Any]:
    """Every setting by its name: "preset", then "data.sources" and so on, as plain values."""
    values = config.to_dict()
    named: dict[str, Any] = {"preset": values.pop("preset")}
    for section, entries in values.items():
        named |= {f"{section}.{key}": value for key, value in entries.items()}
    return named


SECTIONS = ("data", "method", "augment", "engine")


def read_toml(path: Path) -> tuple[str, Values]:
    """The preset a file names ("" if none), and its sections.

    Raises:
        SettingsError: it can't be read.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(str(path), f"it can't be read as TOML: {error}") from error
    preset = values.pop("preset", "")
    for name, entries in values.items():
        if not isinstance(entries, dict):
            raise SettingsError(name, "it stands outside a section such as [method]")
    return str(preset), values


def parse_assignment(text: str) -> Values:
    """ "method.margin=0.5" → {"method": {"margin": 0.5}}; the value is read as TOML, else as text.

    Raises:
        SettingsError: it is not section.field=value.
    """
    name, separator, value = text.partition("=")
    section, dot, key = name.strip().partition(".")
    if not separator or not dot:
        raise SettingsError(text, "write section.field=value, such as method.margin=0.5")
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value.strip()
    return {section: {key: parsed}}


def _replaced(section: str, old: Any, entries: Mapping[str, Any]) -> Any:
    kinds = kinds_of(type(old))
    changed = {}
    for key, value in entries.items():
        name = f"{section}.{key}"
        if key not in kinds:
            raise SettingsError(name, f"there is no such setting; {_one_of(sorted(kinds))}")
        if key in ("sources", "unlabelled") and isinstance(value, str):
            value = [value]  # one alone needs no brackets in a file
        try:
            changed[key] = checked(value, kinds[key])
        except ValueError as error:
            raise SettingsError(name, f"it {error}") from error
    return replace(old, **changed)


def _one_of(names: Iterable[str]) -> str:
    return f"choose one of {', '.join(names)}"
