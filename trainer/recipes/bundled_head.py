"""Make the bundled models: OPQN heads of several lengths on one Apache-2.0 trunk.

    python -m trainer.recipes.sface_weights face_recognition_sface_2021dec.onnx sface.pt
    python -m trainer.recipes.bundled_head --data ../shared/data --trunk-file sface.pt \\
        --out resources/models

A head has discriminant directions of the trunk's features, and words that are learned, and later
chosen, together (`trainer.method.joint_head`). With `--separate` each book has a sub-space of its
own, as in the paper: the head starts as the best of a few good OPQs and may be trained with the
OPQN loss (`--epochs`); of the start and all epochs, the one with the best mAP on one half of the
validation people is kept. The weight of lengths, or the query temperature, and the calibration are
chosen on
the same half, and the other half is only reported, as are the unseen LFW people. Embeddings are
kept in the run folder, so that a run that was stopped goes on after them. `--trunk-from` takes the
trunk out of a model that `opqn train` made: that is how a fine-tuned trunk gets its heads.
"""

import argparse
import json
import logging
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import Tensor

from opqn_app.opqn.backbones import TRUNK_PIXELS
from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.torch.checkpoint import load_model, save_model
from opqn_app.opqn.torch.model import OpqnModel
from opqn_app.opqn.torch.weights import as_loaded, stored_state
from trainer.evaluate.baselines import ProductQuantizer, train_pq
from trainer.evaluate.calibration import MATCH_SHARE, reliability
from trainer.evaluate.leave_one_out import LeaveOneOut, leave_one_out
from trainer.evaluate.scoring import CosineScorer
from trainer.evaluate.tables_and_codes import TablesAndCodes
from trainer.method.head import HeadSettings, start_head, train_head
from trainer.method.joint_head import JointHeadSettings, start_joint_head
from trainer.method.trunks import fill_trunk, load_trunk
from trainer.recipes.command import run_recipe
from trainer.recipes.embedded_crops import (
    EmbeddedCrops,
    collections_of,
    embedded_sets,
    tuning_half,
    with_company,
)
from trainer.recipes.head_card import HeadFigures, card_text
from trainer.recipes.head_curve import calibrate, pair_scores
from trainer.recipes.rankings import coded

logger = logging.getLogger(__name__)

JOINT = {
    8: JointHeadSettings(directions=80, turns=14, made_faces=1, made_people=2),
    16: JointHeadSettings(turns=14, made_faces=3),
    32: JointHeadSettings(turns=8),
}  # chosen on the tuning half of the validation people
SEPARATE = {
    8: HeadSettings(directions=80, shrinkage=0.1, lift=0.5, iterations=60),
    16: HeadSettings(directions=96, shrinkage=0.1, lift=1.0, iterations=60),
    32: HeadSettings(directions=96, shrinkage=0.1, lift=1.0, iterations=60),
}  # likewise
TEMPERATURES: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0)
LENGTH_WEIGHTS: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0)
JOINT_FEATURES = 256  # D; no fewer than words, so that these can be orthonormal


def main(argv: list[str] | None = None) -> int:
    """Run the recipe; returns the exit status."""
    return run_recipe(lambda: make_models(parse(argv)))


def parse(argv: list[str] | None) -> argparse.Namespace:
    """The command line of the recipe."""
    parser = argparse.ArgumentParser(description="Make the bundled models on a frozen trunk.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the face data")
    parser.add_argument("--out", type=Path, required=True, help="folder of model folders")
    parser.add_argument("--run", type=Path, default=Path("runs/bundled-head"), help="run folder")
    parser.add_argument("--backbone", choices=TRUNK_PIXELS, default="sface")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--trunk-file", type=Path, help="state dict of the trunk")
    source.add_argument("--trunk-from", type=Path, help="model folder that has the trunk")
    parser.add_argument("--trunk-name", default="", help="name of the shared file (the backbone's)")
    parser.add_argument("--books", type=int, nargs="+", default=list(JOINT), help="codebooks M")
    parser.add_argument("--words", type=int, default=256, help="codewords K (default 256)")
    parser.add_argument("--no-mirror", action="store_true", help="one pass a face, not two")
    parser.add_argument("--separate", action="store_true", help="a sub-space for each book")
    parser.add_argument("--tries", type=int, default=1, help="starts of a head, best kept")
    parser.add_argument("--epochs", type=int, default=0, help="of the OPQN loss, with --separate")
    parser.add_argument("--directions", type=int, help="discriminant directions")
    parser.add_argument("--learning-rate", type=float, default=HeadSettings().learning_rate)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(argv)


