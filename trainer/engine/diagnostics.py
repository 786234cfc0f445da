"""What each codebook does: a book that collapses shows here long before the figures drop."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from opqn_app.opqn.torch.quantizer import assignment_entropy
from trainer.quantizer import Quantizer


@dataclass(frozen=True, slots=True)
class BookReport:
    """Over a set of pictures, one number for each book unless said otherwise.

    Attributes:
        entropy: mean entropy of the training assignment in nats, 0 (one word) to log K.
        words_used: words that at least one picture is coded by.
        balance: entropy of how often words are used ÷ log K: 1 when all are used alike.
        length: mean ‖x_m‖.
        collisions: over all books: share of pictures that share their whole code with a picture
            of another person.
    """

    entropy: tuple[float, ...]
    words_used: tuple[int, ...]
    balance: tuple[float, ...]
    length: tuple[float, ...]
    collisions: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values, rounded, for a line of the log."""
        return {
            name: [round(v, 4) for v in value] if isinstance(value, tuple) else round(value, 6)
            for name, value in asdict(self).items()
        }


@torch.no_grad()
def describe_books(
    quantizer: Quantizer, features: Tensor, codes: Tensor, people: NDArray[np.int64]
) -> BookReport:
    """The report of `features` (n, D) with `codes` (n, M) and identities (n,)."""
    n_words = quantizer.n_words
    log_p = quantizer.training_log_assignment(features)
    used = [torch.bincount(book, minlength=n_words) for book in codes.T]
    balance = []
    for counts in used:
        share = counts[counts > 0] / max(int(counts.sum()), 1)
        balance.append(float(-(share * share.log()).sum()) / float(np.log(n_words)))
    return BookReport(
        entropy=_floats(assignment_entropy(log_p).mean(0)),
        words_used=tuple(int((counts > 0).sum()) for counts in used),
        balance=tuple(balance),
        length=_floats(quantizer.sub_vectors(features).norm(dim=-1).mean(0)),
        collisions=code_collisions(codes.cpu().numpy(), people),
    )


def code_collisions(codes: NDArray[Any], people: NDArray[np.int64]) -> float:
    """Share of pictures whose whole code also belongs to a picture of somebody else, 0 to 1."""
    if not len(codes):
        return 0.0
    _, code = np.unique(codes, axis=0, return_inverse=True)
    pairs = np.unique(np.stack([code.ravel(), people]), axis=1)  # code and person, once each
    owners = np.bincount(pairs[0])
    return float((owners[code.ravel()] > 1).mean())


def _floats(values: Tensor) -> tuple[float, ...]:
    return tuple(float(v) for v in values)
