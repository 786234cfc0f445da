"""Aligned crops in, codes and tables out, by OpenVINO and NumPy: what the app knows of a model."""

import threading
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core import allocator
from opqn_app.core.errors import ModelIncompatible
from opqn_app.core.onnx_network import Network
from opqn_app.core.types import Codes, Crops, Floats
from opqn_app.opqn import lut
from opqn_app.opqn.feature_encoder import FeatureEncoder, checked
from opqn_app.opqn.joint_codes import JointSearch
from opqn_app.opqn.model_folder import ModelFiles
from opqn_app.opqn.preprocess import to_network_input
from opqn_app.opqn.weights import WORDS, as_loaded, fingerprint, read_weights

MIN_LENGTH = 1e-12  # of a vector that is scaled to length 1


class OnnxEncoder(FeatureEncoder):
    """A FaceEncoder of a model folder, without torch; `load_encoder` makes one.

    Each face goes through the network alone. So its features have nothing to do with which faces
    it came with, bit for bit, and so its code has not.

    It knows from the start what the folder says of the model. It reads weights and networks when
    they are first used. Several threads may share it.

    Args:
        files: of the model.
    """

    def __init__(self, files: ModelFiles) -> None:
        super().__init__(files.config, files.model_id, files.name, files.calibration, files.links)
        self._files = files
        self._lock = threading.Lock()  # a network runs one picture at a time

    @cached_property
    def words(self) -> Floats:
        return self._checked_words()

    def prepare(self) -> None:
        """Read the weights and compile the networks now.

        Raises:
            ModelIncompatible: a file is missing or damaged, or they do not belong together.
        """
        with self._lock:
            _ = self._networks

    def features(self, crops: Crops) -> Floats:
        pictures = to_network_input(checked(crops), self.config)
        out = np.empty((len(pictures), self.config.feature_dim), np.float32)
        with self._lock:
            networks = self._networks
            for i in range(len(pictures)):
                x = pictures[i : i + 1]
                for network in networks:
                    x = network.run(x)
                out[i] = x[0]
        return out

    def codes_of(self, features: Floats) -> Codes:
        if self.config.joint_words:
            codes = self._joint_search.codes(_unit(features.astype(np.float64)))
        else:
            codes = self._logits(features).argmax(-1)
        return codes.astype(self.config.code_dtype)

    def tables_of(self, features: Floats) -> Floats:
        if not len(features):
            return np.empty((0, self.n_books, self.n_words), np.float32)
        logits = self._logits(features) * np.float32(self.config.query_temperature)
        if self.config.query_form == "linear":
            return lut.snap(logits)
        powers = np.exp(logits - logits.max(-1, keepdims=True))
        return lut.snap(powers / powers.sum(-1, keepdims=True))

    def _logits(self, features: Floats) -> Floats:
        """Logits of the l2-normalised sub-vectors (Eq. 2 as searched): (n, D) → (n, M, K)."""
        out = np.empty((len(features), self.n_books, self.n_words), np.float32)
        for row, x in zip(out, features, strict=True):  # alone: products round with their sizes
            if self.config.joint_words:
                sub = np.broadcast_to(_unit(x), (self.n_books, len(x)))
            else:
                sub = _unit(x.reshape(self.n_books, -1))
            np.matmul(sub[:, None], self.words, out=row[:, None])
        return out

    @cached_property
    def _joint_search(self) -> JointSearch:
        return JointSearch(self.words.transpose(0, 2, 1), self.config.length_weight)

    @cached_property
    def _networks(self) -> list[Network]:
        """One after the other."""
        _ = self.words  # raises if the weights do not belong to the model
        files = zip(self._files.checked_networks(), self._files.weights, strict=True)
        networks = [Network(path, weights) for path, weights in files]
        allocator.give_back_unused()  # what reading and compiling took
        return networks

    def _checked_words(self) -> Floats:
        """The words, once all weights are known to be those that the model_id was made from."""
        weights: dict[str, NDArray[Any]] = {}
        for path in self._files.weights:
            weights |= read_weights(path)
        if fingerprint(self.config, weights) != self.model_id:
            reason = "its weights and its config do not belong together (model_id differs)"
            raise ModelIncompatible(self._files.folder, reason)
        return as_loaded(weights[WORDS])


def _unit(x: NDArray[Any]) -> NDArray[Any]:
    """Vectors along the last axis, scaled to length 1."""
    lengths = np.sqrt(np.square(x).sum(-1, keepdims=True))
    scaled: NDArray[Any] = x / np.maximum(lengths, x.dtype.type(MIN_LENGTH))
    return scaled
