"""The loss against loops written from Eqs. 6 to 10."""

import math

import pytest
import torch

from opqn_app.opqn.codebooks import orthonormal_codebooks
from opqn_app.opqn.torch.quantizer import assignment_entropy
from trainer.method.loss import SubspaceMarginLoss


def slow_loss(
    x: torch.Tensor,
    s: torch.Tensor,
    p: torch.Tensor,
    labels: list[int],
    weights: torch.Tensor,
    *,
    margin: float,
    scale: float,
    entropy_weight: float,
) -> tuple[float, float, float, float]:
    """Eqs. 6 to 10, one photo, one book and one class at a time."""
    n, n_books, _ = x.shape
    sums = {"x": 0.0, "s": 0.0}
    entropy = 0.0
    for i in range(n):
        for m in range(n_books):
            for name, vector in (("x", x[i, m]), ("s", s[i, m])):
                logits = []
                for c in range(weights.shape[1]):
                    w = weights[m, c]
                    cosine = float(vector @ w) / float(vector.norm() * w.norm())
                    logits.append(scale * (cosine - (margin if c == labels[i] else 0.0)))
                partition = sum(math.exp(value) for value in logits)
                sums[name] -= math.log(math.exp(logits[labels[i]]) / partition)
            entropy -= sum(float(v) * math.log(float(v)) for v in p[i, m])
    count = n * n_books
    feature, quantised = sums["x"] / count, sums["s"] / count
    mean_entropy = entropy / count
    total = (feature + quantised) / 2 + entropy_weight * mean_entropy
    return total, feature, quantised, mean_entropy


def batch(
    seed: int, n: int = 5, n_books: int = 3, d: int = 6, k: int = 4
) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, n_books, d, generator=generator, dtype=torch.float64)
    log_p = torch.randn(n, n_books, k, generator=generator, dtype=torch.float64).log_softmax(-1)
    books = torch.from_numpy(orthonormal_codebooks(n_books, k, d)).double()
    s = torch.einsum("mdk,bmk->bmd", books, log_p.exp())
    return x, s, log_p


@pytest.mark.parametrize("seed", range(4))
def test_loss_equals_the_loops(seed: int) -> None:
    x, s, log_p = batch(seed)
    labels = [0, 3, 1, 1, 6]
    loss = SubspaceMarginLoss(
        n_classes=7, n_books=3, sub_dim=6, margin=0.35, scale=12.0, entropy_weight=0.2
    ).double()
    parts = loss(x, s, log_p, torch.tensor(labels))
    expected = slow_loss(
        x, s, log_p.exp(), labels, loss.class_weights.detach(),
        margin=0.35, scale=12.0, entropy_weight=0.2,
    )  # fmt: skip
    actual = (parts.total, parts.feature, parts.quantised, parts.entropy)
    assert [float(value.detach()) for value in actual] == pytest.approx(expected, abs=1e-10)


def test_two_classes_by_hand() -> None:
    """x along w_0: cosines (1, 0), no margin, scale 1: loss = log(1 + e^-1)."""
    loss = SubspaceMarginLoss(
        n_classes=2, n_books=1, sub_dim=2, margin=0.0, scale=1.0, entropy_weight=0.0
    )
    with torch.no_grad():
        loss.class_weights.copy_(torch.eye(2)[None])
    x = torch.tensor([[[3.0, 0.0]]])
    log_p = torch.zeros(1, 1, 1)
    total = loss(x, x, log_p, torch.tensor([0])).total.detach()
    assert float(total) == pytest.approx(math.log(1 + math.exp(-1)), abs=1e-6)


def test_margin_makes_the_loss_larger() -> None:
    x, s, log_p = batch(9)
    labels = torch.tensor([0, 3, 1, 1, 6])
    loss = SubspaceMarginLoss(n_classes=7, n_books=3, sub_dim=6, margin=0.0).double()
    values = []
    for margin in (0.0, 0.2, 0.4, 0.6):
        loss.margin = margin
        values.append(float(loss(x, s, log_p, labels).total.detach()))
    assert values == sorted(values)
    assert len(set(values)) == len(values)


def test_gradient_of_the_entropy_term() -> None:
    """gradcheck of every term, through assignment and soft quantisation, in float64."""
    x, _, _ = batch(3, n=2, n_books=2, d=4, k=3)
    books = torch.from_numpy(orthonormal_codebooks(2, 3, 4)).double()
    words = torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    loss = SubspaceMarginLoss(n_classes=3, n_books=2, sub_dim=4, scale=5.0).double()

    def total(x: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        log_p = torch.einsum("bmd,mdk->bmk", x, words).log_softmax(-1)
        s = torch.einsum("mdk,bmk->bmd", books, log_p.exp())
        parts: torch.Tensor = loss(x, s, log_p, torch.tensor([0, 2])).total
        return parts

    inputs = (x.requires_grad_(), words.requires_grad_())
    assert torch.autograd.gradcheck(total, inputs)


def test_entropy_agrees_with_the_quantizer() -> None:
    x, s, log_p = batch(5)
    loss = SubspaceMarginLoss(n_classes=7, n_books=3, sub_dim=6).double()
    parts = loss(x, s, log_p, torch.tensor([0, 3, 1, 1, 6]))
    assert float(parts.entropy) == pytest.approx(float(assignment_entropy(log_p).mean()), abs=1e-12)


@pytest.mark.parametrize(("classes", "margin", "expected"), [(2787, 0.4, 27.3), (480, 0.5, 29.7)])
def test_initial_loss_of_the_64_bit_head(classes: int, margin: float, expected: float) -> None:
    """Method notes: measured initial totals of the released head, ±10 %, entropy near log K."""
    torch.manual_seed(0)
    books = torch.from_numpy(orthonormal_codebooks(8, 256, 256))
    words = torch.nn.init.xavier_uniform_(torch.empty(8, 256, 256))
    x = torch.randn(32, 8, 256)
    log_p = torch.einsum("bmd,mdk->bmk", x, words).log_softmax(-1)
    s = torch.einsum("mdk,bmk->bmd", books, log_p.exp())
    loss = SubspaceMarginLoss(n_classes=classes, n_books=8, sub_dim=256, margin=margin)
    parts = loss(x, s, log_p, torch.randint(0, classes, (32,)))
    assert float(parts.total.detach()) == pytest.approx(expected, rel=0.1)
    assert float(parts.entropy) >= 0.99 * math.log(256)
