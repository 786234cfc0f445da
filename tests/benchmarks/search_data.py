"""Codes and tables to measure searches with: real ones of the bundled model, or drawn ones."""

from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from opqn_app.core import paths
from tests.sample_crops import sample_crops

if TYPE_CHECKING:
    from opqn_app.opqn.torch.backbone import EmbeddedTrunk
    from opqn_app.opqn.torch.model import OpqnModel

QUERIES = 10
DIM = 512  # of the vectors that peers search: what most face networks give
EMBEDDINGS = Path(__file__).resolve().parents[2] / "runs" / "bundled-head"
PARTS = ("val", "lfw")  # people whom the words were not learned from
MODEL = paths.resource("models/bundled-64")


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """A gallery without a size yet.

    Attributes:
        label: what it is.
        codes: (n, 8) uint8 of real faces, which `gallery` crosses; None for drawn codes.
        tables: (QUERIES, 8, 256), not snapped, of real faces.
        embeddings: (n, 512) unit vectors, what a network without codes would keep; for peers. The
            trunk's 128 numbers, turned into 512 dimensions without changing a likeness.
        queries: (QUERIES, 512).
    """

    label: str
    codes: np.ndarray | None
    tables: np.ndarray | None
    embeddings: np.ndarray
    queries: np.ndarray

    def described(self, n: int) -> str:
        """What `gallery` and `vectors` of n faces are made of."""
        if self.codes is None or n <= len(self.codes):
            return self.label
        return f"{self.label}: {len(self.codes):,}, and {n - len(self.codes):,} crossed from them"

    def gallery(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """(n, 8) codes, and tables to search them with."""
        if self.codes is None or self.tables is None:
            return drawn(n)
        return crossed(self.codes, n), self.tables

    def vectors(self, n: int) -> np.ndarray:
        """(n, 512) unit vectors; beyond the known ones, half-way between two of them."""
        rng = np.random.default_rng(1)
        out = np.empty((n, DIM), np.float32)
        known = self.embeddings[:n]
        out[: len(known)] = known
        for start in range(len(known), n, 65536):
            stop = min(n, start + 65536)
            pairs = rng.integers(len(self.embeddings), size=(2, stop - start))
            out[start:stop] = self.embeddings[pairs[0]] + self.embeddings[pairs[1]]
        return unit(out)


def load_data(*, synthetic: bool = False, embeddings: Path = EMBEDDINGS) -> Data:
    """The recipe's embeddings where they are, else the sample's faces, else drawn codes."""
    if synthetic or not MODEL.is_dir():
        rng = np.random.default_rng(2)
        vectors = unit(rng.standard_normal((20_000 + QUERIES, DIM)).astype(np.float32))
        return Data("drawn", None, None, vectors[QUERIES:], vectors[:QUERIES])
    from trainer.recipes.trunk_cache import trunk_id

    trunk = trunk_id(bundled_model())
    files = [embeddings / f"{name}-{trunk}.npz" for name in PARTS]
    parts = [np.load(file) for file in files if file.is_file()]
    if parts:
        seen = [(part["plain"], part["mirrored"]) for part in parts]
        faces = np.concatenate([unit(unit(plain) + unit(mirrored)) for plain, mirrored in seen])
        last = faces[-len(seen[-1][0]) :]
        return coded("bundled-64, real faces", faces, last[:: len(last) // QUERIES][:QUERIES])
    faces = sample_embeddings()
    return coded("bundled-64, blends of the sample's faces", blended(faces), faces[:QUERIES])


def coded(label: str, faces: np.ndarray, queries: np.ndarray) -> Data:
    """Codes and tables of what the head gets of faces: unit vectors (n, E)."""
    import torch

    model = bundled_model()
    head, quantizer = trunk_of(model).from_embedding, model.quantizer
    with torch.inference_mode():
        codes = [
            quantizer.codes(head(part)).numpy().astype(np.uint8)
            for part in torch.from_numpy(faces).split(2048)
        ]
        tables = quantizer.tables(head(torch.from_numpy(np.ascontiguousarray(queries)))).numpy()
    turn = np.linalg.qr(np.random.default_rng(4).standard_normal((DIM, faces.shape[1])))[0]
    turned = [(x @ turn.T).astype(np.float32) for x in (faces, queries)]
    return Data(label, np.concatenate(codes), tables, *turned)


@cache
def bundled_model() -> "OpqnModel":
    """Whose codes are searched."""
    from opqn_app.opqn.torch.checkpoint import load_model

    return load_model(MODEL).model.eval()


def trunk_of(model: "OpqnModel") -> "EmbeddedTrunk":
    """Its face network, which knows the embedding below the codes' features."""
    from opqn_app.opqn.torch.backbone import EmbeddedTrunk

    assert isinstance(model.backbone, EmbeddedTrunk)
    return model.backbone


def sample_embeddings() -> np.ndarray:
    """(162, E) what the head gets of the faces of the bundled sample."""
    import torch

    from opqn_app.opqn.torch.preprocess import to_network_input

    model = bundled_model()
    with torch.inference_mode():
        pixels = to_network_input(torch.from_numpy(sample_crops()), model.config)
        trunk = trunk_of(model)
        return np.concatenate([trunk.embedding(part).numpy() for part in pixels.split(16)])


def blended(faces: np.ndarray, n: int = 4_000) -> np.ndarray:
    """(n, E) unit vectors between two faces each."""
    rng = np.random.default_rng(3)
    pairs = rng.integers(len(faces), size=(2, n))
    share = rng.random((n, 1), dtype=np.float32)
    return unit(share * faces[pairs[0]] + (1 - share) * faces[pairs[1]])


def crossed(codes: np.ndarray, n: int) -> np.ndarray:
    """`codes` among others that have half of their words from each of two of them."""
    rng = np.random.default_rng(0)
    if n <= len(codes):
        return codes[rng.permutation(len(codes))[:n]]
    m = codes.shape[1]
    halves = np.array([np.isin(range(m), half) for half in combinations(range(m), m // 2)])
    every = np.empty((n, m), np.uint8)
    for start in range(0, n, 2**20):
        size = min(n - start, 2**20)
        parents = codes[rng.integers(len(codes), size=(2, size))]
        first = halves[rng.integers(len(halves), size=size)]
        every[start : start + size] = np.where(first, parents[0], parents[1])
    every[rng.choice(n, len(codes), replace=False, shuffle=False)] = codes
    return every


def drawn(n: int, peak: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Codes (n, 8) of n / 15 people and tables whose largest entry is about `peak`."""
    rng = np.random.default_rng(0)
    people, books = max(1, n // 15), np.arange(8)
    popularity = rng.gamma(0.5, 1, (8, 256)) + 1e-3
    likely = np.stack([rng.choice(256, (people, 8), p=p / p.sum()) for p in popularity], axis=1)
    share = (1 - peak) ** np.arange(8)
    share /= share.sum()
    size = 1 / np.sqrt(np.arange(1, people + 1))
    who = rng.choice(people, n, p=size / size.sum())
    picked = np.searchsorted(np.cumsum(share)[:-1], rng.random((n, 8)))
    codes = likely[who[:, None], books, picked].astype(np.uint8)
    tables = 0.02 * rng.dirichlet(np.ones(256), (QUERIES, 8))
    for table, person in zip(tables, rng.choice(people, QUERIES), strict=True):
        np.add.at(table, (books[:, None], likely[person]), 0.98 * share)
    return codes, tables


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows scaled to length 1."""
    lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))[:, None]
    scaled: np.ndarray = vectors / lengths
    return scaled
