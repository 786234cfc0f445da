"""Aligned crops in, codes and tables out: what the app and the evaluation know of the network."""

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

from opqn_app.core.errors import ModelIncompatible
from opqn_app.core.types import Codes, Crops, Floats
from opqn_app.opqn import lut
from opqn_app.opqn.calibration import Calibration
from opqn_app.opqn.torch.checkpoint import load_model
from opqn_app.opqn.torch.model import OpqnModel
from opqn_app.opqn.torch.openvino_features import compiled_features, warn_of
from opqn_app.opqn.torch.preprocess import to_network_input
from opqn_app.opqn.torch.weights import fingerprint, stored_state

logger = logging.getLogger(__name__)

CUDA_BATCH = 64


class OpqnEncoder:
    """A FaceEncoder that runs an OpqnModel on one device.

    Args:
        model: used in evaluation mode; taken over, not copied.
        model_id: fingerprint under which codes are stored; computed from the weights if empty.
        device: "cpu" or "cuda".
        batch_size: most crops in one forward pass; halved when the device's memory is too small.
            By default 1 on the CPU: a face's features then have nothing to do with which faces
            it came with, bit for bit, and so its code has not, although the words of codes are
            chosen for all faces together (see `joint_codes`). With larger batches, and always on a
            graphics card, the kernels differ with the batch size and features by about 1e-6 of
            their size, which can move a code whose two best words are that close. So can
            another number of processor threads.
        features: what computes features in place of `model`: (B, 3, S, S) → (B, D) on the CPU.
            The first error it raises makes `model` take over for good.
        again: loads `model` once more; what it raises, the caller of this encoder gets. Where it is
            given, the weights of the backbone are let go of for as long as `features` stands in
            for it.
    """

    def __init__(
        self,
        model: OpqnModel,
        *,
        model_id: str = "",
        name: str = "unsaved",
        calibration: Calibration | None = None,
        device: str = "cpu",
        batch_size: int | None = None,
        features: Callable[[Tensor], Tensor] | None = None,
        again: Callable[[], OpqnModel] | None = None,
    ) -> None:
        self._model_id = model_id or fingerprint(model.config, stored_state(model, half=False))
        self._name = name
        self._calibration = calibration
        self._device = torch.device(device)
        self._batch_size = batch_size or (CUDA_BATCH if device == "cuda" else 1)
        self._model = model.to(self._device).eval()
        self._compiled, self._again = features, again
        if features is not None and again is not None:
            self._model.backbone.to("meta")
        self._lock = threading.Lock()  # lanes share the encoder; cudnn's flags are global

    @classmethod
    def load(
        cls,
        path: Path | str,
        device: str = "cpu",
        *,
        batch_size: int | None = None,
        openvino: bool = True,
    ) -> Self:
        """An encoder from a model folder; see `checkpoint.load_model` for the errors.

        Args:
            openvino: on the CPU, let OpenVINO compute the features where it is installed: each crop
                alone whatever `batch_size`, features within about 2e-6 of torch's.
        """
        folder = Path(path).absolute()
        loaded = load_model(folder)

        def again() -> OpqnModel:
            found = load_model(folder)
            if found.model_id != loaded.model_id:
                raise ModelIncompatible(folder, "its files were changed while it was in use")
            return found.model

        return cls(
            loaded.model,
            model_id=loaded.model_id,
            name=loaded.name,
            calibration=loaded.calibration,
            device=device,
            batch_size=batch_size,
            features=compiled_features(loaded.model) if openvino and device == "cpu" else None,
            again=again,
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

    @property
    def codebooks(self) -> Floats:
        """(M, d, K) float32: the orthonormal words that codes name.

        With joint words a code names words that were learned instead; these then are only
        orthonormal directions, one a word, in which a query's table can be written as a vector.
        """
        return self._model.quantizer.codebooks.cpu().numpy()

    def features(self, crops: Crops) -> Floats:
        """(n, 112, 112, 3) uint8 RGB → (n, D) float32 features before quantisation."""
        return self._run(crops, lambda x: x)

    def encode(self, crops: Crops) -> Codes:
        """(n, 112, 112, 3) uint8 RGB → (n, M) codes, uint8 or uint16."""
        quantizer = self._model.quantizer
        if quantizer.is_joint:
            # For many faces at once at a third of the time, with the codes each has alone.
            codes = self._joint_codes(self.features(crops))
        else:
            codes = self._run(crops, quantizer.codes)
        return codes.astype(self._model.config.code_dtype)

    def luts(self, crops: Crops) -> Floats:
        """(n, 112, 112, 3) uint8 RGB → (n, M, K) float32 tables, snapped for exact sums."""
        return lut.snap(self._run(crops, self._model.quantizer.tables))

    def _run(self, crops: Crops, head: Callable[[Tensor], Tensor]) -> NDArray[Any]:
        crops = _checked(crops)
        parts: list[NDArray[Any]] = []
        start, size = 0, self._batch_size
        while start < len(crops) or not parts:  # no crops: one empty pass gives the right shape
            batch = crops[start : start + size]
            try:
                parts.append(self._forward(batch, head))
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

    @torch.inference_mode()
    def _joint_codes(self, features: Floats) -> NDArray[Any]:
        codes = self._model.quantizer.codes(torch.from_numpy(features).to(self._device))
        return codes.cpu().numpy()

    @torch.inference_mode()
    def _forward(self, batch: Crops, head: Callable[[Tensor], Tensor]) -> NDArray[Any]:
        pixels = torch.from_numpy(batch.copy("C")).to(self._device)  # no strides below 0
        with self._lock, _full_precision(self._device):
            out = head(self._features_of(to_network_input(pixels, self._model.config)))
            return out.cpu().numpy()

    def _features_of(self, x: Tensor) -> Tensor:
        if self._compiled is not None:
            try:
                return self._compiled(x)
            except Exception as error:  # noqa: BLE001 - torch can do the same
                warn_of(error)
                if self._again is not None:
                    self._model.backbone = self._again().backbone.to(self._device).eval()
                self._compiled = None
        return self._model.features(x)


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
