"""A photo that can't be found now keeps its faces, whatever took it away."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from opqn_app.core.errors import FolderUnavailable
from opqn_app.index.indexing import index_folder
from opqn_app.store import schema
from opqn_app.store.connection import connect
from opqn_app.store.library import Library
from opqn_app.store.photo_table import UNREACHABLE, UNSEARCHED
from tests.index.photo_disk import DAY, NOW, Disk, everything, run_to_end
from tests.index.test_incremental import _png
from tests.library_fakes import (
    FacesByPath,
    RunIndex,
    WritePhoto,
    bound_by_rights,
    but_for_the_look,
    calls_of,
    fake_engine,
    make_as_old_as_m0003,
)

pytestmark = pytest.mark.slow


def empty_root(disk: Disk) -> None:
    disk.replace("")


def root_with_a_marker(name: str) -> Callable[[Disk], None]:
    return lambda disk: disk.replace("", name)


def root_gone(disk: Disk) -> None:
    disk.folder.rename(disk.away)


def root_a_file(disk: Disk) -> None:
    root_gone(disk)
    disk.folder.write_bytes(b"")


def part_emptied(disk: Disk) -> None:
    disk.replace("trip")


def part_with_a_marker(disk: Disk) -> None:
    disk.replace("trip", ".stfolder", "README.txt")


def part_gone(disk: Disk) -> None:
    (disk.folder / "trip").rename(disk.away)


def part_a_file(disk: Disk) -> None:
    part_gone(disk)
    (disk.folder / "trip").write_bytes(b"")


def link_target_gone(disk: Disk) -> None:
    (disk.folder.parent / "target").rename(disk.away)


def link_target_empty(disk: Disk) -> None:
    link_target_gone(disk)
    (disk.folder.parent / "target").mkdir()


def another_disk(disk: Disk) -> None:
    """Mounted where the photos were, with photos of its own."""
    disk.replace("")
    for i in range(3):
        (disk.folder / f"other{i}.png").write_bytes(_png(900 + i))


# What goes away, where it lies, how many photos that are, and whether the run says it by an error.
WAYS: dict[str, tuple[Callable[[Disk], None], str, int, bool]] = {
    "root gone": (root_gone, "", 36, True),
    "root empty": (empty_root, "", 36, True),
    "root a file": (root_a_file, "", 36, True),
    "root with a file": (root_with_a_marker("README.txt"), "", 36, False),
    "root with lost+found": (root_with_a_marker("lost+found"), "", 36, False),
    "root with a hidden file": (root_with_a_marker(".stfolder"), "", 36, True),
    "part emptied": (part_emptied, "trip", 12, False),
    "part with markers": (part_with_a_marker, "trip", 12, False),
    "part gone": (part_gone, "trip", 12, False),
    "part a file": (part_a_file, "trip", 12, False),
    "link target gone": (link_target_gone, "link", 12, False),
    "link target empty": (link_target_empty, "link", 12, False),
    "another disk": (another_disk, "", 36, False),
}


def restore(disk: Disk, part: str) -> None:
    if part == "link":
        disk.folder = disk.folder.parent
        part = "target"
    disk.restore(part)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("n_runs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_no_face_is_lost_while_photos_are_away(
    way: str,
    n_runs: int,
    disk: Disk,
    library_path: Path,
    run_index: RunIndex,
    faces_by_path: FacesByPath,
) -> None:
    """Twice: what is known to be away stays so, however long, and nothing is read when it is
    back."""
    go, part, n_away, is_error = WAYS[way]
    run_index(clock=lambda: NOW)
    before, root = faces_by_path(), disk.folder
    known = everything(library_path)
    go(disk)
    for run in range(n_runs):
        moment = NOW + run * 400 * DAY
        if is_error:
            with pytest.raises(FolderUnavailable):
                run_index(root, clock=lambda at=moment: at)
        else:
            report = run_index(root, clock=lambda at=moment: at)
            assert report.removed == 0
            folders = report.unreachable
            assert sum(folder.photos for folder in folders) == n_away
            assert {folder.since for folder in folders} == {NOW}
            if way != "another disk":  # whose photos are there, so each part is named
                assert [folder.path for folder in folders] == [root / part]
        assert before.items() <= faces_by_path().items()
        with Library.open(library_path) as library:
            assert library.status().unreachable == (0 if is_error else n_away)
            assert library.faces_without_code("fake-1") == 0
            assert [f.path.name for f in library.failures()] == ["broken.jpg"]
    restore(disk, part)
    engine = fake_engine(n_faces=2)
    report = run_index(root, engine, clock=lambda: NOW + 900 * DAY)
    assert (calls_of(engine), report.decoded, report.added) == (0, 0, 0)
    assert report.returned == (0 if is_error else n_away)
    if way == "another disk":  # whose photos are away in their turn
        assert [folder.photos for folder in report.unreachable] == [3]
        assert before.items() <= faces_by_path().items()
    else:
        assert report.unreachable == ()
        assert everything(library_path) == known


@contextmanager
def refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A network disk that answers with an error when this folder is listed."""
    real = os.scandir

    def scandir(path: Any = ".") -> Any:
        if Path(path).is_relative_to(folder):
            raise OSError(5, "Input/output error")
        return real(path)

    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", scandir)
        yield


