"""A backup comes back: into its library, into one built anew, and where there is none."""

import json
import sqlite3
from pathlib import Path

import pytest

from opqn_app.__main__ import main
from opqn_app.core.errors import LibraryDamaged
from opqn_app.people import gestures
from opqn_app.people.ledger import Ledger
from opqn_app.people.photo_filter import PhotoFilter
from opqn_app.people.restoring import restore
from opqn_app.store import set_aside
from opqn_app.store.backup_file import BackupError
from opqn_app.store.backups import Why
from opqn_app.store.library import Library
from tests.people_world import World


def test_what_is_there_already_does_not_come_twice(world: World) -> None:
    path = world.library.path
    backup = world.library.back_up(Why.ASKED)
    world.library.close()
    done = restore(path, backup)
    assert (done.decisions, done.folders, done.searches) == (0, (), ())
    assert done.before is not None
    assert done.before.exists()


def test_a_library_that_is_gone_comes_back_with_its_names(
    world: World, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    path, folder = world.library.path, world.library.path.parent / "photos"
    world.library.watch_root(folder, is_watched=False)
    ben = gestures.find_person(ledger, "Ben")
    world.library.saved_searches.save("Ben alone", PhotoFilter((ben,), alone=True).as_json())
    world.library.back_up(Why.ASKED)
    world.library.close()
    for file in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        file.unlink(missing_ok=True)
    assert main(["restore", "--json", "--library", str(path)]) == 0
    done = json.loads(capsys.readouterr().out)
    assert (done["decisions"], done["folders"]) == (2, [str(folder)])
    with Library.open(path, write=True) as library:
        assert library.watched_roots() == {folder: False}
        again = World(library)
        for content in range(4):
            again.add_photo(content, [0, 1, 2], jitter=0.02)
        found = Ledger(library)
        assert {p.name: p.faces for p in found.persons()} == {
            "Anna Secret": (1, 4, 7),
            "Ben": (2,),
        }
        searches = {search.name: search.asked for search in library.saved_searches.all()}
        assert set(searches) == {"Ben alone", "By the sea"}
        (who,) = PhotoFilter.from_json(searches["Ben alone"]).together
        person = found.person(who)
        assert person is not None
        assert person.name == "Ben"


def test_a_damaged_backup_changes_nothing(world: World, tmp_path: Path) -> None:
    backup = world.library.back_up(Why.ASKED)
    backup.write_bytes(backup.read_bytes().replace(b"Ben", b"Bem"))
    with pytest.raises(BackupError, match="not what was written"):
        restore(tmp_path / "other.sqlite", backup)
    assert not (tmp_path / "other.sqlite").exists()


def test_a_folder_that_is_elsewhere_now_does_not_come_back(world: World) -> None:
    path, folder = world.library.path, world.library.path.parent / "photos"
    backup = world.library.back_up(Why.ASKED)
    world.library.close()
    raw = sqlite3.connect(path)
    raw.execute("UPDATE roots SET path = ?, moved_from = path", [str(folder.with_name("moved"))])
    raw.commit()
    raw.close()
    assert restore(path, backup).folders == ()


def test_where_names_come_back_from_is_said(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    path = world.library.path
    world.library.back_up(Why.ASKED)
    world.library.close()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    main(["check", "--library", str(path)])
    said = "".join(capsys.readouterr())
    assert said.count("can't be read") == 1
    assert "opqn restore" in said
    path.unlink()
    assert main(["people", "--library", str(path)]) == 1
    assert "opqn restore" in capsys.readouterr().err


def test_a_library_begun_anew_gets_back_what_the_old_one_held(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    path = world.library.path
    world.library.back_up(Why.ASKED)
    world.library.close()
    for file in path.parent.glob(f"{path.name}*"):
        if file.is_file():
            file.unlink()
    with Library.open(path, write=True) as library:  # which has a backup too, the newest one
        library.add_root(path.parent / "photos")
        library.back_up(Why.ASKED)
    assert main(["restore", "--json", "--library", str(path)]) == 0
    assert json.loads(capsys.readouterr().out)["decisions"] == 2
    assert main(["restore", "--library", str(path)]) == 0
    assert "Nothing was missing" in capsys.readouterr().out


def _damage(path: Path) -> bytes:
    path.write_bytes(b"\xa5" * 9000)
    return path.read_bytes()


def test_a_damaged_library_is_set_aside_first(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    path = world.library.path
    world.library.back_up(Why.ASKED)
    world.library.close()
    damaged = _damage(path)
    assert main(["restore", "--library", str(path)]) == 0
    said = capsys.readouterr().out
    (aside,) = set_aside.files(path)
    assert aside.read_bytes() == damaged
    assert f"set aside first, as {aside}" in said
    assert f"To go back, move it to {path}" in said
    with Library.open(path) as library:
        assert len(library.decision_table.decisions()) == 2
    assert main(["restore", "--undo", "--library", str(path)]) == 1
    assert str(aside) in capsys.readouterr().err


def test_a_damaged_library_stays_where_the_backup_is_damaged_too(world: World) -> None:
    path = world.library.path
    backup = world.library.back_up(Why.ASKED)
    world.library.close()
    damaged = _damage(path)
    backup.write_bytes(b"nothing")
    with pytest.raises(BackupError):
        restore(path, backup)
    assert (path.read_bytes(), set_aside.files(path)) == (damaged, [])


def test_what_was_never_a_library_is_not_set_aside(world: World, tmp_path: Path) -> None:
    backup, photo = world.library.back_up(Why.ASKED), tmp_path / "photo.jpg"
    photo.write_bytes(b"\xff\xd8" * 4000)
    with pytest.raises(LibraryDamaged, match="another program"):
        restore(photo, backup)
    assert photo.read_bytes() == b"\xff\xd8" * 4000
    other = tmp_path / "other.sqlite"
    raw = sqlite3.connect(other)
    raw.execute("CREATE TABLE notes (words TEXT)")
    raw.close()
    with pytest.raises(LibraryDamaged, match="another program"):
        restore(other, backup)
    assert other.is_file()


def test_a_restore_is_taken_back(
    world: World, ledger: Ledger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also the joining of people of one name; what was said since stays."""
    backup = world.library.back_up(Why.ASKED)
    path = tmp_path / "new" / "library.sqlite"
    with Library.open(path, write=True) as library:
        again = World(library)
        for content in range(4):
            again.add_photo(content, [0, 1, 2])
        gestures.name_faces(Ledger(library), [12], "Ben")
    library_at = ["--library", str(path)]
    assert main(["restore", str(backup), *library_at]) == 0
    assert "restore --undo" in capsys.readouterr().out
    assert main(["name", "9", "Carl", *library_at]) == 0
    with Library.open(path) as library:
        assert {p.name: p.faces for p in Ledger(library).persons()} == {
            "Anna Secret": (1, 4, 7),
            "Ben": (2, 12),
            "Carl": (9,),
        }
    capsys.readouterr()
    assert main(["restore", "--undo", *library_at]) == 0
    assert "By the sea" in capsys.readouterr().out
    with Library.open(path) as library:
        assert {p.name: p.faces for p in Ledger(library).persons()} == {"Ben": (12,), "Carl": (9,)}
        assert library.faults() == []
    assert main(["restore", "--undo", *library_at]) == 1
    assert main(["restore", str(backup), *library_at]) == 0
    with Library.open(path) as library:
        assert len(Ledger(library).persons()) == 3


def test_what_needs_a_restore_keeps_it(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup = world.library.back_up(Why.ASKED)
    path = tmp_path / "new" / "library.sqlite"
    with Library.open(path, write=True) as library:
        World(library).add_photo(3, [0, 1, 2])
    library_at = ["--library", str(path)]
    main(["restore", str(backup), *library_at])
    assert main(["name", "1", "Ben", *library_at]) == 0
    capsys.readouterr()
    assert main(["restore", "--undo", *library_at]) == 1
    assert "(1 decision). Undo that first" in capsys.readouterr().err
    assert main(["undo", *library_at]) == 0
    assert main(["restore", "--undo", *library_at]) == 0
    with Library.open(path) as library:
        assert Ledger(library).persons() == []
