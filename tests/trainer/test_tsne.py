"""t-SNE: clusters that stay together, few and equal points, and a sentence without scikit-learn."""

import sys

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from opqn_app.core.errors import ExtraMissing
from trainer.evaluate.tsne import embed


def test_neighbours_in_the_plane_are_neighbours_in_space() -> None:
    rng = np.random.default_rng(0)
    label = np.repeat(np.arange(4), 20)
    x = rng.normal(size=(4, 16))[label] * 4 + rng.normal(size=(80, 16))
    y = embed(x)
    assert y.shape == (80, 2)
    distance = np.linalg.norm(y[:, None] - y, axis=2) + 1e9 * np.eye(80)
    assert (label[distance.argmin(1)] == label).all()
    assert trustworthiness(x, y) > 0.9
    assert np.array_equal(y, embed(x))


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_few_points_are_placed_too(n: int) -> None:
    y = embed(np.random.default_rng(n).normal(size=(n, 4)))
    assert y.shape == (n, 2)
    assert np.isfinite(y).all()


def test_equal_points_give_finite_places() -> None:
    assert np.isfinite(embed(np.ones((12, 3)))).all()


def test_without_scikit_learn_a_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.manifold", None)
    with pytest.raises(ExtraMissing, match="scikit-learn, which is not installed"):
        embed(np.eye(4))
