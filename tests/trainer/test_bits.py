"""Losses of the methods of bits, and PQN's, against loops written from their definitions."""

import math
from itertools import combinations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from opqn_app.core.errors import SettingsError
from opqn_app.core.progress import finished
from opqn_app.opqn.config import OpqnConfig
from trainer.config import MethodConfig
from trainer.evaluate.ranking import rank
from trainer.evaluate.tables_and_codes import tables_and_codes
from trainer.method.bits import HashLayer, balanced_targets, hadamard
from trainer.method.csq import Centres, Csq
from trainer.method.dcdh import Dcdh, LearnedCentres
from trainer.method.dcwh import RATE, Dcwh, RunningMeans
from trainer.method.ddqh import Ddqh
from trainer.method.method import Batch, NotForTheApp, make_method
from trainer.method.orthohash import OrthoHash
from trainer.method.pqn import Pqn, UnitWords
from trainer.methods import METHODS
from trainer.presets import code_length

N, L, D, C = 6, 8, 16, 5
LABELS = [0, 3, 4, 3, 1, 0]
SIZES = OpqnConfig(n_books=L, n_words=2, feature_dim=D)
BINARY = [name for name, listed in METHODS.items() if listed.is_binary]
seeds = pytest.mark.parametrize("seed", range(5))

Vector = list[float]


def dot(a: Vector, b: Vector) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def unit(v: Vector) -> Vector:
    return [x / math.sqrt(dot(v, v)) for x in v]


def away(a: Vector, b: Vector) -> float:
    return sum((x - y) ** 2 for x, y in zip(a, b, strict=True))


def sign(x: float) -> float:
    return float((x > 0) - (x < 0))


def cross_entropy(logits: Vector, label: int) -> float:
    return math.log(sum(math.exp(v) for v in logits)) - logits[label]


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def mean_of(h: list[Vector], label: int) -> Vector:
    """The mean output of a class."""
    own = [row for row, each in zip(h, LABELS, strict=True) if each == label]
    return [mean(list(values)) for values in zip(*own, strict=True)]


def made(name: str, seed: int) -> tuple[HashLayer, nn.Module, Batch, list[Vector]]:
    """Layer, training weights, a batch, and the outputs h of it, in 64-bit floats."""
    torch.manual_seed(seed)
    method = make_method(MethodConfig(name=name))
    layer = method.quantizer(SIZES, C, seed).double()
    assert isinstance(layer, HashLayer)
    batch = Batch(torch.randn(N, D, dtype=torch.float64), torch.tensor(LABELS))
    copy = method.quantizer(SIZES, C, seed).double()
    copy.load_state_dict(layer.state_dict())
    assert isinstance(copy, HashLayer)
    return layer, method.criterion(SIZES, C).double(), batch, copy.outputs(batch.x).tolist()


def close(found: Tensor, expected: float) -> bool:
    return found.item() == pytest.approx(expected, rel=1e-9, abs=1e-12)


@seeds
def test_csq_is_its_definition(seed: int) -> None:
    layer, centres, batch, h = made("csq", seed)
    assert isinstance(centres, Centres)
    total, centre, quantisation = Csq(MethodConfig()).loss(layer, centres, batch)
    by_bit, near = [], []
    for row, label in zip(h, LABELS, strict=True):
        for value, target in zip(row, centres.codes[label].tolist(), strict=True):
            p = (1 + math.tanh(value)) / 2
            by_bit.append(-math.log(p if target > 0 else 1 - p))
            near.append((abs(math.tanh(value)) - 1) ** 2)
    assert close(centre, mean(by_bit))
    assert close(quantisation, mean(near))
    assert close(total, mean(by_bit) + 1e-4 * mean(near))


@seeds
def test_orthohash_is_its_definition(seed: int) -> None:
    layer, centres, batch, h = made("orthohash", seed)
    assert isinstance(centres, Centres)
    codes = centres.codes.tolist()
    expected = []
    for row, label in zip(h, LABELS, strict=True):
        cosines = [dot(unit(row), unit(code)) for code in codes]
        cosines[label] -= 0.3
        expected.append(cross_entropy([8 * value for value in cosines], label))
    assert close(OrthoHash(MethodConfig()).loss(layer, centres, batch)[0], mean(expected))


