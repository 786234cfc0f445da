"""Codes on disk: rows of 65536 codes that load like an array, and a row-per-face tail.

A million codes in a row each take 0.5 to 2 s to load; as blobs of 65536 they take 8 ms. New codes
go to the tail, which is sealed into a segment when it is full. Face ids only grow, so the order
of positions is the order of ids, which the tie rule of the search needs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from opqn_app.core.errors import CodesDamaged
from opqn_app.core.types import Codes, Ids
from opqn_app.store import checksums
from opqn_app.store.connection import Connection
from opqn_app.store.photo_table import DELETED
from opqn_app.store.records import CodedFaces, CodeSegment, CodeStamp, ModelInfo

SEGMENT_SIZE = 65536
FEW = 4096  # rows of the tail read by one statement: as objects they take 15 times their room


def code_dtype(n_words: int) -> np.dtype[np.unsignedinteger]:
    """The stored type of a code word; little-endian whatever the machine."""
    return np.dtype("<u1") if n_words <= 256 else np.dtype("<u2")


class CodeStore:
    """The codes of all models of one library; write calls run inside a transaction."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def model_key(self, model: ModelInfo) -> int:
        """The row id of `model`, made if it is new."""
        row = self._db.row("SELECT id FROM models WHERE model_id = ?", [model.model_id])
        if row:
            return int(row[0])
        return self._db.insert(
            "INSERT INTO models (model_id, name, n_books, n_words, dtype) VALUES (?, ?, ?, ?, ?)",
            [
                model.model_id,
                model.name,
                model.n_books,
                model.n_words,
                code_dtype(model.n_words).str,
            ],
        )

    def segments(self, model_id: str) -> Iterator[CodeSegment]:
        """Every code of a model, the tail last; nothing for a model without codes."""
        model = self._model(model_id)
        if model is None:
            return
        _, n_books, dtype = model
        for stamp in self.stamps(model_id):
            yield self._shown(stamp, n_books, dtype)
        tail = self.tail(model_id)
        if tail is not None:
            yield tail

    def stamps(self, model_id: str) -> list[CodeStamp]:
        """One for each sealed segment of a model; a segment with an equal stamp is unchanged."""
        rows = self._db.rows(
            "SELECT s.id, s.n, s.n_live, s.first_face_id, s.last_face_id "
            "FROM code_segments s JOIN models m ON m.id = s.model "
            "WHERE m.model_id = ? ORDER BY s.first_face_id",
            [model_id],
        )
        hidden = self._hidden()
        return [
            CodeStamp(i, n, n_live, first, last, _within(hidden, first, last).tobytes())
            for i, n, n_live, first, last in rows
        ]

    def sealed(self, model_id: str, stamp: CodeStamp) -> CodeSegment:
        """The segment of a stamp just read; both inside one `snapshot`."""
        model = self._model(model_id)
        assert model is not None, "it has a segment"
        return self._shown(stamp, *model[1:])

    def tail_ids(self, model_id: str) -> Ids:
        """Ids of the faces whose codes are not in a segment yet, ascending."""
        model = self._model(model_id)
        if model is None:
            return np.empty(0, dtype=np.int64)
        rows = self._db.rows(
            "SELECT face_id FROM code_tail WHERE model = ? ORDER BY face_id", [model[0]]
        )
        ids = np.fromiter((row[0] for row in rows), np.int64, len(rows))
        return np.setdiff1d(ids, self._hidden(), assume_unique=True)

    def tail(self, model_id: str, first_face_id: int = 0) -> CodeSegment | None:
        """The codes that are not in a segment yet, from a face on; None if there are none."""
        model = self._model(model_id)
        if model is None:
            return None
        key, n_books, dtype = model
        parts: list[CodeSegment] = []
        with self._db.snapshot():
            hidden = set(self._hidden().tolist())
            for rows in self._tail_rows(key, first_face_id):
                shown = [row for row in rows if row[0] not in hidden] if hidden else rows
                if shown:
                    parts.append(_segment_of_rows(shown, n_books, dtype))
        if not parts:
            return None
        return CodeSegment(
            np.concatenate([part.face_ids for part in parts]),
            np.concatenate([part.codes for part in parts]),
            np.concatenate([part.is_dead for part in parts]),
        )

    def _tail_rows(self, key: int, first_face_id: int) -> Iterator[list[tuple[Any, ...]]]:
        """Whole rows (face, code, checksum) of the tail from a face on, some at a time."""
        rows: list[tuple[Any, ...]] | None = None
        while rows is None or len(rows) == FEW:
            rows = self._db.rows(
                "SELECT face_id, code, checksum FROM code_tail WHERE model = ? AND face_id >= ? "
                "ORDER BY face_id LIMIT ?",
                [key, first_face_id, FEW],
            )
            if not _are_whole(rows):
                raise CodesDamaged(self._db.path, self._name(key))
            yield rows
            first_face_id = rows[-1][0] + 1 if rows else first_face_id

    def add(self, model: ModelInfo, face_ids: Sequence[int], codes: Codes) -> None:
        """Store the codes of faces that have none of this model; codes is (n, M)."""
        key = self.model_key(model)
        stored = np.ascontiguousarray(codes, dtype=code_dtype(model.n_words))
        self._db.run_many(
            "INSERT INTO code_tail (face_id, model, code, checksum) VALUES (?, ?, ?, ?)",
            (
                (int(i), key, row.tobytes(), checksums.of_code(int(i), row.tobytes()))
                for i, row in zip(face_ids, stored, strict=True)
            ),
        )
        while self._tail_length(key) >= SEGMENT_SIZE:
            self._seal(key, model.n_books, code_dtype(model.n_words))

    def bury(self, face_ids: Sequence[int]) -> None:
        """Erase the codes of faces that are about to be deleted, of every model.

        Tail rows go with their face; in a segment the code is zeroed and marked dead. Segments that
        are half dead then are written anew. Indexes in memory and readers keep what they have.
        """
        if not face_ids:
            return
        self._drop_damaged_segments()
        wanted = np.array(sorted(face_ids), dtype=np.int64)
        for segment_id, key in self._db.rows(
            "SELECT id, model FROM code_segments WHERE last_face_id >= ? AND first_face_id <= ?",
            [int(wanted[0]), int(wanted[-1])],
        ):
            row = self._db.row("SELECT n_books, dtype FROM models WHERE id = ?", [key])
            assert row is not None, "foreign keys are on"
            self._bury_in(segment_id, wanted, row[0], np.dtype(row[1]))
        self._compact(0.5)

    def purge(self) -> None:
        """Write the segments that hold dead codes anew without them."""
        self._drop_damaged_segments()
        self._compact(0)

    def has_damage(self, model_id: str) -> bool:
        """True if a code of a model is not what was written."""
        try:
            for _ in self.segments(model_id):
                pass
        except CodesDamaged:
            return True
        return False

    def drop_damaged(self, model_id: str) -> None:
        """Delete the codes of a model that are not what was written.

        With a segment go all codes of later faces: what is made again comes behind the others, and
        codes are kept in the order of face ids.
        """
        model = self._model(model_id)
        if model is None:
            return
        self._drop_damaged_segments(model[0])
        rows = self._db.rows(
            "SELECT face_id, code, checksum FROM code_tail WHERE model = ?", [model[0]]
        )
        self._db.run_many(
            "DELETE FROM code_tail WHERE model = ? AND face_id = ?",
            [(model[0], row[0]) for row in rows if not _are_whole([row])],
        )

    def _drop_damaged_segments(self, only: int | None = None) -> None:
        """Of all models, or of one; which faces their codes are of can't be told either."""
        rows = self._db.rows(
            "SELECT id, model, first_face_id FROM code_segments "
            "WHERE ? IS NULL OR model = ? ORDER BY first_face_id",
            [only, only],
        )
        for segment_id, key, first in rows:
            if not self._is_whole(segment_id):
                after = [key, first]
                self._db.run(
                    "DELETE FROM code_segments WHERE model = ? AND last_face_id >= ?", after
                )
                self._db.run("DELETE FROM code_tail WHERE model = ? AND face_id >= ?", after)

    def _is_whole(self, segment_id: int) -> bool:
        row = self._db.row(
            "SELECT ids, codes, dead, checksum FROM code_segments WHERE id = ?", [segment_id]
        )
        return row is None or checksums.of_blobs(*row[:3]) == row[3]  # None: it went already

    def _name(self, key: int) -> str:
        return str(self._db.value("SELECT name FROM models WHERE id = ?", [key]))

    def coded(self) -> list[CodedFaces]:
        """How many faces have a code of each model that gave any, in the order of their coming."""
        rows = self._db.rows("SELECT id, model_id, name FROM models ORDER BY id")
        hidden = self._hidden()
        found = [
            CodedFaces(model_id, name, self._live_count(key) - self._count_coded(model_id, hidden))
            for key, model_id, name in rows
        ]
        return [each for each in found if each.faces]

    def faces_without_code(self, model_id: str, *, hidden: bool = True) -> Ids:
        """Ids of faces without a code of this model, ascending.

        Args:
            hidden: those on deleted photos too. They get codes with all others, since codes are
                kept in the order of face ids and a photo may come back.
        """
        found = self._faces_without_code(model_id)
        return found if hidden else np.setdiff1d(found, self._hidden(), assume_unique=True)

    def _faces_without_code(self, model_id: str) -> Ids:
        model = self._model(model_id)
        n_faces = self._db.value("SELECT COUNT(*) FROM faces")
        if model is not None and self._live_count(model[0]) == n_faces:
            return np.empty(0, dtype=np.int64)
        faces = np.array(
            [row[0] for row in self._db.rows("SELECT id FROM faces ORDER BY id")], dtype=np.int64
        )
        if model is None:
            return faces
        return np.setdiff1d(faces, self._coded_ids(*model), assume_unique=True)

    def _coded_ids(self, key: int, n_books: int, dtype: np.dtype[np.unsignedinteger]) -> Ids:
        """Ids of all faces with a code of a model, those on deleted photos too."""
        rows = self._db.rows("SELECT id FROM code_segments WHERE model = ?", [key])
        segments = [self._segment(row[0], n_books, dtype) for row in rows]
        tail = self._db.rows("SELECT face_id FROM code_tail WHERE model = ?", [key])
        return np.concatenate(
            [
                *(s.face_ids[~s.is_dead] for s in segments),
                np.fromiter((row[0] for row in tail), np.int64, len(tail)),
            ]
        )

    def _hidden(self) -> Ids:
        """Ids of the faces on deleted photos, ascending."""
        # CROSS: the planner must begin with the few photos.
        rows = self._db.rows(
            "SELECT f.id FROM photos p CROSS JOIN faces f ON f.photo_id = p.id "
            f"WHERE p.{DELETED} ORDER BY f.id"
        )
        return np.fromiter((row[0] for row in rows), np.int64, len(rows))

    def _count_coded(self, model_id: str, hidden: Ids) -> int:
        """How many of `hidden` have a code of a model."""
        model = self._model(model_id)
        if model is None or not len(hidden):
            return 0
        return int(np.isin(hidden, self._coded_ids(*model), assume_unique=True).sum())

    def _shown(
        self, stamp: CodeStamp, n_books: int, dtype: np.dtype[np.unsignedinteger]
    ) -> CodeSegment:
        """A segment in which the faces on deleted photos count as dead."""
        stored = self._segment(stamp.segment_id, n_books, dtype)
        if not stamp.hidden:
            return stored
        hidden = np.frombuffer(stamp.hidden, np.int64)
        is_hidden = np.isin(stored.face_ids, hidden, assume_unique=True)
        return replace(stored, is_dead=stored.is_dead | is_hidden)

    def _model(self, model_id: str) -> tuple[int, int, np.dtype[np.unsignedinteger]] | None:
        row = self._db.row("SELECT id, n_books, dtype FROM models WHERE model_id = ?", [model_id])
        return (row[0], row[1], np.dtype(row[2])) if row else None

    def _tail_length(self, key: int) -> int:
        return int(self._db.value("SELECT COUNT(*) FROM code_tail WHERE model = ?", [key]))

    def _live_count(self, key: int) -> int:
        sealed = self._db.value(
            "SELECT COALESCE(SUM(n_live), 0) FROM code_segments WHERE model = ?", [key]
        )
        return int(sealed) + self._tail_length(key)

    def _segment(
        self, segment_id: int, n_books: int, dtype: np.dtype[np.unsignedinteger]
    ) -> CodeSegment:
        row = self._db.row(
            "SELECT ids, codes, dead, checksum, model FROM code_segments WHERE id = ?", [segment_id]
        )
        assert row is not None, "segments are only deleted by the writer that reads them"
        ids, codes, dead, checksum, key = row
        if checksums.of_blobs(ids, codes, dead) != checksum:
            raise CodesDamaged(self._db.path, self._name(key))
        return CodeSegment(
            np.frombuffer(ids, dtype="<i8"),
            np.frombuffer(codes, dtype=dtype).reshape(-1, n_books),
            np.frombuffer(dead, dtype=np.bool_),
        )

    def _seal(self, key: int, n_books: int, dtype: np.dtype[np.unsignedinteger]) -> None:
        rows = self._db.rows(
            "SELECT face_id, code, checksum FROM code_tail WHERE model = ? "
            "ORDER BY face_id LIMIT ?",
            [key, SEGMENT_SIZE],
        )
        if not _are_whole(rows):
            raise CodesDamaged(self._db.path, self._name(key))
        segment = _segment_of_rows(rows, n_books, dtype)
        segment_id = self._db.insert(
            "INSERT INTO code_segments "
            "(model, first_face_id, last_face_id, n, n_live, ids, codes, dead) "
            "VALUES (?, 0, 0, 0, 0, x'', x'', x'')",
            [key],
        )
        self._write_segment(segment_id, segment.face_ids, segment.codes)
        self._db.run(
            "DELETE FROM code_tail WHERE model = ? AND face_id <= ?",
            [key, int(segment.face_ids[-1])],
        )

    def _compact(self, most_dead: float) -> None:
        """Write segments with a larger share of dead codes anew, neighbours as one if they fit."""
        for key, n_books, dtype in self._db.rows("SELECT id, n_books, dtype FROM models"):
            rows = self._db.rows(
                "SELECT id, n, n_live FROM code_segments WHERE model = ? ORDER BY first_face_id",
                [key],
            )
            if any(n - n_live > most_dead * n for _, n, n_live in rows):
                for group in _neighbours(rows):
                    if len(group) > 1 or group[0][1] - group[0][2] > most_dead * group[0][1]:
                        self._merge([row[0] for row in group], n_books, np.dtype(dtype))

    def _merge(
        self, segment_ids: Sequence[int], n_books: int, dtype: np.dtype[np.unsignedinteger]
    ) -> None:
        """Write the live codes of some segments into the first of them."""
        segments = [self._segment(i, n_books, dtype) for i in segment_ids]
        ids = np.concatenate([s.face_ids[~s.is_dead] for s in segments])
        codes = np.concatenate([s.codes[~s.is_dead] for s in segments])
        kept = segment_ids[:1] if len(ids) else []
        for segment_id in segment_ids[len(kept) :]:
            self._db.run("DELETE FROM code_segments WHERE id = ?", [segment_id])
        for segment_id in kept:
            self._write_segment(segment_id, ids, codes)

    def _bury_in(
        self, segment_id: int, wanted: Ids, n_books: int, dtype: np.dtype[np.unsignedinteger]
    ) -> None:
        segment = self._segment(segment_id, n_books, dtype)
        hit = np.isin(segment.face_ids, wanted, assume_unique=True) & ~segment.is_dead
        if not hit.any():
            return
        codes = segment.codes.copy()
        codes[hit] = 0
        dead = (segment.is_dead | hit).tobytes()
        checksum = checksums.of_blobs(segment.face_ids.tobytes(), codes.tobytes(), dead)
        self._db.run(
            "UPDATE code_segments SET codes = ?, dead = ?, n_live = n_live - ?, checksum = ? "
            "WHERE id = ?",
            [codes.tobytes(), dead, int(hit.sum()), checksum, segment_id],
        )

    def _write_segment(self, segment_id: int, face_ids: Ids, codes: Codes) -> None:
        n = len(face_ids)
        self._db.run(
            "UPDATE code_segments SET first_face_id = ?, last_face_id = ?, n = ?, n_live = ?, "
            "ids = ?, codes = ?, dead = ?, checksum = ? WHERE id = ?",
            [
                int(face_ids[0]),
                int(face_ids[-1]),
                n,
                n,
                face_ids.tobytes(),
                codes.tobytes(),
                bytes(n),
                checksums.of_blobs(face_ids.tobytes(), codes.tobytes(), bytes(n)),
                segment_id,
            ],
        )


def _within(ids: Ids, first: int, last: int) -> Ids:
    start, stop = np.searchsorted(ids, [first, last + 1])
    return ids[start:stop]


def _neighbours(rows: Sequence[tuple[int, int, int]]) -> list[list[tuple[int, int, int]]]:
    """Rows (id, n, n_live) in groups whose live codes fit into one segment."""
    groups: list[list[tuple[int, int, int]]] = []
    for row in rows:
        if groups and sum(n_live for _, _, n_live in groups[-1]) + row[2] <= SEGMENT_SIZE:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _are_whole(rows: Sequence[tuple[int, bytes, int]]) -> bool:
    """True if rows of the tail are what was written."""
    return all(checksums.of_code(i, code) == checksum for i, code, checksum in rows)


def _segment_of_rows(
    rows: Sequence[tuple[int, bytes, int]], n_books: int, dtype: np.dtype[np.unsignedinteger]
) -> CodeSegment:
    return CodeSegment(
        np.array([row[0] for row in rows], dtype="<i8"),
        np.frombuffer(b"".join(row[1] for row in rows), dtype=dtype).reshape(-1, n_books),
        np.zeros(len(rows), dtype=np.bool_),
    )
