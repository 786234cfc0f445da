"""Tune the last layers of SFace on the training faces: a trunk for the bundled models.

    python -m trainer.recipes.tuned_trunk --data ../shared/data --trunk-file sface.pt \\
        --out sface-tuned.pt --bfloat16

`trainer.tail` says how. The maps are made once and kept in the run folder (12 GB for the faces of
../shared/data); a run that was stopped goes on after the last view or epoch that was finished, and
one folder is for one trunk, one set of faces and one recipe. A
graphics card is used where there is one. `trainer.recipes.bundled_head` then makes the heads.
"""

import argparse
import hashlib
import json
import logging
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from opqn_app.errors import DataError, OpqnError
from opqn_app.opqn.backbone import mirror_mean
from opqn_app.opqn.sface import SFace
from opqn_app.types import Crops
from trainer import augment
from trainer.config import AugmentConfig
from trainer.controls import unit_rows
from trainer.data import CropSet, read_crops
from trainer.metrics import LeaveOneOut, leave_one_out
from trainer.recipes.bundled_head import collections_of, with_company
from trainer.recipes.degrade import degraded
from trainer.recipes.halves import families, is_tuning
from trainer.recipes.trunk_cache import weights_id
from trainer.tail import Maps, Tail, TailData, TailRecipe, TailTraining, maps_of, with_tail

logger = logging.getLogger(__name__)

SIDE, MAP = 112, (1024, 7, 7)
BATCH = 16
CLEAN = ("plain", "mirrored")
VIEWS = (*CLEAN, "damaged")
DAMAGE = AugmentConfig(low_res=0.3, blur=0.2, jpeg=0.2, occlusion=0.15, grey=0.15)
COVERED = {"sunglasses": 0.15, "mask": 0.15, "low light": 0.1}  # share of the damaged crops


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A view of a set of crops: (n, 1024, 7, 7) maps, and (n, 128) published embeddings."""

    maps: Maps
    embeddings: Tensor


def main(argv: list[str] | None = None) -> int:
    """Run the recipe; returns the exit status."""
    arguments = _parse(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        tune(arguments)
    except OpqnError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Tune the last layers of SFace.")
    add, usual = parser.add_argument, TailRecipe()
    add("--data", type=Path, required=True, help="folder of the face data")
    add("--trunk-file", type=Path, required=True, help="state dict of the published trunk")
    add("--out", type=Path, required=True, help="file for the state dict of the tuned trunk")
    add("--run", type=Path, default=Path("runs/tuned-trunk"), help="run folder")
    add("--epochs", type=int, default=usual.epochs)
    add("--batch", type=int, default=usual.batch_size)
    add("--learning-rate", type=float, default=usual.learning_rate)
    add("--published", type=float, default=usual.published, help="share of published weights")
    add("--bfloat16", action="store_true", help="faster where the processor has it")
    add("--seed", type=int, default=usual.seed)
    return parser.parse_args(argv)


def tune(arguments: argparse.Namespace) -> None:
    """Make the maps, train the tail, say what it gives on the tuning half, save the mixture."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    trunk = published_trunk(arguments.trunk_file).to(device)
    arguments.run.mkdir(parents=True, exist_ok=True)
    shards = sorted(arguments.data.glob("faces_*.tar"))
    labels_csv = arguments.data / "faces.csv"
    train, validation = (read_crops(shards, part=part) for part in ("train", "val"))
    keep, labels = with_company(train.people)
    train = train.where(keep)
    tuning = validation.where(is_tuning(validation.people, families(labels_csv)))
    collections, home = collections_of(train.people, labels_csv)
    recipe = TailRecipe(
        epochs=arguments.epochs,
        batch_size=arguments.batch,
        learning_rate=arguments.learning_rate,
        published=arguments.published,
        bfloat16=arguments.bfloat16,
        seed=arguments.seed,
    )
    claim(arguments.run, trunk, recipe, [train, tuning])
    seen = {view: _seen(trunk, train, "train", view, arguments) for view in VIEWS}
    data = TailData(
        views=[view.maps for view in seen.values()],
        embeddings=mirror_mean(*(seen[view].embeddings for view in CLEAN)),
        labels=labels,
        collections=collections,
    )
    asked = [_seen(trunk, tuning, "tuning", view, arguments).maps for view in CLEAN]
    training = TailTraining(Tail(trunk), data, recipe)
    _report("published", tuning_figures(Tail(trunk), training, home, asked, tuning.people))
    kept = arguments.run / "training.pt"
    if kept.is_file():
        training.go_on_from(torch.load(kept, weights_only=True, map_location=device))
    started = time.monotonic()
    for at in training.epochs():
        temporary = kept.with_suffix(".tmp")
        torch.save(training.state(), temporary)
        temporary.replace(kept)
        found = tuning_figures(training.tail, training, home, asked, tuning.people)
        _report(
            f"epoch {at.epoch} ({time.monotonic() - started:.0f} s): ranking {at.ranking:.3f}, "
            f"classes {at.classes:.3f}, first answer right {at.rank1:.3f}",
            found,
        )
    mixed = with_tail(trunk, training.tail, published=recipe.published)
    _report("mixed", tuning_figures(Tail(mixed), training, home, asked, tuning.people))
    torch.save(mixed.cpu().state_dict(), arguments.out)


