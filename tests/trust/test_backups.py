"""Backups: made by themselves, small, whole or not there, kept as long as was said."""

import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from opqn_app.__main__ import main
from opqn_app.people import gestures
from opqn_app.people.held import held
from opqn_app.people.ledger import Ledger
from opqn_app.people.replay import take_over
from opqn_app.store import backup_file, backups, schema
from opqn_app.store.backup_file import BackupError
from opqn_app.store.backups import Backup, Why, folder_of, listed, to_keep
from opqn_app.store.connection import connect
from opqn_app.store.daily_backup import make_if_due
from opqn_app.store.library import Library
from tests.library_fakes import CROP_WEBP
from tests.people_world import World

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
# Not in a backup, since it can be made again from the photos.
MADE_AGAIN = {
    "photos", "faces", "crops", "models", "code_segments", "code_tail", "failures", "guesses",
    "groupings", "sqlite_sequence",
}  # fmt: skip


def test_a_backup_holds_what_people_said_and_nothing_of_photos(world: World) -> None:
    path = world.library.back_up(Why.ASKED, NOW)
    assert [(h.people, h.names, h.backup.decisions, h.backup.folders, h.backup.searches)
            for h in held(world.library.path)] == [(2, 2, 2, 1, 1)]  # fmt: skip
    assert CROP_WEBP not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.parent == world.library.path.with_name("library.sqlite.backups")


