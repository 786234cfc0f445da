"""Photos and folders that were moved, renamed or copied keep their faces."""

import os
import shutil
from pathlib import Path

from opqn_app.store.library import Library
from tests.library_fakes import FacesByPath, RunIndex, WritePhoto


def test_a_tree_with_renamed_folders_keeps_its_face_ids(
    folder: Path,
    write_photo: WritePhoto,
    run_index: RunIndex,
    faces_by_path: FacesByPath,
) -> None:
    for i in range(30):
        write_photo(f"old/{i % 5}/{i}.png", seed=i)
    run_index()
    before = faces_by_path()
    (folder / "old").rename(folder / "new")
    (folder / "new" / "3").rename(folder / "holiday")
    report = run_index()
    assert (report.moved, report.decoded, report.added, report.removed) == (30, 0, 0, 0)
    after = faces_by_path()
    for old, ids in before.items():
        new = old.replace("old/3/", "holiday/").replace("old/", "new/")
        assert after[new] == ids


def test_moved_copies_go_to_the_file_with_the_same_name(
    folder: Path,
    write_photo: WritePhoto,
    run_index: RunIndex,
    faces_by_path: FacesByPath,
) -> None:
    for name in ("x/a.png", "x/b.png", "x/c.png"):
        write_photo(name, seed=1)
    run_index()
    before = faces_by_path()
    (folder / "x").rename(folder / "y")
    assert run_index().moved == 3
    assert faces_by_path() == {name.replace("x/", "y/"): ids for name, ids in before.items()}


def test_a_copy_is_a_new_photo(
    folder: Path,
    write_photo: WritePhoto,
    run_index: RunIndex,
    faces_by_path: FacesByPath,
) -> None:
    path = write_photo("a.png", seed=1)
    run_index()
    before = faces_by_path()
    shutil.copy(path, folder / "copy.png")
    report = run_index()
    assert (report.added, report.moved, report.unchanged) == (1, 0, 1)
    after = faces_by_path()
    assert after["a.png"] == before["a.png"]
    assert not set(after["copy.png"]) & set(before["a.png"])


def test_swapped_and_shifted_names_keep_the_faces_with_their_picture(
    folder: Path,
    write_photo: WritePhoto,
    run_index: RunIndex,
    faces_by_path: FacesByPath,
) -> None:
    """a → b → c → d: only a is gone and only d is new, but all three have moved."""
    for seed, name in enumerate("abc"):
        write_photo(f"{name}.png", seed=seed)
    run_index()
    before = faces_by_path()
    for old, new in ("cd", "bc", "ab"):
        (folder / f"{old}.png").rename(folder / f"{new}.png")
    for i, name in enumerate("bcd"):
        os.utime(folder / f"{name}.png", ns=(10**18 + i, 10**18 + i))
    report = run_index()
    assert (report.moved, report.decoded, report.removed, report.changed) == (3, 0, 0, 0)
    after = faces_by_path()
    assert after == {f"{new}.png": before[f"{old}.png"] for old, new in ("cd", "bc", "ab")}


def test_a_file_moved_over_another_replaces_it(
    folder: Path,
    write_photo: WritePhoto,
    run_index: RunIndex,
    faces_by_path: FacesByPath,
) -> None:
    write_photo("a.png", seed=1)
    write_photo("b.png", seed=2)
    run_index()
    before = faces_by_path()
    (folder / "a.png").replace(folder / "b.png")
    os.utime(folder / "b.png", ns=(10**18, 10**18))
    report = run_index()
    assert (report.moved, report.removed, report.decoded) == (1, 1, 0)
    assert faces_by_path() == {"b.png": before["a.png"]}


def test_a_photo_moved_to_another_root_keeps_its_faces(
    tmp_path: Path,
    folder: Path,
    write_photo: WritePhoto,
    run_index: RunIndex,
    faces_by_path: FacesByPath,
) -> None:
    write_photo("a.png", seed=1)
    write_photo("stays.png", seed=2)
    run_index()
    before = faces_by_path()
    other = tmp_path / "other"
    other.mkdir()
    (folder / "a.png").rename(other / "renamed.png")
    assert run_index(other).moved == 1
    after = faces_by_path()
    assert after == {"renamed.png": before["a.png"], "stays.png": before["stays.png"]}


def test_a_renamed_root_keeps_its_faces_and_the_old_one_goes(
    folder: Path,
    library_path: Path,
    write_photo: WritePhoto,
    run_index: RunIndex,
    faces_by_path: FacesByPath,
) -> None:
    for i in range(4):
        write_photo(f"sub/{i}.png", seed=i)
    run_index()
    before = faces_by_path()
    renamed = folder.rename(folder.with_name("renamed"))
    report = run_index(renamed)
    assert (report.moved, report.decoded) == (4, 0)
    assert faces_by_path() == before
    with Library.open(library_path) as library:
        assert [root.path for root in library.roots()] == [renamed]
