"""Codebooks from an SVD, and learned words against loops written from Eq. 1."""

import math

import pytest
import torch

from opqn_app.opqn.codebooks import orthonormal_codebooks
from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.torch.quantizer import OrthoQuantizer
from trainer.method.codewords import LearnedWords, svd_codebooks

SIZES = OpqnConfig(n_books=2, n_words=5, feature_dim=14)


@pytest.mark.parametrize(("books", "words", "dim"), [(2, 256, 256), (4, 64, 128), (6, 64, 86)])
def test_svd_books_are_orthonormal_and_differ(books: int, words: int, dim: int) -> None:
    made = svd_codebooks(books, words, dim, seed=3)
    assert made.shape == (books, dim, words)
    gram = made.transpose(1, 2) @ made
    assert (gram - torch.eye(words)).abs().max() < 5e-6
    assert (made[0] - made[1]).abs().max() > 0.01


def test_svd_books_come_from_their_seed() -> None:
    assert torch.equal(svd_codebooks(2, 4, 8, seed=1), svd_codebooks(2, 4, 8, seed=1))
    assert not torch.equal(svd_codebooks(2, 4, 8, seed=1), svd_codebooks(2, 4, 8, seed=2))
    with pytest.raises(ValueError, match="can't be orthonormal"):
        svd_codebooks(2, 9, 8, seed=1)


def test_learned_words_assign_by_scaled_cosine() -> None:
    torch.manual_seed(0)
    quantizer = LearnedWords(SIZES, assignment_scale=7.0).double()
    x = torch.randn(3, 14, dtype=torch.float64)
    p = quantizer.training_log_assignment(x).exp()
    soft = quantizer.soft_quantise(p)
    for i in range(3):
        for m in range(2):
            sub = x[i, 7 * m : 7 * m + 7]
            words = [quantizer.mlp[m, :, k].detach() for k in range(5)]
            weights = [math.exp(7.0 * float(sub @ w) / float(sub.norm() * w.norm())) for w in words]
            share = [w / sum(weights) for w in weights]
            assert p[i, m].tolist() == pytest.approx(share, abs=1e-12)
            mixture = sum(a * w / w.norm() for a, w in zip(share, words, strict=True))
            assert torch.allclose(soft[i, m], mixture, atol=1e-12)


def test_length_of_a_learned_word_or_feature_changes_nothing() -> None:
    torch.manual_seed(1)
    quantizer = LearnedWords(SIZES, assignment_scale=7.0)
    x = torch.randn(3, 14)
    before = quantizer.training_log_assignment(x)
    with torch.no_grad():
        quantizer.mlp.mul_(5.0)
    assert torch.allclose(quantizer.training_log_assignment(2.0 * x), before, atol=1e-5)


def test_a_plain_quantizer_with_the_linear_map_codes_and_ranks_alike() -> None:
    torch.manual_seed(2)
    learned = LearnedWords(SIZES, assignment_scale=7.0)
    plain = OrthoQuantizer(SIZES.with_query(temperature=1.0, form="linear"))
    with torch.no_grad():
        plain.mlp.copy_(learned.as_linear_map())
    x = torch.randn(50, 14)
    assert torch.equal(plain.codes(x), learned.codes(x))
    assert torch.allclose(plain.tables(x), learned.tables(x), atol=1e-5)


def test_books_differ_from_the_cosine_ones() -> None:
    assert (
        svd_codebooks(1, 4, 8, seed=0) - torch.from_numpy(orthonormal_codebooks(1, 4, 8))
    ).abs().max() > 0.1
