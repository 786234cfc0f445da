"""Which files a scan finds, on real folder trees."""

import os
import socket
import sys
from pathlib import Path, PurePosixPath

import pytest

from opqn_app.core.errors import FolderUnavailable
from opqn_app.index.excludes import Excludes
from opqn_app.vision.photo_folder import FolderScan, belonging, stat_photo
from tests.index.scan_at_once import scan_folder
from tests.library_fakes import bound_by_rights


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


def found(folder: Path, *excludes: str) -> list[str]:
    return [file.rel_path for file in scan_folder(folder, excludes).files]


def test_photos_come_sorted_with_size_and_time(folder: Path) -> None:
    touch(folder, "b/2.jpg", "a.PNG", "b/1.heic", "c.txt", "d", "é.webp")
    os.utime(folder / "a.PNG", ns=(5, 1_234_567_890_123_456_789))
    files = scan_folder(folder).files
    assert [file.rel_path for file in files] == ["a.PNG", "b/1.heic", "b/2.jpg", "é.webp"]
    assert (files[0].size, files[0].mtime_ns) == (5, 1_234_567_890_123_456_789)


@pytest.mark.parametrize("marker", [".nomedia", ".noimage"])
def test_a_marker_file_hides_its_folder_and_all_below(folder: Path, marker: str) -> None:
    touch(folder, "a/1.jpg", "b/2.jpg", "b/c/3.jpg", f"b/{marker}")
    assert found(folder) == ["a/1.jpg"]
    touch(folder, marker)
    assert found(folder) == []


def test_hidden_and_system_folders_and_side_files_are_left_out(folder: Path) -> None:
    touch(folder, ".thumbs/1.jpg", "@eaDir/2.jpg", "x/#recycle/3.jpg", "$RECYCLE.BIN/4.jpg")
    touch(folder, "._5.jpg", "6.jpg", "System Volume Information/7.jpg", "lost+found/8.jpg")
    assert found(folder) == ["6.jpg"]


def test_of_libraries_of_photo_programs_only_the_originals_are_taken(folder: Path) -> None:
    photos = [
        *("Mac.photoslibrary/originals/0/1.jpg", "Old.PhotosLibrary/Masters/2019/2.jpg"),
        *("i.photolibrary/Masters/3.jpg", "A.aplibrary/Masters/4.jpg"),
        *("m.migratedphotolibrary/Masters/5.jpg", "resources/derivatives/6.jpg", "lrdata/7.jpg"),
    ]
    copies = [
        *("Mac.photoslibrary/resources/derivatives/0/1.jpg", "Mac.photoslibrary/scopes/x/1.jpg"),
        *("i.photolibrary/Thumbnails/3.jpg", "i.photolibrary/Data.noindex/3.jpg"),
        *("A.aplibrary/Previews/4.jpg", "m.migratedphotolibrary/Previews/5.jpg"),
        *("Catalog Previews.lrdata/8.jpg", "~snapshot/d/9.jpg", "@tmp/9.jpg", "@__thumb/9.jpg"),
    ]
    touch(folder, *photos, *copies)
    assert found(folder) == sorted(photos)
    unpacked = [PurePosixPath(name) for name in (*photos, *copies)]
    assert belonging(unpacked) == [PurePosixPath(name) for name in photos]
    assert found(folder / "Mac.photoslibrary") == ["originals/0/1.jpg"]
    scan = FolderScan(folder)
    list(scan.steps("Mac.photoslibrary/resources/derivatives"))
    assert scan.result().files == ()
    (folder.parent / "elsewhere").mkdir()
    (folder.parent / "elsewhere" / "link").symlink_to(folder / "Mac.photoslibrary")
    assert found(folder.parent / "elsewhere") == ["link/originals/0/1.jpg"]


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("a", ["b/a.jpg", "b/c/x.jpg", "c.jpg"]),
        ("*.jpg", []),
        ("/c.jpg", ["a/x.jpg", "b/a.jpg", "b/c/x.jpg"]),
        ("b/c", ["a/x.jpg", "b/a.jpg", "c.jpg"]),
        ("b/c/", ["a/x.jpg", "b/a.jpg", "c.jpg"]),
        ("b/**", ["a/x.jpg", "c.jpg"]),
        ("**/x.jpg", ["b/a.jpg", "c.jpg"]),
        ("**/c/**", ["a/x.jpg", "b/a.jpg", "c.jpg"]),
        ("b/*", ["a/x.jpg", "c.jpg"]),
        ("*/x.jpg", ["b/a.jpg", "b/c/x.jpg", "c.jpg"]),
        ("?.jpg", ["b/a.jpg", "b/c/x.jpg"][:0]),
        ("[bc]", ["a/x.jpg", "c.jpg"]),
        ("**", []),
        ("x.jpg/", ["a/x.jpg", "b/a.jpg", "b/c/x.jpg", "c.jpg"]),
        ("c/", ["a/x.jpg", "b/a.jpg", "c.jpg"]),
        ("C.JPG", ["a/x.jpg", "b/a.jpg", "b/c/x.jpg", "c.jpg"]),
        ("", ["a/x.jpg", "b/a.jpg", "b/c/x.jpg", "c.jpg"]),
        ("/", ["a/x.jpg", "b/a.jpg", "b/c/x.jpg", "c.jpg"]),
    ],
)
def test_excludes_are_patterns_as_in_gitignore(folder: Path, pattern: str, left: list[str]) -> None:
    touch(folder, "a/x.jpg", "b/a.jpg", "b/c/x.jpg", "c.jpg")
    assert found(folder, pattern) == left