@seeds
def test_dcdh_is_its_definition(seed: int) -> None:
    layer, known, batch, h = made("dcdh", seed)
    assert isinstance(known, LearnedCentres)
    total, centre, apart, bits = Dcdh(MethodConfig()).loss(layer, known, batch)
    centres = known.centres.tolist()
    to_own = [
        cross_entropy([-0.25 / 2 * away(row, each) for each in centres], label)
        for row, label in zip(h, LABELS, strict=True)
    ]
    pairs = [
        math.log(1 + math.exp(L / 2 * dot(unit(a), unit(b)))) for a, b in combinations(centres, 2)
    ]
    # R = pinv(YᵀY) Yᵀ sign(H), as the paper has it.
    one_hot = np.eye(C)[LABELS]
    found = np.linalg.pinv(one_hot.T @ one_hot) @ one_hot.T @ np.sign(h)
    b = np.sign(one_hot @ found + 0.01 * np.array(h))
    penalty = float(((np.array(h) - b) ** 2).sum() / N)
    assert close(centre, mean(to_own))
    assert close(apart, mean(pairs))
    assert close(bits, penalty)
    assert close(total, mean(to_own) + 0.1 * mean(pairs) + 0.01 * penalty)


@seeds
def test_dcwh_is_its_definition_and_means_follow(seed: int) -> None:
    layer, known, batch, h = made("dcwh", seed)
    assert isinstance(known, RunningMeans)
    before: list[Vector] = known.means.tolist()
    assert {abs(value) for row in before for value in row} == {1.0}
    assert len({tuple(row) for row in before}) == C
    before[0] = mean_of(h, 0)  # class 0 has come to its mean, so that it follows
    before[1], before[2] = [9.0] * L, mean_of(h, 1)  # class 1 is nearer to that of class 2
    known.means.copy_(torch.tensor(before, dtype=torch.float64))
    total, of_class, reach, bits = Dcwh(MethodConfig()).loss(layer, known, batch)
    means = []
    for label, row in enumerate(before):
        at = mean_of(h, label) if label in LABELS else None
        is_near = at is not None and min(before, key=lambda each: away(at, each)) == row
        means.append(
            [old + RATE * (new - old) for old, new in zip(row, at, strict=True)]
            if at is not None and is_near
            else row
        )
    assert means[1] == before[1]
    for label, expected in enumerate(means):
        assert known.means[label].tolist() == pytest.approx(expected)
    by_class = [
        cross_entropy([-away(row, each) / 2 for each in means], label)
        for row, label in zip(h, LABELS, strict=True)
    ]
    beyond = [sum(max(abs(value) - 1.1, 0) for value in row) for row in h]
    off = [sum((value - sign(value)) ** 2 for value in row) for row in h]
    assert close(of_class, mean(by_class))
    assert close(reach, mean(beyond))
    assert close(bits, mean(off))
    assert close(total, mean(by_class) + 10 * mean(beyond) + 0.01 * mean(off))


def test_dcwh_means_move_to_outputs_that_have_come_to_them() -> None:
    torch.manual_seed(0)
    known = RunningMeans(C, L).double()
    first = known.means.clone()
    known.follow(0.5 * first[[3, 1]], torch.tensor([3, 2]))
    assert torch.allclose(known.means[3], first[3] * (1 - RATE / 2))
    others = [0, 1, 2, 4]  # 2 was at the place of 1, the others were not there
    assert torch.equal(known.means[others], first[others])


@seeds
def test_ddqh_is_its_definition(seed: int) -> None:
    layer, classifier, batch, h = made("ddqh", seed)
    assert isinstance(classifier, nn.Linear)
    total, by_class, quantisation = Ddqh(MethodConfig()).loss(layer, classifier, batch)
    weight, bias = classifier.weight.tolist(), classifier.bias.tolist()
    expected, near = [], []
    for row, label in zip(h, LABELS, strict=True):
        u = [math.tanh(value) for value in row]
        logits = [dot(w, u) + b for w, b in zip(weight, bias, strict=True)]
        expected.append(cross_entropy(logits, label))
        near += [abs(abs(value) - 1) for value in u]
    assert close(by_class, mean(expected))
    assert close(quantisation, mean(near))
    assert close(total, mean(expected) + 0.01 * mean(near))


