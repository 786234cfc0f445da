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

from opqn_app.core.progress import RateMeter, retold
from opqn_app.core.types import Ids
from opqn_app.opqn.face_encoder import FaceEncoder
from opqn_app.opqn.links import Links
from opqn_app.people.coded import Coded, labels_of
from opqn_app.people.decided import Decided, changed_since
from opqn_app.people.grouping import CERTAIN, group_faces, whole
from opqn_app.people.known import Known, Labels, Marks, Mask
from opqn_app.people.ledger import Ledger
from opqn_app.people.neighbours import NOBODY, Listed, lists_of
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
FEW = 8192  # faces whose lists are looked at together


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
    run = _Run(library, encoder.model_id, WordSums.of(encoder), links)
    new_faces = 0
    n_groups: int | None = None
    while n_groups is None:
        new_faces += yield from run.list_faces()
        n_faces = run.n_faces
        if not n_faces or _waits(library, encoder.model_id):
            return GroupingReport(n_faces, 0, new_faces, time.perf_counter() - began)
        n_groups = yield from run.group()
    library.group_table.drop_others(encoder.model_id)
    return GroupingReport(n_faces, n_groups, new_faces, time.perf_counter() - began)


def _waits(library: Library, model_id: str) -> bool:
    """Whether another model's groups stay in use until every face has a code of this one."""
    is_new = library.group_table.grouped_model() not in (None, model_id)
    return is_new and library.faces_without_code(model_id) > 0


def _unlisted(coded: Coded, stored: StoredGuesses) -> NDArray[np.intp]:
    """Rows of the faces whose near faces are not known, or mostly gone."""
    is_listed = np.zeros(len(coded.face_ids), np.bool_)
    for start in range(0, len(stored.near), FEW):  # a few rows at a time, for the room it takes
        few = slice(start, start + FEW)
        known = stored.near[few] != NONE
        gone = known & (coded.rows(stored.near[few]) == NOBODY)
        fine = gone.sum(axis=1) * 2 <= known.sum(axis=1)
        rows = coded.rows(stored.face_ids[few][fine])
        is_listed[rows[rows != NOBODY]] = True
    return np.flatnonzero(~is_listed)


