"""Discriminant directions and the OPQ rotation on data with a known answer."""

import torch

from trainer.method.kmeans import nearest_centres
from trainer.method.rotation import discriminant_directions, quantisation_rotation


def planted_people(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """60 people that differ along axes 0 and 1 only; axis 2 is loud noise within people."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.zeros(60, 6)
    centres[:, :2] = torch.randn(60, 2, generator=generator)
    noise = torch.randn(60, 20, 6, generator=generator) * torch.tensor([0.1, 0.1, 5, 0.1, 0.1, 0.1])
    return (centres[:, None] + noise).reshape(-1, 6), torch.arange(60).repeat_interleave(20)


def test_directions_ignore_what_varies_within_people() -> None:
    x, labels = planted_people(0)
    rows = discriminant_directions(x, labels, 2, shrinkage=1e-6)
    share = rows.square() / rows.square().sum(1, keepdim=True)
    assert share[:, :2].sum(1).min() > 0.98


def test_spread_within_people_becomes_one() -> None:
    x, labels = planted_people(1)
    rows = discriminant_directions(x, labels, 6, shrinkage=1e-9)
    y = x @ rows.T
    means = torch.stack([y[labels == person].mean(0) for person in range(60)])
    within = torch.cov((y - means[labels]).T)
    assert torch.allclose(within, torch.eye(6), atol=0.06)


def quantisation_error(
    x: torch.Tensor, rotation: torch.Tensor, n_books: int, n_words: int
) -> float:
    """Squared error after twenty plain k-means steps in each book."""
    error = 0.0
    for part in (x @ rotation.T).chunk(n_books, dim=1):
        centres = part[:n_words].clone()
        for _ in range(20):
            _, nearest = nearest_centres(part, centres)
            for word in range(n_words):
                if (nearest == word).any():
                    centres[word] = part[nearest == word].mean(0)
        error += float((part - centres[nearest_centres(part, centres)[1]]).square().sum())
    return error


def test_rotation_is_orthogonal_and_quantises_better() -> None:
    """Correlated axes: as they stand, the books waste their words."""
    generator = torch.Generator().manual_seed(2)
    mix = torch.randn(8, 8, generator=generator)
    x = torch.randn(1500, 8, generator=generator) * torch.tensor([5, 4, 3, 2, 1, 0.5, 0.3, 0.1])
    x = x @ torch.linalg.qr(mix).Q
    rotation = quantisation_rotation(x, 2, 16, iterations=15, seed=0)
    assert torch.allclose(rotation @ rotation.T, torch.eye(8), atol=1e-4)
    as_is = quantisation_error(x, torch.eye(8), 2, 16)
    assert quantisation_error(x, rotation, 2, 16) < 0.9 * as_is


def test_nearest_centres_by_definition() -> None:
    generator = torch.Generator().manual_seed(3)
    points, centres = (
        torch.randn(50, 4, generator=generator),
        torch.randn(7, 4, generator=generator),
    )
    distances, nearest = nearest_centres(points, centres, block=16)
    for i, point in enumerate(points):
        squared = [float((point - centre).square().sum()) for centre in centres]
        assert int(nearest[i]) == min(range(7), key=squared.__getitem__)
        assert abs(float(distances[i]) + float(point.square().sum()) - min(squared)) < 1e-4
