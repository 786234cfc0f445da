"""Guesses of one model about who is who: near faces of each face, its part and its group.

They may be made anew at any time. Rows of faces that go are deleted with them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.types import Ids
from opqn_app.store.connection import Connection

N_LISTED = 16  # near faces that a row has room for
SCORE_STEPS = 65535  # of a score from 0 to 1
AT_ONCE = 8192  # rows deleted by one statement
FEW = 2048  # rows read by one statement
NONE = 0  # no face: ids begin with 1

_NEAR = np.dtype([("face", "<u4"), ("score", "<u2")])


@dataclass(frozen=True, slots=True, eq=False)
class StoredGuesses:
    """The rows of n faces of one model.

    Attributes:
        face_ids: (n,) ascending; those on deleted photos too.
        near: (n, 16) ids of near faces, some of which may be gone; `NONE` after the last.
        scores: (n, 16) uint16 in steps of 1 / 65535.
        parts, groups: (n,) numbers that faces of one part, or group, share; `NONE` for a face
            that is in none.
    """

    face_ids: Ids
    near: NDArray[np.int32]
    scores: NDArray[np.uint16]
    parts: NDArray[np.int32]
    groups: NDArray[np.int32]

    def without_lists(self) -> "StoredGuesses":
        """Whose lists take no room any more."""
        none = slice(0, 0)
        return replace(self, near=self.near[none].copy(), scores=self.scores[none].copy())

    def of_rows(self, rows: NDArray[np.bool_]) -> "StoredGuesses":
        """Some of them."""
        return StoredGuesses(
            self.face_ids[rows],
            self.near[rows],
            self.scores[rows],
            self.parts[rows],
            self.groups[rows],
        )

    def with_lists(
        self, face_ids: Ids, near: NDArray[np.int32], scores: NDArray[np.uint16]
    ) -> "StoredGuesses":
        """The same with other lists for some faces, (k,), of which some may be new.

        These arrays are taken over.
        """
        if not len(self.face_ids):
            none = np.broadcast_to(np.int32(NONE), len(face_ids))  # takes no room
            return StoredGuesses(face_ids, near, scores, none, none)
        ids = np.union1d(self.face_ids, face_ids)
        are_behind = np.array_equal(ids[: len(self.face_ids)], self.face_ids)
        old, new = np.searchsorted(ids, self.face_ids), np.searchsorted(ids, face_ids)

        def longer(column: NDArray[Any]) -> NDArray[Any]:
            shape = len(ids), *column.shape[1:]
            if are_behind:  # as new faces are: nothing is copied
                column.resize(shape, refcheck=False)
                return column
            found = np.full(shape, NONE, column.dtype)
            found[old] = column
            return found

        columns = (self.near, self.scores, self.parts, self.groups)
        found = StoredGuesses(ids, *(longer(column) for column in columns))
        found.near[new], found.scores[new] = near, scores
        return found


@dataclass(frozen=True, slots=True)
class GroupingState:
    """What the groups of a model were made from.

    Attributes:
        edition: goes up each time they are made.
        decision: id of the last decision that counted.
        erasures: of the decisions, see `DecisionTable.erasures`.
    """

    edition: int
    decision: int
    erasures: int


class GroupTable:
    """Rows of `guesses` and `groupings`; each call that writes is a transaction of its own."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def state(self, model_id: str) -> GroupingState | None:
        """None while a model's groups have not been made yet."""
        row = self._db.row(
            "SELECT g.edition, g.decision, g.erasures FROM groupings g "
            "JOIN models m ON m.id = g.model WHERE m.model_id = ?",
            [model_id],
        )
        return None if row is None else GroupingState(*row)

    def grouped_model(self) -> str | None:
        """The model whose groups were made last."""
        model_id: str | None = self._db.value(
            "SELECT m.model_id FROM groupings g JOIN models m ON m.id = g.model "
            "ORDER BY g.moment DESC LIMIT 1"
        )
        return model_id

    def guesses(self, model_id: str) -> StoredGuesses:
        """All rows of a model, read a few at a time; inside a `snapshot`."""
        key = self._key(model_id)
        n = int(self._db.value("SELECT COUNT(*) FROM guesses WHERE model = ?", [key]))
        found = StoredGuesses(
            np.empty(n, np.int64),
            np.empty((n, N_LISTED), np.int32),
            np.empty((n, N_LISTED), np.uint16),
            np.empty(n, np.int32),
            np.empty(n, np.int32),
        )
        last = NONE
        for start in range(0, n, FEW):
            rows = self._db.rows(
                "SELECT face_id, near, part, grouped FROM guesses "
                "WHERE face_id > ? AND model = ? ORDER BY face_id LIMIT ?",
                [last, key, FEW],
            )
            _put_rows(rows, found, slice(start, start + FEW))
            last = rows[-1][0]
        return found

    def save_lists(
        self, model_id: str, face_ids: Ids, near: NDArray[np.int32], scores: NDArray[np.uint16]
    ) -> None:
        """Store what is near to faces, where it is not known yet or not any more.

        Args:
            face_ids: (k,); those that are gone are passed over.
            near, scores: (k, 16) as in `StoredGuesses`.
        """
        key = self._key(model_id)
        packed = np.empty(near.shape, _NEAR)
        packed["face"], packed["score"] = near, scores
        with self._db.transaction():
            self._db.run_many(
                "INSERT INTO guesses (face_id, model, near) SELECT id, ?, ? FROM faces "
                "WHERE id = ? ON CONFLICT (face_id, model) DO UPDATE SET near = excluded.near",
                (
                    (key, row.tobytes(), face)
                    for face, row in zip(face_ids.tolist(), packed, strict=True)
                ),
            )

    def save_groups(
        self,
        model_id: str,
        state: GroupingState,
        face_ids: Ids,
        parts: NDArray[np.integer],
        groups: NDArray[np.integer],
    ) -> bool:
        """Give faces, (k,), other parts and groups, unless somebody else did so meanwhile.

        Args:
            state: what they were made from. Its edition is one above that which was read.

        Returns:
            Whether they are stored.
        """
        key = self._key(model_id)
        with self._db.transaction():
            known = self.state(model_id)
            if state.edition != (known.edition if known else 0) + 1:
                return False
            self._db.run_many(
                "UPDATE guesses SET part = NULLIF(?, 0), grouped = NULLIF(?, 0) "
                "WHERE model = ? AND face_id = ?",
                (
                    (part, group, key, face)
                    for start in range(0, len(face_ids), FEW)  # as objects they take much room
                    for face, part, group in zip(
                        face_ids[start : start + FEW].tolist(),
                        parts[start : start + FEW].tolist(),
                        groups[start : start + FEW].tolist(),
                        strict=True,
                    )
                ),
            )
            self._db.run(
                "INSERT INTO groupings (model, edition, decision, erasures, moment) "
                "VALUES (?, ?, ?, ?, (SELECT COALESCE(MAX(moment), 0) + 1 FROM groupings)) "
                "ON CONFLICT (model) DO UPDATE SET edition = excluded.edition, "
                "decision = excluded.decision, erasures = excluded.erasures, "
                "moment = excluded.moment",
                [key, state.edition, state.decision, state.erasures],
            )
        return True

    def drop_others(self, model_id: str) -> None:
        """Delete what other models guessed, once this one's groups are made."""
        key = self._key(model_id)
        if self._db.value("SELECT COUNT(*) FROM models") == 1:  # else every row is looked at
            return
        with self._db.transaction():
            self._db.run("DELETE FROM groupings WHERE model != ?", [key])
        last: int | None = NONE
        while last is not None:
            stop: int | None = self._db.value(
                "SELECT face_id FROM guesses WHERE face_id > ? ORDER BY face_id LIMIT 1 OFFSET ?",
                [last, AT_ONCE - 1],
            )
            self._db.run(
                "DELETE FROM guesses WHERE model != ? AND face_id > ? "
                "AND (? IS NULL OR face_id <= ?)",
                [key, last, stop, stop],
            )
            last = stop

    def erase_all(self) -> None:
        """Delete all guesses; inside a transaction."""
        self._db.run("DELETE FROM guesses")
        self._db.run("DELETE FROM groupings")

    def _key(self, model_id: str) -> int | None:
        key: int | None = self._db.value("SELECT id FROM models WHERE model_id = ?", [model_id])
        return key


def is_possible(near: object, last_face: int) -> bool:
    """Whether a stored list of near faces can be what was written.

    Args:
        last_face: the highest id that a face ever had.
    """
    if not isinstance(near, bytes) or len(near) != N_LISTED * _NEAR.itemsize:
        return False
    return int(np.frombuffer(near, _NEAR)["face"].max()) <= last_face


def _put_rows(rows: Sequence[tuple[Any, ...]], into: StoredGuesses, few: slice) -> None:
    packed = np.frombuffer(b"".join([row[1] for row in rows]), _NEAR).reshape(-1, N_LISTED)
    into.near[few], into.scores[few] = packed["face"], packed["score"]
    into.face_ids[few] = [row[0] for row in rows]
    into.parts[few] = [row[2] or NONE for row in rows]
    into.groups[few] = [row[3] or NONE for row in rows]
