"""Aligned crops in, codes and tables out, by OpenVINO and NumPy: what the app knows of a model."""

import threading
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.errors import ModelIncompatible
from opqn_app.core.network import Network
from opqn_app.core.types import Codes, Crops, Floats
from opqn_app.opqn import lut
from opqn_app.opqn.calibration import Calibration
from opqn_app.opqn.codebooks import orthonormal_codebooks
from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.joint_codes import JointSearch
from opqn_app.opqn.model_folder import ModelFiles
from opqn_app.opqn.preprocess import to_network_input
from opqn_app.opqn.weights import WORDS, as_loaded, fingerprint, read_weights

MIN_LENGTH = 1e-12  # of a vector that is scaled to length 1


class OnnxEncoder:
    """A FaceEncoder of a model folder, without torch; `load_encoder` makes one.

    Each face goes through the network alone. So its features have nothing to do with which faces
    it came with, bit for bit, and so its code has not.

    It knows from the start what the folder says of the model. It reads weights and networks when
    they are first used. Several threads may share it.

    Args:
        files: of the model.
    """

    def __init__(self, files: ModelFiles) -> None:
        self._files = files
        self._lock = threading.Lock()  # a network runs one picture at a time

    @property
    def model_id(self) -> str:
        return self._files.model_id

    @property
    def name(self) -> str:
        return self._files.name

    @property
    def config(self) -> OpqnConfig:
        return self._files.config

    @property
    def n_books(self) -> int:
        return self.config.n_books

    @property
    def n_words(self) -> int:
        return self.config.n_words

    @property
    def calibration(self) -> Calibration | None:
        return self._files.calibration

    @cached_property
    def codebooks(self) -> Floats:
        """(M, d, K) float32: the orthonormal words that codes name.

        With joint words a code names words that were learned instead; these then are only
        orthonormal directions, one a word, in which a query's table can be written as a vector.
        """
        return orthonormal_codebooks(self.n_books, self.n_words, self.config.sub_dim)

    @cached_property
    def words(self) -> Floats:
        """(M, d, K) float32: the learned map F_m of each book, column k for its word k."""
        return self._loaded[1]

    def prepare(self) -> None:
        """Read the weights and compile the networks now.

        Raises:
            ModelIncompatible: a file is missing or damaged, or they do not belong together.
        """
        with self._lock:
            _ = self._loaded

    def features(self, crops: Crops) -> Floats:
        """(n, S, S, 3) uint8 RGB, S = 112 in the app → (n, D) float32 before quantisation."""
        pictures = to_network_input(checked(crops), self.config)
        out = np.empty((len(pictures), self.config.feature_dim), np.float32)
        with self._lock:
            networks = self._loaded[0]
            for i in range(len(pictures)):
                x = pictures[i : i + 1]
                for network in networks:
                    x = network.run(x)
                out[i] = x[0]
        return out

    def encode(self, crops: Crops) -> Codes:
        """(n, 112, 112, 3) uint8 RGB → (n, M) codes, uint8 or uint16."""
        return self.codes_of(self.features(crops))

    def luts(self, crops: Crops) -> Floats:
        """(n, 112, 112, 3) uint8 RGB → (n, M, K) float32 tables, snapped for exact sums."""
        return self.tables_of(self.features(crops))

    def codes_of(self, features: Floats) -> Codes:
        """(n, D) features → (n, M) codes, uint8 or uint16.

        b_m = argmax_k of the assignment, the same for every positive length of x_m and every
        temperature, rounding aside. Joint words are chosen together, see `joint_codes`.
        """
        if self.config.joint_words:
            codes = self._joint_search.codes(_unit(features.astype(np.float64)))
        else:
            codes = self._logits(features).argmax(-1)
        return codes.astype(self.config.code_dtype)

    def tables_of(self, features: Floats) -> Floats:
        """(n, D) features → (n, M, K) float32 tables (Eq. 18), snapped."""
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
    def _loaded(self) -> tuple[list[Network], Floats]:
        """The networks, one after the other, and the words."""
        words = self._checked_words()
        networks = zip(self._files.checked_networks(), self._files.weights, strict=True)
        return [Network(path, weights) for path, weights in networks], words

    def _checked_words(self) -> Floats:
        """The words, once all weights are known to be those that the model_id was made from."""
        weights: dict[str, NDArray[Any]] = {}
        for path in self._files.weights:
            weights |= read_weights(path)
        if fingerprint(self.config, weights) != self.model_id:
            reason = "its weights and its config do not belong together (model_id differs)"
            raise ModelIncompatible(self._files.folder, reason)
        return as_loaded(weights[WORDS])


def checked(crops: Crops) -> Crops:
    """`crops`, if they are square uint8 pictures.

    Raises:
        ValueError: they are not.
    """
    crops = np.asarray(crops)
    if crops.ndim != 4 or crops.shape[3] != 3 or crops.shape[1] != crops.shape[2]:
        raise ValueError(f"crops must have the shape (n, size, size, 3), not {crops.shape}")
    if crops.dtype != np.uint8:
        raise ValueError(f"crops must be uint8, not {crops.dtype}")
    return crops


def _unit(x: NDArray[Any]) -> NDArray[Any]:
    """Vectors along the last axis, scaled to length 1."""
    lengths = np.sqrt(np.square(x).sum(-1, keepdims=True))
    scaled: NDArray[Any] = x / np.maximum(lengths, x.dtype.type(MIN_LENGTH))
    return scaled
