"""The quantizer against loops written from the paper's equations, in float64."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch import Tensor

from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.torch.joint_codes import joint_codes
from opqn_app.opqn.torch.quantizer import OrthoQuantizer, assignment_entropy

SIZES = [(1, 4, 4), (3, 5, 7), (4, 16, 24), (2, 300, 310)]  # M, K, d
SIZES_WITH_A_SLOW_ONE = [*SIZES[:-1], pytest.param(*SIZES[-1], marks=pytest.mark.slow)]


def make_quantizer(n_books: int, n_words: int, d: int, **query: object) -> OrthoQuantizer:
    torch.manual_seed(n_books * 1000 + d)
    config = OpqnConfig(n_books, n_words, n_books * d, **query)  # type: ignore[arg-type]
    quantizer = OrthoQuantizer(config).double()
    torch.nn.init.normal_(quantizer.mlp, std=1.5)
    return quantizer


def some_features(quantizer: OrthoQuantizer, n: int = 6) -> Tensor:
    generator = torch.Generator().manual_seed(5)
    shape = (n, quantizer.n_books * quantizer.sub_dim)
    return torch.randn(shape, dtype=torch.float64, generator=generator) * 2.0


def slow_assignment(quantizer: OrthoQuantizer, row: Tensor, *, temperature: float | None) -> Tensor:
    """p of one face by loops: raw sub-vectors when `temperature` is None, else normalised."""
    f = quantizer.mlp.detach()
    n_books, d, n_words = f.shape
    p = torch.zeros(n_books, n_words, dtype=torch.float64)
    for m in range(n_books):
        piece = [row[m * d + j].item() for j in range(d)]
        if temperature is not None:
            length = math.sqrt(sum(v * v for v in piece))
            piece = [v / length * temperature for v in piece]
        z = [sum(piece[j] * f[m, j, k].item() for j in range(d)) for k in range(n_words)]
        top = max(z)
        total = sum(math.exp(v - top) for v in z)
        for k in range(n_words):
            p[m, k] = math.exp(z[k] - top) / total
    return p


@pytest.mark.parametrize(("n_books", "n_words", "d"), SIZES_WITH_A_SLOW_ONE)
def test_training_assigns_raw_and_retrieval_normalised(n_books: int, n_words: int, d: int) -> None:
    quantizer = make_quantizer(n_books, n_words, d, query_temperature=2.5)
    x = some_features(quantizer, n=2)
    with torch.no_grad():
        trained = quantizer.training_log_assignment(x).exp()
        searched = quantizer.retrieval_log_assignment(x).exp()
    for i, row in enumerate(x):
        raw = slow_assignment(quantizer, row, temperature=None)
        normalised = slow_assignment(quantizer, row, temperature=2.5)
        torch.testing.assert_close(trained[i], raw, rtol=0, atol=1e-12)
        torch.testing.assert_close(searched[i], normalised, rtol=0, atol=1e-12)


def test_retrieval_at_the_length_of_the_sub_vector_is_the_training_form() -> None:
    """How raw p relates to the temperature: it is the retrieval form at ‖x_m‖."""
    quantizer = make_quantizer(1, 16, 24, query_temperature=3.75)
    x = some_features(quantizer)
    x = x / x.norm(dim=1, keepdim=True) * 3.75
    torch.testing.assert_close(
        quantizer.training_log_assignment(x), quantizer.retrieval_log_assignment(x)
    )


@pytest.mark.parametrize(("n_books", "n_words", "d"), SIZES_WITH_A_SLOW_ONE)
def test_codes_are_the_likeliest_words(n_books: int, n_words: int, d: int) -> None:
    quantizer = make_quantizer(n_books, n_words, d)
    x = some_features(quantizer, n=2)
    with torch.no_grad():
        codes = quantizer.codes(x)
    slow = [slow_assignment(quantizer, row, temperature=1.0).numpy().argmax(1) for row in x]
    np.testing.assert_array_equal(codes.numpy(), np.stack(slow))


@pytest.mark.parametrize(("n_books", "n_words", "d"), SIZES)
def test_soft_and_hard_words_are_sums_over_the_book(n_books: int, n_words: int, d: int) -> None:
    quantizer = make_quantizer(n_books, n_words, d)
    x = some_features(quantizer, n=2)
    with torch.no_grad():
        p = quantizer.training_log_assignment(x).exp()
        soft, codes = quantizer.soft_quantise(p), quantizer.codes(x)
        hard = quantizer.hard_quantise(codes)
    books = quantizer.codebooks
    for i in range(2):
        for m in range(n_books):
            s = sum(p[i, m, k] * books[m, :, k] for k in range(n_words))
            torch.testing.assert_close(soft[i, m], s, rtol=0, atol=1e-12)
            assert torch.equal(hard[i, m], books[m, :, codes[i, m]])


def test_codes_ignore_the_length_of_each_sub_vector_and_tables_ignore_it_too() -> None:
    """Invariant 6: positive rescaling per book; only the training form depends on it."""
    quantizer = make_quantizer(4, 16, 24)
    x = some_features(quantizer, n=50)
    scale = torch.tensor([0.01, 0.5, 3.0, 200.0], dtype=torch.float64).repeat_interleave(24)
    with torch.no_grad():
        assert torch.equal(quantizer.codes(x), quantizer.codes(x * scale))
        torch.testing.assert_close(quantizer.tables(x), quantizer.tables(x * scale))
        raw = quantizer.training_log_assignment(x)
        assert (raw - quantizer.training_log_assignment(x * scale)).abs().max() > 1.0


def test_the_temperature_changes_tables_but_no_code() -> None:
    soft, sharp = make_quantizer(4, 16, 24), make_quantizer(4, 16, 24, query_temperature=8.0)
    x = some_features(soft, n=50)
    with torch.no_grad():
        assert torch.equal(soft.codes(x), sharp.codes(x))
        assert (sharp.tables(x).amax(-1) > soft.tables(x).amax(-1)).all()


def test_linear_tables_are_the_logits_of_the_probabilities() -> None:
    linear, soft = make_quantizer(4, 16, 24, query_form="linear"), make_quantizer(4, 16, 24)
    x = some_features(soft)
    with torch.no_grad():
        torch.testing.assert_close(linear.tables(x).softmax(-1), soft.tables(x))


# Joint words: every book reads the whole feature.


def make_joint(
    n_books: int, n_words: int, d: int, *, length_weight: float = 2.0, temperature: float = 1.0
) -> OrthoQuantizer:
    torch.manual_seed(n_books * 1000 + d)
    config = OpqnConfig(
        n_books,
        n_words,
        d,
        query_form="linear",
        query_temperature=temperature,
        joint_words=True,
        length_weight=length_weight,
    )
    quantizer = OrthoQuantizer(config).double()
    torch.nn.init.normal_(quantizer.mlp, std=(n_books * d) ** -0.5)
    return quantizer


def whole_features(n: int, d: int) -> Tensor:
    generator = torch.Generator().manual_seed(6)
    return torch.randn(n, d, dtype=torch.float64, generator=generator) * 3.0


def test_with_joint_words_every_book_reads_the_whole_feature() -> None:
    quantizer = make_joint(3, 5, 8)
    assert quantizer.mlp.shape == (3, 8, 5)
    x = whole_features(4, 8)
    sub = quantizer.sub_vectors(x)
    assert sub.shape == (4, 3, 8)
    assert all(torch.equal(sub[:, book], x) for book in range(3))
    assert torch.equal(quantizer.sub_vectors(x[0]), sub[0])


def test_a_joint_score_is_the_query_times_the_sum_of_words() -> None:
    """Σ_m table[m, code_m] = q·s, for q of length 1 times the temperature."""
    quantizer = make_joint(4, 6, 8, temperature=2.5)
    queries, faces = whole_features(3, 8), whole_features(10, 8).flip(1)
    with torch.no_grad():
        tables, codes = quantizer.tables(queries).tolist(), quantizer.codes(faces).tolist()
    words = quantizer.mlp.tolist()  # [m][entry][k]
    for q, table in zip(queries.tolist(), tables, strict=True):
        length = math.sqrt(sum(v * v for v in q))
        for code in codes:
            s = [sum(words[m][j][k] for m, k in enumerate(code)) for j in range(8)]
            dot = sum(v / length * 2.5 * s[j] for j, v in enumerate(q))
            score = sum(table[m][k] for m, k in enumerate(code))
            assert score == pytest.approx(dot, abs=1e-12)


@pytest.mark.parametrize("length_weight", [0.0, 2.0, 20.0])
def test_joint_codes_are_the_best_of_all_by_the_configs_weight(length_weight: float) -> None:
    """u·s / ‖s‖ - λ (‖s‖ - 1)² of the face's direction u, over all 36 codes."""
    quantizer = make_joint(2, 6, 7, length_weight=length_weight)
    x, words = whole_features(30, 7), quantizer.mlp.tolist()
    for row, code in zip(x.tolist(), quantizer.codes(x).tolist(), strict=True):
        length = math.sqrt(sum(v * v for v in row))
        aims = {}
        for pair in itertools.product(range(6), repeat=2):
            s = [words[0][j][pair[0]] + words[1][j][pair[1]] for j in range(7)]
            size = math.sqrt(sum(v * v for v in s))
            along = sum(v / length * s[j] for j, v in enumerate(row))
            aims[pair] = along / size - length_weight * (size - 1) ** 2
        assert tuple(code) == max(aims, key=aims.__getitem__)


