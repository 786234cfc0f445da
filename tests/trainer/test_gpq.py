"""GPQ's loss against loops written from its definition, and pictures without a label."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from opqn_app.opqn import lut
from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.load import load_encoder
from tests.tiny_training import draw_people, tiny_config, tiny_data, write_people
from trainer.config import MethodConfig, TrainConfig
from trainer.data.batches import endless_order, epoch_order
from trainer.data.loading import UNLABELLED, load_data
from trainer.data.splits import load_split, save_split
from trainer.engine.distributed import World
from trainer.engine.feed import Feed
from trainer.engine.finish import best_network, finish
from trainer.engine.runs import RunDir
from trainer.engine.state import load_state
from trainer.engine.train import train
from trainer.evaluate.tables_and_codes import codes_of, tables_of
from trainer.method.gpq import Gpq, PrototypeWords
from trainer.method.method import Batch

N, U, M, D, K, C = 5, 3, 3, 6, 4, 7
LABELS = [0, 3, 6, 3, 1]
ALPHA, BETA, CLASSIFIER, ENTROPY = 6.0, 3.0, 0.3, 0.2
SIZES = OpqnConfig(n_books=M, n_words=K, feature_dim=M * D)
SETTINGS = MethodConfig(
    name="gpq", assignment_scale=ALPHA, classifier_scale=BETA, classifier_weight=CLASSIFIER,
    entropy_weight=ENTROPY,
)  # fmt: skip

Vector = list[float]


def parts_of(seed: int) -> tuple[Gpq, PrototypeWords, Tensor, Tensor]:
    torch.manual_seed(seed)
    method = Gpq(SETTINGS)
    quantizer = method.quantizer(SIZES, C, 0).double()
    x, u = torch.randn(N + U, M * D, dtype=torch.float64).split([N, U])
    return method, quantizer, x, u


def unit(v: Vector) -> Vector:
    length = math.sqrt(sum(x * x for x in v))
    return [x / length for x in v]


def dot(a: Vector, b: Vector) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def softmax(v: Vector) -> Vector:
    total = sum(math.exp(x) for x in v)
    return [math.exp(x) / total for x in v]


def mixture(at: Vector, of: list[Vector]) -> Vector:
    shares = softmax([ALPHA * dot(at, each) for each in of])
    return unit([sum(p * each[d] for p, each in zip(shares, of, strict=True)) for d in range(D)])


def slow_total(quantizer: PrototypeWords, x: Tensor, u: Tensor) -> list[float]:
    prototypes = [[unit(c.tolist()) for c in quantizer.prototypes[m]] for m in range(M)]
    words = [[mixture(unit(z.tolist()), prototypes[m]) for z in quantizer.raw[m]] for m in range(M)]

    def pieces(row: Tensor) -> list[Vector]:
        return [unit(row[m * D : (m + 1) * D].tolist()) for m in range(M)]

    def answer(row: Tensor) -> Vector:
        return softmax([
            sum(BETA**2 * dot(a, of[c]) for a, of in zip(pieces(row), prototypes, strict=True)) / M
            for c in range(C)
        ])  # fmt: skip

    mixed = [[mixture(piece, words[m]) for m, piece in enumerate(pieces(row))] for row in x]
    pairs = classifier = entropy = 0.0
    for i, label in enumerate(LABELS):
        piece = pieces(x[i])
        logits = [sum(dot(piece[m], q[m]) for m in range(M)) for q in mixed]
        logs = [math.log(p) for p in softmax(logits)]
        same = [j for j in range(N) if LABELS[j] == label]
        pairs -= sum(logs[j] for j in same) / len(same) / N
        classifier -= math.log(answer(x[i])[label]) / N
    for row in u:
        entropy -= sum(p * math.log(p + 1e-5) for p in answer(row)) / U
    return [pairs + CLASSIFIER * classifier - ENTROPY * entropy, pairs, classifier, entropy]


@pytest.mark.parametrize("seed", [0, 1])
@torch.no_grad()
def test_loss_equals_its_loops(seed: int) -> None:
    method, quantizer, x, u = parts_of(seed)
    found = method.loss(quantizer, torch.nn.Module(), Batch(x, torch.tensor(LABELS), u))
    assert [float(v) for v in found] == pytest.approx(slow_total(quantizer, x, u), abs=1e-9)


def test_prototypes_raise_the_entropy_and_the_network_lowers_it() -> None:
    method, quantizer, x, u = parts_of(3)
    labels = torch.tensor(LABELS)

    def entropy_of(u: Tensor) -> float:
        with torch.no_grad():
            return float(method.loss(quantizer, torch.nn.Module(), Batch(x, labels, u))[3])

    u.requires_grad_()
    _, pairs, classifier, _ = parts = method.loss(quantizer, torch.nn.Module(), Batch(x, labels, u))
    only_entropy = parts[0] - pairs - CLASSIFIER * classifier
    to_words, to_features = torch.autograd.grad(only_entropy, [quantizer.prototypes, u])
    start = entropy_of(u)
    assert entropy_of(u - 0.1 * to_features) < start
    with torch.no_grad():
        quantizer.prototypes.sub_(0.1 * to_words)
    assert entropy_of(u) > start


def test_the_derivative_of_the_labelled_terms_is_exact() -> None:
    method, quantizer, x, _ = parts_of(4)
    labels = torch.tensor(LABELS)

    def value(x: Tensor, prototypes: Tensor, raw: Tensor) -> Tensor:
        weights = {"prototypes": prototypes, "raw": raw}
        module = _Loss(method, quantizer)
        found: Tensor = torch.func.functional_call(module, weights_of(weights), (x, labels))
        return found

    given = [x, quantizer.prototypes.detach(), quantizer.raw.detach()]
    assert torch.autograd.gradcheck(value, [v.clone().requires_grad_() for v in given])


def weights_of(named: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"quantizer.{name}": value for name, value in named.items()}


class _Loss(torch.nn.Module):
    def __init__(self, method: Gpq, quantizer: PrototypeWords) -> None:
        super().__init__()
        self.method, self.quantizer = method, quantizer

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        return self.method.loss(self.quantizer, torch.nn.Module(), Batch(x, labels))[0]


@torch.no_grad()
def test_all_is_of_length_one_and_scores_are_cosines_with_the_effective_words() -> None:
    _, quantizer, x, u = parts_of(2)
    words, mixed = quantizer.words(), quantizer.mixed(quantizer.unit(x), quantizer.words())
    for vectors in (words, mixed, quantizer.unit(x)):
        assert torch.allclose(vectors.norm(dim=-1), torch.ones((), dtype=torch.float64))
    assert not torch.allclose(words, quantizer.raw)
    codes, tables = codes_of(quantizer, x), tables_of(quantizer, u)
    for row in range(U):
        expected = [
            sum(float(quantizer.unit(u)[row, m] @ words[m, int(code[m])]) for m in range(M))
            for code in codes
        ]
        assert lut.scores(tables[row], codes) == pytest.approx(expected, abs=1e-5)
    assert np.array_equal(codes_of(quantizer, 3 * x), codes)


def few_labels(**changes: object) -> TrainConfig:
    data = {"labelled_per_person": 2, "val_per_person": 2}
    return tiny_config(method={"name": "gpq"}, data=data, **changes)  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_app_finds_with_a_model_of_gpq_what_training_measured(tmp_path: Path) -> None:
    config = few_labels(engine={"epochs": 2, "optimiser": "adam", "lr": 2e-3})
    data = tiny_data(config, draw_people(6, 8))
    run = RunDir.create(tmp_path / "run", config)
    reports = list(train(config, run, data=data))
    assert 0 < reports[0].loss["subspace_entropy"] <= math.log(6)
    result = finish(config, run, data, "cpu")
    network = best_network(load_state(run.best))
    encoder = load_encoder(run.model)
    assert encoder.model_id == result["model_id"]
    crops = draw_people(2, 3, side=112).images
    features = torch.from_numpy(encoder.features(crops))
    assert np.mean(encoder.encode(crops) == codes_of(network.quantizer, features)) == 1.0
    assert encoder.luts(crops) == pytest.approx(tables_of(network.quantizer, features), abs=2e-3)


def test_of_each_person_so_many_pictures_keep_their_label(tmp_path: Path) -> None:
    pictures = draw_people(6, 8)
    split = tiny_data(few_labels(), pictures).split
    every = tiny_data(tiny_config(data={"val_per_person": 2}), pictures).split
    assert np.unique(pictures.people[split.train], return_counts=True)[1].tolist() == [2] * 6
    assert np.array_equal(np.union1d(split.train, split.unlabelled), every.train)
    assert not np.intersect1d(split.train, split.unlabelled).size
    for role in ("val", "test", "gallery"):
        assert np.array_equal(getattr(split, role), getattr(every, role))
    save_split(tmp_path / "split.json", split, pictures)
    assert np.array_equal(
        load_split(tmp_path / "split.json", pictures).unlabelled, split.unlabelled
    )


def test_other_pictures_train_without_a_label_and_are_nobody(tmp_path: Path) -> None:
    write_people(tmp_path / "people", draw_people(6, 6))
    write_people(tmp_path / "more", draw_people(3, 2, seed=9))
    config = tiny_config(
        data={"sources": [str(tmp_path / "people")], "unlabelled": [str(tmp_path / "more")]}
    )
    data = load_data(config)
    rows = data.split.unlabelled
    assert len(rows) == 6
    assert set(data.pictures.people[rows]) == {UNLABELLED}
    assert (data.labels[rows] == -1).all()
    assert len(data.classes) == 6
    for role in ("train", "val", "test", "gallery"):
        assert not np.intersect1d(getattr(data.split, role), rows).size
    save_split(tmp_path / "split.json", data.split, data.pictures)
    again = load_data(config, split_file=tmp_path / "split.json").split
    assert np.array_equal(again.unlabelled, rows)


def test_without_its_weight_pictures_without_a_label_take_no_part() -> None:
    assert not Gpq(MethodConfig(name="gpq", entropy_weight=0.0)).uses_unlabelled
    assert Gpq(SETTINGS).uses_unlabelled


def test_unlabelled_pictures_come_in_turn_over_the_epochs() -> None:
    orders = torch.cat([epoch_order(5, seed=3, epoch=each) for each in range(4)])
    assert torch.equal(endless_order(5, 3, 14, seed=3), orders[3:17])
    config = few_labels(augment={"crop": False, "flip": False})
    data = tiny_data(config, draw_people(6, 8))

    def fed(epoch: int, first: int) -> list[Tensor]:
        feed = Feed(
            config, data, World(), uses_unlabelled=True, generator=torch.Generator().manual_seed(0)
        )
        return [step.pixels[len(step.labels) :] for step in feed.steps(epoch, first)]

    whole = [*fed(0, 0), *fed(1, 0)]
    assert [len(each) for each in whole] == [8, 4, 8, 4]  # as many as are labelled
    images = torch.from_numpy(data.pictures.images[data.split.unlabelled][:, 2:18, 2:18])
    order = endless_order(len(images), 0, 24, seed=config.engine.seed)
    assert torch.equal(torch.cat(whole), images[order])
    assert torch.equal(fed(1, 1)[0], whole[3])
