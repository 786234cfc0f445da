"""Turn the OPQN authors' released checkpoints (`.tar`) into model folders, without running code.

The format, from the released code: one `torch.save` dict with two keys. "backbone" is the state
dict of the ResNet20 inside `DataParallel`, so each of its 156 names starts with "module.". "mlp" is
F with the axes (M, d, K); a fork read them as (M, K, d), which goes unnoticed while d = K. All
sizes follow from the shapes. Codebooks are not stored; they follow from the sizes too.
"""

import logging
import pickle
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from opqn_app.core.errors import ModelIncompatible
from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.torch.checkpoint import save_model, untrained_model
from opqn_app.opqn.torch.weights import State, check_state

logger = logging.getLogger(__name__)

PREFIX = "module."
INPUT_SIZE_OF_FLAT = {512 * 7 * 7: 112, 512 * 4 * 4: 32}

# Preprocessing of the released code: ToTensor, resize, centre crop, then these statistics.
RESIZE_TO = {112: 120, 32: 35}
CENTRED = (127.5, 127.5, 127.5)
FACESCRUB_MEAN = (0.639 * 255, 0.479 * 255, 0.404 * 255)
FACESCRUB_STD = (0.216 * 255, 0.183 * 255, 0.171 * 255)

# What torch.load raises for bytes that are no checkpoint; which one depends on the first bytes.
UNREADABLE = (
    pickle.UnpicklingError,
    struct.error,
    RuntimeError,
    OSError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ImportError,
    AssertionError,
)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What was found in a released checkpoint and where it lies now.

    Attributes:
        n_tensors: tensors taken over, "mlp" counted.
        n_parameters: learned numbers of backbone and "mlp".
        notes: plain sentences on what the file does not say and was assumed.
    """

    folder: Path
    name: str
    model_id: str
    config: OpqnConfig
    n_tensors: int
    n_parameters: int
    notes: tuple[str, ...]

    def __str__(self) -> str:
        config = self.config
        return (
            f"{config.n_books} books of {config.n_words} words ({config.code_bits} bits, "
            f"{config.code_bytes} bytes a face), {config.feature_dim} features, ResNet20 for "
            f"{config.input_size} px, {self.n_tensors} tensors with {self.n_parameters:,} numbers. "
            + " ".join(self.notes)
        )


def import_official(tar: Path, out: Path) -> ImportReport:
    """Read the released checkpoint `tar` and write it as a model folder `out`.

    Weights are taken over bit by bit (float32).

    Raises:
        ModelIncompatible: there is no such file, or it is not a released OPQN checkpoint; the
            reason says what is missing or of the wrong size.
    """
    content = _read(tar)
    backbone, mlp = _parts(content, tar)
    config = infer_config(backbone, mlp, tar)
    state = {f"backbone.{name}": value for name, value in backbone.items()}
    state["quantizer.mlp"] = mlp
    model = untrained_model(config)
    check_state(state, dict(model.state_dict()), tar)
    model.load_state_dict(state, assign=True)
    notes = _notes(config)
    model_id = save_model(out, model.eval(), card=_card(tar, config, notes), half=False)
    return ImportReport(
        folder=out,
        name=out.name,
        model_id=model_id,
        config=config,
        n_tensors=len(state),
        n_parameters=sum(p.numel() for p in model.parameters()),
        notes=notes,
    )


def infer_config(backbone: State, mlp: Tensor, source: Path) -> OpqnConfig:
    """Sizes from the shapes: M, d, K from `mlp`; D from `fc`; the input size from `bn`.

    Args:
        backbone: state dict without the "module." prefix.
        mlp: F, (M, d, K).

    Raises:
        ModelIncompatible: the shapes contradict each other.
    """
    if mlp.dim() != 3:
        shape = tuple(mlp.shape)
        raise ModelIncompatible(source, f"'mlp' has the shape {shape}; books, d, words are needed")
    n_books, sub_dim, n_words = mlp.shape
    feature_dim = _length(backbone, "fc.weight", source)
    flat = _length(backbone, "bn.weight", source)
    if flat not in INPUT_SIZE_OF_FLAT:
        known = " or ".join(f"{f} ({s} px)" for f, s in INPUT_SIZE_OF_FLAT.items())
        raise ModelIncompatible(source, f"'bn' has {flat} channels; {known} were expected")
    if feature_dim != n_books * sub_dim:
        raise ModelIncompatible(source, _size_clash(feature_dim, n_books, sub_dim, n_words))
    size = INPUT_SIZE_OF_FLAT[flat]
    is_small = size == 32
    values = {
        "n_books": n_books,
        "n_words": n_words,
        "feature_dim": feature_dim,
        "backbone": "resnet20",
        "input_size": size,
        "resize_to": RESIZE_TO[size],
        "channel_order": "rgb",
        "pixel_mean": FACESCRUB_MEAN if is_small else CENTRED,
        "pixel_std": FACESCRUB_STD if is_small else CENTRED,
        "query_temperature": 1.0,
        "query_form": "probabilities",
    }
    return OpqnConfig.from_dict(values, source=str(source))


def _read(tar: Path) -> object:
    if not tar.is_file():
        raise ModelIncompatible(tar, "there is no such file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about pickle protocols; what matters is checked here
            content: object = torch.load(tar, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        # torch's own words advise to read the file unsafely, so they go to the log only.
        logger.debug("torch can't read the checkpoint: %s", error)
        reason = "it is not a PyTorch checkpoint of plain tensors, or it is damaged"
        raise ModelIncompatible(tar, reason) from error
    return content


def _parts(content: object, tar: Path) -> tuple[State, Tensor]:
    """The backbone's tensors without prefix, and `mlp`, all floats as float32."""
    if not isinstance(content, dict):
        raise ModelIncompatible(tar, "it does not hold a dictionary with 'backbone' and 'mlp'")
    for key in ("backbone", "mlp"):
        if key not in content:
            found = ", ".join(repr(str(name)) for name in list(content)[:4]) or "nothing"
            raise ModelIncompatible(tar, f"it has no '{key}' (found: {found})")
    backbone, mlp = content["backbone"], content["mlp"]
    if not isinstance(backbone, dict) or not isinstance(mlp, Tensor):
        raise ModelIncompatible(tar, "'backbone' must be a state dict and 'mlp' a tensor")
    state = {}
    for name, value in backbone.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise ModelIncompatible(tar, f"the entry {name!r} of 'backbone' is not a named tensor")
        state[name.removeprefix(PREFIX)] = _plain(value)
    return state, _plain(mlp)


