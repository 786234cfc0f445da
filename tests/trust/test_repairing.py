"""`opqn check --repair` saves what can be read, and puts it in place only when it is whole."""

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from opqn_app.__main__ import main
from opqn_app.core.errors import LibraryDamaged, LibraryLocked
from opqn_app.people.ledger import Ledger
from opqn_app.store import alone, checksums, set_aside
from opqn_app.store.backups import Why
from opqn_app.store.library import Library
from opqn_app.store.repairing import Repaired, repair
from tests.people_world import World

Capture = pytest.CaptureFixture[str]
PAGE = 4096


@pytest.fixture
def path(world: World) -> Path:
    """A library of many pages that nobody has open; 150 more faces."""
    for content in range(4, 54):
        world.add_photo(content, [0, 1, 2])
    world.library.close()
    return world.library.path


def _harm(path: Path, sql: str) -> None:
    raw = sqlite3.connect(path)
    raw.execute(sql)
    raw.commit()
    raw.close()


def _pages_of(path: Path, table: str) -> list[int]:
    """The leaves of a table, found by what SQLite itself says of the file."""
    raw = sqlite3.connect(path)
    try:
        return [
            row[0]
            for row in raw.execute(
                "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY pageno",
                [table],
            )
        ]
    except sqlite3.OperationalError:
        pytest.skip("this SQLite has no dbstat")
    finally:
        raw.close()


def _spoil(path: Path, page: int) -> None:
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(b"\xa5" * PAGE)


def _rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    raw = sqlite3.connect(path)
    try:
        return raw.execute(sql).fetchall()
    finally:
        raw.close()


def _people(path: Path) -> dict[str | None, tuple[int, ...]]:
    with Library.open(path) as library:
        return {person.name: person.faces for person in Ledger(library).persons()}


def _is_repaired(path: Path, capsys: Capture, *words: str) -> dict[str, object]:
    """Repair by the command; what it says holds `words`."""
    before = path.read_bytes()
    assert main(["check", "--library", str(path)]) == 1
    said = "".join(capsys.readouterr())
    assert "opqn check --repair" in said or "opqn encode" in said
    assert main(["check", "--repair", "--json", "--library", str(path)]) in (0, 1)
    value: dict[str, object] = json.loads(capsys.readouterr().out)
    for word in words:
        assert word in str(value["done"])
    aside = Path(str(value["aside"]))
    assert len(aside.read_bytes()) == len(before)  # the log may have been put into it
    assert aside.stat().st_mode & 0o777 == path.stat().st_mode & 0o777 == 0o600
    left = value["faults"]
    assert isinstance(left, list)
    assert {fault["words"] for fault in left} <= {"faces without a picture"}
    assert main(["check", "--library", str(path)]) == (1 if left else 0)
    capsys.readouterr()
    return value


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("UPDATE code_tail SET code = zeroblob(8) WHERE face_id = 3", "1 code went"),
        ("UPDATE code_tail SET code = 'words' WHERE face_id = 3", "1 code went"),
        ("UPDATE code_tail SET code = 'a', checksum = NULL WHERE face_id = 3", "1 code went"),
        ("UPDATE crops SET webp = x'00' WHERE face_id = 2", "1 face lost"),
        ("UPDATE crops SET webp = 'words' WHERE face_id = 2", "1 face lost"),
        ("DELETE FROM crops WHERE face_id = 2", "1 face lost"),
        ("DELETE FROM photos WHERE id = 1", "3 rows of faces belonged to nothing"),
        ("UPDATE photos SET n_faces = 9 WHERE id = 1", ""),
        ("DELETE FROM faces WHERE id = 5", "1 row of crops belonged to nothing"),
        ("DELETE FROM models", "belonged to nothing"),
        ("INSERT INTO guesses VALUES (1, 1, x'00', NULL, NULL)", "made anew"),
        ("INSERT INTO groupings VALUES (1, 1, 99, 0, 1)", "made anew"),
        ("DELETE FROM meta", ""),
    ],
)
def test_rows_that_do_not_fit_go_and_the_rest_stays(
    path: Path, capsys: Capture, harm: str, words: str
) -> None:
    people = _people(path)
    _harm(path, harm)
    value = _is_repaired(path, capsys, words)
    now = _people(path)
    assert set(now) == set(people)
    if "faces" not in harm and "photos WHERE" not in harm:
        assert now == people
    assert value["aside"] == str(set_aside.files(path)[0])


