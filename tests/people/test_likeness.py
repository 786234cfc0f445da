"""How surely faces belong to their person, against a slow version written from the definition."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from opqn_app.opqn.links import Links, PairEvidence
from opqn_app.people.likeness import (
    certain_parts,
    codes_of,
    likeness_of_pairs,
    likeness_to_rest,
)
from opqn_app.people.word_sums import WordSums
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


def two_looks(n: int) -> tuple[np.ndarray, WordSums]:
    """Codes of n and n + 1 faces that have nothing in common: word 0 of all books, word 1."""
    words = np.zeros((4, 2, 2), np.float32)  # (M, d, K)
    words[:, 0, 0] = words[:, 1, 1] = 0.5
    return np.repeat([[0] * 4, [1] * 4], [n, n + 1], axis=0).astype(np.uint8), WordSums(
        words, is_joint=False
    )


def test_parts_are_faces_that_belong_together() -> None:
    codes, sums = two_looks(5)
    parts = certain_parts(codes, sums, LINKS)
    assert [part.tolist() for part in parts] == [[5, 6, 7, 8, 9, 10], [0, 1, 2, 3, 4]]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[tuple[Library, list[int], str]]:
    codes, _ = two_looks(3)
    stored = store_codes(tmp_path / "library.sqlite", codes, 256)
    with Library.open(stored.path) as opened:
        yield opened, stored.face_ids.tolist(), stored.model.model_id


def test_codes_come_with_their_faces(library: tuple[Library, list[int], str]) -> None:
    opened, ids, model = library
    found, codes = codes_of(opened, model, [ids[5], ids[1], 999_999])
    assert found.tolist() == [ids[1], ids[5]]
    assert codes.tolist() == [[0] * 4, [1] * 4]


def test_without_codes_of_the_model_there_are_none(
    library: tuple[Library, list[int], str],
) -> None:
    opened, ids, _ = library
    found, codes = codes_of(opened, "another", ids)
    assert (len(found), len(codes)) == (0, 0)
