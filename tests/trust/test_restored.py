"""What a restore tells before, what it takes back, and how often it makes a backup."""

import os
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from opqn_app.__main__ import main
from opqn_app.core.errors import LibraryError
from opqn_app.people import gestures
from opqn_app.people.ledger import Ledger
from opqn_app.people.restore_preview import missing
from opqn_app.people.restoring import restore
from opqn_app.people.unrestoring import undo_restore
from opqn_app.store import backups
from opqn_app.store.backups import Why
from opqn_app.store.library import Library
from tests.people_world import World

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def new(world: World, tmp_path: Path) -> Path:
    """A library begun anew, in which somebody else has a name."""
    path = tmp_path / "new" / "library.sqlite"
    with Library.open(path, write=True) as library:
        other = World(library)
        for content in range(4):
            other.add_photo(content, [0, 1, 2])
        gestures.name_faces(Ledger(library), [3], "Carl")
    return path


def names(path: Path) -> set[str | None]:
    with Library.open(path) as library:
        return {person.name for person in Ledger(library).persons()}


def test_it_is_told_before_and_can_be_taken_back(world: World, new: Path) -> None:
    backup = world.library.back_up(Why.ASKED)
    told = missing(new, backup)
    assert (told.decisions, told.names) == (2, ("Anna Secret", "Ben"))
    assert (told.searches, len(told.folders)) == (("By the sea",), 1)
    done = restore(new, backup)
    assert names(new) == {"Anna Secret", "Ben", "Carl"}
    assert missing(new, backup).is_nothing
    undo_restore(new, done)
    assert names(new) == {"Carl"}
    assert missing(new, backup) == told
    restore(new, backup)  # and once more
    assert names(new) == {"Anna Secret", "Ben", "Carl"}


def test_what_was_decided_since_is_not_lost_by_taking_it_back(world: World, new: Path) -> None:
    done = restore(new, world.library.back_up(Why.ASKED))
    with Library.open_to_decide(new) as library:
        gestures.name_faces(Ledger(library), [6], "Dora")
    undo_restore(new, done)
    assert names(new) == {"Carl", "Dora"}


def test_what_people_who_came_are_needed_for_is_undone_first(world: World, new: Path) -> None:
    done = restore(new, world.library.back_up(Why.ASKED))
    with Library.open_to_decide(new) as library:
        ledger = Ledger(library)
        (ben,) = (person.id for person in ledger.persons() if person.name == "Ben")
        gestures.rename(ledger, ben, "Benno")
    with pytest.raises(LibraryError, match="Undo that first"):
        undo_restore(new, done)
    assert names(new) == {"Anna Secret", "Benno", "Carl"}


def test_restoring_again_makes_no_more_backups(world: World) -> None:
    """Ten of them would push out what the user made today."""
    path, backup = world.library.path, world.library.back_up(Why.ASKED)
    world.library.close()
    for _ in range(12):
        before = restore(path, backup).before
        assert before is not None
    assert backups.files(path) == [before, backup]
    with Library.open_to_decide(path) as library:
        gestures.name_faces(Ledger(library), [9], "Emil")
    assert restore(path, backup).before not in (None, before, backup)
    assert len(backups.files(path)) == 3


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows has no such setting")
def test_the_list_has_the_time_here_and_its_names_are_taken(
    world: World, in_tokyo: None, capsys: Capture
) -> None:
    made = world.library.back_up(Why.ASKED, datetime(2026, 11, 30, 20, 5, tzinfo=UTC))
    world.library.close()
    library = ["--library", str(world.library.path)]
    assert main(["backup", "--list", *library]) == 0
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.startswith("2026-12-01 05:05  made by you  2 people (2 with a name)")
    assert line.endswith(made.name)
    assert main(["restore", made.name, *library]) == 0
    assert "Nothing was missing" in capsys.readouterr().out


def broken(path: Path, table: str) -> None:
    """Write over a page of a table, in its rows."""
    raw = sqlite3.connect(path)
    (page,) = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", [table]).fetchone()
    (size,) = raw.execute("PRAGMA page_size").fetchone()
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size + 8)
        file.write(os.urandom(300))


def test_a_damaged_library_is_not_backed_up_in_silence(world: World, capsys: Capture) -> None:
    path = world.library.path
    world.library.close()
    broken(path, "crops")
    assert main(["backup", "--library", str(path)]) == 1
    said = capsys.readouterr()
    assert "2 people (2 with a name)" in said.out
    assert "is damaged (opqn check says where)" in said.err
    assert len(backups.files(path)) == 1


@pytest.mark.parametrize("table", ["decisions", "decision_faces", "roots", "meta"])
def test_damaged_decisions_are_told_in_words(world: World, capsys: Capture, table: str) -> None:
    """! A traceback: rows that are NULL where none may be."""
    path = world.library.path
    world.library.close()
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA writable_schema = ON")
    raw.execute(
        "UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '') WHERE name = ?", [table]
    )
    raw.commit()
    raw.close()
    raw = sqlite3.connect(path)
    column = {"decisions": "uid", "decision_faces": "side", "roots": "path", "meta": "uuid"}[table]
    raw.execute(f"UPDATE {table} SET {column} = NULL")
    raw.execute("PRAGMA writable_schema = ON")
    raw.execute(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE name = ?",
        [*_not_null(column), table],
    )
    raw.commit()
    raw.close()
    assert main(["backup", "--library", str(path)]) == 1
    assert f"rows of {table} make no sense" in capsys.readouterr().err
    assert backups.files(path) == []


def _not_null(column: str) -> tuple[str, str]:
    kind = {"uid": " BLOB", "side": " INTEGER", "path": "", "uuid": " TEXT"}[column]
    return f"{column}{kind}", f"{column}{kind} NOT NULL"