def published_trunk(path: Path) -> SFace:
    """SFace with the weights of a file.

    Raises:
        DataError: the file is missing or is of another network.
    """
    if not path.is_file():
        raise DataError(path.parent, f"{path.name}, the weights of the trunk, is missing")
    trunk = SFace()
    try:
        trunk.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
    except RuntimeError as error:
        raise DataError(path, "its tensors are not those of SFace") from error
    return trunk.eval()


def claim(run: Path, trunk: SFace, recipe: TailRecipe, sets: list[CropSet]) -> None:
    """Mark a run folder as that of a trunk, a recipe and sets of crops.

    Raises:
        DataError: it is the folder of others.
    """
    faces = hashlib.sha256()
    for crops in sets:
        faces.update("\n".join(crops.files.tolist()).encode())
        faces.update(np.ascontiguousarray(crops.images).data)  # more than a gigabyte: no copy
    ours = {"trunk": weights_id(trunk), "faces": faces.hexdigest(), "recipe": asdict(recipe)}
    path = run / "made_from.json"
    if not path.is_file():
        path.write_text(json.dumps(ours, indent=1))
    theirs = json.loads(path.read_text())
    other = [what for what, value in ours.items() if theirs.get(what) != value]
    if other:
        raise DataError(run, f"it has maps of another run ({', '.join(other)}): take a new --run")


def damaged(crops: CropSet, *, seed: int) -> Crops:
    """(n, 112, 112, 3) crops as bad photos have them: shifted, flipped, coarse, covered or dark."""
    generator = torch.Generator().manual_seed(seed)
    slack = crops.images.shape[1] - SIDE
    out = np.empty((len(crops), SIDE, SIDE, 3), np.uint8)
    for start in range(0, len(crops), 256):
        batch = torch.from_numpy(np.ascontiguousarray(crops.images[start : start + 256]))
        draws = augment.draw(len(batch), DAMAGE, slack=slack, generator=generator)
        changed = augment.damage(augment.crop_and_flip(batch, draws, SIDE), draws, DAMAGE)
        out[start : start + 256] = changed.float().round().clamp(0, 255).byte().numpy()
    fate, least = np.random.default_rng(seed).random(len(crops)), 0.0
    for kind, share in COVERED.items():
        rows = np.flatnonzero((fate >= least) & (fate < least + share))
        out[rows] = degraded(out[rows], kind, seed=seed)
        least += share
    return out


@torch.inference_mode()
def tuning_figures(
    tail: Tail, training: TailTraining, home: int, views: list[Maps], people: NDArray[np.str_]
) -> LeaveOneOut:
    """Leave-one-out figures of a tail's features, along the directions of the training.

    Args:
        home: the collection that faces are taken relative to.
        views: maps of the faces and of their mirror images.
    """
    both = []
    for maps in views:
        parts = [
            tail(torch.from_numpy(maps[start : start + 64].astype(np.float32)).to(_device(tail)))
            for start in range(0, len(maps), 64)
        ]
        both.append(torch.cat(parts))
    unit = unit_rows(training.features(mirror_mean(*both), home).cpu().numpy())
    return leave_one_out(lambda query: unit @ unit[query], people, score_range=(-1.0, 1.0))


def _device(tail: Tail) -> torch.device:
    return tail.fc.weight.device


@torch.inference_mode()
def _seen(
    trunk: SFace, crops: CropSet, name: str, view: str, arguments: argparse.Namespace
) -> Seen:
    """Maps and embeddings of a view, made once and kept in the run folder."""
    path = arguments.run / f"{name}-{view}.npy"
    said = path.with_name(f"{name}-{view}-embeddings.npy")
    if not (path.is_file() and said.is_file()):
        said.unlink(missing_ok=True)  # it is written last, and says that the maps are whole
        pixels = damaged(crops, seed=arguments.seed) if view == "damaged" else crops.centre(SIDE)
        if view == "mirrored":
            pixels = pixels[:, :, ::-1]
        maps = np.lib.format.open_memmap(path, "w+", np.float16, (len(crops), *MAP))
        tail, parts, started = Tail(trunk), list[Tensor](), time.monotonic()
        for start in range(0, len(crops), BATCH):
            batch = torch.from_numpy(np.ascontiguousarray(pixels[start : start + BATCH]))
            scaled = (batch.to(_device(tail)).permute(0, 3, 1, 2).float() - 127.5) / 128
            found = maps_of(trunk, scaled)
            maps[start : start + len(batch)] = found.cpu().half().numpy()
            parts.append(tail(found).cpu())
            if start % 3200 == 0 and start:
                rate = start / (time.monotonic() - started)
                logger.info("%s, %s: %d/%d, %.0f crops/s", name, view, start, len(crops), rate)
        maps.flush()
        temporary = said.with_suffix(".tmp.npy")
        np.save(temporary, torch.cat(parts).numpy())
        temporary.replace(said)
    return Seen(np.load(path, mmap_mode="r"), torch.from_numpy(np.load(said)))


def _report(what: str, found: LeaveOneOut) -> None:
    logger.info("%s: tuning half rank-1 %.4f, mAP %.4f", what, found.rank1, found.mean_ap)


if __name__ == "__main__":
    sys.exit(main())
