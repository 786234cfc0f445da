"""Tune the last blocks of SFace on the training faces: a trunk for the bundled models.

    python -m trainer.recipes.tuned_trunk --data ../shared/data --trunk-file sface.pt \\
        --out sface-tuned.pt --bfloat16 --compile

`trainer.method.last_blocks` says how. A run that was stopped goes on after the last epoch that was
finished; one run folder is for one trunk, one set of faces and one recipe. A graphics card is used
where there is one. `trainer.recipes.bundled_head` then makes the heads.
"""

import argparse
import hashlib
import json
import logging
import os
import shutil
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from opqn_app.core.errors import DataError
from opqn_app.core.files import replace_json, replacing
from opqn_app.core.types import Crops
from opqn_app.opqn.backbones import TRUNK_PIXELS
from opqn_app.opqn.torch.backbone import mirror_mean
from opqn_app.opqn.torch.sface import CHANNELS, SFace
from trainer.config import AugmentConfig
from trainer.data import augment
from trainer.data.crop_set import CropSet
from trainer.data.picture_set import read_crops
from trainer.evaluate.leave_one_out import leave_one_out
from trainer.evaluate.scoring import CosineScorer
from trainer.method.last_blocks import (
    LastBlocks,
    LastBlocksSettings,
    LastBlocksTraining,
    TrainingFaces,
    chunk_size,
    maps_of,
    with_last_blocks,
)
from trainer.method.network_input import NetworkInput
from trainer.method.trunks import load_trunk
from trainer.recipes.command import make_run_folder, run_recipe
from trainer.recipes.degrade import degraded
from trainer.recipes.embedded_crops import collections_of, with_company
from trainer.recipes.face_data import face_shards, families, is_tuning
from trainer.recipes.trunk_cache import kept_array, weights_id

logger = logging.getLogger(__name__)

SIDE = 112
PIXELS = (TRUNK_PIXELS["sface"][0], (127.5,) * 3, (TRUNK_PIXELS["sface"][1],) * 3)
DAMAGE = AugmentConfig(low_res=0.3, blur=0.2, jpeg=0.2, occlusion=0.15, grey=0.15)
COVERED = {"sunglasses": 0.15, "mask": 0.15, "low light": 0.1}  # share of the damaged crops


class FreshViews:
    """Crops as they are, mirrored, or damaged, drawn anew whenever they are asked for.

    Args:
        trunk: its fixed blocks make the maps, on its device.
        crops: aligned, 124 px, which is 6 px around.
        compiled: as for `LastBlocksTraining`.
    """

    def __init__(
        self, trunk: SFace, crops: CropSet, settings: LastBlocksSettings, *, compiled: bool = False
    ) -> None:
        self._trunk, self._crops, self._settings = trunk, crops, settings
        self._maps = torch.compile(maps_of) if compiled else maps_of

    @torch.no_grad()
    def draw(self, rows: NDArray[np.int64], chance: np.random.Generator) -> Tensor:
        """(B, C, H, W) maps of the crops `rows`."""
        pixels = self._crops.centre(SIDE)[rows]
        mirrored = chance.random(len(rows)) < 0.5
        pixels[mirrored] = pixels[mirrored, :, ::-1]
        bad = chance.random(len(rows)) < self._settings.damaged
        seed = int(chance.integers(2**31))
        if bad.any():
            pixels[bad] = damaged(self._crops.images[rows[bad]], seed=seed)
        device = self._trunk.fc.weight.device
        with torch.autocast(device.type, torch.bfloat16, enabled=self._settings.bfloat16):
            chunks = torch.split(_network_input(pixels, device), chunk_size(device))
            return torch.cat([self._maps(self._trunk, x, self._settings.depth) for x in chunks])


