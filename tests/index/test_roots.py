"""Roots that are missing, nested, reached through links, or no folders at all."""

import shutil
from pathlib import Path

import pytest

from opqn_app.core.errors import FolderUnavailable, OpqnError
from opqn_app.store.library import Library
from tests.library_fakes import FacesByPath, RunIndex, WritePhoto


def test_a_missing_root_forgets_nothing(
    folder: Path, library_path: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    write_photo("a.png")
    run_index()
    shutil.rmtree(folder)
    with pytest.raises(FolderUnavailable, match="stays searchable"):
        run_index()
    folder.mkdir()
    with pytest.raises(FolderUnavailable, match="empty"):
        run_index()
    with Library.open(library_path) as library:
        assert library.status().photos == 1
        assert [root.is_available for root in library.roots()] == [False]


def test_a_folder_that_never_was_makes_no_library(library_path: Path, run_index: RunIndex) -> None:
    with pytest.raises(FolderUnavailable):
        run_index(library_path.parent / "none")
    assert not library_path.exists()


def test_a_link_that_leads_back_to_itself_is_no_folder(folder: Path, run_index: RunIndex) -> None:
    (folder / "loop").symlink_to(folder / "loop")
    with pytest.raises(FolderUnavailable):
        run_index(folder / "loop")


def test_a_root_reached_through_a_link_is_the_same_root(
    folder: Path, library_path: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    write_photo("a.png")
    run_index()
    (folder.parent / "link").symlink_to(folder)
    assert run_index(folder.parent / "link").unchanged == 1
    with Library.open(library_path, write=True) as library:
        assert library.forget_root(folder.parent / "link").photos == 1


def test_a_file_is_no_folder(write_photo: WritePhoto, run_index: RunIndex) -> None:
    with pytest.raises(FolderUnavailable, match="it is a file"):
        run_index(write_photo("a.png"))


def test_what_was_known_below_an_unreadable_folder_stays(
    folder: Path,
    write_photo: WritePhoto,
    run_index: RunIndex,
    faces_by_path: FacesByPath,
) -> None:
    """A link to a folder on a disk that is not there now stands for any folder that can't be
    listed, since root may list all folders."""
    disk = folder.parent / "disk"
    write_photo("../disk/a.png", seed=1)
    write_photo("b.png", seed=2)
    (folder / "link").symlink_to(disk)
    run_index()
    before = faces_by_path()
    assert set(before) == {"link/a.png", "b.png"}
    shutil.rmtree(disk)
    assert run_index().removed == 0
    assert faces_by_path() == before


def test_a_sub_folder_of_a_root_is_scanned_alone(
    folder: Path, write_photo: WritePhoto, run_index: RunIndex, library_path: Path
) -> None:
    for name in ("a/1.png", "a/2.png", "b/3.png", "ab/4.png"):
        write_photo(name, seed=hash(name) % 1000)
    run_index()
    for name in ("a/1.png", "b/3.png"):
        (folder / name).unlink()
    write_photo("a/5.png", seed=5)
    write_photo("b/6.png", seed=6)
    report = run_index(folder / "a")
    assert (report.added, report.removed, report.unchanged) == (1, 1, 1)
    with Library.open(library_path) as library:
        assert [root.path for root in library.roots()] == [folder]
        assert {p.rel_path for p in library.photos()} == {
            "a/2.png",
            "a/5.png",
            "b/3.png",
            "ab/4.png",
        }


def test_a_parent_takes_over_its_roots_with_their_ids(
    folder: Path,
    write_photo: WritePhoto,
    run_index: RunIndex,
    library_path: Path,
    faces_by_path: FacesByPath,
) -> None:
    write_photo("x/a.png", seed=1)
    write_photo("y/z/b.png", seed=2)
    write_photo("c.png", seed=3)
    (folder / "x" / "broken.jpg").write_bytes(b"x")
    run_index(folder / "x")
    run_index(folder / "y" / "z")
    before = faces_by_path()
    report = run_index(folder)
    assert (report.added, report.unchanged, report.moved, report.decoded) == (1, 2, 0, 1)
    after = faces_by_path()
    assert after["x/a.png"] == before["a.png"]
    assert after["y/z/b.png"] == before["b.png"]
    with Library.open(library_path) as library:
        assert [root.path for root in library.roots()] == [folder]
        assert [f.path for f in library.failures()] == [folder / "x" / "broken.jpg"]


def test_an_unplugged_root_inside_a_new_root_keeps_its_photos(
    folder: Path, write_photo: WritePhoto, run_index: RunIndex, library_path: Path
) -> None:
    write_photo("disk/a.png", seed=1)
    write_photo("b.png", seed=2)
    run_index(folder / "disk")
    (folder / "disk").rename(folder.parent / "unplugged")
    (folder / "disk").mkdir()
    assert run_index().removed == 0
    with Library.open(library_path) as library:
        assert library.status().photos == 2
    (folder / "disk").rmdir()
    (folder.parent / "unplugged").rename(folder / "disk")
    report = run_index()
    assert (report.unchanged, report.decoded) == (2, 0)
    with Library.open(library_path) as library:
        assert [root.path for root in library.roots()] == [folder]


@pytest.mark.parametrize("name", ["\0", "photos\0", "a\0b/c"])
def test_a_path_that_no_system_has_is_refused_in_a_sentence(
    folder: Path, run_index: RunIndex, write_photo: WritePhoto, library_path: Path, name: str
) -> None:
    write_photo("a.png")
    run_index()
    with pytest.raises(OpqnError, match="can't be a path"):
        run_index(folder.parent / name)
    with Library.open(library_path, write=True) as library:
        with pytest.raises(OpqnError, match="can't be a path"):
            library.add_root(Path(name))
        assert len(library.roots()) == 1
