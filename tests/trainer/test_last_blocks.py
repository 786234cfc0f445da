"""Tuning the last layers of SFace: the loss by its definition, the layers, going on."""

import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from opqn_app.opqn.torch.sface import SFace
from trainer.method.last_blocks import (
    CHUNKS,
    LastBlocks,
    LastBlocksEpoch,
    LastBlocksSettings,
    LastBlocksTraining,
    TrainingFaces,
    maps_of,
    ranking_loss,
    with_last_blocks,
)


@pytest.fixture(scope="module")
def trunk() -> SFace:
    """Random weights with statistics that are not those of a fresh normalisation."""
    torch.manual_seed(0)
    net = SFace()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
    return net.eval()


class KeptViews:
    """Maps of several views of each crop."""

    def __init__(self, views: list[NDArray[np.float32]]) -> None:
        self._views = np.stack(views)

    def draw(self, rows: NDArray[np.int64], chance: np.random.Generator) -> Tensor:
        view = chance.integers(len(self._views), size=len(rows))
        return torch.from_numpy(self._views[view, rows])


def faces(n_people: int = 6, each: int = 4) -> TrainingFaces:
    """Maps that tell people apart, seen in two ways; embeddings that hardly do."""
    chance = np.random.default_rng(0)
    people = chance.normal(size=(n_people, 1, 1024, 7, 7))
    views = [
        (people + 2 * chance.normal(size=(n_people, each, 1024, 7, 7)))
        .reshape(-1, 1024, 7, 7)
        .astype(np.float32)
        for _ in range(2)
    ]
    torch.manual_seed(1)
    labels = torch.arange(n_people).repeat_interleave(each)
    return TrainingFaces(KeptViews(views), torch.randn(len(labels), 128), labels, labels % 2)


def slow_loss(q: Tensor, bank: Tensor, labels: Tensor, scale: float, margin: float) -> float:
    """Row i of q is a query for row i of the bank, from the definition, one pair at a time."""
    total = 0.0
    for i in range(len(q)):
        terms = []
        for p in range(len(bank)):
            if labels[p] != labels[i] or p == i:
                continue
            beaten = sum(
                math.exp(scale * (float(q[i] @ bank[n]) - float(q[i] @ bank[p]) + margin))
                for n in range(len(bank))
                if labels[n] != labels[i]
            )
            terms.append(math.log(1 + beaten))
        total += sum(terms) / len(terms)
    return total / len(q)


def test_the_loss_is_what_its_definition_says() -> None:
    torch.manual_seed(0)
    bank = F.normalize(torch.randn(12, 5).double(), dim=-1)
    q = F.normalize(torch.randn(7, 5).double(), dim=-1)
    labels = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2, 2, 1, 0, 1])
    itself = F.one_hot(torch.arange(7), 12).bool()
    same = (labels[:7, None] == labels) & ~itself
    found = ranking_loss(q, bank, same, itself, scale=9.0, margin=0.15)
    assert float(found) == pytest.approx(slow_loss(q, bank, labels, 9.0, 0.15), rel=1e-9)


def test_a_photo_of_the_person_that_ranks_first_costs_little() -> None:
    bank = torch.eye(3)
    same, itself = torch.tensor([[True, False, False]]), torch.zeros(1, 3, dtype=torch.bool)
    good = ranking_loss(bank[:1], bank, same, itself, scale=20.0, margin=0.1)
    bad = ranking_loss(bank[1:2], bank, same, itself, scale=20.0, margin=0.1)
    assert float(good) < 1e-6
    assert float(bad) == pytest.approx(22.0, abs=1e-3)


@pytest.mark.parametrize("depth", [1, 2, 7, 13])
def test_maps_and_last_blocks_are_the_trunk(trunk: SFace, depth: int) -> None:
    pixels = torch.randn(3, 3, 112, 112)
    with torch.inference_mode():
        found = LastBlocks(trunk, depth)(maps_of(trunk, pixels, depth))
        torch.testing.assert_close(found, trunk(pixels))


def test_every_weight_of_the_last_blocks_is_trained_the_slower_the_earlier(trunk: SFace) -> None:
    last_blocks = LastBlocks(trunk, 3)
    groups = last_blocks.rates(LastBlocksSettings(learning_rate=1.0, rate_decay=0.5))
    assert [group["rate"] for group in groups] == [1.0, 1.0, 0.5, 0.25]
    assert groups[1]["params"][0] is next(last_blocks.blocks[2].parameters())
    trained = [id(p) for group in groups for p in group["params"]]
    assert sorted(trained) == sorted(id(p) for p in last_blocks.parameters())


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize(
    "published", [0.25, *(pytest.param(share, marks=pytest.mark.slow) for share in (0.0, 1.0))]
)
def test_the_mixture_has_its_share_of_the_published_weights(
    trunk: SFace, published: float, depth: int
) -> None:
    last_blocks, before = (
        LastBlocks(trunk, depth),
        {k: v.clone() for k, v in trunk.state_dict().items()},
    )
    with torch.no_grad():
        for parameter in last_blocks.parameters():
            parameter.add_(1.0)
    mixed = with_last_blocks(trunk, last_blocks, published=published).state_dict()
    blocks = [f"blocks.{12 - i}." for i in range(depth)]
    tuned = {key for key in before if key.startswith((*blocks, "map_bn.", "fc.", "out_bn."))}
    learned = {key for key, _ in trunk.named_parameters()}
    for key, value in before.items():
        shift = 1 - published if key in tuned & learned else 0.0
        torch.testing.assert_close(mixed[key], value + shift if shift else value)
        assert torch.equal(trunk.state_dict()[key], value)  # the trunk itself stays as it is