def main(argv: list[str] | None = None) -> int:
    """Run the recipe; returns the exit status."""
    return run_recipe(lambda: tune(_parse(argv)))


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Tune the last blocks of SFace.")
    add, usual = parser.add_argument, LastBlocksSettings()
    add("--data", type=Path, required=True, help="folder of the face data")
    add("--trunk-file", type=Path, required=True, help="state dict of the published trunk")
    add("--out", type=Path, required=True, help="file for the state dict of the tuned trunk")
    add("--run", type=Path, default=Path("runs/tuned-trunk"), help="run folder")
    depths, whole = range(1, len(CHANNELS)), "blocks that are tuned, 1 to 13 (%(default)s)"
    add("--depth", type=int, choices=depths, default=usual.depth, metavar="N", help=whole)
    add("--epochs", type=int, default=usual.epochs, help="passes over the faces (%(default)s)")
    add("--batch", type=int, default=usual.batch_size, help="faces a step (%(default)s)")
    rate, share = "of the last block (%(default)s)", "share of published weights (%(default)s)"
    add("--learning-rate", type=float, default=usual.learning_rate, help=rate)
    add("--published", type=float, default=usual.published, help=share)
    add("--compile", action="store_true", help="faster where there is a C++ compiler")
    add("--bfloat16", action="store_true", help="faster where the processor has it")
    add("--seed", type=int, default=usual.seed, help="of the order and the damage (%(default)s)")
    arguments = parser.parse_args(argv)
    try:
        arguments.settings = LastBlocksSettings(
            depth=arguments.depth,
            epochs=arguments.epochs,
            batch_size=arguments.batch,
            learning_rate=arguments.learning_rate,
            published=arguments.published,
            bfloat16=arguments.bfloat16,
            seed=arguments.seed,
        )
    except ValueError as error:
        parser.error(str(error))
    compiler = os.environ.get("CXX", "clang++" if sys.platform == "darwin" else "g++")
    if arguments.compile and shutil.which(compiler) is None:
        parser.error(f"--compile takes a C++ compiler, and '{compiler}' (CXX) is not there")
    return arguments


