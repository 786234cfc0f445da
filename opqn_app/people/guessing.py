"""Group the faces of a library by a model, from what is there already: guesses, never decisions.

First the near faces of each new face are listed and stored, some faces at a time: who is killed
loses the last of them. Then new faces come to the groups that are there, or make new ones. Groups
are joined and never cut, but where the user's word is against one.
"""

import time
from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.progress import retold
from opqn_app.core.types import Ids
from opqn_app.opqn.face_encoder import FaceEncoder
from opqn_app.opqn.links import Links
from opqn_app.people.coded import Coded, labels_of
from opqn_app.people.decided import Decided, changed_since
from opqn_app.people.grouping import CERTAIN, group_faces
from opqn_app.people.known import Known, Labels, Marks, Mask
from opqn_app.people.ledger import Ledger
from opqn_app.people.neighbours import NOBODY, Edges, lists_of
from opqn_app.people.word_sums import WordEncoder, WordSums
from opqn_app.store.group_table import (
    N_LISTED,
    NONE,
    SCORE_STEPS,
    GroupingState,
    StoredGuesses,
)
from opqn_app.store.library import Library

BLOCK = 1024  # faces whose lists are stored together


@dataclass(frozen=True, slots=True)
class GroupingProgress:
    """Where a grouping stands.

    Attributes:
        stage: "lists" while near faces are looked for, then "groups".
        done, total: faces, in the first stage; afterwards 0 and 1.
        eta_s: seconds still to go in this stage; None while that is not known.
    """

    stage: str
    done: int
    total: int
    eta_s: float | None


@dataclass(frozen=True, slots=True)
class GroupingReport:
    """What was grouped.

    Attributes:
        faces: that the model has codes of.
        groups: of two faces or more.
        new_faces: whose near faces were looked for.
    """

    faces: int
    groups: int
    new_faces: int
    seconds: float


def update_groups(
    library: Library, encoder: FaceEncoder
) -> Generator[GroupingProgress, None, GroupingReport]:
    """Group what is new since the last time.

    Args:
        library: opened by `Library.open_to_decide`, or to write.
        encoder: its codes are grouped; one without links groups nothing.
    """
    began = time.perf_counter()
    links = encoder.links if isinstance(encoder, WordEncoder) else None
    if links is None or not isinstance(encoder, WordEncoder):
        return GroupingReport(0, 0, 0, 0.0)
    sums, new_faces = WordSums.of(encoder), 0
    n_groups: int | None = None
    while n_groups is None:
        with library.snapshot():
            coded = Coded.of(library, encoder.model_id)
            stored = library.group_table.guesses(encoder.model_id)
            before = library.group_table.state(encoder.model_id)
        asking = _unlisted(coded, stored)
        if not len(coded):
            return GroupingReport(0, 0, 0, time.perf_counter() - began)
        stored = yield from _list(library, encoder.model_id, coded, sums, asking, stored)
        new_faces += len(asking)
        if _waits(library, encoder.model_id):
            return GroupingReport(len(coded), 0, new_faces, time.perf_counter() - began)
        n_groups = yield from _group(library, encoder.model_id, sums, links, stored, before)
    library.group_table.drop_others(encoder.model_id)
    return GroupingReport(len(coded), n_groups, new_faces, time.perf_counter() - began)


def _waits(library: Library, model_id: str) -> bool:
    """Whether another model's groups stay in use until every face has a code of this one."""
    is_new = library.group_table.grouped_model() not in (None, model_id)
    return is_new and library.faces_without_code(model_id) > 0


def _unlisted(coded: Coded, stored: StoredGuesses) -> NDArray[np.intp]:
    """Rows of the faces whose near faces are not known, or mostly gone."""
    is_listed = np.zeros(len(coded.face_ids), np.bool_)
    known = stored.near != NONE
    gone = known & (coded.rows(stored.near) == NOBODY)
    fine = gone.sum(axis=1) * 2 <= known.sum(axis=1)
    rows = coded.rows(stored.face_ids[fine])
    is_listed[rows[rows != NOBODY]] = True
    return np.flatnonzero(~is_listed)


def _list(
    library: Library,
    model_id: str,
    coded: Coded,
    sums: WordSums,
    asking: NDArray[np.intp],
    stored: StoredGuesses,
) -> Generator[GroupingProgress, None, StoredGuesses]:
    """List what is near to some faces, and store it; returns all that is stored then."""
    if not len(asking):
        return stored
    began, done, start = time.perf_counter(), 0, 0
    yield GroupingProgress("lists", 0, len(asking), None)
    ids = np.append(coded.face_ids, NONE).astype(np.uint32)  # the last is NOBODY's
    near = np.empty((len(asking), N_LISTED), np.uint32)
    scores = np.empty((len(asking), N_LISTED), np.uint16)
    for few in lists_of(coded.codes, sums, asking):
        stop = done + len(few.rows)
        near[done:stop] = ids[few.near]
        scores[done:stop] = np.rint(np.clip(few.scores, 0.0, 1.0) * SCORE_STEPS)
        done = stop
        if done - start >= BLOCK or done == len(asking):
            here = slice(start, done)
            faces = coded.face_ids[asking[here]]
            library.group_table.save_lists(model_id, faces, near[here], scores[here])
            start = done
            eta_s = (time.perf_counter() - began) / done * (len(asking) - done)
            yield GroupingProgress("lists", done, len(asking), eta_s)
    return stored.with_lists(coded.face_ids[asking], near, scores)