def test_a_network_error_in_a_part_marks_it(
    disk: Disk, run_index: RunIndex, faces_by_path: FacesByPath, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_index()
    before = faces_by_path()
    with refused(disk.folder / "trip" / "day1", monkeypatch):
        report = run_index()
    assert (report.removed, report.unchanged) == (0, 30)
    assert [(f.path.name, f.photos) for f in report.unreachable] == [("day1", 6)]
    assert faces_by_path() == before
    report = run_index()
    assert (report.decoded, report.returned, report.unreachable) == (0, 6, ())
    assert faces_by_path() == before


def test_a_folder_that_may_not_be_listed_marks_its_photos(open_folder: Path) -> None:
    open_folder.chmod(0o777)
    library, root = open_folder / "library.sqlite", open_folder / "photos"
    with bound_by_rights():
        (root / "closed").mkdir(parents=True)
        for i in range(3):
            (root / "closed" / f"{i}.png").write_bytes(_png(i))
        (root / "here.png").write_bytes(_png(9))
        run_to_end(index_folder(library, root, fake_engine(n_faces=2)))
        before = everything(library)
        (root / "closed").chmod(0)
        report = run_to_end(index_folder(library, root, fake_engine(n_faces=2)))
        (root / "closed").chmod(0o755)
        assert (report.removed, report.unchanged) == (0, 1)
        assert [(f.path, f.photos) for f in report.unreachable] == [(root / "closed", 3)]
        report = run_to_end(index_folder(library, root, fake_engine(n_faces=2)))
        assert (report.decoded, report.returned, report.unreachable) == (0, 3, ())
        assert everything(library) == before


def test_half_of_the_photos_gone_at_once_is_no_deletion(
    folder: Path, write_photo: WritePhoto, run_index: RunIndex, faces_by_path: FacesByPath
) -> None:
    """A disk that went while its folder was listed: some of the names were seen."""
    paths = [write_photo(f"{i}.png", seed=i) for i in range(24)]
    run_index()
    before = faces_by_path()
    for path in paths[::2]:
        path.rename(path.with_suffix(".hidden"))
    report = run_index()
    assert (report.removed, report.unchanged) == (0, 12)
    assert [(f.path, f.photos) for f in report.unreachable] == [(folder, 12)]
    assert faces_by_path() == before
    paths[1].unlink()
    report = run_index()
    assert (report.removed, sum(f.photos for f in report.unreachable)) == (1, 12)
    for path in paths[::2]:
        path.with_suffix(".hidden").rename(path)
    report = run_index()
    assert (report.returned, report.decoded, report.unreachable) == (12, 0, ())
    assert faces_by_path() == {name: ids for name, ids in before.items() if name != "1.png"}


def test_part_by_part_and_root_by_root_it_is_the_same(
    disk: Disk, library_path: Path, tmp_path: Path, run_index: RunIndex, faces_by_path: FacesByPath
) -> None:
    for part in ("trip", "home"):
        run_index(disk.folder / part)
    before = faces_by_path()
    disk.replace("trip", "README.txt")
    report = run_index(disk.folder / "trip")
    assert [(f.path.name, f.photos) for f in report.unreachable] == [("trip", 12)]
    assert run_index(disk.folder / "home").unreachable == ()
    run_index()  # a parent that takes both over
    disk.restore("trip")
    assert run_index(disk.folder / "trip").returned == 12
    after = faces_by_path()
    for name, ids in before.items():
        assert ids in after.values(), name
    disk.replace("trip", "README.txt")
    report = run_index(disk.folder / "trip")
    assert [(f.path.name, f.photos) for f in report.unreachable] == [("trip", 12)]
    assert run_index(disk.folder / "home").unreachable == ()
    disk.restore("trip")
    report = run_index()
    assert (report.returned, report.decoded) == (12, 0)


def test_what_was_away_may_have_moved(
    disk: Disk, folder: Path, run_index: RunIndex, faces_by_path: FacesByPath, tmp_path: Path
) -> None:
    run_index()
    before = faces_by_path()
    disk.replace("trip", "README.txt")
    run_index()
    other = tmp_path / "archive"
    shutil.move(disk.away, other / "trip")
    report = run_index(other)
    assert (report.moved, report.decoded) == (12, 1)  # the file that can't be read
    assert faces_by_path() == before
    assert run_index().unreachable == ()


def test_an_older_library_is_upgraded_and_its_photos_can_be_away(
    disk: Disk, library_path: Path, run_index: RunIndex, faces_by_path: FacesByPath
) -> None:
    run_index()
    before, known = faces_by_path(), everything(library_path)
    make_as_old_as_m0003(library_path)
    db = connect(library_path, write=False)
    assert schema.needs_migration(db)
    db.close()
    assert faces_by_path() == before  # opening it to read has upgraded it
    assert but_for_the_look(everything(library_path)) == but_for_the_look(known)
    part_gone(disk)
    assert sum(f.photos for f in run_index().unreachable) == 12
    assert faces_by_path() == before


def test_pages_and_counts_still_come_from_indexes(library_path: Path) -> None:
    """A page far down a large folder may not read a row for each photo above it."""
    Library.open(library_path, write=True).close()
    db = connect(library_path, write=False)
    shown = "FROM photos p WHERE p.root_id = 1 AND p.deleted_at IS NULL"
    order = "ORDER BY p.sort_time DESC, p.id DESC LIMIT 5 OFFSET 9"
    for sql, index in (
        (f"SELECT COUNT(*) {shown}", "COVERING INDEX photos_"),
        (f"SELECT p.id {shown} {order}", "COVERING INDEX photos_newest_of_root"),
        (
            f"SELECT p.id FROM photos p WHERE p.deleted_at IS NULL {order}",
            "COVERING INDEX photos_newest",
        ),
        ("SELECT COUNT(*) FROM photos WHERE deleted_at IS NULL", "COVERING INDEX photos_"),
        (f"SELECT COUNT(*) FROM photos WHERE root_id = 1 AND {UNREACHABLE}", "photos_missing"),
        (f"SELECT COUNT(*) FROM photos WHERE root_id = 1 AND {UNSEARCHED}", "photos_unsearched"),
    ):
        plan = " ".join(row[3] for row in db.rows(f"EXPLAIN QUERY PLAN {sql}"))
        assert index in plan, (sql, plan)
        assert "TEMP B-TREE" not in plan
    db.close()
