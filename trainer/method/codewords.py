"""Codebooks other than the paper's: orthonormal ones from an SVD, and learned words (OPQN-l2q)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.torch.quantizer import OrthoQuantizer


def svd_codebooks(n_books: int, n_words: int, sub_dim: int, *, seed: int) -> Tensor:
    """Orthonormal books without structure: left singular vectors of seeded Gaussian matrices.

    Float64 until the cast, like the cosine books.

    Returns:
        (M, d, K) float32; column k of book m is its word k.

    Raises:
        ValueError: K > d.
    """
    if not 1 <= n_words <= sub_dim:
        raise ValueError(f"{n_words} words can't be orthonormal in {sub_dim} dimensions (K ≤ d)")
    generator = torch.Generator().manual_seed(seed)
    random = torch.randn(n_books, sub_dim, sub_dim, generator=generator, dtype=torch.float64)
    left: Tensor = torch.linalg.svd(random).U  # (M, d, d)
    return left[:, :, :n_words].to(torch.float32).contiguous()


class LearnedWords(OrthoQuantizer):
    """Words that are learned instead of fixed: OPQN-l2q, assignment by Eq. 1.

    `mlp` (M, d, K) holds the words; only their directions count. Sub-vectors and words are
    l2-normalised and p = softmax(α · cosine); s = Σ p_k c_k with unit words. A query ranks by the
    inner product of its own sub-vectors with the words of the gallery, which is the asymmetric
    distance of such methods; the paper does not say which it used for this variant.
    """

    def __init__(self, config: OpqnConfig, *, assignment_scale: float) -> None:
        super().__init__(config.with_query(temperature=1.0, form="linear"))
        self.assignment_scale = assignment_scale

    def words(self) -> Tensor:
        """Unit words: (M, d, K)."""
        return F.normalize(self.mlp, dim=1)

    def logits(self, sub: Tensor) -> Tensor:
        """α · cosine of each sub-vector with each word: (B, M, d) → (B, M, K)."""
        cosines = torch.einsum("bmd,mdk->bmk", F.normalize(sub, dim=-1), self.words())
        return self.assignment_scale * cosines

    def soft_quantise(self, p: Tensor) -> Tensor:
        return torch.einsum("mdk,bmk->bmd", self.words(), p)

    def hard_quantise(self, codes: Tensor) -> Tensor:
        books = torch.arange(self.n_books, device=codes.device)
        return self.words().transpose(1, 2)[books, codes]

    def as_linear_map(self) -> Tensor:
        """The F (M, d, K) with which a plain quantizer assigns, and with linear queries ranks,
        exactly as this one does: the sub-vectors of retrieval are of unit length."""
        return self.assignment_scale * self.words()