def test_every_table_has_a_place(world: World) -> None:
    """A new table is backed up, or listed here as one that can be made again."""
    raw = sqlite3.connect(world.library.path)
    tables = {row[0] for row in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    raw.close()
    assert tables == MADE_AGAIN | set(backup_file.KEPT)


def test_names_come_back_into_a_library_that_was_built_anew(world: World, tmp_path: Path) -> None:
    path = world.library.back_up(Why.ASKED)
    with Library.open(tmp_path / "new" / "library.sqlite", write=True) as library:
        again = World(library)
        for content in range(4):
            again.add_photo(content, [0, 1, 2], jitter=0.02)
        ledger = Ledger(library)
        with Library.of_backup(path) as old:
            assert take_over(old.decision_table.decisions(), ledger) == 2
        assert {p.name: p.faces for p in ledger.persons()} == {
            "Anna Secret": (1, 4, 7),
            "Ben": (2,),
        }


def test_one_a_day_and_only_after_a_change(world: World, ledger: Ledger) -> None:
    path = world.library.path
    assert make_if_due(path, NOW) is not None
    gestures.name_faces(ledger, [3], "Carl")
    assert make_if_due(path, NOW + timedelta(hours=3)) is None
    assert make_if_due(path, NOW + timedelta(days=1)) is not None
    assert make_if_due(path, NOW + timedelta(days=2)) is None
    world.library.watch_root(path.parent / "photos", is_watched=False)
    assert make_if_due(path, NOW + timedelta(days=3)) is not None
    world.library.saved_searches.remove("By the sea")
    assert make_if_due(path, NOW + timedelta(days=4)) is not None
    assert make_if_due(path, NOW + timedelta(days=5)) is None
    assert [h.people for h in held(path)] == [3, 3, 3, 2]


def test_seven_days_and_four_weeks_are_kept(world: World, ledger: Ledger) -> None:
    """A year of daily backups, each after a change."""
    for day in range(60):
        ledger.library.saved_searches.save("By the sea", f'{{"faces": [{day}, 1]}}')
        assert make_if_due(world.library.path, NOW + timedelta(days=day)) is not None
    days = [(NOW + timedelta(days=59) - each.made).days for each in listed(world.library.path)]
    assert days[:7] == [0, 1, 2, 3, 4, 5, 6]
    assert len(days) <= 7 + 4
    assert 15 <= max(days) <= 28  # the newest of the fourth week, this one being the first


def _backup(made: datetime, uuid: str = "a", problem: str = "") -> Backup:
    return Backup(Path(f"{made:%Y%m%dT%H%M}{uuid}"), made, 1, uuid=uuid, problem=problem)


def test_a_damaged_one_never_takes_the_place_of_a_good_one() -> None:
    good = [_backup(NOW - timedelta(days=i, hours=1)) for i in range(9)]
    bad = [_backup(NOW - timedelta(days=i), problem="it is damaged") for i in range(9)]
    kept = to_keep([*good, *bad], NOW)
    assert [b for b in good if b in kept][:7] == good[:7]


def test_those_of_a_library_before_this_one_are_not_pushed_out() -> None:
    old = _backup(NOW - timedelta(days=300), uuid="old")
    new = [_backup(NOW - timedelta(days=i)) for i in range(100)]
    assert old in to_keep([*new, old], NOW)


@pytest.mark.parametrize("place", [0, 20, 5000, -5000, -100])
def test_a_damaged_backup_is_never_listed_as_good(world: World, place: int) -> None:
    path = world.library.back_up(Why.ASKED)
    content = bytearray(path.read_bytes())
    before = bytes(content)
    content[place] ^= 0x40
    path.write_bytes(content)
    (backup,) = listed(world.library.path)
    if backup.problem:
        with pytest.raises(BackupError, match="Take another one"):
            Library.of_backup(path)
    else:  # a byte that no row is made of
        rows = Library.of_backup(path).decision_table.decisions()
        path.write_bytes(before)
        assert rows == Library.of_backup(path).decision_table.decisions()


@pytest.mark.parametrize("size", [0, 1, 4096])
def test_one_that_was_cut_off_is_damaged(world: World, size: int) -> None:
    path = world.library.back_up(Why.ASKED)
    os.truncate(path, size)
    (backup,) = listed(world.library.path)
    assert backup.problem


def test_a_name_that_was_changed_in_a_backup_is_seen(world: World) -> None:
    path = world.library.back_up(Why.ASKED)
    path.write_bytes(path.read_bytes().replace(b"Anna Secret", b"Anna Sacret"))
    (backup,) = listed(world.library.path)
    assert backup.problem == "it is not what was written"


def test_a_migration_is_backed_up_and_keeps_one_copy(world: World) -> None:
    path = world.library.path
    for name in ("m0001", "m0005"):
        path.with_name(f"{path.name}.before-{name}").write_bytes(b"of an earlier version")
    db = connect(path, write=True)
    db.run("DELETE FROM _sqlite_migrations WHERE name = 'm0010_saved_searches'")
    db.run("DROP TABLE saved_searches")
    db.close()
    world.library.close()
    Library.open(path, write=True).close()
    assert [copy.name for copy in schema.backups(path)] == [
        f"{path.name}.before-m0010_saved_searches"
    ]
    assert [(h.backup.why, h.people) for h in held(path)] == [("migration", 2)]
    later = datetime.now(UTC) + timedelta(days=schema.COPY_DAYS + 1)
    make_if_due(path, later)
    assert schema.backups(path) == []


def test_without_room_a_library_is_brought_up_to_date_without_a_copy(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    db = connect(world.library.path, write=True)
    db.run("DELETE FROM _sqlite_migrations WHERE name = 'm0010_saved_searches'")
    db.run("DROP TABLE saved_searches")
    usage = shutil.disk_usage(world.library.path.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    assert schema.migrate(db) is None
    db.close()
    assert "no room for a copy" in caplog.text


def test_the_command_says_what_each_holds(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    library = ["--library", str(world.library.path)]
    assert main(["backup", "--json", *library]) == 0
    made = json.loads(capsys.readouterr().out)["backup"]
    assert (made["people"], made["names"], made["decisions"]) == (2, 2, 2)
    assert main(["backup", "--list", *library]) == 0
    assert "2 people (2 with a name), 2 decisions, 1 folder" in capsys.readouterr().out
    Path(made["path"]).write_bytes(b"")
    assert main(["backup", "--list", *library]) == 1
    assert "can't be used" in capsys.readouterr().out


def _on_a_full_disk() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def test_a_full_disk_fails_no_command(world: World) -> None:
    done = subprocess.run(
        [sys.executable, "-B", "-m", "opqn_app", "people", "--library", str(world.library.path)],
        capture_output=True,
        text=True,
        preexec_fn=_on_a_full_disk,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert done.returncode == 0
    assert "Anna Secret" in done.stdout
    assert "The backup of today was not made." in done.stderr
    assert listed(world.library.path) == []
    assert not list(folder_of(world.library.path).glob("*.tmp"))


def _killed_at(line: int, job: Any) -> bool:
    """Run a job in a forked child that kills itself at the nth line of the modules of backups."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    left = line

    def trace(frame: FrameType, event: str, _what: object) -> Any:
        nonlocal left
        if "/store/backup" not in frame.f_code.co_filename:
            return None
        if event == "line":
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    try:
        sys.settrace(trace)
        job()
    finally:
        os._exit(0)


@pytest.mark.parametrize("start", [3, 90])
def test_a_kill_at_any_line_leaves_whole_backups_only(world: World, start: int) -> None:
    path = world.library.path
    world.library.back_up(Why.ASKED)
    line, n_killed = start, 0
    while _killed_at(line, lambda: make_if_due(path, NOW + timedelta(days=400))):
        assert [each.problem for each in listed(path)] in ([""], ["", ""])
        for each in listed(path)[:-1]:  # it was whole, and the rest was cleaning up
            each.path.unlink()
        world.library.saved_searches.save("By the sea", json.dumps({"faces": [line, 1]}))
        line, n_killed = line + 37, n_killed + 1
    assert n_killed >= 3
    world.library.saved_searches.save("By the sea", "{}")
    assert make_if_due(path, NOW + timedelta(days=401)) is not None
    assert not list(folder_of(path).glob("*.tmp"))
    assert backups.files(path)
