"""The weights of a model folder in NumPy: read, and fingerprinted."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from opqn_app.core.errors import ModelIncompatible
from opqn_app.opqn.config import OpqnConfig

Arrays = Mapping[str, NDArray[Any]]
WORDS = "quantizer.mlp"


def read_weights(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of a safetensors file, as stored.

    Raises:
        ModelIncompatible: it is missing or damaged.
    """
    if not path.is_file():
        raise ModelIncompatible(path.parent, f"the folder has no {path.name}")
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        reason = f"its {path.name} is damaged ({error}); copy the model again"
        raise ModelIncompatible(path.parent, reason) from error


def fingerprint(config: OpqnConfig, weights: Arrays) -> str:
    """The model_id: 32 hex digits over config and weights.

    Floats are hashed as float32 values, so storing the same values in another precision, or
    loading and saving again, keeps the id.
    """
    digest = hashlib.sha256()
    digest.update(json.dumps(config.to_dict(), sort_keys=True).encode())
    for name in sorted(weights):
        value = as_loaded(weights[name])
        # The names of types are torch's, which the first fingerprints were made of.
        digest.update(f"\n{name} torch.{value.dtype.name} {value.shape}\n".encode())
        digest.update(np.ascontiguousarray(value, value.dtype.newbyteorder("<")).data)
    return digest.hexdigest()[:32]


def as_loaded(value: NDArray[Any]) -> NDArray[Any]:
    """Floats as float32, whole numbers as they are."""
    is_float = np.issubdtype(value.dtype, np.floating)
    return value.astype(np.float32, copy=False) if is_float else value
