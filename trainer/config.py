"""What one training run is: data, method, augmentation, engine; from TOML and flags.

Nothing else decides a result: the same config, data and machine give the same weights.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

from opqn_app.core.errors import SettingsError

Values = dict[str, dict[str, Any]]  # section → field → value

CHOICES: dict[str, tuple[str, ...]] = {
    "data.split": ("single", "unseen", "official"),
    "method.backbone": (
        "resnet20",
        "resnet20-narrow",
        "mobilefacenet",
        "sface",
        "inception-resnet-v1",
    ),
    "method.variant": ("OPQN", "OPQN-l2q", "OPQN-A", "OPQN-C", "OPQN-S", "OPQN-W"),
    "method.codebooks": ("dct", "svd"),
    "method.assignment": ("raw", "normalised"),
    "method.channel_order": ("rgb", "bgr"),
    "augment.per": ("image", "batch"),
    "engine.device": ("auto", "cpu", "cuda"),
    "engine.precision": ("auto", "bf16", "fp32"),
    "engine.batch_norm": ("batch", "sync", "frozen"),
    "engine.best_by": ("map", "rank1", "p_at", "loss"),
}


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
        teacher: npz of `files` and `embeddings` for the distillation term.
    """

    sources: tuple[str, ...] = ()
    layout: str = "folders"
    part: str = ""
    cut: int = 0
    template: int = 0
    min_photos: int = 2
    people: int = 0
    split: str = "single"
    queries_per_person: int = 5
    val_per_person: int = 1
    unseen_share: float = 0.1
    split_seed: int = 0
    split_file: str = ""
    teacher: str = ""


@dataclass(frozen=True, slots=True)
class MethodConfig:
    """The network, the code and the loss.

    Attributes:
        input_size: side in px the network takes.
        stored_size: side in px the pictures are scaled to; crops of `input_size` are cut from it.
        n_books: M.
        n_words: K.
        feature_dim: D; 0 takes `presets.feature_dim`.
        variant: OPQN, or one of the paper's comparisons; see `loss.VARIANTS`.
        codebooks: "dct" (Algorithm 1) or "svd" (orthonormal from a seeded random matrix).
        assignment: whether training assigns the "raw" or the "normalised" sub-vectors (D5).
        assignment_scale: α of Eq. 1, used by OPQN-l2q only.
        scale: r of Eqs. 6 and 7.
        margin: u of Eqs. 6 and 7.
        entropy_weight: λ of Eq. 10.
        distillation_weight: factor of the term that follows the teacher's cosines; 0 is off.
        flatten_bn: ResNet20 only: batch normalisation of the flattened map (D6).
        dropout: share of the flattened map that is dropped; ResNet20 only.
        trunk_file: state dict of a trained trunk.
        pixel_mean: subtracted, 0 to 255, in `channel_order`.
        pixel_std: divided by, same order.
    """

    backbone: str = "resnet20"
    input_size: int = 32
    stored_size: int = 35
    n_books: int = 6
    n_words: int = 64
    feature_dim: int = 0
    variant: str = "OPQN"
    codebooks: str = "dct"
    assignment: str = "raw"
    assignment_scale: float = 20.0
    scale: float = 40.0
    margin: float = 0.4
    entropy_weight: float = 0.1
    distillation_weight: float = 0.0
    flatten_bn: bool = True
    dropout: float = 0.5
    trunk_file: str = ""
    channel_order: str = "rgb"
    pixel_mean: tuple[float, float, float] = (127.5, 127.5, 127.5)
    pixel_std: tuple[float, float, float] = (127.5, 127.5, 127.5)


