"""Codes and tables to measure searches with: those of a bundled model, or drawn ones."""

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
MODELS = {8: "bundled-64", 16: "bundled-128", 32: "bundled-256"}  # by bytes of a code
DRAWN = 32_768  # faces coded with joint words; more are crossed from them
PHOTOS = 15  # of a drawn person, on average
SAME = 0.65  # share of the variance that the photos of a drawn person have in common


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """A gallery without a size yet.

    Attributes:
        label: what it is.
        codes: (n, M) uint8 of faces, which `gallery` crosses; None for drawn codes.
        tables: (QUERIES, M, 256), not snapped, of faces.
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
        """(n, M) codes, and tables to search them with."""
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


def load_data(
    *, synthetic: bool = False, embeddings: Path = EMBEDDINGS, model: str = MODELS[8]
) -> Data:
    """The recipe's embeddings where they are, else the sample's faces, else drawn codes.

    Joint words take 11 ms a face to choose as the app does, so codes of models with joint words are
    of faces drawn like the sample's, and their words are chosen one after the other.
    """
    folder = paths.resource("models") / model
    if synthetic or not folder.is_dir():
        rng = np.random.default_rng(2)
        vectors = unit(rng.standard_normal((20_000 + QUERIES, DIM)).astype(np.float32))
        return Data("drawn", None, None, vectors[QUERIES:], vectors[:QUERIES])
    network = bundled_model(folder)
    if network.config.joint_words:
        faces = people_like(sample_embeddings(network), DRAWN + QUERIES)
        label = f"{model}, faces drawn like the sample's"
        return coded(network, label, faces[QUERIES:], faces[:QUERIES])
    from trainer.recipes.trunk_cache import trunk_id

    trunk = trunk_id(network)
    files = [embeddings / f"{name}-{trunk}.npz" for name in PARTS]
    parts = [np.load(file) for file in files if file.is_file()]
    if parts:
        seen = [(part["plain"], part["mirrored"]) for part in parts]
        faces = np.concatenate([unit(unit(plain) + unit(mirrored)) for plain, mirrored in seen])
        last = faces[-len(seen[-1][0]) :]
        queries = last[:: len(last) // QUERIES][:QUERIES]
        return coded(network, f"{model}, real faces", faces, queries)
    faces = sample_embeddings(network)
    label = f"{model}, blends of the sample's faces"
    return coded(network, label, blended(faces), faces[:QUERIES])


def coded(model: "OpqnModel", label: str, faces: np.ndarray, queries: np.ndarray) -> Data:
    """Codes and tables of what the head gets of faces: unit vectors (n, E)."""
    import torch

    head, quantizer = trunk_of(model).from_embedding, model.quantizer
    with torch.inference_mode():
        if quantizer.is_joint:
            words = quantizer.mlp.transpose(1, 2).numpy()
            codes = words_in_turn(unit(head(torch.from_numpy(faces)).numpy()), words)
        else:
            parts = torch.from_numpy(faces).split(2048)
            codes = np.concatenate([quantizer.codes(head(part)).numpy() for part in parts])
        tables = quantizer.tables(head(torch.from_numpy(np.ascontiguousarray(queries)))).numpy()
    turn = np.linalg.qr(np.random.default_rng(4).standard_normal((DIM, faces.shape[1])))[0]
    turned = [(x @ turn.T).astype(np.float32) for x in (faces, queries)]
    return Data(label, codes.astype(np.uint8), tables, *turned)


@cache
def bundled_model(folder: Path) -> "OpqnModel":
    """Whose codes are searched."""
    from opqn_app.opqn.torch.checkpoint import load_model

    return load_model(folder).model.eval()


def words_in_turn(features: np.ndarray, words: np.ndarray) -> np.ndarray:
    """(n, M) codes: each word is the nearest, of its book, to what the words before it left over.

    Args:
        features: (n, D).
        words: (M, K, D).
    """
    codes = np.empty((len(features), len(words)), np.uint8)
    for start in range(0, len(features), 4096):
        left = features[start : start + 4096].copy()
        for m, book in enumerate(words):
            nearest = (2 * left @ book.T - np.einsum("kd,kd->k", book, book)).argmax(1)
            codes[start : start + 4096, m] = nearest
            left -= book[nearest]
    return codes


def people_like(faces: np.ndarray, n: int) -> np.ndarray:
    """(n, E) unit vectors: photos of drawn people, in no order, as spread as these faces are.

    People and photos are normal with the mean and the covariance of `faces` (k, E). People have
    unequal numbers of photos.
    """
    rng = np.random.default_rng(3)
    mean = faces.mean(0)
    spread = (faces - mean) / np.sqrt(len(faces))

    def deviations(size: int) -> np.ndarray:
        drawn: np.ndarray = rng.standard_normal((size, len(faces)), dtype=np.float32) @ spread
        return drawn

    n_people = max(1, n // PHOTOS)
    shares = 1 / np.sqrt(np.arange(1, n_people + 1))
    who = rng.choice(n_people, n, p=shares / shares.sum())
    people = deviations(n_people)
    return unit(mean + np.sqrt(SAME) * people[who] + np.sqrt(1 - SAME) * deviations(n)).astype(
        np.float32
    )


def trunk_of(model: "OpqnModel") -> "EmbeddedTrunk":
    """Its face network, which knows the embedding below the codes' features."""
    from opqn_app.opqn.torch.backbone import EmbeddedTrunk

    assert isinstance(model.backbone, EmbeddedTrunk)
    return model.backbone


def sample_embeddings(model: "OpqnModel") -> np.ndarray:
    """(162, E) what the head gets of the faces of the bundled sample."""
    import torch

    from opqn_app.opqn.torch.preprocess import to_network_input

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
    if m <= 8:
        halves = np.array([np.isin(range(m), half) for half in combinations(range(m), m // 2)])
    else:  # too many to list
        halves = rng.permuted(np.tile(np.arange(m) < m // 2, (4096, 1)), axis=1)
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
