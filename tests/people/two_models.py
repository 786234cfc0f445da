"""A library whose faces have given codes of two models, without a network."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from opqn_app.core.types import Codes, Crops, Floats
from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.feature_encoder import FeatureEncoder
from opqn_app.opqn.links import Links
from opqn_app.store.library import Library
from opqn_app.store.records import ModelInfo
from tests.library_fakes import StoredLibrary, store_codes
from tests.people.grouping_fakes import DIM, LINKS, N_BOOKS, N_WORDS, words

CONFIG = OpqnConfig(
    n_books=N_BOOKS, n_words=N_WORDS, feature_dim=DIM, query_form="linear", joint_words=True
)


class KnownEncoder(FeatureEncoder):
    """A model with given words; `known` says the code of a crop by its first pixel's red."""

    def __init__(
        self,
        name: str,
        *,
        seed: int = 0,
        links: Links | None = LINKS,
        known: Codes | None = None,
        model_id: str = "",
    ) -> None:
        super().__init__(CONFIG, model_id or f"{name}-id", name, None, links)
        self._words = words(seed)
        self._known = np.zeros((256, N_BOOKS), np.uint8) if known is None else known

    @property
    def info(self) -> ModelInfo:
        return ModelInfo(self.model_id, self.name, N_BOOKS, N_WORDS)

    @property
    def words(self) -> Floats:
        return self._words

    def features(self, crops: Crops) -> Floats:
        return crops[:, 56, 56, :1].astype(np.float32)

    def codes_of(self, features: Floats) -> Codes:
        found: Codes = self._known[features[:, 0].astype(int)]
        return found

    def tables_of(self, features: Floats) -> Floats:
        table = np.full((len(features), N_BOOKS, N_WORDS), 0.05, np.float32)
        for row, code in zip(table, self.codes_of(features), strict=True):
            row[np.arange(N_BOOKS), code] = 0.9
        return table


def codes_about(people: Sequence[int], seed: int, changed: float = 0.2) -> Codes:
    """Codes in which faces of a person share all words but the share `changed` of them."""
    draws = np.random.default_rng(seed)
    own = draws.integers(N_WORDS, size=(max(people, default=0) + 1, N_BOOKS))
    codes = own[np.array(people, np.intp)]
    is_changed = draws.random(codes.shape) < changed
    codes[is_changed] = draws.integers(N_WORDS, size=int(is_changed.sum()))
    found: Codes = codes.astype(np.uint8)
    return found


def store_both(
    path: Path,
    old: tuple[KnownEncoder, Codes],
    new: tuple[KnownEncoder, Codes],
    *,
    faces_per_photo: int = 1,
) -> StoredLibrary:
    """A library whose faces have the codes of both, in order."""
    stored = store_codes(path, old[1], N_WORDS, faces_per_photo=faces_per_photo)
    with Library.open(path, write=True) as library:
        for encoder, codes in (old, new):
            library.writer.save_codes(encoder.info, stored.face_ids.tolist(), codes)
    return stored
