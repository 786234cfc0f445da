"""Spherical k-means on planted clusters."""

import torch
import torch.nn.functional as F

from trainer.kmeans import spherical_kmeans


def planted(n_clusters: int, each: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    truth = F.normalize(torch.randn(n_clusters, 16, generator=generator), dim=-1)
    noise = torch.randn(n_clusters, each, 16, generator=generator) * 0.03
    return truth, F.normalize((truth[:, None] + noise).reshape(-1, 16), dim=-1)


def test_finds_planted_directions_whatever_the_start() -> None:
    """Empty clusters are restarted, so with some spare centres no planted one is missed."""
    truth, points = planted(10, 40, seed=0)
    centres = spherical_kmeans(points, 16, iterations=25, seed=4)
    assert (truth @ centres.T).max(-1).values.min() > 0.99
    assert torch.allclose(centres.norm(dim=-1), torch.ones(16), atol=1e-5)


def test_never_fits_worse_than_its_start() -> None:
    _, points = planted(30, 10, seed=1)
    fits = [
        float((points @ spherical_kmeans(points, 12, iterations=n, seed=2).T).max(-1).values.mean())
        for n in (0, 1, 5, 20)
    ]
    assert fits[0] < fits[1] <= fits[2] + 1e-6
    assert fits[2] <= fits[3] + 1e-6


def test_same_seed_same_centres() -> None:
    _, points = planted(5, 20, seed=3)
    first, again = (spherical_kmeans(points, 5, iterations=4, seed=9) for _ in range(2))
    assert torch.equal(first, again)