def test_joint_codes_ignore_length_and_temperature() -> None:
    quantizer, sharp = make_joint(4, 16, 24), make_joint(4, 16, 24, temperature=8.0)
    x = whole_features(50, 24)
    codes = quantizer.codes(x)
    scale = torch.logspace(-2, 2, 50, dtype=torch.float64)[:, None]
    assert torch.equal(quantizer.codes(x * scale), codes)
    assert torch.equal(sharp.codes(x), codes)


def test_words_that_change_change_the_joint_codes() -> None:
    """The words are made ready once; that must not outlive them."""
    quantizer, other = make_joint(4, 16, 24), make_joint(4, 16, 24)
    torch.nn.init.normal_(other.mlp, std=0.2)
    x = whole_features(50, 24)

    def expected(words: Tensor, weight: float) -> Tensor:
        unit = torch.nn.functional.normalize(x.to(words.dtype), dim=-1)
        return joint_codes(unit, words.detach().transpose(1, 2), length_weight=weight)

    first = quantizer.codes(x)
    assert torch.equal(first, expected(quantizer.mlp, 2.0))
    quantizer.load_state_dict(other.state_dict())
    assert not torch.equal(quantizer.codes(x), first)
    assert torch.equal(quantizer.codes(x), other.codes(x))
    with torch.no_grad():
        quantizer.mlp[1] *= -1
    assert torch.equal(quantizer.codes(x), expected(quantizer.mlp, 2.0))
    quantizer.length_weight = 30.0
    assert torch.equal(quantizer.codes(x), expected(quantizer.mlp, 30.0))
    assert torch.equal(quantizer.float().codes(x.float()), expected(quantizer.mlp, 30.0))