def make_models(arguments: argparse.Namespace) -> None:
    """Embed once, then for each length: start, train, choose, calibrate, save, measure."""
    configs = [family_config(arguments, books) for books in arguments.books]
    torch.manual_seed(arguments.seed)
    model = OpqnModel(configs[0])
    take_trunk(model, arguments)
    train, validation, unseen = embedded_sets(model, arguments.data, arguments.run)
    is_tuning = tuning_half(validation, arguments.data / "faces.csv")
    sets = {
        "LFW, unseen people": unseen,
        "validation families, reported half": validation.where(~is_tuning),
    }
    usable, labels = with_company(train.people)
    train = train.where(usable)
    collections = collections_of(train.people, arguments.data / "faces.csv")
    logger.info("%d crops of %d people train the heads", len(labels), int(labels.max()) + 1)
    for config in configs:
        tuning = validation.where(is_tuning)
        make_model(arguments, config, model, train, labels, collections, tuning, sets)


def family_config(arguments: argparse.Namespace, books: int) -> OpqnConfig:
    """The config of the family's member with that many books."""
    order, std = TRUNK_PIXELS[arguments.backbone]
    joint = not arguments.separate
    return OpqnConfig(
        n_books=books,
        n_words=arguments.words,
        feature_dim=max(JOINT_FEATURES, arguments.words) if joint else books * arguments.words,
        backbone=arguments.backbone,
        channel_order=order,
        pixel_std=(std, std, std),
        mirror_average=not arguments.no_mirror,
        query_form="linear" if joint else "probabilities",
        joint_words=joint,
        length_weight=JOINT.get(books, JointHeadSettings()).length_weight if joint else 0.0,
    )


def head_settings(arguments: argparse.Namespace, books: int) -> HeadSettings | JointHeadSettings:
    """What makes a head of that many books."""
    if not arguments.separate:
        joint = JOINT.get(books, JointHeadSettings())
        directions = arguments.directions or joint.directions
        return replace(joint, directions=directions, seed=arguments.seed)
    usual = SEPARATE.get(books, HeadSettings())
    return replace(
        usual,
        directions=arguments.directions or usual.directions,
        epochs=arguments.epochs,
        learning_rate=arguments.learning_rate,
        seed=arguments.seed,
    )


def take_trunk(model: OpqnModel, arguments: argparse.Namespace) -> None:
    """Fill the trunk from a state dict or out of another model, rounded as it will be stored.

    Raises:
        OpqnError: the file or the model is missing, can't be read or does not fit.
    """
    source = arguments.trunk_from
    if source is not None:
        fill_trunk(model.trunk, load_model(source).model.trunk.state_dict(), source)
    else:
        load_trunk(model.trunk, arguments.trunk_file)
    round_to_stored(model)


