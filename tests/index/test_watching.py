"""When a watched folder is looked at, and when a run is asked for; no test waits for real time."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from opqn_app.index import watching
from opqn_app.index.unrest import MANY, PATIENCE_S, REST_S
from opqn_app.index.watching import POLL_S, RETRY_S, TICK_S
from tests.index.watch_room import WatchRoom
from tests.library_fakes import FacesByPath, RunIndex, WritePhoto

MakeRoom = Callable[..., WatchRoom]
SOON = 3 * REST_S


@pytest.fixture
def room(
    library_path: Path, folder: Path, write_photo: WritePhoto, run_index: RunIndex
) -> WatchRoom:
    """On a folder of two photos that the library knows."""
    write_photo("trip/a.png", seed=1)
    write_photo("home/b.png", seed=2)
    run_index()
    made = WatchRoom(library_path, folder)
    made.wait(SOON)
    return made


def settled_names(room: WatchRoom) -> list[str]:
    return sorted(file.rel_path for file in room.founds[-1].settled)


def test_a_folder_that_is_as_the_library_has_it_starts_nothing(
    room: WatchRoom, folder: Path
) -> None:
    assert room.events.added == [folder]
    room.wait(TICK_S)
    room.note(folder / "trip")
    room.wait(SOON)
    assert room.founds == []
    assert room.watcher.ways() == {folder: "events"}


def test_a_watcher_with_nothing_to_do_sleeps(room: WatchRoom) -> None:
    assert room.watcher.step() > TICK_S / 2


def test_what_came_while_the_program_was_closed_is_found_at_the_start(
    library_path: Path, folder: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    write_photo("a.png")
    run_index()
    write_photo("b.png", seed=1)
    room = WatchRoom(library_path, folder)
    room.wait(SOON)
    assert settled_names(room) == ["b.png"]
    assert room.run().added == 1


def test_a_new_photo_is_read_when_it_rests_and_only_its_folder_is_scanned(
    room: WatchRoom, folder: Path, write_photo: WritePhoto
) -> None:
    write_photo("trip/new.png", seed=3)
    room.note(folder / "trip")
    room.wait(REST_S)
    assert room.founds == []  # seen, and given a moment more
    room.wait(SOON)
    assert [found.folder for found in room.founds] == [folder / "trip"]
    report = room.run()
    assert (report.added, report.unchanged) == (1, 1)
    room.wait(SOON)
    assert len(room.founds) == 1


def test_a_file_that_is_still_written_is_waited_for(
    room: WatchRoom, folder: Path, write_photo: WritePhoto
) -> None:
    whole = write_photo("../whole.png", seed=3).read_bytes()
    slow = folder / "trip" / "slow.png"
    for size in range(10, len(whole), len(whole) // 9):  # no events: the disk alone tells
        slow.write_bytes(whole[:size])
        if size == 10:
            room.note(folder / "trip")
        room.wait(REST_S)
    assert room.founds == []
    slow.write_bytes(whole)
    room.wait(SOON)
    assert room.run().failures == ()


def test_where_files_never_rest_those_that_do_are_read(
    room: WatchRoom, folder: Path, write_photo: WritePhoto
) -> None:
    write_photo("trip/done.png", seed=3)
    growing = folder / "trip" / "growing.png"
    for second in range(int(PATIENCE_S + SOON)):
        growing.write_bytes(b"x" * second)
        room.note(folder / "trip")
        room.wait(1)
    assert len(room.founds) == 1
    assert settled_names(room) == ["trip/done.png"]
    report = room.run()
    assert (report.added, report.failures) == (1, ())
    room.wait(SOON)  # and then the one that was left
    assert settled_names(room) == ["trip/growing.png"]


def test_a_long_burst_is_few_runs(room: WatchRoom, folder: Path, write_photo: WritePhoto) -> None:
    for number in range(150):
        write_photo(f"trip/{number}.png", seed=number)
        room.note(folder / "trip")
        room.wait(1)
        if room.founds and room.founds[-1].root in room.watcher._running:
            room.run()
    room.wait(SOON)
    room.run()
    assert len(room.founds) <= 4
    room.wait(SOON)
    assert len(room.founds) <= 4


def test_what_happens_during_a_run_is_one_more_run_after_it(
    room: WatchRoom, folder: Path, write_photo: WritePhoto
) -> None:
    room.watcher.begun(folder)
    for number in range(5):
        write_photo(f"trip/{number}.png", seed=10 + number)
        room.note(folder / "trip")
        room.wait(SOON)
    assert room.founds == []
    room.watcher.ended(folder)
    room.wait(SOON)
    assert len(room.founds) == 1
    assert len(room.founds[0].settled) == 5


def test_a_run_that_the_user_stopped_is_begun_by_nobody_else(
    room: WatchRoom, folder: Path, write_photo: WritePhoto
) -> None:
    room.watcher.begun(folder)
    room.watcher.stopped(folder)
    write_photo("trip/new.png", seed=3)
    room.note(folder / "trip")
    room.wait(2 * POLL_S)
    assert room.founds == []
    room.watcher.begun(folder)  # by the user
    room.watcher.ended(folder)
    room.wait(SOON)
    assert settled_names(room) == ["trip/new.png"]


def test_a_first_run_that_was_stopped_stays_so(
    library_path: Path, folder: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    write_photo("a.png")
    run_index()
    write_photo("b.png", seed=1)
    room = WatchRoom(library_path)
    room.watcher.begun(folder)
    room.watcher.stopped(folder)
    room.watcher.watch([folder])  # it gets known only now
    room.wait(SOON)
    assert room.founds == []


def test_a_run_that_changes_nothing_is_not_repeated(
    room: WatchRoom, folder: Path, write_photo: WritePhoto
) -> None:
    write_photo("trip/new.png", seed=3)
    room.note(folder / "trip")
    room.wait(SOON)
    for _ in range(5):
        room.watcher.ended(folder)  # though nothing was read
        room.note(folder / "trip")
        room.wait(SOON)
    assert len(room.founds) == 1
    write_photo("trip/other.png", seed=4)
    room.note(folder / "trip")
    room.wait(SOON)
    assert settled_names(room) == ["trip/new.png", "trip/other.png"]


def test_a_run_that_failed_is_tried_again_later(
    room: WatchRoom, folder: Path, write_photo: WritePhoto
) -> None:
    write_photo("trip/new.png", seed=3)
    room.note(folder / "trip")
    room.wait(SOON)
    room.watcher.ended(folder, failed=True)
    room.wait(RETRY_S / 2)
    assert len(room.founds) == 1
    room.wait(RETRY_S / 2 + SOON)
    assert len(room.founds) == 2


def test_a_moved_photo_keeps_its_faces(
    room: WatchRoom, folder: Path, faces_by_path: FacesByPath
) -> None:
    before = faces_by_path()["trip/a.png"]
    (folder / "trip" / "a.png").rename(folder / "home" / "c.png")
    room.note(folder / "trip")
    room.note(folder / "home")
    room.wait(SOON)
    assert room.founds[-1].folder == folder  # what holds both
    assert room.run().moved == 1
    assert faces_by_path()["home/c.png"] == before


def test_a_folder_that_is_gone_is_looked_at_from_above(room: WatchRoom, folder: Path) -> None:
    shutil.rmtree(folder / "trip")
    room.note(folder / "trip")
    room.wait(SOON)
    assert room.founds[-1].folder == folder
    assert room.run().removed == 1


def test_the_watch_is_made_anew_when_a_folder_has_left(room: WatchRoom, folder: Path) -> None:
    (folder / "trip").rename(folder.parent / "elsewhere")
    room.note(folder, has_left=True)
    room.wait(SOON)
    assert room.events.added == [folder, folder]
    room.run()
    room.wait(SOON)
    assert room.events.added == [folder, folder]


def test_a_disk_that_goes_is_away_and_nothing_is_deleted(
    room: WatchRoom, folder: Path, faces_by_path: FacesByPath
) -> None:
    before = faces_by_path()
    folder.rename(folder.parent / "unplugged")
    folder.mkdir()  # the bare mount point
    room.wait(TICK_S + SOON)
    assert (room.n_reach, room.founds) == (1, [])
    folder.rmdir()
    room.wait(TICK_S + SOON)
    assert room.events.watched == set()
    (folder.parent / "unplugged").rename(folder)
    room.wait(TICK_S + SOON)
    assert (room.n_reach, room.founds) == (3, [])
    assert room.events.watched == {folder}
    assert faces_by_path() == before


def test_on_battery_nothing_is_looked_at_until_there_is_power(
    room: WatchRoom, folder: Path, write_photo: WritePhoto
) -> None:
    room.is_on_battery = True
    room.wait(TICK_S)
    assert room.watcher.is_resting
    write_photo("trip/new.png", seed=3)
    room.note(folder / "trip")
    room.wait(2 * POLL_S)
    assert room.founds == []
    room.is_on_battery = False
    room.wait(TICK_S + SOON)
    assert settled_names(room) == ["trip/new.png"]


def test_a_share_is_looked_at_now_and_then(
    room: WatchRoom, folder: Path, write_photo: WritePhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "tells_of_changes", lambda _folder: False)
    shared = WatchRoom(room.library, folder)
    shared.wait(SOON)
    assert shared.watcher.ways() == {folder: "share"}
    assert shared.events.added == []
    write_photo("trip/new.png", seed=3)  # no event comes
    shared.wait(POLL_S + SOON)
    assert settled_names(shared) == ["trip/new.png"]
    shared.run()
    shared.wait(2 * POLL_S)
    assert len(shared.founds) == 1


def test_without_watches_left_the_folder_is_looked_at_now_and_then(
    room: WatchRoom, folder: Path, write_photo: WritePhoto
) -> None:
    limited = WatchRoom(room.library, folder)
    limited.events.fits = False
    limited.wait(SOON)
    assert limited.watcher.ways() == {folder: "limit"}
    write_photo("trip/new.png", seed=3)
    limited.wait(POLL_S + SOON)
    assert settled_names(limited) == ["trip/new.png"]


def test_watches_that_run_out_later_are_noticed(room: WatchRoom, folder: Path) -> None:
    room.events.room = False
    (folder / "new folder").mkdir()
    room.note(folder)
    room.note(folder)
    room.wait(SOON)
    assert room.watcher.ways() == {folder: "limit"}
    assert room.events.watched == set()


def test_a_folder_never_takes_most_of_the_watches(
    room: WatchRoom, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "watches_of_one_folder", lambda: 2)
    greedy = WatchRoom(room.library, folder)
    greedy.wait(SOON)
    assert greedy.watcher.ways() == {folder: "limit"}
    assert greedy.events.watched == set()


def test_what_lies_behind_a_link_is_looked_at_now_and_then(
    room: WatchRoom, folder: Path, write_photo: WritePhoto
) -> None:
    write_photo("../other/c.png", seed=5)
    (folder / "link").symlink_to(folder.parent / "other")
    room.note(folder)
    room.wait(SOON)
    assert room.run().added == 1
    assert room.watcher.ways() == {folder: "links"}
    assert room.events.watched == {folder}
    write_photo("../other/d.png", seed=6)
    room.wait(POLL_S + SOON)
    assert settled_names(room) == ["link/d.png"]


def test_after_very_many_events_every_folder_is_suspected(
    room: WatchRoom, folder: Path, write_photo: WritePhoto
) -> None:
    write_photo("home/lost.png", seed=3)  # its event was dropped by the system
    for _ in range(MANY):
        room.note(folder / "trip")
    room.wait(SOON)
    assert settled_names(room) == ["home/lost.png"]


def test_a_folder_that_is_no_longer_wanted_is_left_alone(
    room: WatchRoom, folder: Path, write_photo: WritePhoto
) -> None:
    room.watcher.watch([])
    write_photo("trip/new.png", seed=3)
    room.note(folder / "trip")
    room.wait(2 * POLL_S)
    assert (room.founds, room.events.watched, room.watcher.ways()) == ([], set(), {})
