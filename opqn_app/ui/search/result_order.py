"""Which results are shown, and in which order: NumPy on a ranking, no widget, no rescan."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Floats, Ids
from opqn_app.ui.kit import wording
from opqn_app.ui.kit.grid_layout import HEADER, GridSection

if TYPE_CHECKING:
    from opqn_app.opqn.calibration import Calibration

N_BINS = 50
MAX_SORTED = 20_000  # best results that sorting by date or folder and grouping look at

Positions = NDArray[np.int64]

SORTS = {"match": "Best match", "date": "Newest photo", "folder": "Folder"}

VERDICTS = (
    (0.95, "Almost certainly the same person"),
    (0.8, "Very likely the same person"),
    (0.5, "Likely the same person"),
    (0.2, "Perhaps the same person"),
    (0.0, "Probably someone else"),
)


@dataclass(frozen=True, slots=True)
class PhotoKey:
    """What sorting and grouping need to know of a face.

    Attributes:
        photo_id: the photo the face is on, or the first of those that hold the same picture.
        taken_at: ISO date, of the file where the photo has none; "" if unknown.
        folder: the photo's folder, then its name.
    """

    photo_id: int
    taken_at: str
    folder: str


def alikeness(scores: Floats, calibration: "Calibration | None", tables: Floats) -> Floats:
    """How alike, 0 to 1: a calibrated probability, or how far a score lies from chance to the best.

    Without a calibration 0 is what a stranger's face adds up to on average, and 1 the highest score
    this query can reach. Both differ from query to query, so the share is no probability.

    Args:
        scores: (n,) raw scores.
        tables: (Q, M, K) of the query.
    """
    if calibration is not None:
        return calibration.probability(scores)
    chance = float(tables.mean(axis=2).sum(axis=1).mean())
    best = float(tables.max(axis=2).sum(axis=1).max())
    share: Floats = ((scores - chance) / max(best - chance, 1e-12)).astype(np.float32)
    return share.clip(0.0, 1.0)


def verdict(alike: float) -> str:
    """`alike`, 0 to 1, in words."""
    return next(words for least, words in VERDICTS if alike >= least)


def count_likely(alike: Floats, minimum: float) -> int:
    """How many of `alike` (n,), descending, are at least `minimum`."""
    return int(np.searchsorted(-alike, -np.float32(minimum), side="right"))


def histogram(alike: Floats) -> NDArray[np.int64]:
    """(N_BINS,) counts over 0 to 1."""
    counts, _ = np.histogram(alike, bins=N_BINS, range=(0.0, 1.0))
    return counts.astype(np.int64)


def order_rows(
    n_likely: int,
    n_shown: int,
    sort: str,
    keys: Sequence[PhotoKey] | None,
    group: bool,
    kept: Positions | None = None,
) -> tuple[Positions, int]:
    """Positions in the ranking, row by row, and how many of these rows are likely.

    The likely ones stay before the others whatever the sorting. Without `keys` the order is the
    ranking's. Equal keys keep the ranking's order.

    Args:
        n_likely: how many positions at the head are likely.
        n_shown: how many positions to show, likely ones first; more than `keys` are left out.
        sort: a key of `SORTS`.
        keys: of the first positions of the ranking.
        group: keep only the best face of each photo.
        kept: positions that may be shown, ascending; None for all.
    """
    rows = np.arange(n_shown, dtype=np.int64) if kept is None else kept[kept < n_shown]
    if keys is None or (sort == "match" and not group):
        return rows, int(np.searchsorted(rows, n_likely))
    rows = rows[rows < len(keys)]
    if group:
        photo_ids: Ids = np.fromiter((keys[row].photo_id for row in rows), np.int64)
        rows = rows[np.sort(np.unique(photo_ids, return_index=True)[1])]
    cut = int(np.searchsorted(rows, n_likely))
    head, tail = _sorted(rows[:cut], sort, keys), _sorted(rows[cut:], sort, keys)
    return np.concatenate([head, tail]), cut


def headings(rows: Positions, sort: str, keys: Sequence[PhotoKey] | None) -> list[GridSection]:
    """What sorted rows stand under: months, folders, or nothing."""
    if keys is None or sort == "match" or not len(rows):
        return [GridSection(len(rows))]
    found = groupby(_heading(keys[row], sort) for row in rows.tolist())
    counts = [(words, sum(1 for _ in some)) for words, some in found]
    return [GridSection(n, HEADER, words, f"{n:,}") for words, n in counts]


def _heading(key: PhotoKey, sort: str) -> str:
    if sort == "date":
        return wording.month(key.taken_at) or wording.day(None)
    return key.folder.rpartition("/")[0].partition("/")[2] or "The folder itself"


def _sorted(rows: Positions, sort: str, keys: Sequence[PhotoKey]) -> Positions:
    if sort == "date":
        order = sorted(rows.tolist(), key=lambda row: keys[row].taken_at, reverse=True)
    elif sort == "folder":
        order = sorted(rows.tolist(), key=lambda row: keys[row].folder)
    else:
        return rows
    return np.asarray(order, dtype=np.int64)
