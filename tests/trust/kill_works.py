"""What is killed by `kills`: the start of each work, the work itself, and what it must come to."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from opqn_app.core.progress import finished
from opqn_app.exchange.going.copying import copy_photos
from opqn_app.exchange.going.listing import write_csv
from opqn_app.exchange.going.placing import Layout
from opqn_app.exchange.going.sidecar_journal import Journal
from opqn_app.exchange.going.sidecar_writing import write_sidecars
from opqn_app.exchange.going.zipping import zip_photos
from opqn_app.index.indexing import encode_library, index_folder
from opqn_app.people import gestures
from opqn_app.people.ledger import Ledger
from opqn_app.store import backups
from opqn_app.store.library import Library
from opqn_app.vision import apart
from tests import export_kill
from tests.exchange.going_photos import tree
from tests.library_fakes import columns, fake_engine, layered_engine
from tests.trust.write_deaths import Tell

N_PHOTOS, N_NAMES, N_BACKUPS = 9, 12, 3
LIBRARY = "library.sqlite"
UNEQUAL = ("meta", "_sqlite_migrations")  # a time, a random name


@dataclass(frozen=True, slots=True)
class Work:
    """Attributes:
    make: the start in a folder; what lies in its "shared" is not copied for each trial.
    run: from the start, or from what a kill left, to the end; it tells how much is done.
    done: how much of what was told is there; None where nothing is told.
    held: what is there in the end, to be compared with a clean run.
    """

    make: Callable[[Path], None]
    run: Callable[[Path, Path, Tell], None]
    held: Callable[[Path], Any]
    done: Callable[[Path], int] | None = None


def _decode_here() -> None:
    """No process beside the one that is killed: each trial would start another."""
    apart.READERS.call = lambda function, *args, **options: function(*args, **options)  # type: ignore[method-assign]


def _photos(start: Path) -> None:
    _decode_here()
    folder = start / "shared" / "photos"
    folder.mkdir(parents=True)
    for i in range(N_PHOTOS):
        pixels = np.random.default_rng(i).integers(0, 255, (24, 32, 3), np.uint8)
        picture = Image.fromarray(pixels).resize((32 * 35, 24 * 35) if i % 3 == 0 else (32, 24), 0)
        picture.save(folder / f"{i}.png")


def _indexed(start: Path) -> None:
    _photos(start)
    finished(index_folder(start / LIBRARY, start / "shared" / "photos", layered_engine()))


def _index(here: Path, shared: Path, tell: Tell, **options: Any) -> None:
    run = index_folder(here / LIBRARY, shared / "photos", layered_engine(), batch_size=2, **options)
    for step in run:
        if step.phase != "scanning":
            tell(step.done)


def _encode(here: Path, _shared: Path, tell: Tell) -> None:
    for step in encode_library(here / LIBRARY, fake_engine("fake-2")):
        tell(step.done)


def _forget(here: Path, _shared: Path, tell: Tell) -> None:
    with Library.open(here / LIBRARY, write=True) as library:
        for root in library.roots():
            library.forget_root(root.path)
    tell(1)


def _decide(here: Path, _shared: Path, tell: Tell) -> None:
    with Library.open_to_decide(here / LIBRARY) as library:
        ledger = Ledger(library)
        for number in range(len(library.decision_table.decisions()), N_NAMES):
            gestures.name_faces(ledger, [1 + number], f"Person {number}", is_new=True)
            tell(number + 1)


def _export(here: Path, shared: Path, tell: Tell) -> None:
    album = _albums[shared]
    out = here / "out"
    out.mkdir(exist_ok=True)
    finished(copy_photos(album, out / "copies", layout=Layout.PEOPLE, names=True))
    finished(write_sidecars(album, journal=Journal(here / "kept")))
    finished(zip_photos(album, out / "all.zip", force=True))
    finished(write_csv(album, out / "all.csv", force=True))
    tell(1)


_albums: dict[Path, Any] = {}


def _album(start: Path) -> None:
    _decode_here()
    shared = start / "shared"
    shared.mkdir()
    export_kill.TAIL = 1 << 16  # here no kill waits for a copy to take a while
    _albums[shared] = export_kill.make_album(shared / "photos")


def _older(start: Path) -> None:
    """A library of the version before checksums."""
    _indexed(start)
    raw = sqlite3.connect(start / LIBRARY)
    for table, column in (
        *(("faces", "crop_sum"), ("code_tail", "checksum")),
        ("code_segments", "checksum"),
    ):
        raw.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    raw.execute("DELETE FROM _sqlite_migrations WHERE name = 'm0011_checksums'")
    raw.commit()
    raw.close()


def _migrate(here: Path, _shared: Path, tell: Tell) -> None:
    with Library.open(here / LIBRARY, write=True):
        tell(1)


def _named(start: Path) -> None:
    _indexed(start)
    _decide(start, start, lambda _: None)


def _back_up(here: Path, _shared: Path, tell: Tell) -> None:
    """As `opqn backup`, some times."""
    for number in range(N_BACKUPS):
        with Library.open(here / LIBRARY) as library:
            library.back_up(backups.Why.ASKED)
        tell(number + 1)


def kept_backups(here: Path) -> set[str]:
    """The folder of backups and what may lie in it for ever: whole backups, and the lock."""
    folder = backups.folder_of(here / LIBRARY)
    whole = [each.path for each in backups.listed(here / LIBRARY) if not each.problem]
    return {
        path.relative_to(here.resolve()).as_posix() for path in (folder, folder / ".lock", *whole)
    }


def rows(here: Path) -> dict[str, Any]:
    """All rows that a second run makes the same."""
    raw = sqlite3.connect(here / LIBRARY)
    try:
        sql = "SELECT name FROM sqlite_master WHERE type = 'table'"
        tables = {row[0] for row in raw.execute(sql)} - set(UNEQUAL)
        found = {t: raw.execute(f"SELECT {columns(raw, t)} FROM {t}").fetchall() for t in tables}
    finally:
        raw.close()
    found.pop("sqlite_sequence", None)
    return found


def _bytes_left(here: Path) -> dict[str, Any]:
    """The rows, and the parts of crops that can still be found in any file."""
    found = rows(here)
    files = [path.read_bytes() for path in here.rglob("*") if path.is_file()]
    found["residue"] = sum(b"WEBPVP8" in content for content in files)
    return found


def _names(here: Path) -> Any:
    with Library.open(here / LIBRARY) as library:
        decided = library.decision_table.decisions()
        return [(row.id, row.kind, row.name, len(row.faces)) for row in decided]


def _count_backups(here: Path) -> int:
    return sum(not each.problem for each in backups.listed(here / LIBRARY))


def _backed_up(here: Path) -> Any:
    """What each backup holds, however many there are."""
    found = backups.listed(here / LIBRARY)
    return {(each.problem, each.why, each.decisions, each.folders) for each in found}


def _files(here: Path) -> Any:
    """The content of all files that went out; a zip has no time of its own."""
    return {name: each[0] for name, each in tree(here / "out").items()}


def _count(sql: str) -> Callable[[Path], int]:
    def count(here: Path) -> int:
        if not (here / LIBRARY).exists():
            return 0
        raw = sqlite3.connect(here / LIBRARY)
        try:
            return int(raw.execute(sql).fetchone()[0])
        finally:
            raw.close()

    return count


WORKS: dict[str, Work] = {
    "index": Work(_photos, _index, rows, _count("SELECT COUNT(*) FROM photos")),
    "thorough": Work(
        _indexed, lambda here, shared, tell: _index(here, shared, tell, thorough=True), rows
    ),
    "encode": Work(_indexed, _encode, rows),
    "forget": Work(_indexed, _forget, _bytes_left),
    "decisions": Work(_indexed, _decide, _names, _count("SELECT COUNT(*) FROM decisions")),
    "export": Work(_album, _export, _files),
    "migration": Work(_older, _migrate, rows),
    "backup": Work(_named, _back_up, _backed_up, _count_backups),
}
