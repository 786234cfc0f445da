"""Train the heads of OPQN and of its control OPQN-l2q alike, on a frozen trunk.

    python -m trainer.recipes.trained_heads --data ../shared/data \\
        --trunk-from resources/models/bundled-64

The embedding, the normalisation and the maps F, or the words of OPQN-l2q, start at random; the
class weights start at the people's mean directions. Loss, margin, scale, entropy weight and sizes
are the paper's. Both heads get the same data, batches and epochs, and each the better of two
learning rates of its own, by mAP on the tuning half after a short run. There too OPQN gets its
query temperature; the linear queries of OPQN-l2q rank alike at any. This is not the training end
to end of `opqn train`: the trunk stays as it is.
"""

import argparse
import logging
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from opqn_app.opqn.backbones import TRUNK_PIXELS
from opqn_app.opqn.config import OpqnConfig
from opqn_app.opqn.torch.checkpoint import load_model, save_model
from opqn_app.opqn.torch.model import OpqnModel
from trainer.config import MethodConfig
from trainer.method.codewords import LearnedWords
from trainer.method.head import HeadSettings, train_head
from trainer.recipes.bundled_head import as_best_asked, family_config, retrieval, take_trunk
from trainer.recipes.command import run_recipe
from trainer.recipes.embedded_crops import (
    EmbeddedCrops,
    embedded_sets,
    tuning_half,
    with_company,
)
from trainer.recipes.table_text import markdown_table

logger = logging.getLogger(__name__)

PAPER = MethodConfig()
# Only directions of learned words count, and they start short, so they turn fast.
RATES = {"OPQN": (0.1, 0.3), "OPQN-l2q": (0.002, 0.01)}


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What both heads are made from.

    Attributes:
        trunk: a model that has it, under a head that is not used.
        views: (n, V, E) trunk outputs of the training crops, V views of each.
        labels: (n,) int64 people from 0.
        tuning: the half of the validation people that choices are made on.
    """

    trunk: OpqnModel
    views: Tensor
    labels: Tensor
    tuning: EmbeddedCrops


def main(argv: list[str] | None = None) -> int:
    """Run the recipe; returns the exit status."""
    return run_recipe(lambda: sys.stdout.write(make_heads(_parse(argv)) + "\n"))


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train OPQN and OPQN-l2q heads alike.")
    add = parser.add_argument
    add("--data", type=Path, required=True, help="folder of the face data")
    add("--out", type=Path, default=Path("runs/trained-heads"), help="folder of model folders")
    add("--run", type=Path, default=Path("runs/bundled-head"), help="folder of the embeddings")
    add("--backbone", choices=TRUNK_PIXELS, default="sface")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--trunk-file", type=Path, help="state dict of the trunk")
    source.add_argument("--trunk-from", type=Path, help="model folder that has the trunk")
    add("--books", type=int, default=8, help="codebooks M (default 8)")
    add("--words", type=int, default=256, help="codewords K (default 256)")
    add("--least", type=int, default=4, help="leave out people with fewer photos (default 4)")
    add("--epochs", type=int, default=4)
    add("--trial-epochs", type=int, default=1, help="of the run with each learning rate")
    add("--batch", type=int, default=256)
    add("--seed", type=int, default=0)
    parser.set_defaults(separate=True, no_mirror=False)
    return parser.parse_args(argv)


def make_heads(arguments: argparse.Namespace) -> str:
    """Train, choose, save and measure both heads: the figures as a Markdown table."""
    config = family_config(arguments, arguments.books)
    trunk = OpqnModel(config)
    take_trunk(trunk, arguments)
    train, validation, lfw = embedded_sets(trunk, arguments.data, arguments.run)
    is_tuning = tuning_half(validation, arguments.data / "faces.csv")
    sets = {
        "tuning half": validation.where(is_tuning),
        "reported half": validation.where(~is_tuning),
        "LFW": lfw,
    }
    _, inverse, counts = np.unique(train.people, return_inverse=True, return_counts=True)
    train = train.where(counts[inverse] >= max(arguments.least, 2))
    _, labels = with_company(train.people)
    logger.info("%d crops of %d people train the heads", len(labels), int(labels.max()) + 1)
    material = Material(trunk, train.seen_by(config)[:, None], labels, sets["tuning half"])
    rows = [_make_head(arguments, variant, config, material, sets) for variant in RATES]
    return markdown_table(("head", "learning rate", "query temperature", *sets), rows)


def _make_head(
    arguments: argparse.Namespace,
    variant: str,
    config: OpqnConfig,
    material: Material,
    sets: Mapping[str, EmbeddedCrops],
) -> tuple[str, ...]:
    settings = HeadSettings(
        epochs=arguments.trial_epochs,
        batch_size=arguments.batch,
        margin=PAPER.margin,
        scale=PAPER.scale,
        entropy_weight=PAPER.entropy_weight,
        seed=arguments.seed,
    )
    tried = {}
    for rate in RATES[variant]:
        model = trained(variant, config, material, replace(settings, learning_rate=rate))
        tried[rate] = retrieval(model, material.tuning).mean_ap
        logger.info("%s at %g: mAP %.4f", variant, rate, tried[rate])
    best = max(tried, key=lambda rate: tried[rate])
    settings = replace(settings, learning_rate=best, epochs=arguments.epochs)
    model = trained(variant, config, material, settings)
    if model.config.query_form == "probabilities":
        model = as_best_asked(model, material.tuning)
    folder = arguments.out / f"{variant.lower()}-{config.code_bits}"
    save_model(folder, model, trunk=arguments.backbone)
    stored = load_model(folder).model  # measured as stored: rounded to 16-bit floats
    found = (retrieval(stored, data) for data in sets.values())
    figures = (f"{figure.rank1:.4f} / {figure.mean_ap:.4f}" for figure in found)
    return variant, f"{best:g}", f"{stored.config.query_temperature:g}", *figures


def trained(
    variant: str, config: OpqnConfig, material: Material, settings: HeadSettings
) -> OpqnModel:
    """A head of that variant, trained from its random start; learned words are folded into F."""
    torch.manual_seed(settings.seed)
    model = OpqnModel(config)
    model.trunk.load_state_dict(material.trunk.trunk.state_dict())
    if variant == "OPQN-l2q":
        model.quantizer = LearnedWords(config, assignment_scale=PAPER.assignment_scale)
    started = time.process_time()
    for at in train_head(model, material.views, material.labels, settings):
        logger.info(
            "%s at %g, epoch %d: loss %.3f (features %.3f, words %.3f, entropy %.3f), %.0f s",
            variant, settings.learning_rate, at.epoch, at.total, at.feature, at.quantised,
            at.entropy, time.process_time() - started,
        )  # fmt: skip
    return folded(model) if isinstance(model.quantizer, LearnedWords) else model.eval()


def folded(model: OpqnModel) -> OpqnModel:
    """The same model without `LearnedWords`, which a model folder can't hold: as F they code and
    rank alike."""
    assert isinstance(model.quantizer, LearnedWords)
    words = model.quantizer.as_linear_map().detach()
    plain = OpqnModel(model.config.with_query(temperature=1.0, form="linear"))
    plain.load_state_dict(model.state_dict() | {"quantizer.mlp": words})
    return plain.eval()


if __name__ == "__main__":
    sys.exit(main())
