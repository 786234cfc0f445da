"""Codes of a library as segments in memory; what has not changed since the last time is kept.

Each stored segment stays one segment here, and is read again only if its stamp has changed. So
following a library of a million faces while photos are added costs the new codes and a look at
the ids of the tail.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from opqn_app.core.types import Codes, Ids
from opqn_app.search.segment import SIZE, Segment, cut
from opqn_app.store.library import Library
from opqn_app.store.records import CodeSegment, CodeStamp


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """The codes of one model at one revision.

    Attributes:
        uuid: of the library; empty for codes of none.
        sealed: segments that change rarely, in the order of their first ids.
        tail: what has been added since; None if there is nothing.
        by_stamp: what each stored segment became; None where every face is dead.
    """

    uuid: str
    revision: int
    sealed: tuple[Segment, ...]
    tail: Segment | None
    by_stamp: dict[CodeStamp, Segment | None]

    @property
    def segments(self) -> tuple[Segment, ...]:
        """All of them, the tail last."""
        return self.sealed if self.tail is None else (*self.sealed, self.tail)


def of_codes(face_ids: Ids, codes: Codes) -> Loaded:
    """Codes (N, M) that lie in memory; face_ids (N,) ascending."""
    assert len(face_ids) == len(codes), "one code a face"
    segments = tuple(cut(face_ids, codes))
    n_full = len(face_ids) // SIZE
    return Loaded("", 0, segments[:n_full], segments[n_full] if segments[n_full:] else None, {})


def of_segments(segments: Sequence[Segment]) -> Loaded:
    """Segments as they are, none of which is expected to grow."""
    return Loaded("", 0, tuple(segments), None, {})


def load_part(library: Library, model_id: str, number: int, n_parts: int) -> list[Segment]:
    """Live codes of part `number`, from 0: a run of stored segments, the last with the tail."""
    store = library.code_store
    with library.snapshot():
        stamps = store.stamps(model_id)
        first, last = (len(stamps) * i // n_parts for i in (number, number + 1))
        found = [_live(store.sealed(model_id, stamp)) for stamp in stamps[first:last]]
        if number == n_parts - 1:
            found.append(_segment(store.tail(model_id)))
    return [segment for segment in found if segment is not None]


def load(library: Library, model_id: str, known: Loaded | None = None) -> Loaded:
    """All live codes of a model, those of `known` not read again.

    Args:
        known: loaded earlier, of the same model; of another library it is passed over.

    Returns:
        `known` itself if the library has not changed since.
    """
    uuid = library.uuid
    if known is not None and known.uuid != uuid:
        known = None
    with library.snapshot():
        revision = library.revision
        if known is not None and known.revision == revision:
            return known
        store = library.code_store
        held = known.by_stamp if known else {}
        by_stamp = {
            stamp: held[stamp] if stamp in held else _live(store.sealed(model_id, stamp))
            for stamp in store.stamps(model_id)
        }
        tail = _tail(library, model_id, known.tail if known else None)
    sealed = tuple(segment for segment in by_stamp.values() if segment is not None)
    return Loaded(uuid, revision, sealed, tail, by_stamp)


def _live(stored: CodeSegment) -> Segment | None:
    if not stored.is_dead.any():
        return Segment(stored.face_ids, stored.codes)
    live = ~stored.is_dead
    return Segment(stored.face_ids[live], stored.codes[live]) if live.any() else None


def _tail(library: Library, model_id: str, known: Segment | None) -> Segment | None:
    """The tail; a face's code never changes, so those in `known` are taken from there."""
    store = library.code_store
    if known is None:
        return _segment(store.tail(model_id))
    ids = store.tail_ids(model_id)
    if np.array_equal(ids, known.face_ids):
        return known
    is_new = ~np.isin(ids, known.face_ids, assume_unique=True)
    if not is_new.any():
        return _of_known(known, ids)
    first = int(ids[is_new][0])
    read = store.tail(model_id, first)
    assert read is not None, "one snapshot"
    old = _of_known(known, ids[ids < first])
    if old is None:
        return _segment(read)
    return Segment(ids, np.concatenate([old.codes, read.codes]))


def _of_known(known: Segment, ids: Ids) -> Segment | None:
    if not len(ids):
        return None
    return Segment(ids, known.codes[np.searchsorted(known.face_ids, ids)])


def _segment(stored: CodeSegment | None) -> Segment | None:
    return None if stored is None else Segment(stored.face_ids, stored.codes)