def _plain(value: Any) -> Tensor:
    value = value.detach().contiguous()
    plain: Tensor = value.to(torch.float32) if value.is_floating_point() else value
    return plain


def _length(backbone: State, name: str, source: Path) -> int:
    if name not in backbone:
        raise ModelIncompatible(source, f"the tensor '{name}' is missing")
    if backbone[name].dim() == 0:
        raise ModelIncompatible(source, f"the tensor '{name}' is a single number")
    return int(backbone[name].shape[0])


def _size_clash(feature_dim: int, n_books: int, sub_dim: int, n_words: int) -> str:
    reason = (
        f"'fc' gives {feature_dim} features, but 'mlp' needs {n_books} books × {sub_dim} "
        f"dimensions = {n_books * sub_dim}"
    )
    if feature_dim == n_books * n_words:
        reason += "; its last two axes look swapped: (books, dimensions, words) is the order"
    return reason


def _notes(config: OpqnConfig) -> tuple[str, ...]:
    if config.input_size == 32:
        return (
            "Pixel statistics are those of FaceScrub; the file does not say which data set it is "
            "from, and CFW-60K models may have been trained with others.",
            "The app's 112 px crops are reduced to 35 px; the crops the model was trained on may "
            "be framed differently.",
        )
    return (
        "The landmark template of the authors' crops is not published; the app's 112 px crops "
        "may be framed a little differently.",
    )


def _card(tar: Path, config: OpqnConfig, notes: tuple[str, ...]) -> str:
    lines = [
        f"# Imported from {tar.name}",
        "",
        f"OPQN ResNet20 for {config.input_size} px, {config.n_books} books of {config.n_words} "
        f"words, {config.feature_dim} features: {config.code_bits} bits, {config.code_bytes} bytes "
        "a face.",
        "",
        "The weights are the authors' release and keep its terms: code Apache-2.0, training data "
        "for research use. No figures were measured here, and scores have no calibration.",
        "",
        *(f"* {note}" for note in notes),
    ]
    return "\n".join(lines) + "\n"
