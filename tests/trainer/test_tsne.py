"""t-SNE: widths that fit the perplexity, clusters that stay together."""

import numpy as np
import pytest

from trainer.evaluate.tsne import divergence, embed, joint_probabilities


@pytest.fixture(scope="module")
def clusters() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    label = np.repeat(np.arange(4), 20)
    return rng.normal(size=(4, 16))[label] * 4 + rng.normal(size=(80, 16)), label


def test_joint_probabilities_against_scikit_learn(clusters: tuple[np.ndarray, np.ndarray]) -> None:
    from scipy.spatial.distance import pdist, squareform
    from sklearn.manifold._t_sne import _joint_probabilities

    x, _ = clusters
    square = squareform(pdist(x, "sqeuclidean")).astype(np.float32)
    theirs = squareform(_joint_probabilities(square, 12.0, 0))
    ours = joint_probabilities(x, 12.0)
    assert ours.sum() == pytest.approx(1.0)
    assert np.array_equal(ours, ours.T)
    assert ours == pytest.approx(theirs, abs=2e-6)


def test_neighbours_in_the_plane_are_neighbours_in_space(
    clusters: tuple[np.ndarray, np.ndarray],
) -> None:
    x, label = clusters
    y = embed(x)
    assert y.shape == (80, 2)
    distance = np.linalg.norm(y[:, None] - y, axis=2) + 1e9 * np.eye(80)
    assert (label[distance.argmin(1)] == label).all()
    p = joint_probabilities(x, 15.0)
    random = np.random.default_rng(1).normal(size=(80, 2))
    assert divergence(p, y) < 0.5 * divergence(p, random)
    assert np.array_equal(y, embed(x))


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_few_points_are_placed_too(n: int) -> None:
    y = embed(np.random.default_rng(n).normal(size=(n, 4)))
    assert y.shape == (n, 2)
    assert np.isfinite(y).all()


def test_equal_points_give_finite_places() -> None:
    assert np.isfinite(embed(np.ones((12, 3)))).all()
