"""t-SNE of a few hundred points (van der Maaten and Hinton, JMLR 2008), exact, for a picture."""

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

EXAGGERATION = 12.0  # of the first rounds, so that clusters form before they spread
EXAGGERATED_ROUNDS = 120
ROUNDS = 500


def embed(points: NDArray[np.floating], *, perplexity: float = 15.0, seed: int = 0) -> Doubles:
    """Points of the plane whose neighbours are those of `points`.

    Args:
        points: (n, d), n up to about 1,000 (memory and time grow with n²).
        perplexity: about how many neighbours each point has; lowered for few points.

    Returns:
        (n, 2), centred; the same for the same input.
    """
    x = np.asarray(points, np.float64)
    n = len(x)
    if n < 3:
        return np.column_stack([np.arange(n, dtype=np.float64), np.zeros(n)])
    p = joint_probabilities(x, min(perplexity, max((n - 1) / 3, 1.01)))
    y = _principal_axes(x, seed)
    speed = np.zeros_like(y)
    gain = np.ones_like(y)
    rate = max(n / EXAGGERATION, 50.0)
    for step in range(ROUNDS):
        early = step < EXAGGERATED_ROUNDS
        gradient = _gradient(p * EXAGGERATION if early else p, y)
        gain = np.where(np.sign(gradient) != np.sign(speed), gain + 0.2, gain * 0.8).clip(0.01)
        speed = (0.5 if early else 0.8) * speed - rate * gain * gradient
        y += speed
        y -= y.mean(0)
    return y


def joint_probabilities(x: Doubles, perplexity: float) -> Doubles:
    """p_ij: symmetric, zero on the diagonal, summing to 1; each row's width fits `perplexity`."""
    square = _square_distances(x)
    rows = np.stack([_row(square[i], i, np.log(perplexity)) for i in range(len(x))])
    joint: Doubles = (rows + rows.T) / (2 * len(x))
    return joint


def divergence(p: Doubles, y: Doubles) -> float:
    """KL(p ‖ q) in nats: what t-SNE makes small."""
    kernel = _kernel(y)
    q = np.maximum(kernel / kernel.sum(), 1e-12)
    used = p > 0
    return float((p[used] * np.log(p[used] / q[used])).sum())


def _row(square: Doubles, own: int, log_perplexity: float) -> Doubles:
    """p_j|i, its Gaussian width found by bisection so that the entropy is `log_perplexity`."""
    low, high, beta = 0.0, np.inf, 1.0 / max(float(np.median(square)), 1e-12)
    shifted = square - np.delete(square, own).min()
    shifted[own] = 0.0
    p: Doubles = np.zeros_like(square)
    for _ in range(64):
        p = np.exp(-beta * shifted)
        p[own] = 0.0
        p /= p.sum()
        entropy = -float((p[p > 0] * np.log(p[p > 0])).sum())
        if abs(entropy - log_perplexity) < 1e-5:
            break
        if entropy > log_perplexity:
            low = beta
        else:
            high = beta
        beta = beta * 2 if np.isinf(high) else (low + high) / 2
    return p


def _gradient(p: Doubles, y: Doubles) -> Doubles:
    kernel = _kernel(y)
    pull = (p - kernel / kernel.sum()) * kernel
    gradient: Doubles = 4.0 * (pull.sum(1)[:, None] * y - pull @ y)
    return gradient


def _kernel(y: Doubles) -> Doubles:
    kernel = 1.0 / (1.0 + _square_distances(y))
    np.fill_diagonal(kernel, 0.0)
    return kernel


def _square_distances(x: Doubles) -> Doubles:
    lengths = (x**2).sum(1)
    square: Doubles = np.maximum(lengths[:, None] + lengths - 2 * x @ x.T, 0.0)
    np.fill_diagonal(square, 0.0)
    return square


def _principal_axes(x: Doubles, seed: int) -> Doubles:
    """Where to start: the first two principal axes, tiny, with a little seeded noise."""
    centred = x - x.mean(0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    start = np.zeros((len(x), 2))
    used = min(2, len(s))
    start[:, :used] = u[:, :used] * s[:used]
    start *= 1e-4 / max(float(start.std()), 1e-12)
    return start + np.random.default_rng(seed).normal(scale=1e-5, size=start.shape)
