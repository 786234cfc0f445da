"""k-means and spherical k-means: where the words of a book start."""

import torch
import torch.nn.functional as F
from torch import Tensor


def spherical_kmeans(points: Tensor, n_clusters: int, *, iterations: int, seed: int) -> Tensor:
    """Directions that `points` gather around.

    A cluster that loses all its points is restarted at the point that fits its own cluster worst.

    Args:
        points: (n, d) of unit length, n ≥ n_clusters.
        n_clusters: K.
        iterations: passes over the points.
        seed: of the random first centres.

    Returns:
        (K, d) unit vectors.
    """
    generator = torch.Generator().manual_seed(seed)
    centres = points[torch.randperm(len(points), generator=generator)[:n_clusters]].clone()
    for _ in range(iterations):
        distances, nearest = nearest_centres(points, centres)
        sums = torch.zeros_like(centres).index_add_(0, nearest, points)
        is_empty = torch.bincount(nearest, minlength=n_clusters) == 0
        worst = distances.argsort(descending=True)[: int(is_empty.sum())]
        sums[is_empty] = points[worst]
        centres = F.normalize(sums, dim=-1)
    return centres


def kmeans(points: Tensor, n_clusters: int, *, iterations: int, seed: int) -> tuple[Tensor, Tensor]:
    """Centres of `points` (n, d), n ≥ n_clusters, from a random start.

    Returns:
        (K, d) centres, and (n,) the number of each point's own.
    """
    points = points.contiguous()
    generator = torch.Generator().manual_seed(seed)
    centres = points[torch.randperm(len(points), generator=generator)[:n_clusters]].clone()
    for _ in range(iterations):
        _, nearest = nearest_centres(points, centres)
        sums = torch.zeros_like(centres).index_add_(0, nearest, points)
        counts = torch.bincount(nearest, minlength=n_clusters)
        used = counts > 0
        centres[used] = sums[used] / counts[used, None]
    return centres, nearest_centres(points, centres)[1]


def nearest_centres(points: Tensor, centres: Tensor, block: int = 8192) -> tuple[Tensor, Tensor]:
    """The nearest centre of each point by distance: squared distance less ‖point‖², and number.

    For centres of unit length the first is -2 times the cosine of a unit point, plus 1.
    """
    half_norms = centres.square().sum(-1) / 2
    starts = range(0, len(points), block)
    best = [(points[s : s + block] @ centres.T - half_norms).max(-1) for s in starts]
    return torch.cat([-2 * b.values for b in best]), torch.cat([b.indices for b in best])
