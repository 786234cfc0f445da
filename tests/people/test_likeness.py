"""How surely faces belong to their person, against a slow version written from the definition."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.links import Links, PairEvidence
from opqn_app.people.likeness import (
    likeness_of,
    likeness_of_pairs,
    likeness_to_rest,
    nearest_of,
)
from opqn_app.store.library import Library
from tests.library_fakes import store_codes

LINKS = Links(-11.801, 8.968, 8.535, 6.567, -0.904, 0.718, 0.459)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(16)


def units(rng: np.random.Generator, n: int, dim: int = 24) -> np.ndarray:
    drawn = rng.normal(size=(n, dim)) + 1.5 * rng.normal(size=dim)
    found: np.ndarray = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
    return found


def slow_likeness(vectors: np.ndarray, face: int, links: Links) -> float:
    rest = [i for i in range(len(vectors)) if i != face]
    scores = [float(vectors[face] @ vectors[i]) for i in rest]
    mean = sum(scores) / len(scores)
    within = sum(float(vectors[i] @ vectors[j]) for i in rest for j in rest) / len(rest) ** 2
    c, size = mean / math.sqrt(within), math.log2(min(len(rest), 16))
    odds = links.bias + links.likeness * c + links.mean * mean + links.best * max(scores)
    odds += links.sizes * size + links.likeness_sizes * c * size + links.unlike_sizes * size
    return 1 / (1 + math.exp(-odds))


def test_a_face_is_compared_with_all_the_others(rng: np.random.Generator) -> None:
    for n in (2, 3, 20):
        vectors = units(rng, n)
        slow = [slow_likeness(vectors, face, LINKS) for face in range(n)]
        assert likeness_to_rest(vectors, LINKS) == pytest.approx(slow, abs=1e-4)


def test_a_face_alone_is_not_doubted(rng: np.random.Generator) -> None:
    assert likeness_to_rest(units(rng, 1), LINKS).tolist() == [1.0]


def test_of_thousands_a_stranger_still_stands_out(rng: np.random.Generator) -> None:
    vectors = units(rng, 3000)
    vectors[7] = -vectors[7]
    found = likeness_to_rest(vectors, LINKS)
    assert found.argmin() == 7
    assert found[7] < 0.01


def test_two_faces_are_compared_by_their_score() -> None:
    scores = np.array([0.2, 0.9])
    one = np.ones(2)
    expected = LINKS.probability(PairEvidence(scores, scores, scores, one, one))
    assert likeness_of_pairs(scores, LINKS).tolist() == expected.tolist()


def two_looks(n: int) -> np.ndarray:
    """Codes of n and n + 1 faces that have nothing in common: word 0 of all books, word 1."""
    return np.repeat([[0] * 4, [1] * 4], [n, n + 1], axis=0).astype(np.uint8)


class Encoder:
    """What likeness has to know of a model: words, links, and whose codes they are."""

    config = OpqnConfig(n_books=4, n_words=2, feature_dim=8)

    def __init__(self, model_id: str, links: Links | None = LINKS) -> None:
        self.model_id, self.links = model_id, links
        self.words = np.zeros((4, 2, 2), np.float32)  # (M, d, K)
        self.words[:, 0, 0] = self.words[:, 1, 1] = 0.5


@pytest.fixture
def library(tmp_path: Path) -> Iterator[tuple[Library, list[int]]]:
    codes = two_looks(3)
    stored = store_codes(tmp_path / "library.sqlite", codes, 256)
    with Library.open(stored.path) as opened:
        yield opened, stored.face_ids.tolist()


def test_a_stranger_among_the_faces_of_a_person_is_told(
    library: tuple[Library, list[int]],
) -> None:
    opened, ids = library
    encoder: Any = Encoder("stored-model")
    found = likeness_of(opened, [*ids[:3], ids[5], 999_999], encoder)
    assert list(found) == [*ids[:3], ids[5]]
    assert min(found[i] for i in ids[:3]) > 0.5 > found[ids[5]]


def test_of_two_faces_none_is_doubted(library: tuple[Library, list[int]]) -> None:
    opened, ids = library
    encoder: Any = Encoder("stored-model")
    assert likeness_of(opened, [ids[0], ids[5]], encoder) == {}


def test_the_nearest_faces_come_first_and_the_face_itself_not(
    library: tuple[Library, list[int]],
) -> None:
    opened, ids = library
    encoder: Any = Encoder("stored-model")
    found = nearest_of(opened, ids[1], ids, encoder, 3)
    assert [face for face, _ in found] == [ids[0], ids[2], ids[3]]
    assert found[1][1] > 0.5 > found[2][1]


@pytest.mark.parametrize("encoder", [Encoder("another"), Encoder("stored-model", links=None)])
def test_without_codes_or_links_nothing_is_said(
    library: tuple[Library, list[int]], encoder: Any
) -> None:
    opened, ids = library
    assert likeness_of(opened, ids, encoder) == {}
    assert nearest_of(opened, ids[0], ids, encoder, 3) == []
