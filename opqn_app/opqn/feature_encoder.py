"""What the app's encoder and torch's share: crops → features → codes and tables."""

from abc import ABC, abstractmethod
from functools import cached_property

import numpy as np

from opqn_app.core.types import Codes, Crops, Floats
from opqn_app.opqn.calibration import Calibration
from opqn_app.opqn.codebooks import orthonormal_codebooks
from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.links import Links


class FeatureEncoder(ABC):
    """A FaceEncoder that computes a face's features first.

    Args:
        model_id: fingerprint under which codes are stored.
        name: for people.
        calibration, links: None where the model has none.
    """

    def __init__(
        self,
        config: OpqnConfig,
        model_id: str,
        name: str,
        calibration: Calibration | None,
        links: Links | None = None,
    ) -> None:
        self.config, self._model_id, self._name = config, model_id, name
        self._calibration, self._links = calibration, links

    @property
    def model_id(self) -> str:
        return self._model_id

    @property
    def name(self) -> str:
        return self._name

    @property
    def calibration(self) -> Calibration | None:
        return self._calibration

    @property
    def links(self) -> Links | None:
        return self._links

    @property
    def n_books(self) -> int:
        return self.config.n_books

    @property
    def n_words(self) -> int:
        return self.config.n_words

    @cached_property
    def codebooks(self) -> Floats:
        """(M, d, K) float32: the orthonormal words that codes name.

        With joint words a code names words that were learned instead; these then are only
        orthonormal directions, one a word, in which a query's table can be written as a vector.
        """
        return orthonormal_codebooks(self.n_books, self.n_words, self.config.sub_dim)

    @property
    @abstractmethod
    def words(self) -> Floats:
        """(M, d, K) float32: the learned map F_m of each book, column k for its word k."""

    @abstractmethod
    def features(self, crops: Crops) -> Floats:
        """(n, S, S, 3) uint8 RGB, S = 112 in the app → (n, D) float32 before quantisation."""

    @abstractmethod
    def codes_of(self, features: Floats) -> Codes:
        """(n, D) features → (n, M) codes, uint8 or uint16.

        b_m = argmax_k of the assignment, the same for every positive length of x_m and every
        temperature, rounding aside. Joint words are chosen together, see `joint_codes`.
        """

    @abstractmethod
    def tables_of(self, features: Floats) -> Floats:
        """(n, D) features → (n, M, K) float32 tables (Eq. 18), snapped for exact sums."""

    def encode(self, crops: Crops) -> Codes:
        """(n, S, S, 3) uint8 RGB → (n, M) codes."""
        return self.codes_of(self.features(crops))

    def luts(self, crops: Crops) -> Floats:
        """(n, S, S, 3) uint8 RGB → (n, M, K) tables, snapped."""
        return self.tables_of(self.features(crops))


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
