"""What the same features do without OPQN: compared as floats, and coded by faiss at equal bits.

PQ (Jégou et al. 2011) and OPQ (Ge et al. 2013) codes are searched through the same tables and the
same scorer as OPQN's: the table of a query holds minus the squared distance of its sub-vectors to
each centroid. faiss only learns the centroids and the rotation.
"""

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from opqn_app.core.errors import OpqnError
from opqn_app.core.extras import needed_for
from opqn_app.core.types import Codes, Floats
from opqn_app.opqn import lut

MAX_TRAINING = 50_000  # vectors the centroids are learned from
MAX_ROTATED = 512  # dimensions OPQ keeps; it learns a rotation, which costs their cube
ROTATION_ROUNDS = 20
CHUNK = 4096


class ControlUnavailable(OpqnError):
    """A control that can't be computed here; the sentence says why."""


@dataclass(frozen=True, slots=True, eq=False)
class ProductQuantizer:
    """Centroids learned by faiss.

    Attributes:
        rotation: (r, D) applied to the vectors first, or None.
        centroids: (M, K, r/M) float32.
    """

    rotation: Floats | None
    centroids: Floats

    def codes(self, features: Floats) -> Codes:
        """(n, D) → (n, M) nearest centroids."""
        kind = np.uint8 if self.centroids.shape[1] <= 256 else np.uint16
        parts = [self._tables(features[i : i + CHUNK]).argmax(-1) for i in _starts(features)]
        return np.concatenate(parts).astype(kind)

    def tables(self, features: Floats) -> Floats:
        """(n, D) → (n, M, K) minus squared distances, snapped."""
        return np.concatenate(
            [lut.snap(self._tables(features[i : i + CHUNK])) for i in _starts(features)]
        )

    def _tables(self, features: Floats) -> Floats:
        x = unit_rows(features)
        if self.rotation is not None:
            x = x @ self.rotation.T
        n_books, _, size = self.centroids.shape
        sub = x.reshape(len(x), n_books, size)
        inner = np.einsum("nmd,mkd->nmk", sub, self.centroids, optimize=True)
        lengths = (sub**2).sum(-1)[:, :, None] + (self.centroids**2).sum(-1)
        tables: Floats = (2 * inner - lengths).astype(np.float32)
        return tables


def train_pq(features: Floats, n_books: int, bits: int, *, rotated: bool) -> ProductQuantizer:
    """Learn M books of 2^bits centroids from l2-normalised features.

    Args:
        features: (n, D).
        rotated: OPQ: learn a rotation first, into at most `MAX_ROTATED` dimensions.

    Raises:
        ControlUnavailable: there are fewer vectors than centroids, or D can't be cut into M pieces.
        ExtraMissing: faiss is not installed.
    """
    faiss = _faiss()
    x = unit_rows(features)
    if len(x) > MAX_TRAINING:
        x = x[np.random.default_rng(0).permutation(len(x))[:MAX_TRAINING]]
    if len(x) < 1 << bits:
        raise ControlUnavailable(
            f"PQ with {1 << bits} centroids needs as many pictures to learn from, not {len(x)}."
        )
    if x.shape[1] % n_books:
        raise ControlUnavailable(f"{x.shape[1]} features can't be cut into {n_books} books.")
    rotation = _rotation(faiss, x, n_books, bits) if rotated else None
    turned = x if rotation is None else np.ascontiguousarray(x @ rotation.T)
    learned = _pq(faiss, turned.shape[1], n_books, bits)
    learned.train(turned)
    shape = (n_books, 1 << bits, turned.shape[1] // n_books)
    return ProductQuantizer(rotation, faiss.vector_to_array(learned.centroids).reshape(shape))


def unit_rows(features: Floats) -> Floats:
    """Rows of length 1, so that distances rank like cosines."""
    length = np.linalg.norm(features, axis=1, keepdims=True)
    return np.ascontiguousarray(features / np.maximum(length, 1e-12), dtype=np.float32)


def _rotation(faiss: ModuleType, x: Floats, n_books: int, bits: int) -> Floats:
    kept = min(x.shape[1], MAX_ROTATED // n_books * n_books)
    turn = faiss.OPQMatrix(x.shape[1], n_books, kept)
    turn.niter = ROTATION_ROUNDS
    inner = _pq(faiss, kept, n_books, bits)  # faiss keeps a bare pointer: it must outlive training
    turn.pq = inner
    # WORKAROUND faiss 1.15: fewer vectors than dimensions overrun a buffer of OPQMatrix::train.
    turn.train(x if len(x) >= x.shape[1] else np.resize(x, (x.shape[1], x.shape[1])))
    matrix: Floats = faiss.vector_to_array(turn.A).reshape(kept, x.shape[1])
    return matrix


def _pq(faiss: ModuleType, size: int, n_books: int, bits: int) -> Any:
    quantizer = faiss.ProductQuantizer(size, n_books, bits)
    quantizer.cp.min_points_per_centroid = 1  # few pictures are the user's business, not a warning
    return quantizer


def _starts(features: Floats) -> range:
    return range(0, max(len(features), 1), CHUNK)


def _faiss() -> ModuleType:
    with needed_for("Comparing with PQ and OPQ"):
        import faiss
    found: ModuleType = faiss
    return found
