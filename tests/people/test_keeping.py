"""Names survive what happens to a library: migration, rebuilding, forgetting others, kills."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from opqn_app.core.errors import LibraryError
from opqn_app.people import gestures
from opqn_app.people.forgetting import forget_person
from opqn_app.people.kinds import Kind
from opqn_app.people.ledger import Ledger
from opqn_app.people.people import People, people_of
from opqn_app.people.replay import take_over
from opqn_app.store import schema
from opqn_app.store.connection import connect
from opqn_app.store.decision_records import NewDecision
from opqn_app.store.library import Library
from tests import people_kill
from tests.index.photo_disk import everything
from tests.people_world import World, key_of, true_box

TRIALS = 24  # four for each kind of step


def who(ledger: Ledger, world: World) -> dict[tuple[int, int], str | None]:
    """True face → the name it has."""
    people = ledger.people()
    faces = world.faces()
    return {faces[face]: people.persons[person].name for face, person in people.owner.items()}


def all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


def test_a_library_without_decisions_gets_room_for_them(library_path: Path) -> None:
    library_path.parent.mkdir()
    db = connect(library_path, write=True)
    before = tuple(c for c in schema.CHANGES if c.__name__ < "m0005")
    schema.migrate(db, before)
    db.close()
    with Library.open(library_path, write=True) as library:
        world = World(library)
        world.add_photo(0, [0, 1, 2])
        ledger = Ledger(library)
        assert ledger.persons() == []
        gestures.name_faces(ledger, [1], "Ann")
        assert who(ledger, world) == {(0, 0): "Ann"}


def build_anew(path: Path, jitter: float) -> World:
    """Of the same photos, found in another order by a detector that sees faces elsewhere."""
    world = World(Library.open(path, write=True))
    world.use_model(2)
    for content in (3, 1, 0, 2):
        world.add_photo(content, [2, 0, 1], jitter)
    return world


def test_a_library_built_anew_takes_the_names_over(
    ledger: Ledger, world: World, tmp_path: Path
) -> None:
    ann = gestures.name_faces(ledger, [1, 4], "Ann").rows[0].id
    gestures.name_faces(ledger, [2], "Ben")
    ben = gestures.name_faces(ledger, [7], "Benny").rows[0].id
    gestures.merge(ledger, gestures.find_person(ledger, "Ben"), ben)
    gestures.reject(ledger, [8], ann)
    gestures.mark_no_face(ledger, [12])
    gestures.name_faces(ledger, [9], "Mistake")
    ledger.undo()
    rows = world.library.decision_table.decisions()
    anew = build_anew(tmp_path / "anew.sqlite", 0.1)
    with anew.library:
        other = Ledger(anew.library)
        assert take_over(rows, other) == len(rows)
        assert take_over(rows, other) == 0
        assert who(other, anew) == who(ledger, world)
        assert who(other, anew) == {(0, 0): "Ann", (1, 0): "Ann", (0, 1): "Ben", (2, 0): "Ben"}
        people = other.people()
        assert people.rejected[anew.face(2, 1)] == {ann}
        assert people.left_out == {anew.face(3, 2)}
        other.redo()
        assert who(other, anew)[2, 2] == "Mistake"


def test_names_come_to_those_that_are_there(ledger: Ledger, world: World, tmp_path: Path) -> None:
    """Into a library with decisions of its own come those that count."""
    gestures.name_faces(ledger, [1], "Ann")
    gestures.name_faces(ledger, [2], "Mistake")
    ledger.undo()
    gestures.name_faces(ledger, [4], "Ann")
    rows = world.library.decision_table.decisions()
    anew = build_anew(tmp_path / "anew.sqlite", -0.1)
    with anew.library:
        other = Ledger(anew.library)
        gestures.name_faces(other, [anew.face(3, 1)], "Cleo")
        assert take_over(rows, other) == 2
        assert take_over(rows, other) == 0
        assert who(other, anew) == {(3, 1): "Cleo", (0, 0): "Ann", (1, 0): "Ann"}


def test_who_comes_is_the_one_person_of_that_name(
    ledger: Ledger, world: World, tmp_path: Path
) -> None:
    gestures.name_faces(ledger, [1], "Ann")
    gestures.name_faces(ledger, [2], "Ben")
    rows = world.library.decision_table.decisions()
    anew = build_anew(tmp_path / "anew.sqlite", 0.1)
    with anew.library:
        other = Ledger(anew.library)
        ann = gestures.name_faces(other, [anew.face(1, 0)], "ann").rows[0].id
        assert take_over(rows, other) == 2
        assert gestures.named(other, "Ann") == [ann]
        assert who(other, anew) == {(0, 0): "ann", (1, 0): "ann", (0, 1): "Ben"}
        assert take_over(rows, other) == 0
        gestures.name_faces(ledger, [4], "Ann")  # what comes later about her is about her
        assert take_over(world.library.decision_table.decisions(), other) == 1
        assert gestures.named(other, "Ann") == [ann]
        assert Ledger(anew.library).people() == other.people()


def test_that_who_comes_is_somebody_can_be_undone(
    ledger: Ledger, world: World, tmp_path: Path
) -> None:
    gestures.name_faces(ledger, [1], "Ann")
    rows = world.library.decision_table.decisions()
    anew = build_anew(tmp_path / "anew.sqlite", 0.1)
    with anew.library:
        other = Ledger(anew.library)
        gestures.name_faces(other, [anew.face(1, 0)], "Ann")
        take_over(rows, other)
        other.undo()
        assert len(gestures.named(other, "Ann")) == 2
        assert take_over(rows, other) == 0
        assert len(gestures.named(other, "Ann")) == 2


@pytest.mark.parametrize("where", ["there", "here", "on one photo"])
def test_two_people_of_a_name_stay_two(
    ledger: Ledger, world: World, tmp_path: Path, where: str
) -> None:
    gestures.name_faces(ledger, [1], "Ann")
    if where == "there":
        gestures.name_faces(ledger, [2], "Ann", is_new=True)
    rows = world.library.decision_table.decisions()
    anew = build_anew(tmp_path / "anew.sqlite", 0.1)
    with anew.library:
        other = Ledger(anew.library)
        photo = 0 if where == "on one photo" else 1
        gestures.name_faces(other, [anew.face(photo, 1)], "Ann")
        if where == "here":
            gestures.name_faces(other, [anew.face(2, 0)], "Ann", is_new=True)
        before = len(gestures.named(other, "Ann"))
        come = take_over(rows, other)
        assert len(gestures.named(other, "Ann")) == before + come


def of_others(people: People, gone: str) -> dict[int, str | None]:
    names = {face: people.persons[person].name for face, person in people.owner.items()}
    return {face: name for face, name in names.items() if name != gone}


def test_nothing_of_a_forgotten_person_is_left(ledger: Ledger, world: World) -> None:
    """The name in any form, undone or not; what was decided about others stays."""
    carl = gestures.name_faces(ledger, [1, 4, 7], "Carl").rows[0].id
    gestures.name_faces(ledger, [5], "Carlo Secret")
    gestures.merge(ledger, carl, gestures.find_person(ledger, "Carlo Secret"), is_twice=True)
    ann = gestures.name_faces(ledger, [2, 10], "Ann").rows[0].id
    gestures.split(ledger, carl, [7], "Dora")
    gestures.confirm(ledger, [10], carl)
    gestures.reject(ledger, [8], carl)
    gestures.choose_picture(ledger, carl, 4)
    gestures.rename(ledger, carl, "Carl Undone")
    ledger.undo()
    gestures.rename(ledger, carl, "Carl Hidden")
    gestures.hide(ledger, carl)
    backup = world.library.path.with_name(world.library.path.name + ".before-m0005")
    backup.write_bytes(b"Carl Secret")
    expected = of_others(ledger.people(), "Carl Hidden")
    assert b"Carl" in all_bytes(world.library.path.parent)
    report = forget_person(ledger, carl)
    assert (report.decisions, report.faces) == (10, 0)
    everything = all_bytes(world.library.path.parent)
    assert b"Carl" not in everything
    assert b"Dora" in everything
    people = ledger.people()
    assert of_others(people, "") == expected == {2: "Ann", 7: "Dora"}
    assert people.rejected == {10: {ann}}
    table = world.library.decision_table
    assert people == people_of(table.decisions(), table.placed_faces())
    while ledger.undo() is not None:
        pass
    assert ledger.persons() == []


def test_nothing_of_the_name_is_left_where_it_was_given_to_others(
    ledger: Ledger, world: World
) -> None:
    """To somebody who was undone, with all that was said of them, or in an undone rename."""
    gestures.name_faces(ledger, [2], "Ann")
    gestures.name_faces(ledger, [4], "Carl Secret")
    gestures.split(ledger, gestures.find_person(ledger, "Carl Secret"), [4], "Dora")
    ledger.undo()
    gestures.rename(ledger, gestures.find_person(ledger, "Carl Secret"), "Carl Hidden")
    for _ in range(2):
        ledger.undo()
    gestures.rename(ledger, gestures.find_person(ledger, "Ann"), "CARL Secret")
    ledger.undo()
    carl = gestures.name_faces(ledger, [7], "Carl Secret").rows[0].id
    forget_person(ledger, carl)
    assert b"carl" not in all_bytes(world.library.path.parent).lower()
    assert b"Dora" in all_bytes(world.library.path.parent)
    assert [person.name for person in ledger.persons()] == ["Ann"]
    table = world.library.decision_table
    assert ledger.people() == people_of(table.decisions(), table.placed_faces())


def test_a_person_can_be_forgotten_with_the_faces(ledger: Ledger, world: World) -> None:
    carl = gestures.name_faces(ledger, [1, 4], "Carl").rows[0].id
    ann = gestures.name_faces(ledger, [2, 5], "Ann").rows[0].id
    gestures.reject(ledger, [1, 8], ann)
    gestures.confirm(ledger, [1], carl)
    report = forget_person(ledger, carl, with_faces=True)
    assert report.faces == 2
    assert set(world.faces()) == {2, 3, 5, 6, 7, 8, 9, 10, 11, 12}
    photos = world.library.photos()
    assert [photo.n_faces for photo in photos] == [3, 3, 2, 2]
    assert len(world.library.code_store.faces_without_code("model-1")) == 0
    assert who(ledger, world) == {(0, 1): "Ann", (1, 1): "Ann"}
    decisions = world.library.decision_table.decisions()
    doomed = {key_of(content, true_box(0, content=content)) for content in (0, 1)}
    assert not doomed & {key for row in decisions for key in (*row.faces, *row.others)}
    assert ledger.people().rejected == {8: {ann}}


def test_faces_of_a_deleted_photo_are_nobodys_and_come_back_with_their_names(
    ledger: Ledger, world: World
) -> None:
    """What is decided meanwhile holds for them too."""
    ann = gestures.name_faces(ledger, [1, 4, 7], "Ann").rows[0].id
    gestures.reject(ledger, [2], ann)
    gestures.mark_no_face(ledger, [3])
    before = ledger.people()
    world.delete(1)
    ledger.refresh()
    people = ledger.people()
    assert who(ledger, world) == {(1, 0): "Ann", (2, 0): "Ann"}
    assert (people.persons[ann].faces, people.persons[ann].waiting) == ((4, 7), 1)
    assert not {1, 2, 3} & (people.photo_of.keys() | people.rejected.keys() | people.left_out)
    with pytest.raises(LibraryError, match="has no face 1"):
        gestures.name_faces(ledger, [1], "Ben")
    world.come_back(1)
    ledger.refresh()
    assert ledger.people() == before
    copy = world.add_photo(0, [0, 1, 2], 0.1)
    world.delete(1)
    ledger.refresh()
    gestures.name_faces(ledger, [face for place, face in world.faces_of(copy) if not place], "Ben")
    world.come_back(1)
    ledger.refresh()
    assert who(ledger, world) == {(0, 0): "Ben", (1, 0): "Ann", (2, 0): "Ann"}


def test_another_content_in_a_file_is_nobody_until_the_old_one_is_back(
    ledger: Ledger, world: World
) -> None:
    gestures.name_faces(ledger, [1, 4], "Ann")
    world.change(1, 7, [0, 1, 2], 0.0)
    ledger.refresh()
    assert who(ledger, world) == {(1, 0): "Ann"}
    world.come_back(1)
    ledger.refresh()
    assert who(ledger, world) == {(0, 0): "Ann", (1, 0): "Ann"}


def test_no_face_of_a_forgotten_person_is_left_in_a_deleted_photo(
    ledger: Ledger, world: World
) -> None:
    """Neither where a copy of the photo is there, nor where nothing of it is."""
    world.add_photo(0, [0, 1, 2], 0.1)
    gestures.name_faces(ledger, [1, 4, 7], "Carl")
    gestures.name_faces(ledger, [5, 11], "Ann")
    for photo in (1, 2, 4):
        world.delete(photo)
    ledger.refresh()
    assert forget_person(ledger, ledger.persons()[0].id, with_faces=True).faces == 2
    kept = everything(world.library.path)
    assert {row[0] for row in kept["crops"]} == {8, 9, 10, 11, 12, 14, 15}
    assert {row[0] for row in kept["faces"]} == {row[0] for row in kept["crops"]}
    assert len(kept["code_tail"]) == len(kept["faces"])
    assert [photo.id for photo in world.library.photo_table.deleted_photos()] == [4]
    assert who(ledger, world) == {}
    world.come_back(4)
    ledger.refresh()
    assert who(ledger, world) == {(3, 1): "Ann"}


def test_others_who_had_a_window_open_see_that_a_person_is_gone(
    ledger: Ledger, world: World
) -> None:
    carl = gestures.name_faces(ledger, [1], "Carl").rows[0].id
    with Library.open_to_decide(world.library.path) as library:
        other = Ledger(library)
        forget_person(ledger, carl)
        assert other.catch_up() == {carl}
        assert other.persons() == []
        gestures.name_faces(other, [1], "Ann")
    ledger.catch_up()
    assert who(ledger, world) == {(0, 0): "Ann"}


def test_rows_of_an_unknown_person_change_nothing(ledger: Ledger) -> None:
    """As a damaged or merged ledger could hold them."""
    keys = ledger.keys([1, 4])
    before = ledger.people()
    rows = [
        *(NewDecision(kind, keys, person=77, name="Zoe") for kind in Kind if kind < Kind.MERGED),
        NewDecision(Kind.MERGED, person=77, other=78),
        NewDecision(Kind.SPLIT, keys, person=77),
        NewDecision(Kind.UNDONE, target=1000),
    ]
    kept = [r for r in rows if r.kind not in (Kind.NAMED, Kind.BOX_DRAWN, Kind.A_FACE)]
    ledger.decide(lambda: kept)
    assert ledger.people().owner == before.owner
    assert ledger.persons() == []
    table = ledger.library.decision_table
    assert ledger.people() == people_of(table.decisions(), table.placed_faces())


def forget_while(
    ledger: Ledger, person: int, meanwhile: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forget a person with the faces; call something just before the first face goes."""
    writer = ledger.library.writer
    remove = writer.remove_faces

    def removing(face_ids: Sequence[int]) -> None:
        meanwhile()
        remove(face_ids)

    monkeypatch.setattr(writer, "remove_faces", removing)
    forget_person(ledger, person, with_faces=True)