def tune(arguments: argparse.Namespace) -> None:
    """Train the last blocks, say what they give on the tuning half, save the mixture."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    trunk = SFace().to(device).eval()
    load_trunk(trunk, arguments.trunk_file)
    trunk.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # see Module.to
    shards = face_shards(arguments.data)
    if not arguments.out.absolute().parent.is_dir():
        raise DataError(arguments.out.parent, "there is no such folder for the trunk")
    make_run_folder(arguments.run)
    labels_csv = arguments.data / "faces.csv"
    train, validation = (read_crops(shards, part=part) for part in ("train", "val"))
    keep, labels = with_company(train.people)
    train = train.where(keep)
    tuning = validation.where(is_tuning(validation.people, families(labels_csv)))
    collections, home = collections_of(train.people, labels_csv)
    settings: LastBlocksSettings = arguments.settings
    claim(arguments.run, trunk, settings, [train, tuning])
    data = TrainingFaces(
        views=FreshViews(trunk, train, settings, compiled=arguments.compile),
        embeddings=published_embeddings(trunk, train, arguments.run / "published.npy"),
        labels=labels,
        collections=collections,
    )
    last_blocks = LastBlocks(trunk, settings.depth)
    training = LastBlocksTraining(last_blocks, data, settings, compiled=arguments.compile)

    @torch.no_grad()
    def report(what: str, network: SFace) -> None:
        features = training.features(embedded(network, tuning).to(device), home)
        floats = features.cpu().numpy()
        found = leave_one_out(CosineScorer(floats, floats), tuning.people)
        logger.info("%s: tuning half rank-1 %.4f, mAP %.4f", what, found.rank1, found.mean_ap)

    report("published", trunk)
    kept = arguments.run / "training.pt"
    if kept.is_file():
        training.go_on_from(torch.load(kept, weights_only=True, map_location=device))
    started = time.monotonic()
    for at in training.epochs():
        with replacing(kept) as file:
            torch.save(training.state(), file)
        what = (
            f"epoch {at.epoch} ({time.monotonic() - started:.0f} s): ranking {at.ranking:.3f}, "
            f"classes {at.classes:.3f}, first answer right {at.rank1:.3f}"
        )
        report(what, with_last_blocks(trunk, training.last_blocks, published=0.0))
    mixed = with_last_blocks(trunk, training.last_blocks, published=settings.published)
    report("mixed", mixed)
    weights = {name: value.cpu().contiguous() for name, value in mixed.state_dict().items()}
    torch.save(weights, arguments.out)


def claim(run: Path, trunk: SFace, settings: LastBlocksSettings, sets: list[CropSet]) -> None:
    """Mark a run folder as that of a trunk, a recipe and sets of crops.

    The share of published weights may change: it comes into play after the training.

    Raises:
        DataError: it is the folder of others.
    """
    faces = hashlib.sha256()
    for crops in sets:
        faces.update("\n".join(crops.files.tolist()).encode())
        faces.update(np.ascontiguousarray(crops.images).data)  # more than a gigabyte: no copy
    decides = {name: value for name, value in asdict(settings).items() if name != "published"}
    ours = {"trunk": weights_id(trunk), "faces": faces.hexdigest(), "recipe": decides}
    path = run / "made_from.json"
    if not path.is_file():
        if any(run.iterdir()):
            raise DataError(run, "it does not say which run it is of: take a new --run")
        replace_json(path, ours)
    try:
        theirs = dict(json.loads(path.read_text()))
        before = dict(theirs.get("recipe", {}))
    except (OSError, TypeError, ValueError) as error:
        raise DataError(path, "it can't be read: take a new --run") from error
    other = [what for what, value in ours.items() if theirs.get(what) != value]
    if "recipe" in other:
        other += [name for name, value in decides.items() if before.get(name) != value]
    if other:
        raise DataError(run, f"it is that of another run ({', '.join(other)}): take a new --run")


def damaged(images: Crops, *, seed: int) -> Crops:
    """(n, 124, 124, 3) → (n, 112, 112, 3) as bad photos have them.

    Shifted, flipped, and coarse, covered or dark.
    """
    generator = torch.Generator().manual_seed(seed)
    draws = augment.draw(len(images), DAMAGE, slack=images.shape[1] - SIDE, generator=generator)
    shifted = augment.crop_and_flip(torch.from_numpy(images), draws, SIDE)
    changed = augment.damage(shifted, draws, DAMAGE)
    out: Crops = changed.float().round().clamp(0, 255).byte().numpy()
    fate, least = np.random.default_rng(seed).random(len(images)), 0.0
    for kind, share in COVERED.items():
        rows = np.flatnonzero((fate >= least) & (fate < least + share))
        out[rows] = degraded(out[rows], kind, seed=seed)
        least += share
    return out


def published_embeddings(trunk: SFace, crops: CropSet, path: Path) -> Tensor:
    """(n, 128) of each crop and its mirror image, computed once and kept in a file."""

    def compute() -> NDArray[np.float32]:
        logger.info("embedding %d crops", len(crops))
        found: NDArray[np.float32] = embedded(trunk, crops).numpy(force=True)
        return found

    return torch.from_numpy(kept_array(path, compute))


@torch.inference_mode()
def embedded(trunk: SFace, crops: CropSet) -> Tensor:
    """(n, 128) means of each crop's embedding and that of its mirror image."""
    device, parts = trunk.fc.weight.device, []
    size = chunk_size(device)
    for start in range(0, len(crops), size):
        pixels = crops.centre(SIDE)[start : start + size]
        both = [trunk(_network_input(view, device)) for view in (pixels, pixels[:, :, ::-1])]
        parts.append(mirror_mean(*both))
    return torch.cat(parts)


def _network_input(pixels: Crops, device: torch.device) -> Tensor:
    """(B, 112, 112, 3) uint8 → (B, 3, 112, 112) as SFace wants it, channels last in memory."""
    batch = torch.from_numpy(np.ascontiguousarray(pixels)).to(device)
    found: Tensor = NetworkInput(*PIXELS).to(device)(batch)
    return found


if __name__ == "__main__":
    sys.exit(main())
