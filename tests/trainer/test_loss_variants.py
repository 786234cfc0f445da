"""Each variant of the loss against loops written from its one-line definition."""

import math

import pytest
import torch
from torch import Tensor

from opqn_app.opqn.codebooks import orthonormal_codebooks
from trainer.loss_variants import VARIANTS
from trainer.method.loss import SubspaceMarginLoss, relation_loss

N, M, D, K, C = 4, 3, 6, 5, 7
LABELS = [0, 3, 6, 3]
MARGIN, SCALE, WEIGHT = 0.35, 12.0, 0.2


def batch(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(N, M, D, generator=generator, dtype=torch.float64)
    log_p = torch.randn(N, M, K, generator=generator, dtype=torch.float64).log_softmax(-1)
    books = torch.from_numpy(orthonormal_codebooks(M, K, D)).double()
    return x, torch.einsum("mdk,bmk->bmd", books, log_p.exp()), log_p


def softmax_loss(logits: list[float], label: int) -> float:
    return math.log(sum(math.exp(v) for v in logits)) - logits[label]


def cosine_loss(vector: Tensor, weights: Tensor, label: int) -> float:
    logits = []
    for c, w in enumerate(weights):
        cosine = float(vector @ w) / float(vector.norm() * w.norm())
        logits.append(SCALE * (cosine - MARGIN * (c == label)))
    return softmax_loss(logits, label)


def plain_loss(vector: Tensor, weights: Tensor, label: int) -> float:
    return softmax_loss([float(vector @ w) for w in weights], label)


def per_book(vectors: Tensor, weights: Tensor, of: object) -> float:
    total = 0.0
    for i in range(N):
        for m in range(M):
            total += of(vectors[i, m], weights[m], LABELS[i])  # type: ignore[operator]
    return total / (N * M)


def whole(vectors: Tensor, weights: Tensor) -> float:
    """One classifier on the concatenation of the M pieces."""
    losses = [
        cosine_loss(torch.cat([vectors[i, m] for m in range(M)]), weights[0], LABELS[i])
        for i in range(N)
    ]
    return sum(losses) / N


def slow_total(name: str, x: Tensor, s: Tensor, log_p: Tensor, weights: Tensor) -> float:
    p = log_p.exp()
    entropy = -sum(
        float(p[i, m, k]) * math.log(float(p[i, m, k]))
        for i in range(N) for m in range(M) for k in range(K)
    ) / (N * M)  # fmt: skip
    if name == "OPQN-A":
        return per_book(s, weights, cosine_loss) + WEIGHT * entropy
    if name == "OPQN-C":
        return (whole(x, weights) + whole(s, weights)) / 2 + WEIGHT * entropy
    if name == "OPQN-S":
        both = per_book(x, weights, plain_loss) + per_book(s, weights, plain_loss)
        return both / 2 + WEIGHT * entropy
    both = per_book(x, weights, cosine_loss) + per_book(s, weights, cosine_loss)
    return both / 2 + (0.0 if name == "OPQN-W" else WEIGHT * entropy)


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("seed", [0, 1])
def test_variant_equals_its_loops(name: str, seed: int) -> None:
    x, s, log_p = batch(seed)
    torch.manual_seed(seed)
    loss = SubspaceMarginLoss(
        n_classes=C, n_books=M, sub_dim=D, margin=MARGIN, scale=SCALE,
        entropy_weight=WEIGHT, options=VARIANTS[name],
    ).double()  # fmt: skip
    total = float(loss(x, s, log_p, torch.tensor(LABELS)).total.detach())
    expected = slow_total(name, x, s, log_p, loss.class_weights.detach())
    assert total == pytest.approx(expected, abs=1e-10)


def test_margin_only_lowers_the_true_class() -> None:
    """Invariant 9: with two classes the loss rises by exactly what the true logit falls."""
    x = torch.tensor([[[1.0, 0.0]]], dtype=torch.float64)
    values = []
    for margin in (0.0, 0.5):
        loss = SubspaceMarginLoss(
            n_classes=2, n_books=1, sub_dim=2, margin=margin, scale=2.0, entropy_weight=0.0
        ).double()
        with torch.no_grad():
            loss.class_weights.copy_(torch.eye(2)[None])
        log_p = torch.zeros(1, 1, 1, dtype=torch.float64)
        values.append(float(loss(x, x, log_p, torch.tensor([0])).total.detach()))
    true, other = math.exp(2.0 * (1 - 0.5)), 1.0
    assert values[0] == pytest.approx(math.log(1 + math.exp(-2.0)), abs=1e-12)
    assert values[1] == pytest.approx(math.log((true + other) / true), abs=1e-12)


def test_relation_loss_equals_the_loops() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(5, 8, generator=generator, dtype=torch.float64)
    t = torch.randn(5, 3, generator=generator, dtype=torch.float64)

    def cosine(v: Tensor, i: int, j: int) -> float:
        return float(v[i] @ v[j]) / float(v[i].norm() * v[j].norm())

    pairs = [(i, j) for i in range(5) for j in range(5) if i != j]
    expected = sum((cosine(x, i, j) - cosine(t, i, j)) ** 2 for i, j in pairs) / len(pairs)
    assert float(relation_loss(x, t)) == pytest.approx(expected, abs=1e-12)


def test_relation_loss_is_zero_for_a_rotated_copy_of_the_teacher() -> None:
    t = torch.randn(6, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    turn = torch.linalg.qr(torch.randn(4, 4, dtype=torch.float64)).Q
    assert float(relation_loss(3.0 * t @ turn, t)) == pytest.approx(0.0, abs=1e-12)
