"""What trainer and evaluation know of the words of any method."""

from typing import Protocol

from torch import Tensor


class Quantizer(Protocol):
    """From features (B, D) to codes and to the tables that score them; always an `nn.Module`.

    Its weights are what retrieval needs. They are kept with the best weights.

    Attributes:
        n_words: K, the words of each book.
    """

    n_words: int

    def sub_vectors(self, x: Tensor) -> Tensor:
        """(B, D) → (B, M, d), what each book reads."""
        ...

    def training_log_assignment(self, x: Tensor) -> Tensor:
        """log p, how training assigns: (B, D) → (B, M, K)."""
        ...

    def codes(self, x: Tensor) -> Tensor:
        """What is stored of a picture: (B, D) → (B, M) int64, 0 to K - 1."""
        ...

    def tables(self, x: Tensor) -> Tensor:
        """What each word adds to a query's score, before snapping: (B, D) → (B, M, K)."""
        ...