@seeds
def test_pqn_is_its_definition(seed: int) -> None:
    torch.manual_seed(seed)
    m, k, d, alpha = 3, 4, 4, 6.0
    method = Pqn(MethodConfig(name="pqn", assignment_scale=alpha))
    words = method.quantizer(OpqnConfig(n_books=m, n_words=k, feature_dim=m * d), C, 0).double()
    assert isinstance(words, UnitWords)
    x = torch.randn(N, m * d, dtype=torch.float64)
    books = [[unit(word) for word in book] for book in words.raw.tolist()]
    pictures = [[unit(row[i * d : i * d + d]) for i in range(m)] for row in x.tolist()]
    soft = []
    for picture in pictures:
        mixed = []
        for part, book in zip(picture, books, strict=True):
            p = [math.exp(alpha * dot(part, word)) for word in book]
            mixed.append([sum(q * w[i] for q, w in zip(p, book, strict=True)) / sum(p)
                          for i in range(d)])  # fmt: skip
        soft.append(mixed)
    score = [[sum(map(dot, a, b)) for b in soft] for a in pictures]
    triplets = [
        math.log(1 + math.exp(score[i][wrong] - score[i][right]))
        for i in range(N)
        for right in range(N)
        for wrong in range(N)
        if LABELS[right] == LABELS[i] != LABELS[wrong]
    ]
    (total,) = method.loss(words, nn.Module(), Batch(x, torch.tensor(LABELS)))
    assert close(total, mean(triplets))


@pytest.mark.parametrize("name", BINARY)
def test_bits_are_ranked_by_hamming_distance_with_ties_in_expectation(name: str) -> None:
    torch.manual_seed(0)
    layer = make_method(MethodConfig(name=name)).quantizer(SIZES, C, 0).eval()
    assert isinstance(layer, HashLayer)
    with torch.no_grad():
        x = torch.randn(12, D)
        signs = (layer.outputs(x) > 0).numpy()
        assert np.array_equal(layer.codes(x).numpy(), signs)
        p = layer.training_log_assignment(x).exp()
    assert torch.allclose(p.sum(-1), torch.ones(12, L))
    assert torch.equal(p.argmax(-1), layer.codes(x))
    scores = tables_and_codes(layer, [x]).scorer().scores_of(np.arange(12))
    differing = (signs[:, None] != signs).sum(-1)
    assert np.array_equal(scores, L - differing)
    people = np.arange(12) % 3
    codes = tables_and_codes(layer, [x])
    found = finished(rank(codes.scorer(), people, people, own=np.arange(12), cutoffs=(5,)))
    assert found.mean_ap == pytest.approx(mean_ap_of_shuffles(L - differing, people), abs=0.02)


def mean_ap_of_shuffles(scores: np.ndarray, people: np.ndarray) -> float:
    """mAP where equal scores are put in random order, the mean of many."""
    rng, found = np.random.default_rng(0), []
    for _ in range(1000):
        for query, row in enumerate(scores):
            others = rng.permutation(np.delete(np.arange(len(people)), query))
            order = others[np.argsort(-row[others], kind="stable")]
            hits = np.flatnonzero(people[order] == people[query])
            found.append(mean([(i + 1) / (place + 1) for i, place in enumerate(hits)]))
    return float(np.mean(found))


@pytest.mark.parametrize("n", [1, 2, 16, 64])
def test_rows_of_hadamard_are_orthogonal(n: int) -> None:
    rows = hadamard(n)
    assert torch.equal(rows @ rows.T, n * torch.eye(n))
    assert torch.equal(rows.abs(), torch.ones(n, n))


@pytest.mark.parametrize(("n_classes", "n_bits"), [(5, 16), (32, 16), (33, 16), (40, 48), (7, 12)])
def test_targets_are_bits_far_from_each_other_and_the_same_each_time(
    n_classes: int, n_bits: int
) -> None:
    targets = balanced_targets(n_classes, n_bits)
    assert targets.shape == (n_classes, n_bits)
    assert set(targets.unique().tolist()) == {-1.0, 1.0}
    assert torch.equal(targets, balanced_targets(n_classes, n_bits))
    assert len(targets.unique(dim=0)) == n_classes
    apart = (n_bits - targets @ targets.T)[~torch.eye(n_classes, dtype=torch.bool)] / 2
    if n_bits == 16 and n_classes <= 32:
        assert set(apart.tolist()) <= {8.0, 16.0}


@pytest.mark.parametrize("name", BINARY)
def test_books_that_are_no_bits_are_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="are no bit"):
        make_method(MethodConfig(name=name)).quantizer(
            OpqnConfig(n_books=2, n_words=8, feature_dim=16), C, 0
        )


@pytest.mark.parametrize("name", BINARY)
def test_no_model_for_the_app_and_the_sentence_names_the_method(name: str) -> None:
    with pytest.raises(NotForTheApp, match=f"A model of {METHODS[name].title} can't be"):
        make_method(MethodConfig(name=name)).word_map(nn.Module())


def test_a_code_of_bits_has_as_many_books() -> None:
    assert code_length(48, 32, is_binary=True).bits == 48
    assert code_length(12, 32, is_binary=True).n_books == 12
    with pytest.raises(SettingsError):
        code_length(0, 32, is_binary=True)
