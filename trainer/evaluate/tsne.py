"""t-SNE of a few hundred points (van der Maaten and Hinton, JMLR 2008), exact, for a picture."""

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.extras import needed_for

ROUNDS = 500
PERPLEXITY = 15.0


def embed(points: NDArray[np.floating], *, seed: int = 0) -> NDArray[np.float64]:
    """Points of the plane whose neighbours are those of `points`.

    Args:
        points: (n, d), d at least 2, n up to about 1,000 (memory and time grow with n²). Few
            points get a smaller perplexity.

    Returns:
        (n, 2); the same for the same input.

    Raises:
        ExtraMissing: scikit-learn is not installed.
    """
    with needed_for("The map of a sub-space"):
        from sklearn.manifold import TSNE  # takes two seconds
    x = np.asarray(points, np.float64)
    n = len(x)
    if n < 3:
        return np.column_stack([np.arange(n, dtype=np.float64), np.zeros(n)])
    has_axes = bool(np.ptp(x, axis=0).any())  # of equal points there are none to start from
    method = TSNE(
        perplexity=min(PERPLEXITY, max((n - 1) / 3, 1.01)),
        init="pca" if has_axes else "random",
        method="exact",
        max_iter=ROUNDS,
        random_state=seed,
    )
    return np.asarray(method.fit_transform(x), np.float64)
