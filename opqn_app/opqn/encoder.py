"""Aligned crops in, codes and tables out: what the app and the evaluation know of the network."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from opqn_app.opqn import lut
from opqn_app.opqn.checkpoint import fingerprint, load_model, stored_state
from opqn_app.opqn.model import OpqnModel
from opqn_app.opqn.preprocess import to_network_input
from opqn_app.types import Calibration, Codes, Crops, Floats

logger = logging.getLogger(__name__)

DEFAULT_BATCH = 32


class OpqnEncoder:
    """A FaceEncoder that runs an OpqnModel on one device.

    Args:
        model: used in evaluation mode; taken over, not copied.
        model_id: fingerprint under which codes are stored; computed from the weights if empty.
        device: "cpu" or "cuda".
        batch_size: most crops in one forward pass; halved when the device's memory is too small.
    """

    def __init__(
        self,
        model: OpqnModel,
        *,
        model_id: str = "",
        name: str = "unsaved",
        calibration: Calibration | None = None,
        device: str = "cpu",
        batch_size: int = DEFAULT_BATCH,
    ) -> None:
        self._model_id = model_id or fingerprint(model.config, stored_state(model, half=False))
        self._name = name
        self._calibration = calibration
        self._device = torch.device(device)
        self._batch_size = max(1, batch_size)
        self._model = model.to(self._device).eval()

    @classmethod
    def load(
        cls, path: Path | str, device: str = "cpu", *, batch_size: int = DEFAULT_BATCH
    ) -> Self:
        """An encoder from a model folder; see `checkpoint.load_model` for the errors."""
        loaded = load_model(Path(path))
        return cls(
            loaded.model,
            model_id=loaded.model_id,
            name=loaded.name,
            calibration=loaded.calibration,
            device=device,
            batch_size=batch_size,
        )

    @property
    def model_id(self) -> str:
        return self._model_id

    @property
    def name(self) -> str:
        return self._name

    @property
    def n_books(self) -> int:
        return self._model.config.n_books

    @property
    def n_words(self) -> int:
        return self._model.config.n_words

    @property
    def calibration(self) -> Calibration | None:
        return self._calibration

    def features(self, crops: Crops) -> Floats:
        """(n, 112, 112, 3) uint8 RGB → (n, D) float32 features before quantisation."""
        return self._run(crops, lambda x: x)

    def encode(self, crops: Crops) -> Codes:
        """(n, 112, 112, 3) uint8 RGB → (n, M) codes, uint8 or uint16."""
        return self._run(crops, self._model.quantizer.codes).astype(self._model.config.code_dtype)

    def luts(self, crops: Crops) -> Floats:
        """(n, 112, 112, 3) uint8 RGB → (n, M, K) float32 tables, snapped for exact sums."""
        return lut.snap(self._run(crops, self._model.quantizer.tables))

    def _run(self, crops: Crops, head: Callable[[Tensor], Tensor]) -> NDArray[Any]:
        crops = _checked(crops)
        parts: list[NDArray[Any]] = []
        start = 0
        while start < len(crops) or not parts:  # no crops: one empty pass gives the right shape
            batch = crops[start : start + self._batch_size]
            try:
                parts.append(self._forward(batch, head))
            except torch.cuda.OutOfMemoryError:
                if self._batch_size == 1:
                    raise
                self._halve_batches()
            else:
                start += len(batch)
        return np.concatenate(parts)

    @torch.inference_mode()
    def _forward(self, batch: Crops, head: Callable[[Tensor], Tensor]) -> NDArray[Any]:
        pixels = torch.from_numpy(np.ascontiguousarray(batch)).to(self._device)
        with _full_precision(self._device):
            out = head(self._model.features(to_network_input(pixels, self._model.config)))
            return out.cpu().numpy()

    def _halve_batches(self) -> None:
        self._batch_size //= 2
        torch.cuda.empty_cache()
        logger.warning("graphics memory is short: %d faces at a time from now", self._batch_size)


def _full_precision(device: torch.device) -> AbstractContextManager[None]:
    """Keep a graphics card from rounding to TF32 or choosing kernels by timing them."""
    if device.type != "cuda":
        return nullcontext()
    return torch.backends.cudnn.flags(
        enabled=True, benchmark=False, deterministic=True, allow_tf32=False
    )


def _checked(crops: Crops) -> Crops:
    crops = np.asarray(crops)
    if crops.ndim != 4 or crops.shape[3] != 3 or crops.shape[1] != crops.shape[2]:
        raise ValueError(f"crops must have the shape (n, size, size, 3), not {crops.shape}")
    if crops.dtype != np.uint8:
        raise ValueError(f"crops must be uint8, not {crops.dtype}")
    return crops