def test_codes_of_faces_that_are_gone_are_named_and_go(path: Path, capsys: Capture) -> None:
    with Library.open(path, write=True) as library, library.writer.change():
        library.code_store._seal(1, 8, np.dtype("u1"))
    _harm(path, "DELETE FROM faces WHERE id = 9; ")
    _harm(path, "DELETE FROM crops WHERE face_id = 9")
    assert main(["check", "--library", str(path)]) == 1
    assert "1 × codes of faces that are not there" in capsys.readouterr().out
    _is_repaired(path, capsys, "1 code of faces that are not there went")
    with Library.open(path) as library:
        (segment,) = library.code_segments("model-1")
        assert 9 not in segment.face_ids[~segment.is_dead].tolist()


def test_a_migration_gives_no_checksum_that_is_right_to_what_was_never_written() -> None:
    wrong: dict[str, tuple[Callable[..., float], list[object]]] = {
        "blobs": (checksums.of_blobs, [b"a", "words"]),
        "code": (checksums.of_code, [3, None]),
        "face": (checksums.of_decided_face, [1, 0, 0, "words", "a", 0.0, 1.0, 1.0]),
    }
    with closing(sqlite3.connect(":memory:")) as raw:
        for name, (function, values) in wrong.items():
            raw.create_function(name, len(values), function, deterministic=True)
            places = ", ".join("?" * len(values))
            ((stored,),) = raw.execute(f"SELECT {name}({places})", values)
            assert stored is None
            assert function(*values) != stored
            assert function(*values) != function(*values)


def test_a_segment_of_words_goes_and_a_library_that_remembers_no_faces_stays_so(
    path: Path, capsys: Capture
) -> None:
    with Library.open(path, write=True) as library, library.writer.change():
        library.code_store._seal(1, 8, np.dtype("u1"))
        library.faces_switch.turn_off()
    _harm(path, "UPDATE code_segments SET codes = 'words'")
    _is_repaired(path, capsys, "went")
    with Library.open(path) as library:
        assert not library.faces_switch.is_on