def test_who_names_a_face_while_a_person_is_forgotten_comes_after(
    ledger: Ledger, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a row about the forgotten person would be left."""
    carl = gestures.name_faces(ledger, [1], "Carl").rows[0].id
    done: list[str] = []

    def name() -> None:
        with Library.open_to_decide(world.library.path) as library:
            done.append(gestures.name_faces(Ledger(library), [4], "Carl").rows[0].kind)

    other = threading.Thread(target=name)

    def start() -> None:
        other.start()
        other.join(0.5)  # it has to wait for us, and would be done by then if it had not

    forget_while(ledger, carl, start, monkeypatch)
    other.join()
    assert done == [Kind.NAMED]
    ledger.catch_up()
    assert [(person.name, person.faces) for person in ledger.persons()] == [("Carl", (4,))]


def test_what_stops_forgetting_leaves_everything(
    ledger: Ledger, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    carl = gestures.name_faces(ledger, [1, 4], "Carl").rows[0].id
    world.add_photo(0, [0, 1, 2])
    world.delete(1)
    ledger.refresh()
    before = everything(world.library.path)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(world.library.decision_table, "erase", stop)
        with pytest.raises(KeyboardInterrupt):
            forget_person(ledger, carl, with_faces=True)
    assert everything(world.library.path) == before
    assert ledger.persons()[0].id == carl
    assert forget_person(ledger, carl, with_faces=True).faces == 2


def test_who_was_merged_meanwhile_is_not_forgotten(ledger: Ledger, world: World) -> None:
    """Else the other person would be forgotten too."""
    carl = gestures.name_faces(ledger, [1], "Carl").rows[0].id
    ann = gestures.name_faces(ledger, [4], "Ann").rows[0].id
    with Library.open_to_decide(world.library.path) as library:
        gestures.merge(Ledger(library), ann, carl)
    with pytest.raises(gestures.PeopleError, match="Another program"):
        forget_person(ledger, carl)
    assert [person.faces for person in ledger.persons()] == [(1, 4)]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
def test_a_kill_loses_at_most_the_decision_being_written(tmp_path: Path) -> None:
    """Or the face of a drawn box, which the next run of indexing makes; never half of anything."""
    tests = Path(people_kill.__file__).parent
    done = subprocess.run(
        [sys.executable, people_kill.__file__, str(tmp_path / "library.sqlite"), "5", str(TRIALS)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent)])},
    )
    states, trials = json.loads(done.stdout)
    assert len(states) == people_kill.N_STEPS + 1
    assert len(trials) == TRIALS
    for trial in trials:
        last, lost = states[trial["told"]], states[min(trial["told"] + 1, people_kill.N_STEPS)]
        # What was being done is done as a whole or not at all; of a drawn box, the decision is.
        assert trial["left"]["rows"] in (last["rows"], lost["rows"])
        assert trial["left"]["faces"] in (last["faces"], lost["faces"])
        if trial["left"]["faces"] != last["faces"]:
            assert trial["left"]["rows"] == lost["rows"]
        assert trial["is_whole"]
    begun = {people_kill.STEPS[trial["told"] % len(people_kill.STEPS)] for trial in trials}
    assert {"draw", "forget"} <= begun
