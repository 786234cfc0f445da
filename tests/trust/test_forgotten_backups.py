"""What is forgotten is in no backup either; what others are called stays."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from opqn_app.__main__ import main
from opqn_app.people import gestures
from opqn_app.people.forgetting import forget_name, forget_person
from opqn_app.people.held import held
from opqn_app.people.ledger import Ledger
from opqn_app.store.backups import Why, files, folder_of
from opqn_app.store.library import Library
from tests.people_world import World

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def names(path: Path) -> list[str | None]:
    with Library.of_backup(path) as library:
        return [person.name for person in Ledger(library).persons(every=True)]


def test_a_person_goes_out_of_all_backups(world: World, ledger: Ledger) -> None:
    library = world.library
    library.back_up(Why.ASKED, NOW)
    anna = gestures.find_person(ledger, "Anna Secret")
    gestures.rename(ledger, anna, "Anna Hidden")
    library.back_up(Why.ASKED, NOW + timedelta(hours=1))
    report = forget_person(ledger, anna)
    assert (report.backups, report.backups_deleted) == (2, 0)
    left = everything(library.path.parent)
    assert b"Secret" not in left
    assert b"Hidden" not in left
    assert b"Ben" in left
    assert [names(path) for path in files(library.path)] == [["Ben"], ["Ben"]]
    assert [each.backup.problem for each in held(library.path)] == ["", ""]


def test_a_name_that_was_undone_later_goes_too(world: World, ledger: Ledger) -> None:
    gestures.name_faces(ledger, [3], "Carl")
    world.library.back_up(Why.ASKED)
    assert ledger.undo() is not None
    assert forget_name(ledger, "Carl").backups == 1
    assert b"Carl" not in everything(world.library.path.parent)


def test_a_rename_of_somebody_else_that_was_undone_goes_too(world: World, ledger: Ledger) -> None:
    ben = gestures.find_person(ledger, "Ben")
    gestures.rename(ledger, ben, "Carl")
    world.library.back_up(Why.ASKED)
    assert ledger.undo() is not None
    gestures.name_faces(ledger, [5], "Carl")
    forget_person(ledger, gestures.find_person(ledger, "Carl"))
    assert b"Carl" not in everything(world.library.path.parent)
    (path,) = files(world.library.path)
    assert names(path) == ["Anna Secret", "Ben"]


def test_somebody_else_of_that_name_stays(world: World, ledger: Ledger) -> None:
    other = gestures.name_faces(ledger, [5], "Anna Secret", is_new=True).rows[0].id
    world.library.back_up(Why.ASKED)
    forget_person(ledger, other)
    (path,) = files(world.library.path)
    assert names(path) == ["Anna Secret", "Ben"]


def test_a_library_before_this_one_holds_nobody_of_that_name_either(
    world: World, tmp_path: Path
) -> None:
    """It was built anew, and Anna was named by hand: no row is known to both."""
    backup = world.library.back_up(Why.ASKED)
    with Library.open(tmp_path / "new" / "library.sqlite", write=True) as library:
        again = World(library)
        again.add_photo(0, [0, 1, 2])
        ledger = Ledger(library)
        anna = gestures.name_faces(ledger, [1], "anna secret").rows[0].id
        folder = folder_of(library.path)
        folder.mkdir()
        (folder / backup.name).write_bytes(backup.read_bytes())
        assert forget_person(ledger, anna).backups == 1
        assert b"Secret" not in everything(folder)
        assert names(folder / backup.name) == ["Ben"]


def test_one_that_can_not_be_read_is_deleted(world: World, ledger: Ledger) -> None:
    path = world.library.back_up(Why.ASKED)
    path.write_bytes(path.read_bytes()[:5000])
    report = forget_person(ledger, gestures.find_person(ledger, "Ben"))
    assert (report.backups, report.backups_deleted) == (0, 1)
    assert files(world.library.path) == []


def test_a_folder_goes_out_of_all_backups(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    path = world.library.path
    world.library.back_up(Why.ASKED)
    world.library.close()
    assert main(["forget", str(path.parent / "photos"), "--library", str(path)]) == 0
    assert "taken out of 1 backup" in capsys.readouterr().out
    assert str(path.parent / "photos").encode() not in everything(folder_of(path))
    assert [each.people for each in held(path)][-1] == 2