def test_joint_codes_are_the_same_in_inference_mode_and_out_of_it() -> None:
    quantizer, x = make_joint(4, 16, 24), whole_features(20, 24)
    with torch.inference_mode():
        inside = quantizer.codes(x)
    outside = quantizer.codes(x.clone().requires_grad_())
    assert torch.equal(inside, outside)
    assert not outside.requires_grad


def test_entropy_score_and_distances_stay_in_their_bounds() -> None:
    """Invariant 4."""
    quantizer = make_quantizer(4, 16, 24)
    x = some_features(quantizer, n=200)
    x[:50] *= 100.0
    with torch.no_grad():
        log_p = quantizer.training_log_assignment(x)
        p, codes = log_p.exp(), quantizer.codes(x)
        soft, hard = quantizer.soft_quantise(p), quantizer.hard_quantise(codes)
    entropy = assignment_entropy(log_p)
    assert entropy.min() >= 0
    assert entropy.max() <= math.log(16) + 1e-12
    scores = p.gather(2, codes[..., None]).sum((1, 2))
    assert scores.min() > 0
    assert scores.max() <= 4
    distances = (soft - hard).square().sum(-1)
    assert distances.min() >= 0
    assert distances.max() <= 2
    lengths, p_lengths = soft.norm(dim=-1), p.norm(dim=-1)
    torch.testing.assert_close(lengths, p_lengths, rtol=1e-6, atol=0)  # books are float32
    assert p_lengths.min() >= 1 / math.sqrt(16) - 1e-12
    assert p_lengths.max() <= 1 + 1e-12


def test_asymmetric_distance_is_an_affine_function_of_the_score() -> None:
    """Invariant 3: Σ‖s_m - h_m‖² = Σ‖p_m‖² + M - 2 · score, and both rank alike, ties too."""
    quantizer = make_quantizer(4, 16, 24)
    quantizer.codebooks = torch.stack([torch.linalg.qr(b)[0] for b in quantizer.codebooks])
    queries, faces = some_features(quantizer, n=5), some_features(quantizer, n=300).flip(1)
    with torch.no_grad():
        p, codes = quantizer.tables(queries), quantizer.codes(faces)
        codes = torch.cat([codes, codes[::3]])  # equal codes: equal scores
        soft, hard = quantizer.soft_quantise(p), quantizer.hard_quantise(codes)
    for q in range(5):
        distance = torch.stack([(soft[q] - h).square().sum() for h in hard])
        score = torch.stack([p[q, torch.arange(4), code].sum() for code in codes])
        expected = p[q].square().sum() + 4 - 2 * score
        assert (distance - expected).abs().max() < 1e-10
        by_distance = np.lexsort((np.arange(len(codes)), distance.numpy().round(9)))
        by_score = np.lexsort((np.arange(len(codes)), -score.numpy().round(9)))
        np.testing.assert_array_equal(by_distance, by_score)


