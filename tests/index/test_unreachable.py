"""A photo that can't be found now keeps its faces, whatever took it away."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opqn_app.core.errors import FolderUnavailable
from opqn_app.index.indexing import IndexProgress, IndexReport, index_folder
from opqn_app.store import code_store, schema
from opqn_app.store.connection import connect
from opqn_app.store.library import Library
from opqn_app.store.photo_table import UNREACHABLE, UNSEARCHED
from opqn_app.store.records import KEPT_DAYS
from tests.index.test_incremental import _png
from tests.library_fakes import (
    FacesByPath,
    RunIndex,
    WritePhoto,
    bound_by_rights,
    calls_of,
    fake_engine,
    make_as_old_as_m0003,
)

N_BELOW = 12  # photos of the part that goes away
DAY = 24 * 3600
NOW = 1_800_000_000.0


class Disk:
    """A folder of photos in which one part, or all, goes away and comes back."""

    def __init__(self, folder: Path, write_photo: WritePhoto) -> None:
        self.folder = folder
        self.away = folder.parent / "unplugged"
        for i in range(N_BELOW):
            write_photo(f"trip/{'day1' if i % 2 else 'day2'}/{i}.png", seed=i)
            write_photo(f"../target/{i}.png", seed=100 + i)
            write_photo(f"home/{i}.png", seed=200 + i)
        (folder / "trip" / "broken.jpg").write_bytes(b"no photo")
        (folder / "link").symlink_to(folder.parent / "target")

    def replace(self, part: str, *names: str) -> None:
        """Take a part away and leave a bare folder with files of these names in its place."""
        (self.folder / part).rename(self.away)
        (self.folder / part).mkdir()
        for name in names:
            path = self.folder / part / name
            path.mkdir() if name.endswith("+found") else path.write_bytes(b"")

    def restore(self, part: str) -> None:
        place = self.folder / part
        if place.is_symlink() or place.is_file():
            place.unlink()
        elif place.exists():
            shutil.rmtree(place)
        self.away.rename(place)


@pytest.fixture
def disk(folder: Path, write_photo: WritePhoto) -> Disk:
    return Disk(folder, write_photo)


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
@pytest.mark.parametrize("n_runs", [1, 2])
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


def everything(path: Path) -> dict[str, Any]:
    """All rows of photos, faces, crops, codes and failures."""
    with sqlite3.connect(path) as raw:
        tables = ("photos", "faces", "crops", "code_tail", "code_segments", "failures")
        found = {name: raw.execute(f"SELECT * FROM {name}").fetchall() for name in tables}
    raw.close()
    return found


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


def run_to_end(run: Generator[IndexProgress, None, IndexReport]) -> IndexReport:
    while True:
        try:
            next(run)
        except StopIteration as end:
            report: IndexReport = end.value
            return report


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


def test_a_few_deleted_photos_hide_at_once_and_come_back_with_their_faces(
    folder: Path,
    library_path: Path,
    write_photo: WritePhoto,
    run_index: RunIndex,
    faces_by_path: FacesByPath,
) -> None:
    for i in range(20):
        write_photo(f"sub/{i}.png", seed=i)
    run_index(clock=lambda: NOW)
    before = faces_by_path()
    kept = (folder / "sub" / "3.png").rename(folder.parent / "3.png")
    (folder / "sub" / "4.png").unlink()
    assert run_index(clock=lambda: NOW).removed == 2
    assert faces_by_path().keys() == before.keys() - {"sub/3.png", "sub/4.png"}
    with Library.open(library_path) as library:
        status = library.status()
        assert (status.photos, status.faces, status.deleted, status.unreachable) == (18, 36, 2, 0)
        assert [(root.photos, root.faces) for root in library.roots()] == [(18, 36)]
        assert library.photo_count() == 18
        assert library.detectors() == {"mtcnn": 18}
        assert [each.faces for each in library.code_store.coded()] == [36]
    kept.rename(folder / "other name.png")
    last = NOW + (KEPT_DAYS - 1) * DAY
    report = run_index(clock=lambda: last)
    assert (report.returned, report.moved, report.decoded, report.added) == (1, 0, 0, 0)
    assert faces_by_path()["other name.png"] == before["sub/3.png"]
    with Library.open(library_path) as library:
        assert (library.status().deleted, library.status().faces) == (1, 38)
    run_index(clock=lambda: NOW + (KEPT_DAYS + 1) * DAY)
    with Library.open(library_path) as library:
        assert library.status().deleted == 0
    for table in ("faces", "crops", "code_tail"):
        assert len(everything(library_path)[table]) == 38
    write_photo("sub/4.png", seed=4)
    report = run_index()
    assert (report.returned, report.added, report.decoded) == (0, 1, 1)
    assert set(faces_by_path()["sub/4.png"]).isdisjoint(before["sub/4.png"])


def test_a_file_that_was_replaced_and_is_put_back_has_its_faces_again(
    folder: Path, write_photo: WritePhoto, run_index: RunIndex, faces_by_path: FacesByPath
) -> None:
    """Another disk with the same names, or an edit that was undone; a broken copy too."""
    path = write_photo("a.png", seed=1)
    write_photo("b.png", seed=2)
    run_index()
    before, data = faces_by_path(), path.read_bytes()
    write_photo("a.png", seed=3)
    report = run_index()
    assert (report.changed, report.removed, report.added) == (1, 0, 0)
    between = faces_by_path()
    assert set(between["a.png"]).isdisjoint(before["a.png"])
    path.write_bytes(data)
    report = run_index()
    assert (report.returned, report.decoded, report.removed) == (1, 0, 1)
    assert faces_by_path() == before
    path.write_bytes(b"no picture")
    assert run_index().removed == 1
    path.write_bytes(data)
    report = run_index()
    assert (report.returned, report.decoded, report.failures) == (1, 0, ())
    assert faces_by_path() == before


def test_what_the_user_leaves_out_is_not_away(
    folder: Path, library_path: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    for i in range(15):
        write_photo(f"screens/{i}.png", seed=i)
        write_photo(f"home/{i}.png", seed=50 + i)
    run_index()
    report = run_index(excludes=["screens/"])
    assert (report.removed, report.unreachable) == (15, ())
    report = run_index()
    assert (report.returned, report.decoded) == (15, 0)


def test_a_photo_restored_beside_a_moved_copy_leaves_the_shown_one_its_faces(
    folder: Path, write_photo: WritePhoto, run_index: RunIndex, faces_by_path: FacesByPath
) -> None:
    write_photo("x/a.png", seed=1)
    write_photo("y/a.png", seed=1)
    write_photo("c.png", seed=2)
    run_index()
    before = faces_by_path()
    (folder / "x" / "a.png").unlink()
    run_index()
    (folder / "y").rename(folder / "z")
    report = run_index()
    assert (report.moved, report.returned) == (1, 0)
    assert faces_by_path()["z/a.png"] == before["y/a.png"]
    write_photo("x/a.png", seed=1)
    report = run_index()
    assert (report.returned, report.decoded) == (1, 0)
    assert faces_by_path()["x/a.png"] == before["x/a.png"]


def test_a_new_model_codes_the_faces_of_deleted_photos_too(
    folder: Path,
    library_path: Path,
    write_photo: WritePhoto,
    run_index: RunIndex,
    faces_by_path: FacesByPath,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(code_store, "SEGMENT_SIZE", 8)
    for i in range(10):
        write_photo(f"{i}.png", seed=i)
    run_index()
    before = faces_by_path()
    kept = (folder / "3.png").rename(folder.parent / "3.png")
    run_index()
    report = run_index(engine=fake_engine("fake-2", n_faces=2))
    assert report.coded == 20
    kept.rename(folder / "3.png")
    report = run_index(engine=fake_engine("fake-2", n_faces=2))
    assert (report.coded, report.returned) == (0, 1)
    assert faces_by_path() == before
    with Library.open(library_path) as library:
        ids = [s.face_ids[~s.is_dead].tolist() for s in library.code_segments("fake-2")]
        assert list(chain(*ids)) == sorted(chain(*before.values()))


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


def test_the_user_says_that_what_is_away_was_deleted(
    disk: Disk, library_path: Path, run_index: RunIndex, faces_by_path: FacesByPath
) -> None:
    run_index(clock=lambda: NOW)
    before = faces_by_path()
    part_gone(disk)
    run_index(clock=lambda: NOW)
    with pytest.raises(FolderUnavailable):
        run_index(disk.folder / "trip")
    with pytest.raises(FolderUnavailable):
        run_index(disk.folder / "never was", accept_missing=True)
    report = run_index(disk.folder / "trip", accept_missing=True, clock=lambda: NOW)
    assert (report.removed, report.unreachable, report.failures) == (12, (), ())
    assert len(faces_by_path()) == 24
    disk.restore("trip")
    report = run_index(clock=lambda: NOW)
    assert (report.returned, report.added) == (12, 0)
    assert faces_by_path() == before
    disk.replace("")
    report = run_index(accept_missing=True, clock=lambda: NOW)
    assert (report.removed, report.unreachable) == (36, ())
    run_index(clock=lambda: NOW + (KEPT_DAYS + 1) * DAY)
    assert not everything(library_path)["faces"]


def test_photos_that_went_before_their_folder_did_are_not_forgotten(
    disk: Disk, run_index: RunIndex, faces_by_path: FacesByPath
) -> None:
    """A failing disk: first a few files, then all."""
    run_index(clock=lambda: NOW)
    before = faces_by_path()
    first = (disk.folder / "trip" / "day1" / "1.png").rename(disk.folder.parent / "1.png")
    assert run_index(clock=lambda: NOW).removed == 1
    disk.replace("trip", "README.txt")
    for day in (0, 50):
        report = run_index(clock=lambda at=NOW + day * DAY: at)
        assert [f.photos for f in report.unreachable] == [11]
    disk.restore("trip")
    first.rename(disk.folder / "trip" / "day1" / "1.png")
    assert run_index(clock=lambda: NOW + 60 * DAY).decoded == 0
    assert faces_by_path() == before


def test_a_renamed_root_takes_its_deleted_photos_along(
    folder: Path, library_path: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    for i in range(4):
        write_photo(f"{i}.png", seed=i)
    run_index()
    kept = (folder / "0.png").rename(folder.parent / "0.png")
    run_index()
    renamed = folder.rename(folder.with_name("renamed"))
    assert run_index(renamed).moved == 3
    with Library.open(library_path) as library:
        assert [root.path for root in library.roots()] == [renamed]
    kept.rename(renamed / "0.png")
    assert run_index(renamed).returned == 1


def test_contents_are_compared_where_size_and_time_are_the_same(
    folder: Path, write_photo: WritePhoto, run_index: RunIndex, faces_by_path: FacesByPath
) -> None:
    paths = [write_photo(f"{i}.png", seed=i) for i in range(5)]
    swapped = paths[:2]
    moment = 10**18
    datas = [path.read_bytes() for path in swapped]
    length = max(map(len, datas))
    for path, data in zip(swapped, datas, strict=True):
        path.write_bytes(data.ljust(length, b"\0"))
    for path in paths:
        os.utime(path, ns=(moment, moment))
    run_index()
    before = faces_by_path()
    size = paths[2].stat().st_size
    damaged = bytearray(paths[2].read_bytes())
    damaged[size // 2] ^= 255
    paths[2].write_bytes(damaged)
    one, two = (path.read_bytes() for path in swapped)
    swapped[0].write_bytes(two)
    swapped[1].write_bytes(one)
    for path in paths:
        os.utime(path, ns=(moment, moment))
    assert run_index().unchanged == 5
    steps: list[IndexProgress] = []
    report = run_index(verify_content=True, watch=steps)
    assert [s.done for s in steps if s.phase == "comparing"] == [1, 2, 3, 4, 5]
    assert (report.moved, report.unchanged, report.changed + report.removed) == (2, 2, 1)
    after = faces_by_path()
    assert (after["0.png"], after["1.png"]) == (before["1.png"], before["0.png"])
    assert (after["3.png"], after["4.png"]) == (before["3.png"], before["4.png"])
    assert set(after.get("2.png", [])).isdisjoint(before["2.png"])
    assert run_index(verify_content=True).decoded == 0


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
    assert everything(library_path) == known
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


PARTS = ("a", "b/c", "b/d", "link")
STEPS = st.one_of(
    st.tuples(
        st.just("unmount"), st.sampled_from(["bare", "marker", "gone"]), st.sampled_from(PARTS)
    ),
    st.tuples(st.just("mount"), st.none(), st.sampled_from(PARTS)),
    st.tuples(st.just("delete"), st.integers(0, 3), st.sampled_from(PARTS)),
    st.tuples(st.just("undelete"), st.none(), st.none()),
    st.tuples(st.just("rename"), st.integers(0, 3), st.sampled_from(PARTS)),
    st.tuples(st.just("index"), st.none(), st.sampled_from(["", "b", "a"])),
    st.tuples(st.just("later"), st.integers(0, KEPT_DAYS // 6), st.none()),
)


class Mounts:
    """Disks below one folder, of which each may be away, and a library that follows them."""

    def __init__(self, base: Path) -> None:
        self.root, self.base = base / "photos", base
        self.library = base / "library.sqlite"
        self.moment = NOW
        self.bin = base / "bin"
        self.bin.mkdir()
        self.root.mkdir()
        (self.root / "always.png").write_bytes(_png(999))
        for n, part in enumerate(PARTS):
            real = self._real(part)
            real.mkdir(parents=True)
            for i in range(10):
                (real / f"{i}.png").write_bytes(_png(20 * n + i))
        (self.root / "link").symlink_to(base / "target")

    def _real(self, part: str) -> Path:
        return self.base / "target" if part == "link" else self.root / part

    def _away(self, part: str) -> Path:
        return self.base / f"away-{part.replace('/', '-')}"

    def act(self, kind: str, how: Any, part: str) -> None:
        if kind == "index":
            self.index(part)
        elif kind == "later":
            self.moment += how * DAY
        elif kind == "undelete":
            for file in self.bin.iterdir():
                file.replace(self.root / file.name)
        elif kind == "unmount":
            if not self._away(part).exists():
                self._real(part).rename(self._away(part))
                if how != "gone":
                    self._real(part).mkdir()
                if how == "marker":
                    (self._real(part) / "README").touch()
        elif kind == "mount":
            if self._away(part).exists():
                shutil.rmtree(self._real(part), ignore_errors=True)
                self._away(part).rename(self._real(part))
        elif (self._real(part) / f"{how}.png").exists():
            name = f"{part.replace('/', '-')}{how}.png"
            (self._real(part) / f"{how}.png").replace(
                self.bin / name if kind == "delete" else self._real(part) / f"new-{how}.png"
            )

    def index(self, part: str = "") -> IndexReport | None:
        try:
            return run_to_end(
                index_folder(
                    self.library,
                    self.root / part,
                    fake_engine(n_faces=1),
                    clock=lambda: self.moment,
                )
            )
        except FolderUnavailable:
            return None

    def faces_by_content(self) -> dict[bytes, list[int]]:
        """Of shown photos."""
        with sqlite3.connect(self.library) as raw:
            rows = raw.execute(
                "SELECT p.content_hash, f.id FROM photos p JOIN faces f ON f.photo_id = p.id "
                "WHERE p.deleted_at IS NULL ORDER BY f.id"
            ).fetchall()
        raw.close()
        found: dict[bytes, list[int]] = {}
        for content_hash, face_id in rows:
            found.setdefault(content_hash, []).append(face_id)
        return found


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.lists(STEPS, max_size=12))
def test_no_face_id_of_a_file_that_exists_is_ever_lost(steps: list[tuple[str, Any, Any]]) -> None:
    """Deletions are undone within the time that they can be."""
    with tempfile.TemporaryDirectory() as name:
        mounts = Mounts(Path(name))
        mounts.index()
        before = mounts.faces_by_content()
        assert len(before) == 41
        spent = 0
        for kind, how, part in steps:
            if kind == "later":
                spent += how
                if spent >= KEPT_DAYS:
                    continue
            mounts.act(kind, how, part)
        mounts.act("undelete", None, "")
        for part in PARTS:
            mounts.act("mount", None, part)
        report = mounts.index()
        assert report is not None
        assert (report.decoded, report.unreachable) == (0, ())
        assert mounts.faces_by_content() == before
