"""The orthonormal codebooks of OPQN: the only place their construction exists."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Floats


def dct_matrix(dim: int) -> NDArray[np.float64]:
    """The orthogonal cosine matrix A of the paper.

    A[t, f] = cos((t + ½) · f · π / d), columns scaled to length 1, with t and f from 0. Eq. 5
    prints the indices from 1; that matrix is not orthogonal, so the released code's are used.

    Args:
        dim: d, at least 1.

    Returns:
        (d, d); row = sample t, column = frequency f.
    """
    t, f = np.arange(dim, dtype=np.float64)[:, None], np.arange(dim, dtype=np.float64)[None, :]
    a: NDArray[Any] = np.cos((t + 0.5) * f * (math.pi / dim)) * math.sqrt(2.0 / dim)
    a[:, 0] = 1.0 / math.sqrt(dim)  # the constant column has twice the energy of the others
    return a


def orthonormal_codebooks(n_books: int, n_words: int, sub_dim: int) -> Floats:
    """C_1 … C_M of Algorithm 1: the K lowest frequencies, then C_m = A · C_{m-1}.

    All products are taken in float64 and cast once, so that C_mᵀC_m is the identity as closely
    as float32 can hold it.

    Args:
        n_books: M.
        n_words: K.
        sub_dim: d.

    Returns:
        (M, d, K) float32; column k of book m is its word k.

    Raises:
        ValueError: K > d: so many words can't be orthonormal.
    """
    if not 1 <= n_words <= sub_dim:
        raise ValueError(f"{n_words} words can't be orthonormal in {sub_dim} dimensions (K ≤ d)")
    a = dct_matrix(sub_dim)
    books = [a[:, :n_words]]
    for _ in range(1, n_books):
        books.append(a @ books[-1])
    return np.stack(books).astype(np.float32)
