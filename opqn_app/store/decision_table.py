"""The ledger of decisions about faces: rows are only added; to forget a person is the exception."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from opqn_app.core.errors import LedgerDamaged
from opqn_app.store import checksums
from opqn_app.store.connection import Connection, chunks, marks
from opqn_app.store.decision_records import Decision, FaceKey, NewDecision, PlacedFace
from opqn_app.store.photo_table import SHOWN, SHOWN_OF_FACES
from opqn_app.store.pictures import learn_picture
from opqn_app.store.schema import DECISION_COLUMNS, FACE_COLUMNS, N_FACES

Faces = tuple[tuple[FaceKey, ...], tuple[FaceKey, ...]]  # what it is about, and its others
_PLACED = (
    "SELECT f.id, f.photo_id, p.picture_hash, f.box_left / p.width, f.box_top / p.height, "
    "f.box_right / p.width, f.box_bottom / p.height, f.is_drawn "
    f"FROM faces f JOIN photos p ON p.id = f.photo_id AND {SHOWN_OF_FACES} "
)


class DecisionTable:
    """Rows of `decisions` and `decision_faces`; what they mean is not known here."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    @contextmanager
    def deciding(self) -> Iterator[None]:
        """A transaction for reading what others have decided meanwhile and adding to it."""
        with self._db.transaction():
            yield

    @property
    def erasures(self) -> int:
        """Goes up when rows are taken out, or held by another hash, which else never happens."""
        return int(self._db.value("SELECT erasures FROM meta"))

    def decisions(self, after: int = 0) -> list[Decision]:
        """Rows with an id above `after`, in the order they were added.

        Raises:
            LedgerDamaged: one is not what was written.
        """
        return self._read("id > ?", "decision > ?", [after])

    def of_gestures(self, gestures: Sequence[int]) -> list[Decision]:
        """The rows of some gestures."""
        found = []
        for chunk in chunks(gestures):
            which = f"gesture IN ({marks(chunk)})"
            theirs = f"decision IN (SELECT id FROM decisions WHERE {which})"
            found += self._read(which, theirs, chunk)
        return found

    def last_id(self) -> int:
        """Of the row that was added last; 0 without rows."""
        return int(self._db.value("SELECT COALESCE(MAX(id), 0) FROM decisions"))

    def has(self, kind: str) -> bool:
        """Whether there is a row of this kind."""
        return self._db.row("SELECT 1 FROM decisions WHERE kind = ? LIMIT 1", [kind]) is not None

    def append(self, new: Sequence[NewDecision]) -> list[Decision]:
        """Add rows as one gesture; inside `deciding`."""
        time = datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")
        added: list[Decision] = []
        for one in new:
            gesture = added[0].gesture if added else None
            added.append(self._insert(one, os.urandom(16), gesture, time))
        return added

    def copy(self, old: Decision, new: NewDecision, gesture: int | None) -> Decision:
        """Add a row of another library under its uid and time; inside `deciding`.

        Args:
            new: the row with the ids that it has here.
            gesture: None for the first row of one.
        """
        return self._insert(new, old.uid, gesture, old.time)

    def placed_faces(self) -> list[PlacedFace]:
        """Every face of the library."""
        return [_placed(row) for row in self._db.rows(_PLACED)]

    def decided_faces(self) -> list[PlacedFace]:
        """The faces of photos that a decision is about, and all that were drawn."""
        condition = "WHERE p.picture_hash IN (SELECT content_hash FROM decision_faces)"
        return [_placed(row) for row in self._db.rows(f"{_PLACED} {condition} OR f.is_drawn")]

    def faces_of_content(self, content_hash: bytes) -> list[PlacedFace]:
        """The faces of every copy of a photo."""
        rows = self._db.rows(f"{_PLACED} WHERE p.picture_hash = ?", [content_hash])
        return [_placed(row) for row in rows]

    def faces_by_id(self, face_ids: Sequence[int]) -> dict[int, PlacedFace]:
        """Faces by their ids; unknown ids are left out."""
        found: dict[int, PlacedFace] = {}
        for chunk in chunks(face_ids):
            for row in self._db.rows(f"{_PLACED} WHERE f.id IN ({marks(chunk)})", chunk):
                found[row[0]] = _placed(row)
        return found

    def photos_of_faces(self) -> dict[int, int]:
        """Face id → photo id, of the whole library."""
        return dict(
            self._db.rows(
                "SELECT f.id, f.photo_id FROM faces f "
                f"JOIN photos p ON p.id = f.photo_id AND p.{SHOWN}"
            )
        )

    def photos_of_content(self, content_hash: bytes) -> list[int]:
        """Ids of the copies of a photo."""
        query = f"SELECT id FROM photos WHERE picture_hash = ? AND {SHOWN} ORDER BY id"
        return [row[0] for row in self._db.rows(query, [content_hash])]

    def photos_of_file(self, content_hash: bytes) -> list[int]:
        """Ids of the photos whose file is this, byte for byte."""
        query = f"SELECT id FROM photos WHERE content_hash = ? AND {SHOWN} ORDER BY id"
        return [row[0] for row in self._db.rows(query, [content_hash])]

    def content_of_photo(self, photo_id: int) -> bytes | None:
        found: bytes | None = self._db.value(
            "SELECT picture_hash FROM photos WHERE id = ?", [photo_id]
        )
        return found

    def pictures(self) -> list[tuple[bytes, bytes]]:
        """The hash of the file and of the picture, of photos whose picture is known."""
        return self._db.rows(
            "SELECT DISTINCT content_hash, picture_hash FROM photos "
            "WHERE picture_hash != content_hash"
        )

    def learn_pictures(self, pictures: Sequence[tuple[bytes, bytes]]) -> None:
        """Take in what `pictures` of another library says; inside `deciding`."""
        for known_as, picture_hash in pictures:
            learn_picture(self._db, known_as, picture_hash)

    def erase(self, gone: Sequence[int], changed: Sequence[Decision]) -> None:
        """Take rows out for good and write others anew; inside a transaction.

        What undid or redid a gesture goes with its last row.
        """
        for chunk in chunks(gone):
            self._db.run(f"DELETE FROM decisions WHERE id IN ({marks(chunk)})", chunk)
        for one in changed:
            self._db.run(
                "UPDATE decisions SET kind = ?, person = ?, other = ?, name = ?, source = ? "
                "WHERE id = ?",
                [one.kind, one.person, one.other, one.name, one.source, one.id],
            )
            self._db.run("DELETE FROM decision_faces WHERE decision = ?", [one.id])
            self._insert_faces(one.id, one.faces, one.others)
            self._seal(one.id)
        self._db.run(
            "DELETE FROM decisions WHERE target IS NOT NULL AND target NOT IN "
            "(SELECT gesture FROM decisions WHERE target IS NULL)"
        )
        self._db.run("UPDATE meta SET erasures = erasures + 1")

    def erase_all(self) -> None:
        """Take out every row for good; inside a transaction."""
        self._db.run("DELETE FROM decisions")
        self._db.run("UPDATE meta SET erasures = erasures + 1")

    def _insert(self, new: NewDecision, uid: bytes, gesture: int | None, time: str) -> Decision:
        decision_id = self._db.insert(
            "INSERT INTO decisions (uid, gesture, time, kind, person, other, name, source, "
            "is_twice, target) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                uid,
                gesture or 0,
                time,
                new.kind,
                new.person,
                new.other,
                new.name,
                new.source,
                int(new.is_twice),
                new.target,
            ],
        )
        if gesture is None:
            gesture = decision_id
            self._db.run("UPDATE decisions SET gesture = id WHERE id = ?", [decision_id])
        self._insert_faces(decision_id, new.faces, new.others)
        self._seal(decision_id)
        return Decision(
            id=decision_id,
            uid=uid,
            gesture=gesture,
            time=time,
            kind=new.kind,
            faces=tuple(new.faces),
            others=tuple(new.others),
            person=new.person,
            other=new.other,
            name=new.name,
            source=new.source,
            is_twice=new.is_twice,
            target=new.target,
        )

    def _insert_faces(
        self, decision_id: int, faces: Sequence[FaceKey], others: Sequence[FaceKey]
    ) -> None:
        sides = [(0, key) for key in faces] + [(1, key) for key in others]
        rows = [(decision_id, position, side, *key) for position, (side, key) in enumerate(sides)]
        self._db.run_many(
            f"INSERT INTO decision_faces ({FACE_COLUMNS}, checksum) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            ((*row, checksums.of_decided_face(*row)) for row in rows),
        )

    def _seal(self, decision_id: int) -> None:
        """Give a row that is complete its checksum."""
        row = self._db.row(
            f"SELECT {DECISION_COLUMNS}, {N_FACES} FROM decisions WHERE id = ?", [decision_id]
        )
        assert row is not None, "it was just written"
        self._db.run(
            "UPDATE decisions SET checksum = ? WHERE id = ?",
            [checksums.of_decision(*row), decision_id],
        )

    def _read(self, which: str, faces_of_which: str, params: Sequence[Any]) -> list[Decision]:
        rows = self._db.rows(
            f"SELECT {DECISION_COLUMNS}, checksum FROM decisions WHERE {which} ORDER BY id", params
        )
        faces, damaged = self._faces(faces_of_which, params)
        none: Faces = ((), ())
        found = []
        for *row, checksum in rows:
            of_row = faces.get(row[0], none)
            n_faces = len(of_row[0]) + len(of_row[1])
            if checksums.of_decision(*row, n_faces) != checksum:
                damaged.add(row[0])
            found.append((row, of_row))
        if damaged:
            raise LedgerDamaged(self._db.path, sorted(damaged))
        return [_decision(row, *of_row) for row, of_row in found]

    def damaged(self) -> list[int]:
        """Ids of the decisions that are not what was written."""
        try:
            self.decisions()
        except LedgerDamaged as error:
            return error.decisions
        return []

    def mend_gestures(self) -> None:
        """Let rows be one gesture whose first row was lost; inside a transaction."""
        rows = self._db.rows(
            "SELECT id, MIN(id) OVER (PARTITION BY gesture) FROM decisions "
            "WHERE gesture NOT IN (SELECT id FROM decisions)"
        )
        for decision_id, first in rows:
            self._db.run("UPDATE decisions SET gesture = ? WHERE id = ?", [first, decision_id])
            self._seal(decision_id)

    def _faces(self, which: str, params: Sequence[Any]) -> tuple[dict[int, "Faces"], set[int]]:
        """The faces of decisions, and the decisions of which one is not what was written."""
        rows = self._db.rows(
            f"SELECT {FACE_COLUMNS}, checksum FROM decision_faces WHERE {which} "
            "ORDER BY decision, position",
            params,
        )
        found: dict[int, Faces] = {}
        damaged: set[int] = set()
        for decision, group in groupby(rows, key=itemgetter(0)):
            sides: tuple[list[FaceKey], list[FaceKey]] = ([], [])
            for row in group:
                if checksums.of_decided_face(*row[:-1]) == row[-1]:
                    sides[row[2]].append(FaceKey._make(row[3:-1]))
                else:
                    damaged.add(decision)
            found[decision] = tuple(sides[0]), tuple(sides[1])
        return found, damaged


def _decision(
    row: Sequence[Any], faces: tuple[FaceKey, ...], others: tuple[FaceKey, ...]
) -> Decision:
    decision_id, uid, gesture, time, kind, person, other, name, source, is_twice, target = row
    return Decision(
        id=decision_id,
        uid=uid,
        gesture=gesture,
        time=time,
        kind=kind,
        faces=faces,
        others=others,
        person=person,
        other=other,
        name=name,
        source=source,
        is_twice=bool(is_twice),
        target=target,
    )


def _placed(row: Sequence[Any]) -> PlacedFace:
    return PlacedFace(row[0], row[1], FaceKey._make(row[2:7]), bool(row[7]))