class _Run:
    """Lists, then groups, of one library by one model.

    What is not needed any more is let go of at once: the lists alone are 96 bytes a face.
    """

    def __init__(self, library: Library, model_id: str, sums: WordSums, links: Links) -> None:
        self._library, self._model_id = library, model_id
        self._sums, self._links = sums, links

    @property
    def n_faces(self) -> int:
        """That have a code."""
        return len(self._coded)

    def list_faces(self) -> Generator[GroupingProgress, None, int]:
        """Look up what is new, and store what is near to it; returns how many faces that are."""
        table = self._library.group_table
        with self._library.snapshot():
            self._revision = self._library.revision
            self._coded = coded = Coded.of(self._library, self._model_id)
            self._stored: StoredGuesses = table.guesses(self._model_id)
            self._before = table.state(self._model_id)
        self._library.give_back_unused()
        asking = _unlisted(coded, self._stored)
        if not len(asking):
            return 0
        meter, done, start = RateMeter(), 0, 0
        yield GroupingProgress("lists", 0, len(asking), None)
        ids = np.append(coded.face_ids, NONE).astype(np.int32)  # the last is NOBODY's
        near = np.empty((len(asking), N_LISTED), np.int32)
        scores = np.empty((len(asking), N_LISTED), np.uint16)
        for few in lists_of(coded.codes, self._sums, asking):
            stop = done + len(few.rows)
            near[done:stop] = ids[few.near]
            scores[done:stop] = np.rint(np.clip(few.scores, 0.0, 1.0) * SCORE_STEPS)
            done = stop
            if done - start >= BLOCK or done == len(asking):
                here = slice(start, done)
                faces = coded.face_ids[asking[here]]
                table.save_lists(self._model_id, faces, near[here], scores[here])
                meter.add(done - start)
                start = done
                yield GroupingProgress("lists", done, len(asking), meter.eta_s(len(asking) - done))
        self._stored = self._stored.with_lists(coded.face_ids[asking], near, scores)
        return len(asking)

    def group(self) -> Generator[GroupingProgress, None, int | None]:
        """Make and store the groups; returns how many there are, None if others were faster."""
        yield GroupingProgress("groups", 0, 1, None)
        library, before = self._library, self._before
        with library.snapshot():
            if library.revision != self._revision:
                self._coded = Coded.of(library, self._model_id)
            faces, stored, away = _listed(self._coded, self._stored)
            del self._stored
            ledger = Ledger(library)
            photos = library.face_table.photo_ids(faces.face_ids)
            told = faces.rows(np.array(changed_since(ledger, before), np.int64))
        decided = Decided.of(ledger, faces.face_ids)
        left_out = decided.left_out
        marks = Marks.of_photos(photos, decided.people) + decided.marks
        state = GroupingState(
            before.edition + 1 if before else 1, ledger.last_decision, ledger.erasures
        )
        del ledger, photos  # a ledger of many decisions takes more room than groups do
        library.give_back_unused()
        old = Known(decided.people, labels_of(stored.groups), marks)
        if np.array_equal(stored.parts, stored.groups):  # as they are at first
            stored = replace(stored, parts=stored.groups)
        is_one = stored.parts is stored.groups
        old_parts = old if is_one else replace(old, start=labels_of(stored.parts))
        known, known_parts = old.fallen_apart(old_parts.start), old_parts.fallen_apart()
        is_new, has_changed = stored.groups == NONE, known.start != old.start
        has_changed[told[told != NOBODY]] = True
        fresh = is_new | has_changed
        lists = [_rows_of_lists(faces, stored, left_out)]
        stored = stored.without_lists()
        # Who looks at all pairs gives the lists up.
        kept = None if whole(known.start, fresh).all() else lists[0]
        groups = yield from self._joined(faces, lists.pop(), known, self._links.joins_from, fresh)
        in_changed = np.zeros(len(groups), np.bool_)
        in_changed[groups[has_changed]] = True
        fresh = is_new | in_changed[groups] | _has_come(groups, known.start)
        lists.append(self._lists_again(faces, left_out) if kept is None else kept)
        lists[0] = replace(lists[0], within=groups)
        parts = yield from self._joined(faces, lists.pop(), known_parts, CERTAIN, fresh)
        new_groups = _numbers(groups, stored.groups, known.start != old.start)
        new_parts = _numbers(parts, stored.parts, known_parts.start != old_parts.start)
        new_groups[left_out] = new_parts[left_out] = NONE
        moved = (new_groups != stored.groups) | (new_parts != stored.parts)
        nowhere = np.full(len(away), NONE, np.int32)  # who comes back is grouped anew
        is_stored = library.group_table.save_groups(
            self._model_id,
            state,
            np.append(faces.face_ids[moved], away),
            np.append(new_parts[moved], nowhere),
            np.append(new_groups[moved], nowhere),
        )
        return int(np.count_nonzero(np.bincount(groups) > 1)) if is_stored else None

    def _joined(
        self, faces: Coded, lists: Listed, known: Known, least: float, fresh: Mask
    ) -> Generator[GroupingProgress, None, Labels]:
        job = group_faces(
            faces.codes, self._sums, lists, self._links, known, least=least, fresh=fresh
        )
        del lists  # for the room they take
        return (yield from retold(job, lambda _: GroupingProgress("groups", 0, 1, None)))

    def _lists_again(self, faces: Coded, left_out: Mask) -> Listed:
        """Read them once more; of faces that went meanwhile there are none."""
        with self._library.snapshot():
            stored = self._library.group_table.guesses(self._model_id)
        self._library.give_back_unused()
        rows = faces.rows(stored.face_ids)
        if len(rows) != len(faces) or (rows != np.arange(len(rows))).any():
            there = rows != NOBODY
            near = np.full((len(faces), N_LISTED), NONE, np.int32)
            scores = np.zeros((len(faces), N_LISTED), np.uint16)
            near[rows[there]], scores[rows[there]] = stored.near[there], stored.scores[there]
            stored = replace(stored, near=near, scores=scores)
        return _rows_of_lists(faces, stored, left_out)


def _listed(coded: Coded, stored: StoredGuesses) -> tuple[Coded, StoredGuesses, Ids]:
    """The faces that have a code and a list, their lists row by row, and others with a group."""
    has_code = coded.rows(stored.face_ids) != NOBODY
    is_grouped = (stored.groups != NONE) | (stored.parts != NONE)
    away = stored.face_ids[~has_code & is_grouped]
    if not has_code.all():  # else a copy would be in vain
        stored = stored.of_rows(has_code)
    rows = coded.rows(stored.face_ids)
    faces = coded if len(rows) == len(coded) else coded.of_rows(rows)
    return faces, replace(stored, face_ids=faces.face_ids), away


def _rows_of_lists(faces: Coded, stored: StoredGuesses, left_out: Mask) -> Listed:
    """The lists by rows; they are written over the ids of `stored`."""
    near = stored.near
    for start in range(0, len(near), FEW):  # a few rows at a time, for the room it takes
        few = slice(start, start + FEW)
        rows = faces.rows(near[few])
        rows[left_out[rows]] = NOBODY
        near[few] = rows
    near[left_out] = NOBODY
    return Listed(near, stored.scores, 1 / SCORE_STEPS)


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


def _numbers(labels: Labels, old: Labels, has_fallen: Mask) -> Labels:
    """Numbers of groups: that of the lowest row where its group was not cut, else a new one."""
    names, place = np.unique(labels, return_inverse=True)
    numbers = old[names]
    is_new = (numbers == NONE) | has_fallen[names]
    highest = int(old.max(initial=NONE))
    numbers[is_new] = highest + 1 + np.arange(np.count_nonzero(is_new))
    found: Labels = numbers[place]
    return found
