"""The engine: what it learns, that it can be stopped and resumed, and what its options do."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from opqn_app.core.errors import ModelIncompatible, SettingsError
from opqn_app.opqn.torch.checkpoint import load_model
from tests.tiny_training import draw_people, tiny_config, tiny_data
from trainer.config import TrainConfig
from trainer.data.crop_set import CropSet
from trainer.data.loading import TrainingData
from trainer.engine.distributed import World
from trainer.engine.finish import best_network, export, finish
from trainer.engine.optimise import AveragedWeights, build_optimiser, clip
from trainer.engine.reports import EpochReport, Stopped
from trainer.engine.runs import RunDir
from trainer.engine.state import load_state
from trainer.engine.train import Trainer, build_objective, train
from trainer.engine.validation import Diverged, EncodedPictures, encode, retrieve
from trainer.evaluate.scoring import CodeScorer, StoredTables
from trainer.method.objective import Objective

pytestmark = pytest.mark.slow


def trained(
    config: TrainConfig, folder: Path, data: TrainingData | None = None
) -> tuple[RunDir, list[EpochReport]]:
    run = RunDir.create(folder, config)
    return run, list(train(config, run, data=data or tiny_data(config)))


def assert_same(first: Any, second: Any, where: str = "") -> None:
    """Equal to the bit, through dicts and lists."""
    assert type(first) is type(second), where
    if isinstance(first, torch.Tensor):
        assert torch.equal(first, second), where
    elif isinstance(first, dict):
        assert first.keys() == second.keys(), where
        for key in first:
            assert_same(first[key], second[key], f"{where}.{key}")
    elif isinstance(first, list):
        assert len(first) == len(second), where
        for number, pair in enumerate(zip(first, second, strict=True)):
            assert_same(*pair, f"{where}[{number}]")
    else:
        assert first == second, where


def without_times(run: RunDir) -> list[dict[str, Any]]:
    clock = ("seconds", "images_per_s")
    return [{k: v for k, v in line.items() if k not in clock} for line in run.metrics()]


# 2 books of 8 words are too short a code for this; 150 steps with these are enough.
OVERFIT: dict[str, dict[str, Any]] = {
    "method": {"n_books": 4, "n_words": 16, "feature_dim": 64, "dropout": 0.0},
    "data": {"queries_per_person": 2, "val_per_person": 0},
    "engine": {"epochs": 50, "batch_size": 16, "lr_step": 20, "eval_every": 100, "lr": 0.05},
}


@pytest.mark.slow
def test_eight_people_are_learned_and_shuffled_labels_are_not(tmp_path: Path) -> None:
    """Invariant 19, at chance of about 1/8 for the shuffled ones."""
    config = tiny_config(**OVERFIT)
    people = draw_people(8, 8)
    data = tiny_data(config, people)
    run, _ = trained(config, tmp_path / "true", data)
    assert finish(config, run, data, "cpu")["test"]["map"] == 1.0
    rng = np.random.default_rng(0)
    mixed = CropSet(people.images, rng.permutation(people.people), people.files)
    data = tiny_data(config, mixed)
    run, _ = trained(config, tmp_path / "mixed", data)
    assert finish(config, run, data, "cpu")["test"]["map"] < 0.35


@pytest.mark.slow
def test_same_seed_same_weights(tmp_path: Path) -> None:
    config = tiny_config()
    first, again = (trained(config, tmp_path / name)[0] for name in "ab")
    assert_same(load_state(first.last), load_state(again.last))
    other = trained(tiny_config(engine={"seed": 9}), tmp_path / "c")[0]
    name = "backbone.fc.weight"
    weights = [load_state(r.last)["network"][name] for r in (first, other)]
    assert not torch.equal(*weights)


EVERYTHING: dict[str, dict[str, Any]] = {
    "engine": {"epochs": 3, "ema": 0.9, "clip_norm": 5.0, "warmup_epochs": 1.5,
               "no_decay_vectors": True, "checkpoint_steps": 2},
    "augment": {"grey": 0.3, "blur": 0.2},
}  # fmt: skip


@pytest.mark.parametrize(
    "stop_after", [4, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 7))]
)
def test_stopped_and_resumed_equals_uninterrupted(tmp_path: Path, stop_after: int) -> None:
    """Invariant 17: weights, class weights, optimiser, averages, random numbers, log."""
    config = tiny_config(**EVERYTHING)
    whole, _ = trained(config, tmp_path / "whole")
    run = RunDir.create(tmp_path / "parts", config)
    steps = 0

    def should_stop() -> bool:
        nonlocal steps
        steps += 1
        return steps == stop_after

    with pytest.raises(Stopped, match=r"Go on with: opqn train --resume"):
        list(train(config, run, data=tiny_data(config), should_stop=should_stop))
    list(train(config, run, data=tiny_data(config), is_resumed=True))
    assert_same(load_state(whole.last), load_state(run.last))
    assert_same(load_state(whole.best), load_state(run.best))
    assert without_times(whole) == without_times(run)


def test_a_finished_run_resumes_to_nothing(tmp_path: Path) -> None:
    config = tiny_config()
    run, reports = trained(config, tmp_path / "run")
    assert list(train(config, run, data=tiny_data(config), is_resumed=True)) == []
    assert len(list(run.metrics())) == len(reports) == 2


def test_a_checkpoint_of_other_people_is_refused(tmp_path: Path) -> None:
    config = tiny_config()
    run, _ = trained(config, tmp_path / "run")
    people = draw_people(6, 6)
    renamed = CropSet(people.images, np.char.add("x", people.people), people.files)
    with pytest.raises(ModelIncompatible, match="other people"):
        list(train(config, run, data=tiny_data(config, renamed), is_resumed=True))


@pytest.mark.slow
def test_best_weights_are_those_of_the_best_validation(tmp_path: Path) -> None:
    config = tiny_config(engine={"epochs": 6, "lr": 0.02})
    run, reports = trained(config, tmp_path / "run")
    scores = [r.validation.map if r.validation else -1.0 for r in reports]
    best = load_state(run.best)
    assert best["epoch"] == 6 - int(np.argmax(scores[::-1]))  # of equals the later one
    assert [r.is_best for r in reports] == [
        score >= max(scores[:i], default=-1.0) for i, score in enumerate(scores)
    ]


@pytest.mark.slow
def test_best_can_be_chosen_by_the_training_loss_as_released(tmp_path: Path) -> None:
    config = tiny_config(engine={"best_by": "loss", "epochs": 3})
    run, reports = trained(config, tmp_path / "run")
    losses = [r.loss["total"] for r in reports]
    assert load_state(run.best)["epoch"] == 1 + int(np.argmin(losses))


def test_reports_hold_the_schedule_the_loss_and_the_books(tmp_path: Path) -> None:
    config = tiny_config(engine={"epochs": 2, "lr_step": 1, "lr": 0.04})
    run, reports = trained(config, tmp_path / "run")
    assert [r.lr for r in reports] == pytest.approx([0.04, 0.02])
    first = reports[0]
    parts = first.loss
    mean = (parts["feature"] + parts["quantised"]) / 2 + 0.1 * parts["entropy"]
    assert parts["total"] == pytest.approx(mean, rel=1e-5)
    assert 0 <= parts["entropy"] <= math.log(8)
    assert first.books is not None
    assert len(first.books.words_used) == 2
    record = run.read("environment.json")
    assert record["data"]["train"] == 24
    assert len(record["data"]["manifest"]) == 64
    assert record["torch"] == torch.__version__
    assert run.config() == config


def test_a_frozen_trunk_stands_still_statistics_and_all(tmp_path: Path) -> None:
    method = {"backbone": "mobilefacenet", "input_size": 112, "stored_size": 112}
    config = tiny_config(
        method=method, engine={"epochs": 1, "trunk_frozen_epochs": 1, "eval_every": 9}
    )
    people = draw_people(3, 3, side=112)
    data = tiny_data(config, people)
    torch.manual_seed(config.engine.seed)
    before = build_objective(config, data, World()).network
    run, reports = trained(config, tmp_path / "run", data)
    state = load_state(run.last)["network"]
    for name, value in before.state_dict().items():
        if "trunk" in name:
            assert torch.equal(state[name], value), name
    assert not torch.equal(state["backbone.embed.weight"], before.backbone.embed.weight)
    assert reports[0].trunk_lr == 0.0


def test_vectors_can_be_spared_from_weight_decay() -> None:
    config = tiny_config(engine={"no_decay_vectors": True})
    objective = build_objective(config, tiny_data(config), World())
    groups = build_optimiser(objective, config.engine).param_groups
    for group in groups:
        is_spared = group["weight_decay"] == 0.0
        assert all((p.dim() == 1) == is_spared for p in group["params"])
    assert sum(len(g["params"]) for g in groups) == len(list(objective.parameters()))


def test_gradients_are_cut_to_the_length_asked_for() -> None:
    config = tiny_config()
    objective = build_objective(config, tiny_data(config), World())
    for parameter in objective.parameters():
        parameter.grad = torch.full_like(parameter, 0.1)
    n = sum(p.numel() for p in objective.parameters())
    assert float(clip(objective, 0.5)) == pytest.approx(0.1 * n**0.5, rel=1e-4)
    grads = torch.cat([p.grad.flatten() for p in objective.parameters() if p.grad is not None])
    assert float(grads.norm()) == pytest.approx(0.5, rel=1e-3)


def test_averaged_weights_follow_the_formula_and_give_the_place_back() -> None:
    config = tiny_config()
    network = build_objective(config, tiny_data(config), World()).network
    average = AveragedWeights(network, 0.75)
    start = network.quantizer.mlp.detach().clone()
    with torch.no_grad():
        network.quantizer.mlp.add_(1.0)
    average.update()
    average.update()
    expected = start + (1 - 0.75**2)
    assert torch.allclose(average.state["quantizer.mlp"], expected, atol=1e-6)
    with average.in_place():
        assert torch.allclose(network.quantizer.mlp, expected, atol=1e-6)
    assert torch.allclose(network.quantizer.mlp, start + 1.0)


def test_a_loss_that_is_no_number_ends_with_a_sentence(tmp_path: Path) -> None:
    config = tiny_config(engine={"lr": 1e6, "epochs": 30})
    with pytest.raises(Diverged, match=r"Lower engine\.lr"):
        trained(config, tmp_path / "run")


def test_too_few_pictures_for_a_batch_are_named(tmp_path: Path) -> None:
    config = tiny_config(engine={"batch_size": 500, "drop_last": True})
    with pytest.raises(SettingsError, match="make no batch of 500"):
        trained(config, tmp_path / "run")


@pytest.mark.parametrize(
    "variant",
    [
        "OPQN-W",
        *(pytest.param(f"OPQN-{v}", marks=pytest.mark.slow) for v in ("l2q", "A", "C", "S")),
    ],
)
def test_every_variant_trains(tmp_path: Path, variant: str) -> None:
    config = tiny_config(method={"variant": variant}, engine={"epochs": 4, "lr": 0.02})
    _, reports = trained(config, tmp_path / variant)
    assert reports[-1].loss["total"] < reports[0].loss["total"]


@pytest.mark.slow
def test_distillation_pulls_the_features_towards_the_teacher(tmp_path: Path) -> None:
    config = tiny_config(
        method={"distillation_weight": 50.0}, data={"teacher": str(tmp_path / "t.npz")},
        engine={"epochs": 6, "lr": 0.02},
    )  # fmt: skip
    people = draw_people(6, 6)
    rng = np.random.default_rng(0)
    teacher = rng.normal(size=(6, 9)).repeat(6, 0)
    order = rng.permutation(36)
    np.savez(tmp_path / "t.npz", files=people.files[order], embeddings=teacher[order])
    data = tiny_data(config, people)
    assert data.teacher is not None
    assert np.allclose(data.teacher, teacher, atol=1e-6)
    _, reports = trained(config, tmp_path / "run", data)
    assert reports[-1].loss["distillation"] < 0.6 * reports[0].loss["distillation"]


@pytest.mark.slow
def test_the_result_is_measured_and_loads_in_the_app(tmp_path: Path) -> None:
    method = {"backbone": "resnet20", "input_size": 32, "stored_size": 35}
    config = tiny_config(method=method, engine={"epochs": 1, "batch_size": 4, "lr": 1e-3})
    data = tiny_data(config, draw_people(2, 4, side=36))
    pictures = data.pictures
    cut = CropSet(pictures.images[:, :35, :35], pictures.people, pictures.files)
    data = tiny_data(config, cut)
    run, _ = trained(config, tmp_path / "run", data)
    result = finish(config, run, data, "cpu")
    assert result["test"]["queries"] == 2
    loaded = load_model(run.model)
    assert loaded.model_id == result["model_id"]
    assert "Test split 'single'" in (run.model / "README.md").read_text()
    network = best_network(load_state(run.best))
    x = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        app, own = loaded.model.features(x), network.features(x)
    assert torch.cosine_similarity(app, own).min() > 0.9999  # stored as float16


@pytest.mark.slow
def test_a_finished_model_is_calibrated_on_the_validation_pictures(tmp_path: Path) -> None:
    config = tiny_config(
        engine={"epochs": 20, "lr": 0.02, "seed": 5},  # some others have not learned enough by then
        data={"val_per_person": 2},
        augment={"flip": False},
    )
    data = tiny_data(config)
    run, _ = trained(config, tmp_path / "run", data)
    result = finish(config, run, data, "cpu")
    loaded = load_model(run.model)
    assert loaded.calibration is not None
    assert result["calibration"] == asdict(loaded.calibration)
    objective = Objective(best_network(load_state(run.best)), 6).eval()
    size, device = config.method.input_size, torch.device("cpu")

    def of(role: NDArray[np.intp]) -> EncodedPictures:
        return encode(
            objective, data.pictures.images[role], data.people[role], size=size, device=device
        )

    asking, searched = of(data.split.val), of(data.split.train)
    assert asking.tables is not None
    scorer = CodeScorer(StoredTables(asking.tables), searched.codes)
    scores = scorer.scores(0, len(asking.codes))
    is_same = data.people[data.split.val][:, None] == data.people[data.split.train]
    stated = loaded.calibration.probability(scores)
    assert stated[is_same].mean() > 3 * stated[~is_same].mean()
    assert "Percentages are fitted" in (run.model / "README.md").read_text()


@pytest.mark.slow
def test_a_model_without_validation_says_why_it_has_no_calibration(tmp_path: Path) -> None:
    config = tiny_config(engine={"epochs": 1}, data={"val_per_person": 0})
    data = tiny_data(config)
    run, _ = trained(config, tmp_path / "run", data)
    export(run, tmp_path / "early")
    assert "its run has not ended" in (tmp_path / "early" / "README.md").read_text()
    result = finish(config, run, data, "cpu")
    assert result["calibration"] is None
    assert "no pictures were kept to choose by" in result["not_calibrated"]
    assert load_model(run.model).calibration is None
    assert result["not_calibrated"] in (run.model / "README.md").read_text()


@pytest.mark.slow
def test_bf16_trunk_trains_too(tmp_path: Path) -> None:
    config = tiny_config(engine={"precision": "bf16", "epochs": 3, "lr": 0.02})
    _, reports = trained(config, tmp_path / "run")
    assert reports[-1].loss["total"] < reports[0].loss["total"]


@pytest.mark.slow
def test_bf16_finds_what_fp32_finds(tmp_path: Path) -> None:
    """Invariant 18: 99 % of the best hits and mAP to 0.2 points, of one trained network."""
    config, people = tiny_config(**OVERFIT), draw_people(8, 8)
    data = tiny_data(config, people)
    run, _ = trained(config, tmp_path / "run", data)
    objective = build_objective(config, data, World())
    objective.network.load_state_dict(load_state(run.last)["network"])
    others = draw_people(8, 50, noise=72)  # the same people, new and harder pictures
    labels = np.repeat(np.arange(8), 50)
    best, quality = [], []
    for precision in ("fp32", "bf16"):
        objective.precision = precision
        seen = encode(objective, others.images, labels, size=16, device=torch.device("cpu"))
        assert seen.tables is not None
        scorer = CodeScorer(StoredTables(seen.tables[::2]), seen.codes[1::2])
        scores = scorer.scores(0, 200)
        best.append(scores == scores.max(1, keepdims=True))
        quality.append(retrieve(scorer, labels[::2], labels[1::2], t=5).map)
    assert 0.3 < quality[0] < 0.999  # neither hopeless nor too easy to tell
    assert (best[0] & best[1]).any(1).mean() >= 0.99
    assert quality[1] == pytest.approx(quality[0], abs=0.002)


def test_frozen_statistics_stay_what_they_are(tmp_path: Path) -> None:
    config = tiny_config(engine={"batch_norm": "frozen", "epochs": 1})
    run, _ = trained(config, tmp_path / "run")
    state = load_state(run.last)["network"]
    assert torch.equal(state["backbone.last_bn.running_var"], torch.ones(32))


def test_synchronised_statistics_need_cuda() -> None:
    config = tiny_config(engine={"batch_norm": "sync"})
    with pytest.raises(SettingsError, match="need CUDA"):
        build_objective(config, tiny_data(config), World(size=2))


def test_deterministic_mode_reaches_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[bool] = []
    monkeypatch.setattr(torch, "use_deterministic_algorithms", calls.append)
    trained(tiny_config(engine={"deterministic": True, "epochs": 1}), tmp_path / "run")
    assert calls == [True]


def test_a_checkpoint_cut_off_while_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny_config(engine={"epochs": 1})
    data = tiny_data(config)
    run, _ = trained(config, tmp_path / "run", data)
    before = run.last.read_bytes()

    def fails(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("opqn_app.core.files.os.fsync", fails)
    trainer = Trainer(config, run, data, World())
    with pytest.raises(OSError, match="disk full"):
        trainer.save()
    assert run.last.read_bytes() == before