def test_a_star_stays_inside_one_name() -> None:
    assert Excludes(["a/*.jpg"]).matches("a/b.jpg", is_folder=False)
    assert not Excludes(["a/*.jpg"]).matches("a/c/b.jpg", is_folder=False)
    assert Excludes(["a/**/b.jpg"]).matches("a/c/d/b.jpg", is_folder=False)
    assert Excludes(["a/**/b.jpg"]).matches("a/b.jpg", is_folder=False)


def test_a_later_pattern_can_take_back_what_an_earlier_one_excludes(folder: Path) -> None:
    touch(folder, "a/1.gif", "a/2.gif", "b/2.gif", "private/2.gif")
    assert found(folder, "*.gif", "!2.gif", "private") == ["a/2.gif", "b/2.gif"]


def test_a_name_that_starts_with_a_hash_can_be_excluded(folder: Path) -> None:
    touch(folder, "#old/1.jpg", "b/2.jpg")
    assert found(folder, "#old") == ["b/2.jpg"]


@pytest.mark.parametrize("name", ["!", "a\\", "[x]\\"])
def test_what_is_no_pattern_stands_for_that_name(
    folder: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    touch(folder, f"{name}/1.jpg", "b/2.jpg", "x\\/3.jpg")
    assert found(folder, name) == ["b/2.jpg", "x\\/3.jpg"]
    assert "is no pattern of files" in caplog.text


def test_excluded_folders_are_not_even_listed(folder: Path) -> None:
    touch(folder, "a/1.jpg", "private/2.jpg", "private/deep/3.jpg")
    assert list(FolderScan(folder, excludes=Excludes(["private"])).steps()) == ["", "a"]


def test_links_are_followed_once_and_loops_end(folder: Path) -> None:
    touch(folder, "real/1.jpg")
    touch(folder.parent / "outside", "2.jpg", "deep/3.jpg")
    (folder / "a_link").symlink_to(folder / "real")
    (folder / "real" / "up").symlink_to(folder)
    (folder / "out").symlink_to(folder.parent / "outside")
    (folder / "out2").symlink_to(folder.parent / "outside")
    (folder.parent / "outside" / "back").symlink_to(folder)
    (folder / "self").symlink_to(folder / "self")
    result = scan_folder(folder)
    assert [file.rel_path for file in result.files] == ["out/2.jpg", "out/deep/3.jpg", "real/1.jpg"]
    assert result.unreadable == ("self",)


def test_a_part_scanned_alone_gives_the_paths_a_whole_scan_gives(folder: Path) -> None:
    """A link from one part into another must not become a second path of the same photos."""
    touch(folder, "a/1.jpg", "b/2.jpg")
    (folder / "a" / "to_b").symlink_to(folder / "b")
    (folder / "a" / "to_parent").symlink_to(folder.parent)
    scan = FolderScan(folder)
    list(scan.steps("a"))
    part = [file.rel_path for file in scan.result().files]
    assert part == [path for path in found(folder) if path.startswith("a/")] == ["a/1.jpg"]


def test_a_part_that_is_a_link_is_scanned(folder: Path) -> None:
    touch(folder.parent / "outside", "1.jpg", "deep/2.jpg")
    (folder / "out").symlink_to(folder.parent / "outside")
    scan = FolderScan(folder)
    list(scan.steps("out"))
    assert [f.rel_path for f in scan.result().files] == ["out/1.jpg", "out/deep/2.jpg"]


def test_links_to_files_are_photos_of_their_own(folder: Path) -> None:
    touch(folder, "1.jpg")
    (folder / "2.jpg").symlink_to("1.jpg")
    assert found(folder) == ["1.jpg", "2.jpg"]


def test_what_is_no_regular_file_is_named_and_never_opened(folder: Path) -> None:
    """Opening the pipe would hang this test."""
    os.mkfifo(folder / "pipe.jpg")
    (folder / "gone.jpg").symlink_to("nowhere.jpg")
    (folder / "folder.jpg").mkdir()
    (folder / "null.jpg").symlink_to("/dev/null")
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(folder)  # the path of a socket is limited to about 100 characters
        try:
            listener.bind("socket.jpg")
        finally:
            os.chdir(here)
        problems = {file.rel_path: file.problem for file in scan_folder(folder).files}
    assert set(problems) == {"pipe.jpg", "gone.jpg", "null.jpg", "socket.jpg"}
    assert all(problems.values())


def test_a_link_to_a_missing_folder_counts_as_unreadable(folder: Path) -> None:
    touch(folder, "1.jpg")
    (folder / "disk").symlink_to("/nowhere/at/all")
    result = scan_folder(folder)
    assert [file.rel_path for file in result.files] == ["1.jpg"]
    assert result.unreadable == ("disk",)


@pytest.mark.skipif(sys.platform == "win32", reason="rights of folders work differently there")
def test_a_folder_without_permission_is_reported_and_the_rest_found(
    tmp_path_factory: pytest.TempPathFactory, open_folder: Path
) -> None:
    touch(open_folder, "a/1.jpg", "b/2.jpg")
    (open_folder / "a").chmod(0)
    try:
        with bound_by_rights():
            result = scan_folder(open_folder)
    finally:
        (open_folder / "a").chmod(0o755)
    assert [file.rel_path for file in result.files] == ["b/2.jpg"]
    assert result.unreadable == ("a",)


def test_a_missing_start_is_unavailable(folder: Path) -> None:
    with pytest.raises(FolderUnavailable):
        scan_folder(folder / "none")


def test_a_start_inside_a_left_out_folder_finds_nothing(folder: Path) -> None:
    touch(folder, ".hidden/a/1.jpg", "private/b/2.jpg", "c/3.jpg")
    for start, expected in ((".hidden/a", []), ("private/b", []), ("c", ["c/3.jpg"])):
        scan = FolderScan(folder, excludes=Excludes(["private"]))
        list(scan.steps(start))
        assert [file.rel_path for file in scan.result().files] == expected


def test_a_deep_tree_is_no_problem(folder: Path) -> None:
    """300 levels; a recursive walk would near Python's limit at a few more."""
    deep = folder
    for _ in range(300):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (deep / "1.jpg").touch()
    assert len(found(folder)) == 1


def test_one_file_is_seen_as_in_a_scan(folder: Path) -> None:
    touch(folder, "a/1.jpg")
    (folder / "gone.jpg").symlink_to("nowhere.jpg")
    os.mkfifo(folder / "pipe.jpg")
    by_scan = {file.rel_path: file for file in scan_folder(folder).files}
    assert {name: stat_photo(folder, name) for name in by_scan} == by_scan
    assert stat_photo(folder, "none.jpg") is None