@pytest.mark.slow
def test_training_makes_first_answers_right(trunk: SFace) -> None:
    settings = LastBlocksSettings(depth=1, epochs=8, batch_size=8, warm_up=1, learning_rate=1e-3)
    training = LastBlocksTraining(LastBlocks(trunk, 1), faces(), settings)
    reports = list(training.epochs())
    assert [report.epoch for report in reports] == list(range(1, 9))
    assert reports[0].rank1 < 0.7
    assert reports[-1].rank1 > 0.9
    assert reports[-1].ranking < reports[0].ranking / 2


def test_last_blocks_of_another_depth_are_refused(trunk: SFace) -> None:
    with pytest.raises(ValueError, match="there are 2 blocks to tune, the settings say 1"):
        LastBlocksTraining(LastBlocks(trunk, 2), faces(), LastBlocksSettings(depth=1))


@pytest.mark.slow
def test_going_on_ends_where_training_at_one_go_does(trunk: SFace) -> None:
    settings = LastBlocksSettings(depth=1, epochs=3, batch_size=8, warm_up=2)
    whole, half = (LastBlocksTraining(LastBlocks(trunk, 1), faces(), settings) for _ in range(2))
    list(whole.epochs())
    next(iter(half.epochs()))
    later = LastBlocksTraining(LastBlocks(trunk, 1), faces(), settings)
    later.go_on_from(half.state())
    assert [report.epoch for report in later.epochs()] == [2, 3]
    for key, value in whole.last_blocks.state_dict().items():
        assert torch.equal(later.last_blocks.state_dict()[key], value), key
    assert torch.equal(later.directions, whole.directions)


@pytest.mark.parametrize(
    "values",
    [{"depth": 0}, {"depth": 14}, {"damaged": 1.5}, {"published": -0.1}, {"batch_size": 1}],
)
def test_settings_keep_to_what_there_is(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(values)).split("_")[0]):
        LastBlocksSettings(**values)


def assert_learned_alike(before: LastBlocks, one: LastBlocks, other: LastBlocks) -> None:
    """Two sets of blocks say the same but for rounding, beside what the training changed."""
    maps = torch.randn(4, 1024, 7, 7)
    with torch.inference_mode():
        start, first, second = (last_blocks(maps) for last_blocks in (before, one, other))
    assert (first - second).abs().max() < 0.02 * (first - start).abs().max()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's own
@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no C++ compiler")
def test_compiled_last_blocks_train_as_the_others_do(
    trunk: SFace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    settings = LastBlocksSettings(depth=1, epochs=1, batch_size=8, warm_up=1)
    plain = LastBlocksTraining(LastBlocks(trunk, 1), faces(), settings)
    compiled = LastBlocksTraining(LastBlocks(trunk, 1), faces(), settings, compiled=True)
    assert compiled._forward is not compiled.last_blocks
    (expected,) = plain.epochs()
    (found,) = compiled.epochs()
    assert found.ranking == pytest.approx(expected.ranking, rel=1e-4)
    assert found.classes == pytest.approx(expected.classes, rel=1e-4)
    assert_learned_alike(LastBlocks(trunk, 1), plain.last_blocks, compiled.last_blocks)


@pytest.mark.slow
def test_chunks_of_a_batch_add_up_to_the_batch(
    trunk: SFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = LastBlocksSettings(depth=1, epochs=1, batch_size=8, warm_up=1)
    reports: list[LastBlocksEpoch] = []
    both: list[LastBlocks] = []
    for size in (3, 8):
        monkeypatch.setitem(CHUNKS, "cpu", size)
        training = LastBlocksTraining(LastBlocks(trunk, 1), faces(), settings)
        reports += training.epochs()
        both.append(training.last_blocks)
    assert reports[0].ranking == pytest.approx(reports[1].ranking, rel=1e-5)
    assert reports[0].classes == pytest.approx(reports[1].classes, rel=1e-5)
    assert reports[0].rank1 == pytest.approx(reports[1].rank1)
    assert_learned_alike(LastBlocks(trunk, 1), *both)
