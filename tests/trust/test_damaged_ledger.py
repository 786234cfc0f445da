"""A decision that a disk has changed is named, and not followed; a backup gives it back."""

import sqlite3
from pathlib import Path

import pytest

from opqn_app.__main__ import main
from opqn_app.core.errors import LedgerDamaged
from opqn_app.people import gestures
from opqn_app.people.kinds import Kind
from opqn_app.people.ledger import Ledger
from opqn_app.store import schema
from opqn_app.store.backups import Why
from opqn_app.store.connection import connect
from opqn_app.store.decision_records import NewDecision
from opqn_app.store.library import Library
from tests.people_world import World, content_hash, picture_hash

Capture = pytest.CaptureFixture[str]
HARM = [
    "UPDATE decisions SET name = 'Anna Sacret' WHERE id = 1",
    "UPDATE decisions SET person = 1 WHERE id = 2",
    "UPDATE decisions SET kind = 'hidden' WHERE id = 2",
    "UPDATE decisions SET gesture = 2 WHERE id = 1",
    "UPDATE decisions SET id = 7 WHERE id = 2",
    "UPDATE decision_faces SET box_left = box_left + 0.001 WHERE decision = 1 AND position = 1",
    "UPDATE decision_faces SET side = 1 WHERE decision = 2",
    "UPDATE decision_faces SET content_hash = zeroblob(20) WHERE decision = 2",
    "UPDATE decision_faces SET content_hash = 'text' WHERE decision = 2",
    "DELETE FROM decision_faces WHERE decision = 1 AND position = 2",
    "INSERT INTO decision_faces SELECT decision, 9, side, content_hash, box_left, box_top, "
    "box_right, box_bottom, checksum FROM decision_faces WHERE decision = 2",
]


def _harm(path: Path, *statements: str) -> None:
    raw = sqlite3.connect(path)
    for sql in statements:
        raw.execute(sql)
    raw.commit()
    raw.close()


def _people(path: Path) -> dict[str | None, tuple[int, ...]]:
    with Library.open(path) as library:
        return {person.name: person.faces for person in Ledger(library).persons()}


@pytest.mark.parametrize("harm", HARM)
def test_a_changed_decision_is_named_and_comes_from_the_backup(
    world: World, capsys: Capture, harm: str
) -> None:
    path = world.library.path
    world.library.back_up(Why.ASKED)
    world.library.close()
    people = _people(path)
    _harm(path, harm)
    with pytest.raises(LedgerDamaged, match="none of it is followed"):
        _people(path)
    for command in (["people"], ["who", "1#1"], ["name", "5", "Carl"]):
        assert main([*command, "--library", str(path)]) == 1
        assert "opqn check --repair" in capsys.readouterr().err
    assert main(["check", "--library", str(path)]) == 1
    assert "decisions about faces that are not what was written" in capsys.readouterr().out
    assert main(["check", "--repair", "--library", str(path)]) == 0
    assert "came from the backup" in capsys.readouterr().out
    assert _people(path) == people


def test_without_a_backup_only_that_decision_is_lost(world: World, capsys: Capture) -> None:
    path = world.library.path
    world.library.close()
    _harm(path, HARM[0])
    assert main(["check", "--repair", "--library", str(path)]) == 0
    assert "1 decision about faces went" in capsys.readouterr().out
    assert _people(path) == {"Ben": (2,)}


def test_the_rest_of_a_gesture_stays_one(world: World, ledger: Ledger) -> None:
    keys = ledger.keys([5, 6, 8])
    names = [NewDecision(Kind.NAMED, [key], name=f"Carl {i}") for i, key in enumerate(keys)]
    with world.library.decision_table.deciding():
        first, *rest = world.library.decision_table.append(names)
    path = world.library.path
    world.library.close()
    _harm(path, f"DELETE FROM decisions WHERE id = {first.id}")
    assert main(["check", "--repair", "--library", str(path)]) == 0
    with Library.open(path) as library:
        assert [row.gesture for row in library.decision_table.decisions()[-2:]] == [rest[0].id] * 2


def test_all_that_is_written_fits(world: World, ledger: Ledger) -> None:
    """Gestures, undo, forgetting, and a picture that comes to be known."""
    table = world.library.decision_table
    gestures.name_faces(ledger, [3, 6], "Carl — Ünïcode \udc80".encode("utf-8", "replace").decode())
    gestures.reject(ledger, [5], gestures.find_person(ledger, "Ben"))
    ledger.undo()
    ledger.redo()
    assert len(table.decisions()) == 6
    with table.deciding():
        table.learn_pictures([(picture_hash(0), content_hash(9))])
    assert any(
        key.content_hash == content_hash(9) for row in table.decisions() for key in row.faces
    )
    assert main(["people", "--library", str(world.library.path)]) == 0
    world.library.close()
    path = world.library.path
    assert main(["forget", "--person", "Ben", "--library", str(path)]) == 0
    with Library.open(path) as library:
        assert library.decision_table.damaged() == []
        assert library.decision_table.decisions()


def test_damage_is_not_sealed_by_what_is_written_later(world: World) -> None:
    path = world.library.path
    world.library.close()
    _harm(path, HARM[5])
    with Library.open_to_decide(path) as library, library.decision_table.deciding():
        library.decision_table.learn_pictures(
            [(picture_hash(i), content_hash(i)) for i in range(4)]
        )
    with Library.open(path) as library:
        assert library.decision_table.damaged() == [1]


def test_what_was_said_before_there_were_checksums_gets_them(world: World) -> None:
    path = world.library.path
    world.library.close()
    people = _people(path)
    _harm(
        path,
        "ALTER TABLE decisions DROP COLUMN checksum",
        "ALTER TABLE decision_faces DROP COLUMN checksum",
        "DELETE FROM _sqlite_migrations WHERE name = 'm0013_checksums_of_decisions'",
    )
    db = connect(path, write=True)
    schema.migrate(db)
    db.close()
    assert _people(path) == people