@dataclass(frozen=True, slots=True)
class AugmentConfig:
    """What a training picture goes through; the last five are chances from 0 to 1, off in presets.

    Attributes:
        per: draw for each "image", or one draw for the whole "batch" as the released code did.
    """

    crop: bool = True
    flip: bool = True
    per: str = "image"
    blur: float = 0.0
    grey: float = 0.0
    jpeg: float = 0.0
    low_res: float = 0.0
    occlusion: float = 0.0


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """How it is trained.

    Attributes:
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

    epochs: int = 200
    batch_size: int = 256
    lr: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 5e-4
    lr_step: int = 35
    lr_decay: float = 0.5
    warmup_epochs: float = 0.0
    no_decay_vectors: bool = False
    trunk_lr_scale: float = 1.0
    trunk_frozen_epochs: int = 0
    trunk_warmup_epochs: float = 0.0
    clip_norm: float = 0.0
    ema: float = 0.0
    batch_norm: str = "batch"
    precision: str = "auto"
    channels_last: bool = True
    compile: bool = False
    deterministic: bool = False
    device: str = "auto"
    seed: int = 1
    drop_last: bool = False
    eval_every: int = 5
    best_by: str = "map"
    p_at: int = 5
    checkpoint_minutes: float = 5.0
    checkpoint_steps: int = 0


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
        for reason in _faults(made):
            raise reason
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


def flat(config: TrainConfig) -> dict[str, Any]:
    """Every setting by its name: "preset", then "data.sources" and so on, as plain values."""
    values = config.to_dict()
    named: dict[str, Any] = {"preset": values.pop("preset")}
    for section, entries in values.items():
        named |= {f"{section}.{key}": value for key, value in entries.items()}
    return named


SECTIONS = ("data", "method", "augment", "engine")
_TYPES: dict[str, type] = {
    "data": DataConfig,
    "method": MethodConfig,
    "augment": AugmentConfig,
    "engine": EngineConfig,
}


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
    known = {f.name for f in fields(_TYPES[section])}
    checked = {}
    for key, value in entries.items():
        name = f"{section}.{key}"
        if key not in known:
            raise SettingsError(name, f"there is no such setting; {_one_of(sorted(known))}")
        checked[key] = _as_type_of(name, getattr(old, key), value)
    return replace(old, **checked)


def _as_type_of(name: str, example: object, value: object) -> object:
    """`value` in the type of `example`, whole numbers standing for floats where asked."""
    if isinstance(example, tuple):
        items = (value,) if isinstance(value, str) else value
        if not isinstance(items, list | tuple):
            raise SettingsError(name, f"it must be a list, not {value!r}")
        kind: type = float if name in ("method.pixel_mean", "method.pixel_std") else str
        return tuple(_as_type_of(name, kind(), item) for item in items)
    if isinstance(example, bool) or isinstance(value, bool):
        fits = isinstance(example, bool) and isinstance(value, bool)
    elif isinstance(example, float):
        fits = isinstance(value, int | float)
        value = float(value) if isinstance(value, int | float) else value
    else:
        fits = isinstance(value, type(example))
    if not fits:
        raise SettingsError(name, f"it must be of the type {type(example).__name__}, not {value!r}")
    return value


def _faults(config: TrainConfig) -> list[SettingsError]:
    """What of these values can't be."""
    faults = []
    for name, choices in CHOICES.items():
        value = _get(config, name)
        if value not in choices:
            faults.append(SettingsError(name, f"'{value}' is not there; {_one_of(choices)}"))
    for name, low, high in _RANGES:
        value = _get(config, name)
        if not low <= value <= high:
            faults.append(SettingsError(name, f"{value} is not from {low} to {high}"))
    if config.method.stored_size < config.method.input_size:
        faults.append(SettingsError("method.stored_size", "it is below method.input_size"))
    faults.extend(
        SettingsError(name, "it must hold three numbers")
        for name in ("method.pixel_mean", "method.pixel_std")
        if len(_get(config, name)) != 3
    )
    if min(config.method.pixel_std, default=0.0) <= 0:
        faults.append(SettingsError("method.pixel_std", "it must be above 0"))
    return faults


_RANGES: tuple[tuple[str, float, float], ...] = (
    ("data.cut", 0, 8192),
    ("data.template", 0, 8192),
    ("data.min_photos", 1, 10**6),
    ("data.people", 0, 10**9),
    ("data.queries_per_person", 0, 10**6),
    ("data.val_per_person", 0, 10**6),
    ("data.unseen_share", 0.0, 0.45),
    ("method.input_size", 8, 1024),
    ("method.n_books", 1, 4096),
    ("method.n_words", 2, 65536),
    ("method.feature_dim", 0, 65536),
    ("method.scale", 1e-6, 1e6),
    ("method.margin", 0.0, 2.0),
    ("method.entropy_weight", 0.0, 1e3),
    ("method.distillation_weight", 0.0, 1e6),
    ("method.dropout", 0.0, 0.95),
    ("method.assignment_scale", 1e-6, 1e6),
    ("augment.blur", 0.0, 1.0),
    ("augment.grey", 0.0, 1.0),
    ("augment.jpeg", 0.0, 1.0),
    ("augment.low_res", 0.0, 1.0),
    ("augment.occlusion", 0.0, 1.0),
    ("engine.epochs", 1, 10**6),
    ("engine.batch_size", 2, 10**6),
    ("engine.lr", 1e-12, 1e6),
    ("engine.momentum", 0.0, 1.0),
    ("engine.weight_decay", 0.0, 1e3),
    ("engine.lr_step", 1, 10**6),
    ("engine.lr_decay", 1e-6, 1.0),
    ("engine.warmup_epochs", 0.0, 1e6),
    ("engine.trunk_lr_scale", 0.0, 1e3),
    ("engine.trunk_frozen_epochs", 0, 10**6),
    ("engine.trunk_warmup_epochs", 0.0, 1e6),
    ("engine.clip_norm", 0.0, 1e9),
    ("engine.ema", 0.0, 0.999999),
    ("engine.seed", 0, 2**62),
    ("engine.eval_every", 1, 10**6),
    ("engine.p_at", 1, 10**6),
    ("engine.checkpoint_minutes", 0.0, 1e6),
    ("engine.checkpoint_steps", 0, 10**9),
)


def _get(config: TrainConfig, name: str) -> Any:
    section, _, key = name.partition(".")
    return getattr(getattr(config, section), key)


def _one_of(names: tuple[str, ...] | list[str]) -> str:
    return f"choose one of {', '.join(names)}"
