"""A deleted photo hides at once, and its faces wait for its file for a while."""

import os
from itertools import chain
from pathlib import Path

import pytest

from opqn_app.core.errors import FolderUnavailable
from opqn_app.index.indexing import IndexProgress
from opqn_app.store import code_store, schema
from opqn_app.store.library import Library
from opqn_app.store.records import KEPT_DAYS, ForgetReport
from tests.index.photo_disk import DAY, NOW, Disk, everything
from tests.index.test_library import _all_bytes, _secrets
from tests.library_fakes import (
    FacesByPath,
    RunIndex,
    WritePhoto,
    fake_engine,
)

pytestmark = pytest.mark.slow


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


def test_the_user_says_that_what_is_away_was_deleted(
    disk: Disk, library_path: Path, run_index: RunIndex, faces_by_path: FacesByPath
) -> None:
    run_index(clock=lambda: NOW)
    before = faces_by_path()
    (disk.folder / "trip").rename(disk.away)
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
    disk.replace("", "README.txt")
    assert run_index(clock=lambda: NOW).removed == 0
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


def test_a_small_disk_within_a_folder_may_be_away_for_long(
    folder: Path, library_path: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    """Too few photos to be noticed, behind an empty mount point; beside it one was deleted."""
    for i in range(3):
        write_photo(f"disk/2019/{i}.png", seed=i)
    write_photo("home/a.png", seed=8)
    write_photo("home/b.png", seed=9)
    run_index(clock=lambda: NOW)
    before = everything(library_path)["faces"]
    away = (folder / "disk" / "2019").rename(folder.parent / "away")
    (folder / "home" / "b.png").unlink()
    assert run_index(clock=lambda: NOW).removed == 4
    run_index(clock=lambda: NOW + 90 * DAY)
    with Library.open(library_path) as library:
        assert library.status().deleted == 3
    away.rename(folder / "disk" / "2019")
    report = run_index(clock=lambda: NOW + 91 * DAY)
    assert (report.returned, report.decoded) == (3, 0)
    assert len(everything(library_path)["faces"]) < len(before)


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


def test_deleted_photos_leave_no_code_behind(
    folder: Path,
    library_path: Path,
    write_photo: WritePhoto,
    run_index: RunIndex,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(code_store, "SEGMENT_SIZE", 16)
    paths = [write_photo(f"{i}.png", seed=i) for i in range(20)]
    run_index()
    with Library.open(library_path) as library:
        record = next(p for p in library.photos() if p.rel_path == "3.png")
        secrets = _secrets(library, {face.id for face in library.faces_of(record.id)})
    paths[3].unlink()
    moment = 1_800_000_000.0
    assert run_index(clock=lambda: moment).removed == 1
    copy = library_path.with_name(f"{library_path.name}.before-m0001")
    copy.write_bytes(library_path.read_bytes())
    assert schema.backups(library_path) == [copy]
    later = moment + (KEPT_DAYS + 1) * 24 * 3600
    run_index(clock=lambda: later)
    everything = _all_bytes(library_path.parent)
    assert [s for s in secrets if s in everything] == []
    assert not copy.exists()


@pytest.mark.parametrize("one_by_one", [True, False])
def test_nothing_of_a_deleted_photo_is_left_when_it_or_its_folder_is_forgotten(
    one_by_one: bool,
    folder: Path,
    library_path: Path,
    write_photo: WritePhoto,
    run_index: RunIndex,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(code_store, "SEGMENT_SIZE", 16)
    paths = [write_photo(f"{i}.png", seed=i) for i in range(20)]
    run_index()
    with Library.open(library_path) as library:
        record = next(p for p in library.photos() if p.rel_path == "3.png")
        secrets = _secrets(library, {face.id for face in library.faces_of(record.id)})
    paths[3].unlink()
    run_index()
    with Library.open(library_path, write=True) as library:
        assert library.status().deleted == 1
        if one_by_one:
            assert library.forget_deleted() == ForgetReport(1, 2)
            assert library.status().photos == 19
        else:
            assert library.forget_root(folder).photos == 20
        assert library.status().deleted == 0
    everything = _all_bytes(library_path.parent)
    assert [s for s in secrets if s in everything] == []
