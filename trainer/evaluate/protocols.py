"""Which pictures ask, which are searched, and which pairs are compared."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core import plain_json
from opqn_app.core.errors import DataError
from opqn_app.core.progress import counted
from trainer.data.benchmark_formats import read_pairs

Rows = NDArray[np.intp]
GALLERY_FOLDERS = frozenset({"train", "gallery", "cross_train"})
QUERY_FOLDERS = frozenset({"test", "query", "queries", "cross_test"})


@dataclass(frozen=True, slots=True, eq=False)
class PairList:
    """Pairs to compare; entry i of each array belongs together.

    Attributes:
        first, second: (p,) rows of the listing; the first asks.
        is_same: (p,) whether they show one person.
        fold: (p,) part of the list, for the accuracy in folds.
    """

    first: Rows
    second: Rows
    is_same: NDArray[np.bool_]
    fold: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class QuerySplit:
    """What each picture does.

    Attributes:
        protocol: one of `trainer.choices.PROTOCOLS`.
        queries, gallery: rows of the listing, ascending; the same for leave-one-out.
        pairs: the list to compare instead of rankings, if there is one.
        rule: in words, for the report.
        seed: what the queries were drawn with; None where nothing was drawn.
        queries_per_person: how many were drawn from each; None likewise.
    """

    protocol: str
    queries: Rows
    gallery: Rows
    rule: str
    pairs: PairList | None = None
    seed: int | None = None
    queries_per_person: int | None = None

    @property
    def is_leave_one_out(self) -> bool:
        """Whether each picture asks all the others."""
        return self.protocol in ("leave-one-out", "pairs")

    @property
    def used(self) -> Rows:
        """Rows with any role."""
        if self.pairs:
            return np.union1d(self.pairs.first, self.pairs.second)
        return np.union1d(self.queries, self.gallery)


def leave_one_out(files: NDArray[Any]) -> QuerySplit:
    """Every picture asks all others: a photo library as it is."""
    every = np.arange(len(files))
    return QuerySplit("leave-one-out", every, every, "every picture asks all others of the set")


def gallery_and_queries(n_gallery: int, n_queries: int, protocol: str) -> QuerySplit:
    """Two sets, the searched one first in the listing."""
    gallery = np.arange(n_gallery)
    queries = np.arange(n_gallery, n_gallery + n_queries)
    return QuerySplit(protocol, queries, gallery, "one set asks, another is searched")


def split_by_folder(files: NDArray[Any], protocol: str) -> QuerySplit | None:
    """The split that folders say, such as train (searched) and test (asking); None without them."""
    tops = np.array([_role_folder(str(f)) for f in files])
    queries = np.flatnonzero(np.isin(tops, list(QUERY_FOLDERS)))
    gallery = np.flatnonzero(np.isin(tops, list(GALLERY_FOLDERS)))
    if not len(queries) or not len(gallery):
        return None
    names = (" and ".join(sorted(set(tops[rows]))) for rows in (queries, gallery))
    asking, searched = names
    rule = f"the folder {asking} asks, the folder {searched} is searched"
    return QuerySplit(protocol, queries, gallery, rule)


def draw_queries(
    people: NDArray[Any], protocol: str, *, per_person: int, seed: int, source: Path
) -> QuerySplit:
    """`per_person` pictures of each person ask, drawn with `seed`; the rest is searched.

    People with fewer than `per_person` + 1 pictures are searched but do not ask.

    Raises:
        DataError: nobody has enough pictures.
    """
    rng = np.random.default_rng(seed)
    asks = np.zeros(len(people), bool)
    _, labels = np.unique(people, return_inverse=True)
    order = np.argsort(labels, kind="stable")
    for rows in np.split(order, np.cumsum(np.bincount(labels))[:-1]):
        if len(rows) > per_person:
            asks[rng.permutation(rows)[:per_person]] = True
    if not asks.any():
        reason = f"nobody has more than {per_person} pictures; lower --queries-per-person"
        raise DataError(source, reason)
    asking = (
        f"{counted(per_person, 'picture')} of each person {'asks' if per_person == 1 else 'ask'}"
    )
    rule = f"{asking}, drawn with seed {seed}; the rest is searched"
    return QuerySplit(
        protocol,
        np.flatnonzero(asks),
        np.flatnonzero(~asks),
        rule,
        seed=seed,
        queries_per_person=per_person,
    )


def recorded_split(path: Path, files: NDArray[Any], protocol: str) -> QuerySplit:
    """The split a training run recorded (its split.json): test asks, gallery is searched.

    Raises:
        DataError: it can't be read, or names a picture that is not in the set.
    """
    row_of = {str(f): row for row, f in enumerate(files)}
    try:
        values = plain_json.loads(path.read_text(encoding="utf-8"))
        queries, gallery = (
            np.array(sorted(row_of[name] for name in values[role]), np.intp)
            for role in ("test", "gallery")
        )
    except KeyError as error:
        raise DataError(path, f"{error} is not in the set or not in the split") from error
    except (OSError, ValueError, TypeError) as error:
        raise DataError(path, f"it is not a recorded split ({error})") from error
    if values.get("kind") == "unseen":
        rule = "the test people of a recorded split, each picture asking all others"
        return QuerySplit("leave-one-out", queries, queries, rule)
    return QuerySplit(protocol, queries, gallery, "the split that a training run recorded")


def listed_pairs(path: Path, files: NDArray[Any]) -> QuerySplit:
    """Pairs as LFW lists them, or a CSV file with the columns first, second, same.

    Pictures are found by person and name, whatever folders lie above and whatever their suffix.

    Raises:
        DataError: the list can't be read, or names a picture that is not in the set.
    """
    row_of = {_person_and_stem(str(f)): row for row, f in enumerate(files)}
    listed = _csv_pairs(path) if path.suffix.lower() == ".csv" else _lfw_pairs(path)
    try:
        rows = [(row_of[_person_and_stem(a)], row_of[_person_and_stem(b)]) for a, b, *_ in listed]
    except KeyError as error:
        raise DataError(path, f"it names {error}, which is not in the set") from error
    first, second = np.array(rows, np.intp).reshape(-1, 2).T
    same = np.array([entry[2] for entry in listed], bool)
    fold = np.array([entry[3] for entry in listed], np.int64)
    if not same.any() or same.all():
        raise DataError(path, "it needs pairs of one person and pairs of two")
    pairs = PairList(first, second, same, fold)
    rule = f"{len(listed)} listed pairs, {int(same.sum())} of them of one person; the first asks"
    return QuerySplit("pairs", np.unique(first), np.unique(second), rule, pairs=pairs)


def all_pairs(files: NDArray[Any]) -> QuerySplit:
    """Every picture against every other, in both directions."""
    every = np.arange(len(files))
    return QuerySplit(
        "pairs", every, every, "all pairs of the set, each picture asking every other"
    )


Listed = list[tuple[str, str, bool, int]]


def _lfw_pairs(path: Path) -> Listed:
    if not path.is_file():
        raise DataError(path, "there is no such list of pairs")
    return [(p.first, p.second, p.is_same, p.fold) for p in read_pairs(path)]


def _csv_pairs(path: Path) -> Listed:
    """In ten folds of neighbouring lines, unless a column "fold" says otherwise."""
    import csv

    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        size = -(-len(rows) // 10) or 1
        return [
            (r["first"], r["second"], _is_yes(r["same"]), int(r.get("fold") or i // size))
            for i, r in enumerate(rows)
        ]
    except KeyError as error:
        raise DataError(path, f"it has no column {error}") from error
    except (OSError, ValueError) as error:
        raise DataError(path, f"it is not a list of pairs ({error})") from error


def _is_yes(text: str) -> bool:
    if text.strip().lower() not in ("0", "1", "true", "false", "yes", "no"):
        raise ValueError(f"'{text}' is neither 1 nor 0")
    return text.strip().lower() in ("1", "true", "yes")


def _person_and_stem(name: str) -> str:
    path = PurePosixPath(name)
    return f"{path.parent.name}/{path.stem}"


def _role_folder(file: str) -> str:
    wanted = GALLERY_FOLDERS | QUERY_FOLDERS
    return next((part for part in PurePosixPath(file).parts[:-2] if part in wanted), "")
