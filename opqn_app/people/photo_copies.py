"""Photos that are there more than once: of one picture, or nearly the same by faces and time.

One picture is one picture hash: the same file twice, or with other metadata. Photos are near copies
if they were taken within two seconds and show as many faces, each of them by its code more likely
than not the same person as the one at its place. So are smaller copies of a photo, and bursts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from opqn_app.core.types import Floats
from opqn_app.opqn.face_encoder import FaceEncoder
from opqn_app.opqn.links import Links
from opqn_app.people.coded import Coded
from opqn_app.people.known import NOBODY
from opqn_app.people.likeness import likeness_of_pairs
from opqn_app.people.word_sums import WordEncoder, WordSums
from opqn_app.store.library import Library
from opqn_app.store.photo_list import ID, IS_DATED, IS_MISSING, N_FACES, PICTURE, TIME, PhotoList

NEAR_S = 2.0  # seconds from one shot to the next of a burst, at most
SAME = 0.5  # from this chance on two faces are taken for one person's

Row = Any  # of a PhotoList


@dataclass(frozen=True, slots=True, eq=False)
class Once:
    """Each photo once.

    Attributes:
        photos: in the order they were.
        copies: id of a photo → all that it stands for besides itself.
    """

    photos: PhotoList
    copies: Mapping[int, PhotoList] = field(default_factory=dict)


def once(photos: PhotoList) -> Once:
    """Each picture once; its first file that can be reached stands for it."""
    same: dict[bytes, list[Row]] = {}
    for row in photos.rows:
        same.setdefault(row[PICTURE], []).append(row)
    if len(same) == len(photos):
        return Once(photos)
    return _standing_for(photos, same.values())


def near_once(library: Library, before: Once, encoder: FaceEncoder | None) -> Once:
    """Each photo of near copies once; without a model that groups faces all as before.

    Args:
        before: what `once` found, newest first.
    """
    if not isinstance(encoder, WordEncoder) or encoder.links is None:
        return before
    close = [some for some in _taken_together(before.photos) if len(some) > 1]
    ids = [row[ID] for some in close for row in some]
    faces = library.face_table.from_left(ids)
    with library.snapshot():
        coded = Coded.of(library, encoder.model_id)
    rows = coded.rows(np.array([face for some in faces.values() for face in some], np.int64))
    units = WordSums.of(encoder).units(coded.codes[np.maximum(rows, 0)])
    units[rows == NOBODY] = 0.0
    ends = np.cumsum([len(some) for some in faces.values()])[:-1]
    vectors = dict(zip(faces, np.split(units, ends), strict=True)) if faces else {}
    groups: list[list[Row]] = []
    for some in close:
        groups += _alike(some, vectors, encoder.links)
    found = _standing_for(before.photos, groups, leaves_others=True)
    copies = dict(before.copies)
    for photo_id, others in found.copies.items():
        rows_of = [*others.rows]
        for each in (photo_id, *others.ids()):
            rows_of += copies.pop(each).rows if each in copies else ()
        copies[photo_id] = others.chosen(rows_of)
    return Once(found.photos, copies)


def _standing_for(photos: PhotoList, groups: Any, *, leaves_others: bool = False) -> Once:
    """One photo of each group; with `leaves_others` also those that are in no group."""
    copies: dict[int, PhotoList] = {}
    dropped: set[int] = set()
    for some in groups:
        if len(some) > 1:
            kept = min(some, key=lambda row: (row[IS_MISSING], row[ID]))
            others = [row for row in some if row is not kept]
            copies[kept[ID]] = photos.chosen(others)
            dropped.update(row[ID] for row in others)
    return Once(photos.chosen(row for row in photos.rows if row[ID] not in dropped), copies)


def _taken_together(photos: PhotoList) -> Iterator[list[Row]]:
    """Photos with as many faces, each taken soon after another one of them."""
    open_runs: dict[int, tuple[float, list[Row]]] = {}  # by the number of faces
    for row in photos.rows:
        seconds = _seconds(row[TIME]) if row[IS_DATED] and row[N_FACES] else None
        if seconds is None:
            continue
        last, run = open_runs.get(row[N_FACES], (seconds, []))
        if abs(last - seconds) > NEAR_S:
            yield run
            run = []
        run.append(row)
        open_runs[row[N_FACES]] = (seconds, run)
    yield from (run for _, run in open_runs.values())


def _seconds(time: str) -> float | None:
    try:
        return datetime.fromisoformat(time).replace(tzinfo=None).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _alike(rows: list[Row], vectors: Mapping[int, Floats], links: Links) -> list[list[Row]]:
    """Those that show the same faces, from left to right; each is like the first of its group."""
    groups: list[list[Row]] = []
    for row in rows:
        mine = vectors.get(row[ID])
        for some in groups:
            first = vectors.get(some[0][ID])
            if mine is None or first is None or mine.shape != first.shape:
                continue
            scores = (mine * first).sum(1).astype(np.float64)
            if bool((likeness_of_pairs(scores, links) >= SAME).all()):
                some.append(row)
                break
        else:
            groups.append([row])
    return groups
