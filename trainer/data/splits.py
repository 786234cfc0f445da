"""Which pictures train, choose, ask and are searched: drawn from a seed, recorded, used again."""

import hashlib
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core import plain_json
from opqn_app.core.errors import DataError
from opqn_app.core.files import replace_text
from trainer.config import DataConfig
from trainer.data.crop_set import CropSet

Rows = NDArray[np.intp]
ROLES = ("train", "val", "test", "gallery", "unlabelled")
FORMAT = "opqn-split"


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Rows of a CropSet by role, each ascending.

    Attributes:
        kind: "single", "unseen" or "official".
        train: what the weights are fitted to.
        val: what chooses between weights: queries against `train`, or under "unseen" people of
            their own, each picture asking all others.
        test: queries of the reported figures; no weight is fitted or chosen by them.
        gallery: what `test` searches; under "unseen" the same rows as `test`.
        seed: what it was drawn with.
        unlabelled: what training may look at without being told who it is.
    """

    kind: str
    train: Rows
    val: Rows
    test: Rows
    gallery: Rows
    seed: int = 0
    unlabelled: Rows = field(default_factory=lambda: np.empty(0, np.intp))

    @property
    def is_leave_one_out(self) -> bool:
        """Whether val and test pictures each ask all the others of their own role."""
        return self.kind == "unseen"


def draw_split(pictures: CropSet, config: DataConfig, roles: NDArray[Any] | None = None) -> Split:
    """The split that `config` asks for; of a person who trains, at most `labelled_per_person`
    pictures have a label.

    Args:
        roles: (n,) "train", "test", "gallery" or "" as a benchmark says; needed for "official".

    Raises:
        DataError: the data can't be split that way.
    """
    split = _all_labelled(pictures, config, roles)
    if not config.labelled_per_person:
        return split
    rng = np.random.default_rng([config.split_seed, 1])
    kept = [
        rng.permutation(rows)[: config.labelled_per_person]
        for rows in _rows_by_person(pictures.people, split.train).values()
    ]
    labelled = np.sort(np.concatenate(kept))
    return replace(split, train=labelled, unlabelled=np.setdiff1d(split.train, labelled))


def _all_labelled(pictures: CropSet, config: DataConfig, roles: NDArray[Any] | None) -> Split:
    rng = np.random.default_rng(config.split_seed)
    if config.split == "official" or roles is not None:
        roles = _folder_roles(pictures) if roles is None else roles
        return _official(pictures, config, roles, rng)
    rows_of = _rows_by_person(pictures.people)
    rows_of = {p: rows for p, rows in rows_of.items() if len(rows) >= config.min_photos}
    if 0 < config.people < len(rows_of):
        kept = sorted(rng.permutation(sorted(rows_of))[: config.people])
        rows_of = {str(person): rows_of[str(person)] for person in kept}
    if config.split == "unseen":
        return _unseen(pictures, config, sorted(rows_of), rng)
    return _single(len(pictures), config, rows_of, rng)


def save_split(path: Path, split: Split, pictures: CropSet) -> None:
    """Record a split by file names, so that it fits the same set however it is stored."""
    values: dict[str, Any] = {"format": FORMAT, "version": 1, "kind": split.kind}
    values["seed"] = split.seed
    for role in ROLES:
        values[role] = [str(f) for f in pictures.files[getattr(split, role)]]
    replace_text(path, json.dumps(values) + "\n")


def load_split(path: Path, pictures: CropSet) -> Split:
    """The recorded split of these pictures; pictures it does not name are left out.

    Raises:
        DataError: it can't be read, or names a picture that is not there.
    """
    try:
        values = plain_json.loads(path.read_text(encoding="utf-8"))
        if values["format"] != FORMAT:
            raise DataError(path, "it is not a recorded split")
        row_of = {str(f): row for row, f in enumerate(pictures.files)}
        values.setdefault("unlabelled", [])  # a split of before there was this role
        rows = {r: np.array(sorted(row_of[f] for f in values[r]), np.intp) for r in ROLES}
        return Split(kind=str(values["kind"]), seed=int(values["seed"]), **rows)
    except KeyError as error:
        reason = f"the pictures lack {error}, which this split names"
        left_out = [e.reason for e in pictures.left_out if e.file == error.args[0]]
        raise DataError(path, "; ".join([reason, *left_out])) from error
    except (OSError, ValueError, TypeError) as error:
        raise DataError(path, f"it is not a recorded split ({error})") from error


def duplicates_across(split: Split, pictures: CropSet) -> list[tuple[str, str]]:
    """Pairs of files of different roles whose pixels are the same: (training side, test side).

    The training side is `train` and `val`; a picture found there and among the test queries is
    one the network has seen.
    """
    seen = {picture_hash(pictures.images[row]): row for row in (*split.train, *split.val)}
    found = []
    for row in split.test:
        twin = seen.get(picture_hash(pictures.images[row]))
        if twin is not None and twin != row:
            found.append((str(pictures.files[twin]), str(pictures.files[row])))
    return found


def manifest_hash(pictures: CropSet) -> str:
    """SHA-256 over names, people and pixels: which data this was, to the bit."""
    digest = hashlib.sha256()
    for file, person, image in zip(pictures.files, pictures.people, pictures.images, strict=True):
        digest.update(f"{file}\0{person}\0{picture_hash(image)}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def picture_hash(image: NDArray[np.uint8]) -> str:
    """SHA-256 of the pixels as they are stored."""
    return hashlib.sha256(np.ascontiguousarray(image).tobytes()).hexdigest()


def _single(
    n: int, config: DataConfig, rows_of: dict[str, Rows], rng: np.random.Generator
) -> Split:
    """Queries of known people. Who has too few pictures for that only trains."""
    needed = config.queries_per_person + config.val_per_person + 1
    roles = np.full(n, "", dtype="U8")
    for ordered in rows_of.values():
        rows = rng.permutation(ordered)
        roles[rows] = "train"
        if len(rows) >= needed:
            roles[rows[: config.queries_per_person]] = "test"
            roles[rows[config.queries_per_person : needed - 1]] = "val"
    if not rows_of or (config.queries_per_person and not (roles == "test").any()):
        reason = f"nobody has {needed} pictures, so none are left to test with; lower --queries"
        raise DataError("the training data", reason)
    return _from_roles("single", roles, config.split_seed)


def _unseen(
    pictures: CropSet, config: DataConfig, people: list[str], rng: np.random.Generator
) -> Split:
    held = max(round(config.unseen_share * len(people)), 2)
    if len(people) < 2 * held + 2:
        raise DataError("the training data", f"{len(people)} people are too few to keep some apart")
    order = rng.permutation(people)
    role_of = dict.fromkeys(order[:held], "test") | dict.fromkeys(order[held : 2 * held], "val")
    role_of |= dict.fromkeys(order[2 * held :], "train")
    roles = np.array([role_of.get(p, "") for p in pictures.people], dtype="U8")
    rows = {role: np.flatnonzero(roles == role) for role in ("train", "val", "test")}
    return Split(kind="unseen", gallery=rows["test"], seed=config.split_seed, **rows)


def _official(
    pictures: CropSet, config: DataConfig, roles: NDArray[Any], rng: np.random.Generator
) -> Split:
    """Given queries; only the pictures that choose are drawn, from the training side."""
    roles = roles.astype("U8").copy()
    for rows in _rows_by_person(pictures.people, np.flatnonzero(roles == "train")).values():
        if len(rows) > config.val_per_person:
            roles[rng.permutation(rows)[: config.val_per_person]] = "val"
    for role in ("train", "test"):
        if not (roles == role).any():
            raise DataError("the training data", f"the official split leaves no '{role}' pictures")
    return _from_roles("official", roles, config.split_seed)


def _from_roles(kind: str, roles: NDArray[Any], seed: int) -> Split:
    """A split whose gallery is the whole training side, or what is marked as gallery."""
    rows = {role: np.flatnonzero(roles == role) for role in ("train", "val", "test")}
    gallery = np.flatnonzero(roles == "gallery")
    if not len(gallery):
        gallery = np.flatnonzero((roles == "train") | (roles == "val"))
    return Split(kind=kind, gallery=gallery, seed=seed, **rows)


def _folder_roles(pictures: CropSet) -> NDArray[Any]:
    """The role each path names: a folder `train` or `test`, or those of the cross-domain set."""
    names = {"train": "train", "test": "test", "cross_train": "train", "cross_test": "test"}
    found = [
        next((names[part] for part in Path(str(f)).parts[:-2] if part in names), "")
        for f in pictures.files
    ]
    return np.array(found, dtype="U8")


def _rows_by_person(people: NDArray[Any], among: Rows | None = None) -> dict[str, Rows]:
    """Rows of each person, ascending, people by name; only of the rows `among` if given."""
    among = np.arange(len(people)) if among is None else among
    if not len(among):
        return {}
    names, person = np.unique(people[among], return_inverse=True)
    order = among[np.argsort(person, kind="stable")]
    ends = np.cumsum(np.bincount(person, minlength=len(names)))[:-1]
    return dict(zip(map(str, names), np.split(order, ends), strict=True))
