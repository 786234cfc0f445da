"""Looks whether a library is whole: its pages, its rows, its codes and pictures of faces."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from opqn_app.core.errors import LibraryError
from opqn_app.store import checksums, group_table
from opqn_app.store.connection import Connection
from opqn_app.store.decision_table import DecisionTable

SHOWN = 20  # faults of SQLite that are told


REPAIR = "opqn check --repair mends it, in a copy that then takes the file's place."
MADE_AGAIN = (
    "opqn encode makes them again from the pictures of faces, and so does the next indexing."
)
READ_AGAIN = "Index their folders (opqn index DIR): their photos are read again."


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it should be.

    Attributes:
        words: what.
        count: how often.
        remedy: what to do about it.
    """

    words: str
    count: int = 1
    remedy: str = REPAIR


# What each row has to have; counted where it has not.
_ROWS = {
    "photos whose number of faces is wrong": "SELECT COUNT(*) FROM photos WHERE n_faces != "
    "(SELECT COUNT(*) FROM faces WHERE photo_id = photos.id)",
    "decisions of no gesture": "SELECT COUNT(*) FROM decisions WHERE gesture NOT IN "
    "(SELECT id FROM decisions)",
    "groups made from decisions that are not there": "SELECT COUNT(*) FROM groupings WHERE "
    "decision > (SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'decisions')",
    "rows of meta, which should be one,": "SELECT 1 WHERE (SELECT COUNT(*) FROM meta) != 1",
}
_NO_PICTURE = (
    "SELECT COUNT(*) FROM faces f LEFT JOIN photos p ON p.id = f.photo_id WHERE f.id NOT IN "
    "(SELECT face_id FROM crops) AND COALESCE(p.awaits_look, 0) = ?"
)


def faults(db: Connection) -> Iterator[Fault]:
    """What is wrong in a library that could be opened; nothing is changed.

    A page that can't be read ends one look, not the others.
    """
    unreadable = set()
    looks = (
        _pages,
        _references,
        _counts,
        _pictures,
        _segments,
        _codes,
        _crops,
        _decisions,
        _guesses,
    )
    for look in looks:
        try:
            yield from look(db)
        except LibraryError as error:
            words = f"{error} {error.hint}".strip()
            if words not in unreadable:  # several looks may come upon the same page
                yield Fault(words)
            unreadable.add(words)


def has_broken_pages(db: Connection) -> bool:
    """Whether SQLite finds a fault, by its quicker look: `faults` finds more."""
    try:
        return bool(db.value("PRAGMA quick_check(1)") != "ok")
    except LibraryError:
        return True


def _pages(db: Connection) -> Iterator[Fault]:
    for (words,) in db.rows(f"PRAGMA integrity_check({SHOWN})"):
        if words != "ok":
            yield Fault(f"SQLite: {words}")


def _references(db: Connection) -> Iterator[Fault]:
    found: dict[tuple[str, str], int] = {}
    for table, _row, parent, _key in db.rows("PRAGMA foreign_key_check"):
        found[table, parent] = found.get((table, parent), 0) + 1
    for (table, parent), n in found.items():
        yield Fault(f"rows of {table} whose row of {parent} is missing", n)


def _counts(db: Connection) -> Iterator[Fault]:
    for words, sql in _ROWS.items():
        n = int(db.value(sql) or 0)
        if n:
            yield Fault(words, n)


def _pictures(db: Connection) -> Iterator[Fault]:
    for awaits, remedy in ((0, REPAIR), (1, READ_AGAIN)):
        n = int(db.value(_NO_PICTURE, [awaits]))
        if n:
            yield Fault("faces without a picture", n, remedy)


def _segments(db: Connection) -> Iterator[Fault]:
    known = np.array([row[0] for row in db.rows("SELECT id FROM faces ORDER BY id")], np.int64)
    damaged = strangers = 0
    for ids, codes, dead, checksum in db.stream(
        "SELECT ids, codes, dead, checksum FROM code_segments"
    ):
        if checksums.of_blobs(ids, codes, dead) != checksum:
            damaged += 1
            continue
        living = np.frombuffer(ids, "<i8")[~np.frombuffer(dead, np.bool_)]
        strangers += len(np.setdiff1d(living, known, assume_unique=True))
    if damaged:
        yield Fault("segments of codes that are not what was written", damaged, MADE_AGAIN)
    if strangers:
        yield Fault("codes of faces that are not there", strangers)


def _codes(db: Connection) -> Iterator[Fault]:
    rows = db.stream("SELECT face_id, code, checksum FROM code_tail")
    n = sum(checksums.of_code(face, code) != checksum for face, code, checksum in rows)
    if n:
        yield Fault("codes that are not what was written", n, MADE_AGAIN)


def _crops(db: Connection) -> Iterator[Fault]:
    n = sum(1 for _ in damaged_crops(db))
    if n:
        yield Fault("pictures of faces that are not what was written", n)


def damaged_crops(db: Connection) -> Iterator[int]:
    """The faces whose stored picture is not what was written."""
    rows = db.stream(
        "SELECT f.id, c.webp, f.crop_sum FROM crops c JOIN faces f ON f.id = c.face_id"
    )
    return (face for face, webp, checksum in rows if checksums.of_blobs(webp) != checksum)


def _decisions(db: Connection) -> Iterator[Fault]:
    n = len(DecisionTable(db).damaged())
    if n:
        yield Fault("decisions about faces that are not what was written", n)


def _guesses(db: Connection) -> Iterator[Fault]:
    n = len(damaged_guesses(db))
    if n:
        yield Fault("guesses about who is who that can't be right", n)


def damaged_guesses(db: Connection) -> list[int]:
    """The faces whose row of guesses is of another size, or names faces that never were."""
    last = int(db.value("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'faces'"))
    rows = db.stream("SELECT face_id, near FROM guesses")
    return [face for face, near in rows if not group_table.is_possible(near, last)]
