"""DPQ's loss against loops written from its definition, and its straight-through."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from opqn_app.core.errors import ModelIncompatible
from opqn_app.opqn import lut
from opqn_app.opqn.config import OpqnConfig
from tests.tiny_training import tiny_config, tiny_data
from trainer.config import MethodConfig
from trainer.engine.finish import finish
from trainer.engine.runs import RunDir
from trainer.engine.train import train
from trainer.evaluate.encoding import load_candidate
from trainer.evaluate.tables_and_codes import codes_of, tables_of
from trainer.method.dpq import ClassifierAndCentres, Dpq, SoftWords, one_word
from trainer.method.method import Batch

N, M, D, K, C = 5, 3, 6, 4, 7
LABELS = [0, 3, 6, 3, 1]
SIZES = OpqnConfig(n_books=M, n_words=K, feature_dim=M * D)


def parts_of(seed: int, **changes: str) -> tuple[Dpq, SoftWords, ClassifierAndCentres, Tensor]:
    torch.manual_seed(seed)
    method = Dpq(MethodConfig(name="dpq", **changes))  # type: ignore[arg-type]
    quantizer, criterion = method.quantizer(SIZES, C, 0), method.criterion(SIZES, C)
    torch.nn.init.normal_(quantizer.hidden_bias)
    torch.nn.init.normal_(quantizer.out_bias)
    x = torch.randn(N, M * D, dtype=torch.float64)
    return method, quantizer.double(), criterion.double(), x


def slow_assignment(quantizer: SoftWords, piece: Tensor, m: int) -> list[float]:
    hidden = [
        max(0.0, sum(float(piece[d] * quantizer.hidden[m, d, e]) for d in range(D))
            + float(quantizer.hidden_bias[m, e]))
        for e in range(D)
    ]  # fmt: skip
    logits = [
        sum(hidden[e] * float(quantizer.out[m, e, k]) for e in range(D))
        + float(quantizer.out_bias[m, k])
        for k in range(K)
    ]
    total = sum(math.exp(v) for v in logits)
    return [math.exp(v) / total for v in logits]


def slow_cross_entropy(criterion: ClassifierAndCentres, vector: list[float], label: int) -> float:
    weight, bias = criterion.classifier.weight, criterion.classifier.bias
    logits = [
        sum(v * float(w) for v, w in zip(vector, weight[c], strict=True)) + float(bias[c])
        for c in range(C)
    ]
    return math.log(sum(math.exp(v) for v in logits)) - logits[label]


@pytest.mark.parametrize("seed", [0, 1])
@torch.no_grad()
def test_loss_equals_its_loops(seed: int) -> None:
    method, quantizer, criterion, x = parts_of(seed)
    soft = hard = centres = sharpness = 0.0
    mean = np.zeros((M, K))
    for i, label in enumerate(LABELS):
        s: list[float] = []
        h: list[float] = []
        for m in range(M):
            p = slow_assignment(quantizer, x[i, m * D : (m + 1) * D], m)
            best = p.index(max(p))
            s += [sum(p[k] * float(quantizer.words[m, k, d]) for k in range(K)) for d in range(D)]
            h += [float(quantizer.words[m, best, d]) for d in range(D)]
            mean[m] += np.array(p) / N
            sharpness += sum(v * v for v in p) / N
        soft += slow_cross_entropy(criterion, s, label) / N
        hard += slow_cross_entropy(criterion, h, label) / N
        for vector in (s, h):
            own = criterion.centres[label]
            centres += sum((v - float(o)) ** 2 for v, o in zip(vector, own, strict=True)) / 2 / N
    use = float((mean**2).sum())
    total = soft + hard + 0.25 * centres + use - 0.01 * sharpness
    found = method.loss(quantizer, criterion, Batch(x, torch.tensor(LABELS)))
    expected = (total, soft, hard, centres, use, sharpness)
    assert [float(v) for v in found] == pytest.approx(expected, abs=1e-9)


def test_the_hard_word_passes_the_gradient_of_p_and_the_broken_one_none() -> None:
    p = torch.rand(2, M, K, dtype=torch.float64).softmax(-1).requires_grad_()
    weights = torch.randn(2, M, K, dtype=torch.float64)
    passing = one_word(p, passes=True)
    assert torch.allclose(passing.detach(), one_word(p, passes=False))
    assert one_word(p, passes=False).requires_grad is False
    (passing * weights).sum().backward()
    assert torch.equal(p.grad, weights)  # type: ignore[arg-type]


def test_broken_the_hard_loss_reaches_the_words_only() -> None:
    for kind in ("passing", "broken"):
        method, quantizer, criterion, x = parts_of(0, straight_through=kind)
        x.requires_grad_()
        hard = method.loss(quantizer, criterion, Batch(x, torch.tensor(LABELS)))[2]
        hard.backward()
        assert quantizer.words.grad is not None
        reached = [v.grad is not None and bool(v.grad.any()) for v in (x, quantizer.out)]
        assert reached == [kind == "passing"] * 2


@torch.no_grad()
def test_scores_are_the_distances_of_soft_queries_to_hard_pictures() -> None:
    _, quantizer, _, x = parts_of(2)
    tables, codes = tables_of(quantizer, x), codes_of(quantizer, x)
    p = quantizer.training_log_assignment(x).exp()
    soft = quantizer.mixed(p).flatten(1)
    hard = quantizer.mixed(one_word(p, passes=False)).flatten(1)
    for row in range(N):
        expected = [-float((soft[row] - h).square().sum()) for h in hard]
        assert lut.scores(tables[row], codes) == pytest.approx(expected, abs=1e-4)


@pytest.mark.slow
def test_a_run_is_measured_and_says_why_the_app_gets_no_model(tmp_path: Path) -> None:
    config = tiny_config(method={"name": "dpq"}, engine={"epochs": 1})
    data = tiny_data(config)
    run = RunDir.create(tmp_path / "run", config)
    list(train(config, run, data=data))
    result = finish(config, run, data, "cpu")
    assert 0 < result["test"]["map"] <= 1
    assert "A model of DPQ can't be written for the app" in result["not_exported"]
    assert not run.model.exists()
    with pytest.raises(ModelIncompatible, match=r"no model\. A model of DPQ can't be written"):
        load_candidate(str(run.path), "cpu")
    (run.path / "result.json").unlink()
    with pytest.raises(ModelIncompatible, match="opqn export RUN DIR"):
        load_candidate(str(run.path), "cpu")
