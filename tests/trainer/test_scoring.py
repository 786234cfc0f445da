"""The batch scorer gives the app's own bits."""

import numpy as np
import pytest

from opqn_app.opqn import lut
from trainer.evaluate.scoring import CodeScorer, CosineScorer, StoredTables, score_block


def random_tables(rng: np.random.Generator, n: int, books: int, words: int) -> np.ndarray:
    logits = rng.normal(size=(n, books, words)) * 3
    p = np.exp(logits)
    return lut.snap(p / p.sum(-1, keepdims=True))


@pytest.mark.parametrize(("books", "words", "kind"), [(8, 256, "uint8"), (5, 512, "uint16")])
def test_batch_scores_are_bit_equal_to_the_apps(books: int, words: int, kind: str) -> None:
    rng = np.random.default_rng(books)
    tables = random_tables(rng, 7, books, words)
    codes = rng.integers(0, words, (501, books)).astype(kind)
    scorer = CodeScorer(StoredTables(tables), codes)
    expected = np.stack([lut.scores(t, codes) for t in tables])
    assert np.array_equal(scorer.scores(0, 7), expected)
    assert np.array_equal(scorer.scores(3, 5), expected[3:5])
    queries, gallery = rng.integers(0, 7, 60), rng.integers(0, 501, 60)
    assert np.array_equal(scorer.pair_scores(queries, gallery), expected[queries, gallery])


def test_no_score_leaves_the_stated_range() -> None:
    rng = np.random.default_rng(3)
    tables = random_tables(rng, 6, 4, 16)
    scorer = CodeScorer(StoredTables(tables), rng.integers(0, 16, (400, 4)).astype(np.uint8))
    low, high = scorer.score_range
    scores = scorer.scores(0, 6)
    assert low <= float(scores.min())
    assert float(scores.max()) <= high
    assert 0.0 < high <= 4.0


def test_the_books_are_summed_in_any_order() -> None:
    rng = np.random.default_rng(4)
    tables, words = random_tables(rng, 3, 8, 32), rng.integers(0, 32, (8, 90))
    turned = score_block(np.flip(tables, 1), np.flip(words, 0))
    assert np.array_equal(score_block(tables, words), turned)


def test_cosine_scorer_against_the_definition() -> None:
    rng = np.random.default_rng(5)
    queries, gallery = (rng.normal(size=(n, 12)).astype(np.float32) for n in (4, 9))
    expected = [[q @ g / np.linalg.norm(q) / np.linalg.norm(g) for g in gallery] for q in queries]
    scorer = CosineScorer(queries, gallery)
    assert scorer.scores(0, 4) == pytest.approx(np.array(expected), abs=1e-6)
    pairs = scorer.pair_scores(np.array([0, 3]), np.array([8, 2]))
    assert pairs == pytest.approx([expected[0][8], expected[3][2]], abs=1e-6)
