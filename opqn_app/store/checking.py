"""Looks whether a library is whole: its pages, its rows, its codes and pictures of faces."""

from collections.abc import Iterator
from dataclasses import dataclass

from opqn_app.core.errors import LibraryError
from opqn_app.store import checksums
from opqn_app.store.connection import Connection

SHOWN = 20  # faults of SQLite that are told


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it should be, in words, and how often."""

    words: str
    count: int = 1


# What each row has to have; counted where it has not.
_ROWS = {
    "faces without a picture": "SELECT COUNT(*) FROM faces WHERE id NOT IN "
    "(SELECT face_id FROM crops)",
    "photos whose number of faces is wrong": "SELECT COUNT(*) FROM photos WHERE n_faces != "
    "(SELECT COUNT(*) FROM faces WHERE photo_id = photos.id)",
    "decisions of no gesture": "SELECT COUNT(*) FROM decisions WHERE gesture NOT IN "
    "(SELECT id FROM decisions)",
}


def faults(db: Connection) -> Iterator[Fault]:
    """What is wrong in a library that could be opened; nothing is changed.

    A page that can't be read ends one look, not the others.
    """
    unreadable = set()
    for look in (_pages, _references, _counts, _segments, _codes, _crops):
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
        n = int(db.value(sql))
        if n:
            yield Fault(words, n)


def _segments(db: Connection) -> Iterator[Fault]:
    rows = db.stream("SELECT ids, codes, dead, checksum FROM code_segments")
    n = sum(checksums.of_blobs(*row[:3]) != row[3] for row in rows)
    if n:
        yield Fault("segments of codes that are not what was written", n)


def _codes(db: Connection) -> Iterator[Fault]:
    rows = db.stream("SELECT face_id, code, checksum FROM code_tail")
    n = sum(checksums.of_code(face, code) != checksum for face, code, checksum in rows)
    if n:
        yield Fault("codes that are not what was written", n)


def _crops(db: Connection) -> Iterator[Fault]:
    rows = db.stream("SELECT c.webp, f.crop_sum FROM crops c JOIN faces f ON f.id = c.face_id")
    n = sum(checksums.of_blobs(webp) != checksum for webp, checksum in rows)
    if n:
        yield Fault("pictures of faces that are not what was written", n)
