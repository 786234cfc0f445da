"""What the app knows of an encoder; networks lie behind it, and fakes in tests."""

from typing import Protocol, runtime_checkable

from opqn_app.core.types import Codes, Crops, Floats
from opqn_app.opqn.calibration import Calibration
from opqn_app.opqn.links import Links


class FaceEncoder(Protocol):
    """Turns aligned crops into codes (gallery side) and look-up tables (query side)."""

    @property
    def model_id(self) -> str: ...  # fingerprint of weights, config and preprocessing
    @property
    def name(self) -> str: ...  # for people, e.g. "bundled-64"
    @property
    def n_books(self) -> int: ...  # M
    @property
    def n_words(self) -> int: ...  # K
    @property
    def calibration(self) -> Calibration | None: ...  # None: the model has none
    def encode(self, crops: Crops) -> Codes: ...  # (n, 112, 112, 3) → (n, M)
    def luts(self, crops: Crops) -> Floats: ...  # (n, 112, 112, 3) → (n, M, K)


@runtime_checkable
class LinkingEncoder(FaceEncoder, Protocol):
    """An encoder that can also tell how likely faces show one person."""

    @property
    def links(self) -> Links | None: ...  # None: the model has none
    def features(self, crops: Crops) -> Floats: ...  # (n, 112, 112, 3) → (n, D)
    def tables_of(self, features: Floats) -> Floats: ...  # (n, D) → (n, M, K)
