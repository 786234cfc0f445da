"""Aligned crops in, codes and tables out, by torch: on graphics cards, and for models in training.

The app's own encoder is `opqn_app.opqn.encoder.OnnxEncoder`.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from opqn_app.core.types import Codes, Crops, Floats
from opqn_app.opqn import lut
from opqn_app.opqn.calibration import Calibration
from opqn_app.opqn.feature_encoder import FeatureEncoder, checked
from opqn_app.opqn.links import Links
from opqn_app.opqn.torch.checkpoint import load_model
from opqn_app.opqn.torch.model import OpqnModel
from opqn_app.opqn.torch.preprocess import to_network_input
from opqn_app.opqn.torch.weights import fingerprint, stored_state

logger = logging.getLogger(__name__)

CUDA_BATCH = 64


class TorchEncoder(FeatureEncoder):
    """A FaceEncoder that runs an OpqnModel on one device.

    Args:
        model: used in evaluation mode; taken over, not copied.
        model_id: fingerprint under which codes are stored; computed from the weights if empty.
        device: "cpu" or "cuda".
        batch_size: most crops in one forward pass; halved when the device's memory is too small.
            By default 1 on the CPU: a face's features then have nothing to do with which faces
            it came with, bit for bit, and so its code has not. With larger batches, and always on
            a graphics card, the kernels differ with the batch size and features by about 1e-6 of
            their size, which can move a code whose two best words are that close. So can
            another number of processor threads.
    """

    def __init__(
        self,
        model: OpqnModel,
        *,
        model_id: str = "",
        name: str = "unsaved",
        calibration: Calibration | None = None,
        links: Links | None = None,
        device: str = "cpu",
        batch_size: int | None = None,
    ) -> None:
        model_id = model_id or fingerprint(model.config, stored_state(model, half=False))
        super().__init__(model.config, model_id, name, calibration, links)
        self._device = torch.device(device)
        self._batch_size = batch_size or (CUDA_BATCH if device == "cuda" else 1)
        self._model = model.to(self._device).eval()
        self._lock = threading.Lock()  # lanes share the encoder; cudnn's flags are global

    @classmethod
    def load(cls, path: Path | str, device: str = "cpu", *, batch_size: int | None = None) -> Self:
        """An encoder from a model folder; see `checkpoint.load_model` for the errors."""
        loaded = load_model(Path(path).absolute())
        return cls(
            loaded.model,
            model_id=loaded.model_id,
            name=loaded.name,
            calibration=loaded.calibration,
            links=loaded.links,
            device=device,
            batch_size=batch_size,
        )

    @property
    def words(self) -> Floats:
        return self._model.quantizer.mlp.detach().cpu().numpy()

    def features(self, crops: Crops) -> Floats:
        crops = checked(crops)
        parts: list[Floats] = []
        start, size = 0, self._batch_size
        while start < len(crops) or not parts:  # no crops: one empty pass gives the right shape
            batch = crops[start : start + size]
            try:
                parts.append(self._forward(batch))
            except torch.cuda.OutOfMemoryError:
                if len(batch) <= 1:
                    raise
                size = len(batch) // 2
                torch.cuda.empty_cache()
            else:
                start += len(batch)
        if size < self._batch_size:
            logger.warning("graphics memory is short: %d faces at a time from now on", size)
            self._batch_size = size
        return np.concatenate(parts)

    def codes_of(self, features: Floats) -> Codes:
        quantizer = self._model.quantizer
        # Joint words are chosen for all faces together; each gets the code it has alone.
        size = max(len(features), 1) if quantizer.is_joint else self._batch_size
        codes = self._through(quantizer.codes, features, size, (self.n_books,))
        return codes.astype(self.config.code_dtype)

    def tables_of(self, features: Floats) -> Floats:
        shape = (self.n_books, self.n_words)
        tables = self._through(self._model.quantizer.tables, features, self._batch_size, shape)
        return lut.snap(tables) if len(tables) else tables.astype(np.float32)

    @torch.inference_mode()
    def _through(
        self, head: Callable[[Tensor], Tensor], features: Floats, size: int, shape: tuple[int, ...]
    ) -> NDArray[Any]:
        """`head` of `size` features at a time: (n, *shape)."""
        x = torch.from_numpy(np.ascontiguousarray(features)).to(self._device)
        if not len(x):
            return np.empty((0, *shape))
        batches = [x[start : start + size] for start in range(0, len(x), size)]
        with self._lock, _full_precision(self._device):
            return np.concatenate([head(batch).cpu().numpy() for batch in batches])

    @torch.inference_mode()
    def _forward(self, batch: Crops) -> Floats:
        pixels = torch.from_numpy(batch.copy("C")).to(self._device)  # no strides below 0
        with self._lock, _full_precision(self._device):
            x = to_network_input(pixels, self._model.config)
            features: Floats = self._model.features(x).cpu().numpy()
            return features


def _full_precision(device: torch.device) -> AbstractContextManager[None]:
    """Keep a graphics card from rounding to TF32 or choosing kernels by timing them."""
    if device.type != "cuda":
        return nullcontext()
    return torch.backends.cudnn.flags(
        enabled=True, benchmark=False, deterministic=True, allow_tf32=False
    )