def test_symmetric_distance_counts_the_differing_words_twice() -> None:
    """Invariant 5."""
    quantizer = make_quantizer(4, 16, 24)
    codes = quantizer.codes(some_features(quantizer, n=12)).detach()
    words = quantizer.hard_quantise(codes)
    for i in range(12):
        for j in range(12):
            differing = sum(int(codes[i, m] != codes[j, m]) for m in range(4))
            distance = (words[i] - words[j]).square().sum().item()
            assert distance == pytest.approx(2 * differing, abs=1e-5)


def test_a_certain_assignment_quantises_without_loss() -> None:
    """Invariant 7: one-hot p gives s = h and no entropy."""
    quantizer = make_quantizer(4, 16, 24)
    codes = quantizer.codes(some_features(quantizer)).detach()
    p = torch.nn.functional.one_hot(codes, 16).double()
    assert torch.equal(quantizer.soft_quantise(p), quantizer.hard_quantise(codes))
    log_p = torch.where(p > 0, 0.0, -1e4).double()
    assert torch.equal(assignment_entropy(log_p), torch.zeros(6, 4, dtype=torch.float64))


def test_the_start_is_nearly_uniform() -> None:
    """Bounds of the released initialisation: ±0.0094 for 8×256, so entropy ≈ log K."""
    torch.manual_seed(0)
    quantizer = OrthoQuantizer(OpqnConfig(8, 256, 2048))
    bound = math.sqrt(6 / (256 * 256 + 8 * 256))
    assert quantizer.mlp.abs().max().item() == pytest.approx(bound, rel=1e-3)
    x = torch.randn(32, 2048)
    entropy = assignment_entropy(quantizer.training_log_assignment(x)).mean()
    assert entropy.item() >= 0.99 * math.log(256)


# Invariant 8: gradients.


def test_autograd_agrees_with_differences_in_every_step() -> None:
    quantizer = make_quantizer(2, 3, 4)
    x = some_features(quantizer, n=2).requires_grad_()
    for step in (quantizer.training_log_assignment, quantizer.retrieval_log_assignment):
        assert torch.autograd.gradcheck(step, (x,))
        assert torch.autograd.gradcheck(
            lambda v, step=step: quantizer.soft_quantise(step(v).exp()), (x,)
        )
        assert torch.autograd.gradcheck(lambda v, step=step: assignment_entropy(step(v)), (x,))


def logits_and_p(n_words: int = 5) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(2)
    z = torch.randn(1, 1, n_words, dtype=torch.float64, generator=generator).requires_grad_()
    return z, z.log_softmax(-1)


def test_the_softmax_gradient_is_eq_11() -> None:
    """∂p_k/∂z_j = p_k(1 - p_k) for k = j, else -p_k p_j."""
    z, log_p = logits_and_p()
    p = log_p.exp()
    for k in range(5):
        (gradient,) = torch.autograd.grad(p[0, 0, k], z, retain_graph=True)
        for j in range(5):
            pk, pj = p[0, 0, k].item(), p[0, 0, j].item()
            expected = pk * (1 - pk) if j == k else -pk * pj
            assert gradient[0, 0, j].item() == pytest.approx(expected, abs=1e-14)


def test_the_gradient_of_the_soft_word_is_eq_12() -> None:
    """∂s/∂z_k = p_k (C_k - s): each logit pulls s towards its word."""
    quantizer = make_quantizer(1, 5, 7)
    z, log_p = logits_and_p()
    p = log_p.exp()
    s = quantizer.soft_quantise(p)
    for j in range(7):
        (gradient,) = torch.autograd.grad(s[0, 0, j], z, retain_graph=True)
        for k in range(5):
            word = quantizer.codebooks[0, j, k]
            expected = (p[0, 0, k] * (word - s[0, 0, j])).item()
            assert gradient[0, 0, k].item() == pytest.approx(expected, abs=1e-14)


def test_the_gradient_of_the_entropy_is_eq_13_with_its_sign() -> None:
    """∂H/∂z_k = -p_k (log p_k + H) for H = -Σ p log p."""
    z, log_p = logits_and_p()
    entropy = assignment_entropy(log_p)[0, 0]
    (gradient,) = torch.autograd.grad(entropy, z, retain_graph=True)
    for k in range(5):
        lp = log_p[0, 0, k].item()
        expected = -math.exp(lp) * (lp + entropy.item())
        assert gradient[0, 0, k].item() == pytest.approx(expected, abs=1e-14)