def make_model(
    arguments: argparse.Namespace,
    config: OpqnConfig,
    trunk: OpqnModel,
    train: EmbeddedCrops,
    labels: Tensor,
    collections: tuple[Tensor, int],
    tuning: EmbeddedCrops,
    sets: dict[str, EmbeddedCrops],
) -> None:
    """One member of the family: its head, temperature, calibration, card and files."""
    started = time.monotonic()
    settings = head_settings(arguments, config.n_books)
    name = f"bundled-{config.code_bits}"
    run = arguments.run / name
    run.mkdir(exist_ok=True)
    torch.manual_seed(settings.seed)
    model = OpqnModel(config)
    model.trunk.load_state_dict(trunk.trunk.state_dict())
    history = choose_head(model, train, labels, collections, tuning, settings, run, arguments.tries)
    round_to_stored(model)
    model = as_best_asked(model, tuning)
    tuned = tables_and_codes(model.eval(), tuning)
    calibration = calibrate(tuned.tables, tuned.codes, tuning.people)
    folder, shared = arguments.out / name, arguments.trunk_name or arguments.backbone
    save_model(folder, model, calibration=calibration, name=name, trunk=shared)
    shipped = load_model(folder).model  # measured as stored: rounded to 16-bit floats
    held = list(sets.values())[-1]
    found = tables_and_codes(shipped, held)
    pairs = pair_scores(found.tables, found.codes, held.people, calibration)
    controls = train_controls(train, config)
    figures = HeadFigures(
        ours={title: retrieval(shipped, data) for title, data in sets.items()},
        controls={title: control_figures(controls, data) for title, data in sets.items()},
        reliability=reliability(calibration, *pairs),
        history=history,
        train_crops=len(labels),
        train_people=int(labels.max()) + 1,
        seconds=time.monotonic() - started,
        starts=arguments.tries,
        trunk=shared,
    )
    card = card_text(name, shipped.config, settings, figures, match_share=MATCH_SHARE)
    save_model(folder, model, calibration=calibration, card=card, name=name, trunk=shared)
    (run / "figures.json").write_text(json.dumps(asdict(figures), indent=1))
    sys.stdout.write(card)


def round_to_stored(model: OpqnModel) -> None:
    """Make the weights what a checkpoint will hold, so that figures are those of the files."""
    stored = stored_state(model, half=True)
    model.load_state_dict({name: as_loaded(value) for name, value in stored.items()})


def choose_head(
    model: OpqnModel,
    train: EmbeddedCrops,
    labels: Tensor,
    collections: tuple[Tensor, int],
    tuning: EmbeddedCrops,
    settings: HeadSettings | JointHeadSettings,
    run: Path,
    tries: int,
) -> list[tuple[int, float, float]]:
    """Leave in `model` the best of the start and all epochs.

    Returns:
        (epoch, rank-1, mAP) on the tuning half; epoch 0 is the start.
    """
    start_best(model, train, labels, collections, tuning, settings, tries)
    history: list[tuple[int, float, float]] = []
    best: dict[str, Tensor] = {}
    metrics = (run / "metrics.jsonl").open("w", encoding="utf-8")
    with metrics:
        for epoch, losses in _epochs(model, train, labels, settings):
            found = retrieval(model, tuning)
            history.append((epoch, found.rank1, found.mean_ap))
            row = {"epoch": epoch, **losses, "rank1": found.rank1, "map": found.mean_ap}
            metrics.write(json.dumps(row) + "\n")
            logger.info("epoch %d: rank-1 %.4f, mAP %.4f", epoch, found.rank1, found.mean_ap)
            if found.mean_ap >= max(mean_ap for _, _, mean_ap in history):
                best = {key: value.clone() for key, value in model.state_dict().items()}
    model.load_state_dict(best)
    return history


