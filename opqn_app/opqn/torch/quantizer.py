"""Soft assignment, soft quantisation and hard codes: one code path for training and search.

The paper leaves open whether the sub-vectors of Eq. 2 are normalised. The released code uses them
raw in training and l2-normalised when it encodes and searches, and so do we. The two forms are the
two methods `training_log_assignment` and `retrieval_log_assignment`; they differ in one line.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from opqn_app.opqn.codebooks import orthonormal_codebooks
from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.torch.joint_codes import JointSearch


class OrthoQuantizer(nn.Module):
    """M linear maps F_m that assign sub-vectors to the words of M fixed orthonormal books.

    The learned weights are `mlp` (M, d, K), the name the released checkpoints use. The books are a
    buffer that follows the device and is rebuilt from the sizes, never stored.
    """

    codebooks: Tensor

    def __init__(self, config: OpqnConfig) -> None:
        super().__init__()
        self.n_books = config.n_books
        self.n_words = config.n_words
        self.sub_dim = config.sub_dim
        self.temperature = config.query_temperature
        self.query_form = config.query_form
        self._ready: tuple[tuple[int, int, float], JointSearch] | None = None
        self.is_joint, self.length_weight = config.joint_words, config.length_weight
        sizes = (config.n_books, config.sub_dim, config.n_words)
        self.mlp = nn.Parameter(torch.empty(sizes))
        # Fans of the whole 3-D tensor, as released: (d·K, M·K), so the start is near uniform p.
        nn.init.xavier_uniform_(self.mlp)
        books = orthonormal_codebooks(config.n_books, config.n_words, config.sub_dim)
        self.register_buffer("codebooks", torch.from_numpy(books), persistent=False)

    def sub_vectors(self, x: Tensor) -> Tensor:
        """(B, D) features cut into (B, M, d) sub-vectors x_m; with joint words each is all of x."""
        if self.is_joint:
            return x[..., None, :].expand(*x.shape[:-1], self.n_books, self.sub_dim)
        return x.view(*x.shape[:-1], self.n_books, self.sub_dim)

    def logits(self, sub: Tensor) -> Tensor:
        """x_m · F_m without bias: (B, M, d) → (B, M, K)."""
        return torch.einsum("bmd,mdk->bmk", sub, self.mlp)

    def training_log_assignment(self, x: Tensor) -> Tensor:
        """log p_m from the raw sub-vectors (Eq. 2 as trained): (B, D) → (B, M, K)."""
        return self.logits(self.sub_vectors(x)).log_softmax(-1)

    def retrieval_logits(self, x: Tensor) -> Tensor:
        """Logits of the l2-normalised sub-vectors times the temperature: (B, D) → (B, M, K)."""
        return self.logits(F.normalize(self.sub_vectors(x), dim=-1)) * self.temperature

    def retrieval_log_assignment(self, x: Tensor) -> Tensor:
        """log p_m as encoding and search use it: (B, D) → (B, M, K)."""
        return self.retrieval_logits(x).log_softmax(-1)

    def soft_quantise(self, p: Tensor) -> Tensor:
        """s_m = C_m p_m (Eq. 3): (B, M, K) → (B, M, d)."""
        return torch.einsum("mdk,bmk->bmd", self.codebooks, p)

    def codes(self, x: Tensor) -> Tensor:
        """b_m = argmax_k of the assignment: (B, D) → (B, M) int64.

        The same for every positive length of x_m and every temperature, rounding aside. Joint
        words are chosen together instead, see `joint_codes`.
        """
        if self.is_joint:
            return self._joint_search().codes(F.normalize(x.double(), dim=-1))
        return self.retrieval_logits(x).argmax(-1)

    def _joint_search(self) -> JointSearch:
        """The words made ready, again only when they were written to or moved."""
        stamp = (self.mlp.data_ptr(), self.mlp._version, self.length_weight)
        if self._ready is None or self._ready[0] != stamp:
            words = self.mlp.double().transpose(1, 2)
            self._ready = stamp, JointSearch(words, self.length_weight)
        return self._ready[1]

    def hard_quantise(self, codes: Tensor) -> Tensor:
        """h_m, the words that `codes` name: (B, M) → (B, M, d)."""
        books = torch.arange(self.n_books, device=codes.device)
        return self.codebooks.transpose(1, 2)[books, codes]

    def tables(self, x: Tensor) -> Tensor:
        """What each word adds to a query's score (Eq. 18), before snapping: (B, D) → (B, M, K)."""
        if self.query_form == "linear":
            return self.retrieval_logits(x)
        return self.retrieval_log_assignment(x).exp()


def assignment_entropy(log_p: Tensor) -> Tensor:
    """H(p_m) = -Σ_k p_m[k] log p_m[k] (Eq. 9, per face and book): (B, M, K) → (B, M), in nats."""
    return -(log_p.exp() * log_p).sum(-1)