@pytest.mark.parametrize("table", ["crops", "faces", "photos", "code_tail", "decision_faces"])
def test_a_damaged_page_costs_only_what_is_on_it(path: Path, capsys: Capture, table: str) -> None:
    key = {"code_tail": "face_id", "crops": "face_id", "decision_faces": "decision"}.get(
        table, "id"
    )
    before = _rows(path, f"SELECT {key} FROM {table}")
    pages = _pages_of(path, table)
    _spoil(path, pages[len(pages) // 2])
    _is_repaired(path, capsys)
    after = _rows(path, f"SELECT {key} FROM {table}")
    assert set(after) < set(before) or len(pages) == 1
    most = 2 * len(before) / len(pages) if len(pages) > 1 else len(before)
    assert len(before) - len(after) <= most + 1


def test_what_people_said_comes_from_the_backup(path: Path, capsys: Capture) -> None:
    people = _people(path)
    with Library.open(path) as library:
        backup = library.back_up(Why.ASKED)
        folder, uuid = library.roots()[0].path, library.uuid
    for table in ("roots", "decisions", "decision_faces", "saved_searches", "meta"):
        _spoil(path, _pages_of(path, table)[0])
    value = _is_repaired(path, capsys, f"came from the backup {backup}")
    assert "Of decisions" in str(value["done"])
    assert _people(path) == people
    with Library.open(path) as library:
        assert (library.roots()[0].path, library.uuid) == (folder, uuid)
        assert [search.name for search in library.saved_searches.all()] == ["By the sea"]


def test_no_id_is_given_twice_after_a_repair(path: Path) -> None:
    (last,) = _rows(path, "SELECT seq FROM sqlite_sequence WHERE name = 'faces'")[0]
    _spoil(path, _pages_of(path, "faces")[-1])
    repair(path)
    assert _rows(path, "SELECT seq FROM sqlite_sequence WHERE name = 'faces'") == [(last,)]


def test_a_whole_library_is_left_alone(path: Path, capsys: Capture) -> None:
    before = path.read_bytes()
    assert main(["check", "--repair", "--library", str(path)]) == 0
    assert "is whole" in capsys.readouterr().out
    assert (path.read_bytes(), set_aside.files(path)) == (before, [])


def test_while_another_program_has_it_open_nothing_is_done(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alone, "WAIT_S", 0.1)
    _harm(path, "UPDATE photos SET n_faces = 9 WHERE id = 1")
    for write in (False, True):
        with Library.open(path, write=write), pytest.raises(LibraryLocked):
            repair(path)
    with Library.open_to_decide(path), pytest.raises(LibraryLocked):
        repair(path)
    assert set_aside.files(path) == []
    assert isinstance(repair(path), Repaired)


def test_a_repair_that_breaks_off_leaves_the_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _harm(path, "UPDATE photos SET n_faces = 9 WHERE id = 1")
    before = path.read_bytes()

    def broken(*_: object) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(set_aside, "put_in_place", broken)
    with pytest.raises(KeyboardInterrupt):
        repair(path)
    assert path.read_bytes()[100:] == before[100:]  # SQLite notes in its head whether it has a log
    assert sorted(file.name for file in path.parent.glob("*.sqlite*")) == [
        "library.sqlite",
        "library.sqlite.lock",
    ]


@pytest.mark.parametrize("content", [b"", b"x" * 100, b"x" * 9000])
def test_where_nothing_can_be_read_the_file_stays(
    path: Path, capsys: Capture, content: bytes
) -> None:
    path.write_bytes(content)
    assert main(["check", "--repair", "--library", str(path)]) == 1
    said = capsys.readouterr().err
    assert "opqn restore" in said
    assert "check --repair" not in said
    assert path.read_bytes() == content


def test_the_database_of_another_program_is_left_alone(path: Path) -> None:
    path.unlink()
    _harm(path, "CREATE TABLE notes (words TEXT)")
    before = path.read_bytes()
    with pytest.raises(LibraryDamaged):
        repair(path)
    assert path.read_bytes() == before


def test_what_is_forgotten_is_not_kept_in_a_damaged_file(path: Path, capsys: Capture) -> None:
    _harm(path, "UPDATE photos SET n_faces = 9 WHERE id = 1")
    aside = repair(path).aside
    assert aside is not None
    assert b"Anna Secret" in aside.read_bytes()
    assert main(["forget", "--person", "Anna Secret", "--library", str(path)]) == 0
    assert "damaged library that was set aside" in capsys.readouterr().err
    assert set_aside.files(path) == []
    _harm(path, "UPDATE photos SET n_faces = 9 WHERE id = 1")
    _harm(path, "PRAGMA user_version = 1")  # bytes of what was forgotten are still in it
    assert repair(path).aside is None
    assert set_aside.files(path) == []


def test_old_ones_go(path: Path) -> None:
    _harm(path, "UPDATE photos SET n_faces = 9 WHERE id = 1")
    now = datetime(2026, 11, 30, 12, tzinfo=UTC)
    repair(path, now)
    set_aside.drop_old(path, now + timedelta(days=29))
    assert len(set_aside.files(path)) == 1
    set_aside.drop_old(path, now + timedelta(days=31))
    assert set_aside.files(path) == []


def test_of_a_file_that_was_cut_off_the_rest_is_saved(world: World, capsys: Capture) -> None:
    for content in range(4, 120):
        world.add_photo(content, [0, 1, 2])
    path = world.library.path
    world.library.close()
    size = path.stat().st_size
    os.truncate(path, size * 5 // 6 + 100)
    main(["check", "--repair", "--library", str(path)])
    assert "Of photos 66 of 120 rows could be saved." in capsys.readouterr().out
    assert [row[0] for row in _rows(path, "SELECT id FROM photos ORDER BY id")] == [*range(1, 67)]
    assert set(_people(path)) == {"Anna Secret", "Ben"}
    (aside,) = set_aside.files(path)
    assert aside.stat().st_size == size * 5 // 6 + 100
