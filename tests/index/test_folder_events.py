"""What of the system's events counts, and what becomes of too many folders."""

import ctypes
import errno
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opqn_app.index.folder_events import FolderEvents, NoMoreWatches, place_of

ROOT = Path("/photos")
is_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="inotify is Linux's")


@pytest.mark.parametrize(
    ("path", "is_folder", "place"),
    [
        ("/photos/a.jpg", False, ""),
        ("/photos/x/y/A.JPG", False, "x/y"),
        ("/photos/x/raw.cr2", False, "x"),
        ("/photos/x/.nomedia", False, "x"),  # what lies beside it counts no longer
        ("/photos/x/a.jpg.tmp", False, None),
        ("/photos/x/a.xmp", False, None),
        ("/photos/library.sqlite-wal", False, None),
        ("/photos/x/.hidden.jpg", False, None),
        ("/photos/.cache/a.jpg", False, None),
        ("/photos/x/@eaDir/a.jpg", False, None),
        ("/photos/x", True, ""),
        ("/photos/x/y", True, "x"),
        ("/photos/.trash", True, None),
        ("/photos", True, ""),
        ("/elsewhere/a.jpg", False, None),
    ],
)
def test_only_what_a_scan_would_look_at_counts(
    path: str, is_folder: bool, place: str | None
) -> None:
    assert place_of(ROOT, path, is_folder=is_folder) == place


class Notes:
    """What was noted, and a way to wait for it."""

    def __init__(self) -> None:
        self.all: list[tuple[Path, str, bool]] = []
        self._came = threading.Event()

    def take(self, root: Path, folder: str, has_left: bool) -> None:
        self.all.append((root, folder, has_left))
        self._came.set()

    def wait(self, folder: str, *, has_left: bool = False) -> None:
        for _ in range(600):  # only a test that fails waits to the end
            if any(each[1:] == (folder, has_left) for each in list(self.all)):
                return
            self._came.wait(0.1)
            self._came.clear()
        raise AssertionError(f"nothing was noted of {folder!r}: {self.all}")


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def events(notes: Notes) -> Iterator[FolderEvents]:
    made = FolderEvents(notes.take)
    yield made
    made.close()


def test_new_renamed_and_deleted_photos_are_noted(
    events: FolderEvents, notes: Notes, tmp_path: Path
) -> None:
    (tmp_path / "x" / "y").mkdir(parents=True)
    events.add(tmp_path)
    (tmp_path / "x" / "y" / "a.jpg").write_bytes(b"1")
    notes.wait("x/y")
    notes.all.clear()
    (tmp_path / "x" / "y" / "a.jpg").rename(tmp_path / "x" / "b.jpg")
    notes.wait("x/y")
    notes.wait("x")
    notes.all.clear()
    (tmp_path / "x" / "b.jpg").unlink()
    notes.wait("x")


def test_a_new_folder_is_watched_and_one_that_left_is_told_of(
    events: FolderEvents, notes: Notes, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    events.add(root)
    (root / "new").mkdir()
    notes.wait("")
    (root / "new" / "a.jpg").write_bytes(b"1")
    notes.wait("new")
    (root / "new").rename(tmp_path / "gone")
    notes.wait("", has_left=True)


@is_linux
def test_that_photos_are_opened_and_read_is_not_told(
    events: FolderEvents, notes: Notes, tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_bytes(b"1")
    events.add(tmp_path)
    (tmp_path / "a.jpg").read_bytes()
    os.utime(tmp_path / "a.jpg")
    (tmp_path / "end").mkdir()
    notes.wait("")
    assert notes.all == [(tmp_path, "", False)]


def test_a_folder_can_be_watched_anew_and_no_longer(
    events: FolderEvents, notes: Notes, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        events.add(tmp_path / name)
    events.add(tmp_path / "one")
    events.remove(tmp_path / "two")
    events.remove(tmp_path / "two")
    (tmp_path / "two" / "a.jpg").write_bytes(b"1")
    (tmp_path / "one" / "a.jpg").write_bytes(b"1")
    notes.wait("")
    assert {each[0] for each in notes.all} == {tmp_path / "one"}
    assert events.has_room()


def test_a_folder_that_is_not_there_can_not_be_watched(
    events: FolderEvents, tmp_path: Path
) -> None:
    with pytest.raises(OSError, match=r"."):
        events.add(tmp_path / "none")


@is_linux
@pytest.mark.parametrize("n_left", [0, 3])
def test_more_folders_than_the_system_allows(
    events: FolderEvents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_left: int
) -> None:
    """watchdog says nothing where the limit is reached below the root: parts go unseen."""
    from watchdog.observers import inotify_c

    for i in range(6):
        (tmp_path / "root" / str(i)).mkdir(parents=True)
    add = inotify_c.inotify_add_watch
    made: list[Any] = []

    def add_until_full(*args: Any) -> int:
        if len(made) >= n_left:
            ctypes.set_errno(errno.ENOSPC)
            return -1
        made.append(args)
        return int(add(*args))

    monkeypatch.setattr(inotify_c, "inotify_add_watch", add_until_full)
    with pytest.raises(NoMoreWatches):
        events.add(tmp_path / "root")
    assert not events.has_room()
    monkeypatch.setattr(inotify_c, "inotify_add_watch", add)
    assert events.has_room()
    events.add(tmp_path / "root")
