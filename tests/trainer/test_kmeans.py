"""k-means and spherical k-means on planted clusters."""

import pytest
import torch
import torch.nn.functional as F

from trainer.method.kmeans import kmeans, spherical_kmeans


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


def blobs(seed: int) -> torch.Tensor:
    """60 points around each of 8 places, four pairs of them in one direction."""
    generator = torch.Generator().manual_seed(seed)
    places = 5 * F.normalize(torch.randn(4, 3, generator=generator), dim=-1)
    places = torch.cat([places, 2 * places])
    return (places[:, None] + 0.1 * torch.randn(8, 60, 3, generator=generator)).reshape(-1, 3)


def test_each_point_has_the_number_of_its_nearest_centre() -> None:
    points = blobs(0)
    for iterations in (0, 3):
        centres, nearest = kmeans(points, 20, iterations=iterations, seed=1)
        for point, number in zip(points.tolist(), nearest.tolist(), strict=True):
            apart = [
                sum((a - b) ** 2 for a, b in zip(point, centre, strict=True))
                for centre in centres.tolist()
            ]
            assert apart[number] == pytest.approx(min(apart), abs=1e-4)


def test_settled_centres_are_the_means_of_their_points() -> None:
    points = blobs(1)
    centres, nearest = kmeans(points, 20, iterations=60, seed=2)
    for number, centre in enumerate(centres):
        own = points[nearest == number]
        assert len(own)
        torch.testing.assert_close(centre, own.mean(0), rtol=0, atol=1e-5)


def test_lengths_tell_clusters_apart() -> None:
    """Unlike the spherical one: with spare centres, no planted place shares one with another."""
    _, nearest = kmeans(blobs(2), 40, iterations=20, seed=3)
    owners = [set(own.tolist()) for own in nearest.view(8, 60)]
    assert sum(map(len, owners)) == len(set.union(*owners))


def test_more_iterations_never_fit_worse() -> None:
    points = blobs(3)
    fits = []
    for n in (0, 1, 5, 20):
        centres, nearest = kmeans(points, 8, iterations=n, seed=4)
        fits.append(float((points - centres[nearest]).square().sum(-1).mean()))
    assert fits[0] > fits[1] >= fits[2] - 1e-6
    assert fits[2] >= fits[3] - 1e-6


def test_a_centre_without_points_stays_where_it_is() -> None:
    points = torch.tensor([[1.0, 2.0]]).repeat(6, 1)
    centres, nearest = kmeans(points, 3, iterations=5, seed=0)
    assert torch.equal(centres, points[:3])
    assert len(nearest.unique()) == 1


def test_same_seed_same_clusters_and_the_points_stay() -> None:
    wide = torch.cat([blobs(4), blobs(5)], dim=1)
    points, before = wide[:, 1:4], wide.clone()  # a view with gaps, as a sub-space is
    (first, own), (again, own_again) = (kmeans(points, 8, iterations=4, seed=9) for _ in range(2))
    assert torch.equal(first, again)
    assert torch.equal(own, own_again)
    assert torch.equal(wide, before)
    assert not torch.equal(first, kmeans(points, 8, iterations=4, seed=10)[0])
