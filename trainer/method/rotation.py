"""Where an OPQN head starts: directions that tell people apart, turned to suit M sub-spaces."""

import torch
from torch import Tensor

from trainer.method.kmeans import nearest_centres


def discriminant_directions(x: Tensor, labels: Tensor, n: int, *, shrinkage: float) -> Tensor:
    """Linear discriminant analysis: the spread within people is whitened away.

    Args:
        x: (N, D) features.
        labels: (N,) int64 from 0.
        n: directions to keep, the most telling first.
        shrinkage: share of the mean within-person variance added to every direction, above 0.

    Returns:
        (n, D) rows such that `x @ rows.T` has within-person spread near 1.
    """
    x = x.double() - x.double().mean(0)
    n_classes = int(labels.max()) + 1
    counts = torch.bincount(labels, minlength=n_classes).double()
    sums = torch.zeros(n_classes, x.shape[1], dtype=torch.double).index_add_(0, labels, x)
    residual = x - (sums / counts[:, None])[labels]
    within = residual.T @ residual / (len(x) - n_classes)
    ridge = shrinkage * within.trace() / len(within)
    values, vectors = torch.linalg.eigh(within + ridge * torch.eye(len(within)).double())
    whiten = vectors @ torch.diag(values**-0.5) @ vectors.T
    _, directions = torch.linalg.eigh(whiten @ (x.T @ x / len(x)) @ whiten)  # ascending
    chosen: Tensor = (whiten @ directions.flip(1)[:, :n]).T
    return chosen.float()


def quantisation_rotation(
    x: Tensor, n_books: int, n_words: int, *, iterations: int, seed: int
) -> Tensor:
    """Optimised product quantisation (Ge et al. 2013): the rotation that M codebooks fit best.

    Starts from the principal axes dealt to the books by equal product of variances, then
    alternates between one k-means step and the orthogonal Procrustes solution.

    Args:
        x: (N, r) vectors, r divisible by `n_books`.

    Returns:
        (r, r) orthogonal matrix R; book m reads entries m·r/M to (m + 1)·r/M of `x @ R.T`.
    """
    rotation = _balanced_axes(x, n_books)
    generator = torch.Generator().manual_seed(seed)
    first = torch.randperm(len(x), generator=generator)[:n_words]
    turned = (x @ rotation.T).view(len(x), n_books, -1)
    centres = turned[first].transpose(0, 1).clone()  # (M, K, r/M)
    for _ in range(iterations):
        turned = (x @ rotation.T).view(len(x), n_books, -1)
        quantised = torch.empty_like(turned)
        for book in range(n_books):
            part = turned[:, book].contiguous()
            _, nearest = nearest_centres(part, centres[book])
            sums = torch.zeros_like(centres[book]).index_add_(0, nearest, part)
            counts = torch.bincount(nearest, minlength=n_words)
            used = counts > 0
            centres[book][used] = sums[used] / counts[used, None]
            quantised[:, book] = centres[book][nearest]
        u, _, v = torch.linalg.svd(quantised.flatten(1).T @ x)
        rotation = u @ v
    return rotation


def _balanced_axes(x: Tensor, n_books: int) -> Tensor:
    """Principal axes, the next largest always to the book whose variances multiply to least."""
    values, vectors = torch.linalg.eigh(torch.cov(x.T))
    size = x.shape[1] // n_books
    books: list[list[int]] = [[] for _ in range(n_books)]
    log_products = [0.0] * n_books
    for axis in range(x.shape[1] - 1, -1, -1):
        open_books = [book for book in range(n_books) if len(books[book]) < size]
        book = min(open_books, key=lambda b: log_products[b])
        books[book].append(axis)
        log_products[book] += float(values[axis].clamp_min(1e-12).log())
    order = torch.tensor([axis for book in books for axis in book])
    axes: Tensor = vectors.index_select(1, order).T
    return axes