def start_best(
    model: OpqnModel,
    train: EmbeddedCrops,
    labels: Tensor,
    collections: tuple[Tensor, int],
    tuning: EmbeddedCrops,
    settings: HeadSettings | JointHeadSettings,
    tries: int,
) -> None:
    """Leave in `model` the best of `tries` starts, of a seed each, on the tuning half."""
    seen = train.seen_by(model.config)
    if not model.config.mirror_average:
        seen, labels = torch.cat([train.plain, train.mirrored]), labels.repeat(2)
        collections = collections[0].repeat(2), collections[1]
    best, kept = -1.0, dict[str, Tensor]()
    for number in range(tries):
        seed = settings.seed + 1000 * number
        if isinstance(settings, JointHeadSettings):
            own = replace(settings, seed=seed)
            groups, home = collections
            turns = start_joint_head(model, seen, labels, own, collections=groups, home=home)
            for turn, apart in enumerate(turns, start=1):
                logger.info("turn %d: %.4f", turn, apart)
        else:
            start_head(model, seen, labels, replace(settings, seed=seed))
        found = retrieval(model, tuning)
        logger.info("start %d: rank-1 %.4f, mAP %.4f", number, found.rank1, found.mean_ap)
        if found.mean_ap > best:
            best = found.mean_ap
            kept = {key: value.clone() for key, value in model.state_dict().items()}
    model.load_state_dict(kept)


def _epochs(
    model: OpqnModel,
    train: EmbeddedCrops,
    labels: Tensor,
    settings: HeadSettings | JointHeadSettings,
) -> Iterator[tuple[int, dict[str, float]]]:
    yield 0, {}
    if isinstance(settings, JointHeadSettings) or not settings.epochs:
        return
    views = torch.stack([train.plain, train.mirrored], dim=1)
    if model.config.mirror_average:
        views = train.seen_by(model.config)[:, None]
    for report in train_head(model, views, labels, settings):
        losses = asdict(report)
        yield losses.pop("epoch"), losses


def as_best_asked(model: OpqnModel, tuning: EmbeddedCrops) -> OpqnModel:
    """The same weights with the query temperature, or weight of lengths, best on the tuning half.

    Best by mAP.
    """
    config, values = model.config, TEMPERATURES
    if config.joint_words:
        name, values = "weight of lengths", LENGTH_WEIGHTS
        configs = [replace(config, length_weight=value) for value in values]
    else:
        name = "query temperature"
        configs = [config.with_query(temperature=value) for value in values]
    candidates = []
    for value, asked in zip(values, configs, strict=True):
        candidate = OpqnModel(asked)
        candidate.load_state_dict(model.state_dict())
        mean_ap = retrieval(candidate.eval(), tuning).mean_ap
        logger.info("%s %.2f: mAP %.4f", name, value, mean_ap)
        candidates.append((mean_ap, candidate))
    return max(candidates, key=lambda pair: pair[0])[1]


def tables_and_codes(model: OpqnModel, data: EmbeddedCrops) -> TablesAndCodes:
    """What the app would compute of each crop."""
    return coded(model, data.seen_by(model.config))


def retrieval(model: OpqnModel, data: EmbeddedCrops) -> LeaveOneOut:
    """Leave-one-out figures of the model."""
    return leave_one_out(tables_and_codes(model.eval(), data).scorer(), data.people)


def train_controls(train: EmbeddedCrops, config: OpqnConfig) -> dict[str, ProductQuantizer]:
    """faiss PQ and OPQ of equal bits, learned from the same embeddings as the head."""
    size = f"{config.n_books}×{config.bits_per_book}"
    return {
        f"faiss {name} {size}": train_pq(
            train.plain.numpy(), config.n_books, config.bits_per_book, rotated=rotated
        )
        for name, rotated in (("PQ", False), ("OPQ", True))
    }


def control_figures(
    controls: dict[str, ProductQuantizer], data: EmbeddedCrops
) -> dict[str, LeaveOneOut]:
    """The float trunk, and the quantisers that do without OPQN."""
    features = data.plain.numpy()
    floats = leave_one_out(CosineScorer(features, features), data.people)
    coded_by = {
        name: TablesAndCodes(quantiser.tables(features), quantiser.codes(features))
        for name, quantiser in controls.items()
    }
    figures = {name: leave_one_out(c.scorer(), data.people) for name, c in coded_by.items()}
    return {"float trunk, cosine": floats, **figures}


if __name__ == "__main__":
    sys.exit(main())