def _group(
    library: Library,
    model_id: str,
    sums: WordSums,
    links: Links,
    stored: StoredGuesses,
    before: GroupingState | None,
) -> Generator[GroupingProgress, None, int | None]:
    """Make and store the groups; returns how many there are, None if others were faster.

    Args:
        stored: with the lists of all faces.
        before: what was stored when it was read.
    """
    yield GroupingProgress("groups", 0, 1, None)
    with library.snapshot():
        faces, stored, away = _listed(Coded.of(library, model_id), stored)
        ledger = Ledger(library)
        photos = library.face_table.photo_ids(faces.face_ids)
        told = faces.rows(np.array(changed_since(ledger, before), np.int64))
    decided = Decided.of(ledger, faces.face_ids)
    marks = Marks.of_photos(photos, decided.people) + decided.marks
    state = GroupingState(
        before.edition + 1 if before else 1, ledger.last_decision, ledger.erasures
    )
    del ledger, photos  # a ledger of many decisions takes more room than groups do
    old = Known(decided.people, labels_of(stored.groups), marks)
    old_parts = replace(old, start=labels_of(stored.parts))
    known, known_parts = old.fallen_apart(old_parts.start), old_parts.fallen_apart()
    is_new, has_changed = stored.groups == NONE, known.start != old.start
    has_changed[told[told != NOBODY]] = True
    # No name for the edges: who groups by them lets go of them.
    groups = yield from _steps(
        group_faces(
            faces.codes,
            sums,
            _edges(faces, stored, ~decided.left_out),
            links,
            known,
            least=links.joins_from,
            fresh=is_new | has_changed,
        )
    )
    in_changed = np.zeros(len(groups), np.bool_)
    in_changed[groups[has_changed]] = True
    parts = yield from _steps(
        group_faces(
            faces.codes,
            sums,
            _edges(faces, stored, ~decided.left_out, inside=groups),
            links,
            known_parts,
            least=CERTAIN,
            fresh=is_new | in_changed[groups] | _has_come(groups, known.start),
        )
    )
    new_groups = _numbers(groups, stored.groups, known.start != old.start)
    new_parts = _numbers(parts, stored.parts, known_parts.start != old_parts.start)
    new_groups[decided.left_out] = new_parts[decided.left_out] = NONE
    moved = (new_groups != stored.groups) | (new_parts != stored.parts)
    nowhere = np.full(len(away), NONE, np.int64)  # who comes back is grouped anew
    is_stored = library.group_table.save_groups(
        model_id,
        state,
        np.append(faces.face_ids[moved], away),
        np.append(new_parts[moved], nowhere),
        np.append(new_groups[moved], nowhere),
    )
    return int(np.count_nonzero(np.bincount(groups) > 1)) if is_stored else None


def _steps(job: Generator[int, None, Labels]) -> Generator[GroupingProgress, None, Labels]:
    return retold(job, lambda _: GroupingProgress("groups", 0, 1, None))


def _listed(coded: Coded, stored: StoredGuesses) -> tuple[Coded, StoredGuesses, Ids]:
    """The faces that have a code and a list, their lists row by row, and others with a group."""
    has_code = coded.rows(stored.face_ids) != NOBODY
    is_grouped = (stored.groups != NONE) | (stored.parts != NONE)
    away = stored.face_ids[~has_code & is_grouped]
    if not has_code.all():  # else a copy would be in vain
        stored = stored.of_rows(has_code)
    rows = coded.rows(stored.face_ids)
    return Coded(coded.face_ids[rows], coded.codes[rows]), stored, away


def _edges(
    faces: Coded, stored: StoredGuesses, is_face: Mask, *, inside: Labels | None = None
) -> Edges:
    """Args: inside: (n,) groups; only pairs within one are listed."""
    near = np.empty(stored.near.shape, np.int32)
    for start in range(0, len(near), BLOCK):  # a few rows at a time, for the room it takes
        few = slice(start, start + BLOCK)
        rows = faces.rows(stored.near[few])
        rows[~is_face[rows]] = NOBODY
        if inside is not None:
            rows[inside[rows] != inside[few, None]] = NOBODY
        near[few] = rows
    near[~is_face] = NOBODY
    rows = np.arange(len(near), dtype=np.int32)
    return Edges.of_lists(rows, near, stored.scores, step=1 / SCORE_STEPS)


def _has_come(groups: Labels, before: Labels) -> Mask:
    """(n,) which faces are in a group that was joined, but those of its largest old one.

    Of two faces that were not in one group before, one is among them.
    """
    old, counts = np.unique(before, return_counts=True)
    order = np.lexsort((-counts, groups[old]))
    names, first = np.unique(groups[old[order]], return_index=True)
    largest = np.zeros(len(groups), np.int32)
    largest[names] = old[order][first]
    found: Mask = before != largest[groups]
    return found


def _numbers(labels: Labels, old: Ids, has_fallen: Mask) -> Ids:
    """Numbers of groups: that of the lowest row where its group was not cut, else a new one."""
    names, place = np.unique(labels, return_inverse=True)
    numbers = old[names]
    is_new = (numbers == NONE) | has_fallen[names]
    highest = int(old.max(initial=NONE))
    numbers[is_new] = highest + 1 + np.arange(np.count_nonzero(is_new))
    found: Ids = numbers[place]
    return found
