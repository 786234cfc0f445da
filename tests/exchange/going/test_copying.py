"""Photos copied to a folder: whole or not at all, none twice, times kept, originals untouched."""

import errno
import os
import shutil
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from opqn_app.core.progress import finished
from opqn_app.core.types import Box
from opqn_app.exchange.going import copying
from opqn_app.exchange.going.copying import ROOM, copy_photos, in_bytes
from opqn_app.exchange.going.exports import ExportError
from opqn_app.exchange.going.placing import Layout
from opqn_app.exchange.going.selection import GoingPhoto
from opqn_app.exchange.going.sidecar_journal import undo_last
from opqn_app.exchange.going.targets import InLibraryError
from tests.exchange.going_photos import going, stopped_at, tree, write_photo
from tests.exchange.sidecar_styles import Foreign, Style, faces_in, lies_within

BOX = Box(1, 1, 20, 20)


@pytest.fixture
def album(tmp_path: Path) -> list[GoingPhoto]:
    """Six photos of three folders, some of one name; 3 shows two people, 5 nobody."""
    people: list[list[str]] = [["Ann"], ["Ben"], ["Ann"], ["Ann", "Ben"], ["Ben"], []]
    found = []
    for number, names in enumerate(people):
        name = ("IMG.png", "img.PNG", "IMG.png", "x.png", "y.png", "z.png")[number]
        path = write_photo(tmp_path / "photos" / str(number // 2) / name, seed=number)
        os.utime(path, ns=(10**18 + number, 10**18 + number))
        found.append(going(path, [(each, BOX) for each in names], number=number + 1))
    return found


def names_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_photos_are_copied_with_their_times_and_no_name_twice(
    album: list[GoingPhoto], tmp_path: Path
) -> None:
    before = tree(tmp_path / "photos")
    report = finished(copy_photos(album, tmp_path / "out" / "here"))
    assert (report.copied, report.already, report.renamed, report.problems) == (6, 0, 2, ())
    assert names_in(report.folder) == [
        *("IMG (3).png", "IMG.png", "img (2).PNG", "x.png", "y.png", "z.png"),
    ]
    assert sorted(tree(report.folder).values()) == sorted(before.values())
    assert tree(tmp_path / "photos") == before


def test_a_folder_a_person(album: list[GoingPhoto], tmp_path: Path) -> None:
    report = finished(copy_photos(album, tmp_path / "out", layout=Layout.PEOPLE))
    assert report.copied == 7
    assert [name for name in names_in(tmp_path / "out") if "/" in name] == [
        *("Ann/IMG (2).png", "Ann/IMG.png", "Ann/x.png"),
        *("Ben/img.PNG", "Ben/x.png", "Ben/y.png"),
        "No name/z.png",
    ]


def test_begun_again_it_goes_on_and_copies_nothing_twice(
    album: list[GoingPhoto], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    whole = finished(copy_photos(album, tmp_path / "whole"))
    for step in range(1, 30):
        is_over = stopped_at(copy_photos(album, out), step)
        assert not (out / ROOM).exists()
        assert set(tree(out).items()) <= set(tree(whole.folder).items())
        shutil.rmtree(out)
        if is_over:
            break
    else:
        pytest.fail("it is never over")
    stopped_at(copy_photos(album, out), 9)
    n_there = len(names_in(out))
    assert 0 < n_there < 6
    report = finished(copy_photos(album[::-1], out))  # others may have come meanwhile
    assert (report.copied, report.already) == (6 - n_there, n_there)
    assert sorted(tree(out).values()) == sorted(tree(whole.folder).values())
    assert finished(copy_photos(album, out)).copied == 0


def test_two_copies_into_one_folder_do_not_meet(album: list[GoingPhoto], tmp_path: Path) -> None:
    """Wherever the first one is, the second begins and ends; what is unfinished is left alone."""
    out = tmp_path / "out"
    rooms = 0
    for step in range(1, 30):
        first = copy_photos(album[:3], out)
        is_over = next((False for _ in islice(first, step - 1, step)), True)
        unfinished = [path for path in names_in(out) if f"{ROOM}/" in path]
        assert finished(copy_photos(album[3:], out)).copied == 3
        left = [path for path in names_in(out) if f"{ROOM}/" in path]
        assert left == unfinished
        rooms += bool(left)
        assert is_over or finished(first).copied == 3
        assert len(tree(out)) == 6
        assert not (out / ROOM).exists()
        shutil.rmtree(out)
        if is_over:
            break
    assert rooms > 3


def test_what_a_killed_copy_left_goes_and_what_others_left_stays(
    album: list[GoingPhoto], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (out / ROOM).mkdir(parents=True)
    (out / ROOM / "IMG.png.01234567.tmp").write_bytes(b"half")
    (out / "IMG.png.01234567.tmp").write_bytes(b"somebody's")
    (out / "x.png").write_bytes(b"another photo of that name")
    (out / "y.png").mkdir()
    report = finished(copy_photos(album, out))
    assert not (out / ROOM).exists()
    assert (out / "IMG.png.01234567.tmp").read_bytes() == b"somebody's"
    assert (out / "x.png").read_bytes() == b"another photo of that name"
    assert (out / "x (2).png").exists()
    assert (out / "y (2).png").exists()
    assert (report.copied, report.renamed) == (6, 4)


def test_a_photo_that_is_away_stops_no_other(album: list[GoingPhoto], tmp_path: Path) -> None:
    album[1].photo.path.unlink()
    report = finished(copy_photos(album, tmp_path / "out"))
    assert report.copied == 5
    (problem,) = report.problems
    assert problem.path == album[1].photo.path
    assert problem.sentence == f"{problem.path} is not copied: it is not there."


@pytest.mark.parametrize("is_linked", [False, True])
def test_a_photo_is_no_copy_of_itself(
    album: list[GoingPhoto], tmp_path: Path, is_linked: bool
) -> None:
    """! Copied with names to where it lies, it got an XMP file that nothing took back."""
    before = tree(tmp_path / "photos")
    folder = album[0].photo.path.parent
    if is_linked:
        (tmp_path / "link").symlink_to(folder)
        folder = tmp_path / "link"
    report = finished(copy_photos(album[:1], folder, names=True))
    assert (report.copied, report.already, report.sidecars) == (0, 0, 0)
    (problem,) = report.problems
    assert problem.sentence.endswith("IMG.png is not copied: it lies there itself.")
    assert tree(tmp_path / "photos") == before


def test_a_hard_link_to_a_photo_is_a_copy(album: list[GoingPhoto], tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "z.png").hardlink_to(album[5].photo.path)
    report = finished(copy_photos(album[5:], out))
    assert (report.copied, report.already, report.problems) == (0, 1, ())


@pytest.mark.parametrize("below", ["", "0", "new/folder"])
def test_copies_go_to_the_library_only_if_that_is_meant(
    album: list[GoingPhoto], tmp_path: Path, below: str
) -> None:
    photos = tmp_path / "photos"
    before = tree(photos)
    (tmp_path / "link").symlink_to(photos)
    for folder in (photos / below, tmp_path / "link" / below):
        with pytest.raises(InLibraryError, match="one more photo of it"):
            finished(copy_photos(album, folder, roots=[photos]))
        with pytest.raises(ExportError, match="beside your own photos"):
            finished(copy_photos(album, folder, roots=[photos], names=True, force=True))
    assert tree(photos) == before
    assert not (photos / "new").exists()
    meant = finished(copy_photos(album[5:], photos / "new", roots=[photos], force=True))
    assert meant.copied == 1
    assert finished(copy_photos(album, tmp_path / "photos2", roots=[photos])).copied == 6


def test_names_that_come_to_xmp_files_of_others_there_can_be_undone(
    album: list[GoingPhoto], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    finished(copy_photos(album, out))
    (out / "x.png.xmp").write_bytes(Foreign(Style()).file())
    before = tree(out)
    report = finished(copy_photos(album[3:4], out, names=True))
    assert (report.already, report.sidecars, report.merged) == (1, 1, 1)
    assert tree(out) != before
    assert finished(undo_last()).restored == 1
    assert tree(out) == before


def test_too_little_room_is_said_before_anything_is_written(
    album: list[GoingPhoto], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=100))
    with pytest.raises(ExportError, match=r"photos need \d.* has 100 bytes free"):
        finished(copy_photos(album, tmp_path / "out"))
    assert names_in(tmp_path / "out") == []


def test_a_disk_that_fills_up_ends_it_with_whole_photos(
    album: list[GoingPhoto], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = copying.pieces, []

    def pieces(source: Path, into: Any) -> Any:
        calls.append(source)
        if len(calls) == 3:
            into.write(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(source, into)

    monkeypatch.setattr(copying, "pieces", pieces)
    with pytest.raises(ExportError, match=r"full\. 2 photos are there whole\. .* goes on"):
        finished(copy_photos(album, tmp_path / "out"))
    assert len(names_in(tmp_path / "out")) == 2
    monkeypatch.undo()
    report = finished(copy_photos(album, tmp_path / "out"))
    assert (report.copied, report.already) == (4, 2)


def test_a_file_that_grows_while_it_is_read_is_no_photo(
    album: list[GoingPhoto], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "AT_ONCE", 50)
    source = album[0].photo.path
    job = copy_photos(album[:1], tmp_path / "out")
    for _ in range(3):
        next(job)
    with source.open("ab") as file:
        file.write(b"more")
    report = finished(job)
    assert [problem.sentence for problem in report.problems] == [
        f"{source} is not copied: it has changed while it was read."
    ]
    assert names_in(tmp_path / "out") == []


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (lambda out: out.write_bytes(b""), "can't be made"),
        (lambda out: (out.mkdir(), out.chmod(0o500)), "may not be written"),
    ],
)
def test_a_folder_that_can_not_be_used_is_one_sentence(
    album: list[GoingPhoto], tmp_path: Path, broken: Callable[[Path], object], words: str
) -> None:
    out = tmp_path / "out"
    broken(out)
    if os.access(out, os.W_OK) and out.is_dir():
        pytest.skip("whoever runs this may write everywhere")
    with pytest.raises(ExportError, match=words):
        finished(copy_photos(album, out))


def test_progress_counts_photos_and_tells_the_time_left(
    album: list[GoingPhoto], tmp_path: Path
) -> None:
    steps = list(copy_photos(album, tmp_path / "out"))
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert (steps[0].done, steps[-1].done, steps[-1].total) == (0, 6, 6)
    assert steps[-1].in_words().startswith("6/6 photos")


@pytest.mark.parametrize(
    ("size", "words"), [(12, "12 bytes"), (1500, "1.5 KB"), (3_240_000_000, "3.2 GB")]
)
def test_bytes_in_words(size: int, words: str) -> None:
    assert in_bytes(size) == words


def test_xmp_files_go_along_under_the_name_of_the_copy(tmp_path: Path) -> None:
    """! `IMG.xmp` is that of the RAW photo alone, also where photos get other names."""
    photos = tmp_path / "photos"
    paths = [write_photo(photos / folder / "a.png", seed=at) for at, folder in enumerate("12")]
    for path in paths:
        path.with_name("a.png.XMP").write_bytes(path.parent.name.encode())
        raw = path.with_name("b.CR3")
        raw.write_bytes(b"raw" + path.parent.name.encode())
        path.with_name("b.jpg").write_bytes(b"jpg" + path.parent.name.encode())
        path.with_name("b.xmp").write_bytes(b"of the raw")
        paths = [*paths, raw, path.with_name("b.jpg")]
    before = tree(photos)
    album = [going(path, [("Ann", BOX)], number=at) for at, path in enumerate(paths)]
    out = tmp_path / "out"
    report = finished(copy_photos(album, out))
    assert (report.copied, report.sidecars, report.problems) == (6, 4, ())
    assert names_in(out) == [
        *("a (2).png", "a (2).png.XMP", "a.png", "a.png.XMP"),
        *("b (2).CR3", "b (2).jpg", "b (2).xmp", "b.CR3", "b.jpg", "b.xmp"),
    ]
    assert (out / "a (2).png.XMP").read_bytes() == b"2"
    assert sorted(tree(out).values()) == sorted(before.values())
    (out / "b.xmp").write_bytes(b"edited there")
    (out / "a.png.XMP").unlink()
    again = finished(copy_photos(album, out))
    assert (again.copied, again.sidecars) == (0, 1)
    assert (out / "b.xmp").read_bytes() == b"edited there"
    assert tree(photos) == before


def test_names_go_along_in_xmp_files(album: list[GoingPhoto], tmp_path: Path) -> None:
    """A person goes out to a folder with sidecars that other programs read."""
    first = album[0].photo.path
    first.with_name("IMG.png.xmp").write_bytes(Foreign(Style()).file())
    album[4].photo.path.with_name("y.png.xmp").write_bytes(b"no XMP & nothing")
    before = tree(tmp_path / "photos")
    report = finished(copy_photos(album, tmp_path / "out", layout=Layout.PEOPLE, names=True))
    assert (report.copied, report.sidecars) == (7, 7 - 1)  # nobody is named on one
    (problem,) = report.problems
    assert "goes along without the names of the library: it is not well-formed" in problem.sentence
    assert (tmp_path / "out" / "Ben" / "y.png.xmp").read_bytes() == b"no XMP & nothing"
    named = (tmp_path / "out" / "Ann" / "IMG.png.xmp").read_bytes()
    assert lies_within(Foreign(Style()).file(), named)
    assert [name for name, _ in faces_in(named, "mwg", (80, 60))] == ["Ann"]
    both = (tmp_path / "out" / "Ben" / "x.png.xmp").read_bytes()
    assert [name for name, _ in faces_in(both, "microsoft", (80, 60))] == ["Ann", "Ben"]
    assert tree(tmp_path / "photos") == before
    written = tree(tmp_path / "out")
    again = finished(copy_photos(album, tmp_path / "out", layout=Layout.PEOPLE, names=True))
    assert (again.copied, again.sidecars) == (0, 0)
    assert tree(tmp_path / "out") == written
    more = [going(album[3].photo.path, [("Ben", BOX), ("Dan", Box(40, 1, 60, 20))])]
    assert finished(copy_photos(more, tmp_path / "out" / "Ben", names=True)).sidecars == 1
    named = (tmp_path / "out" / "Ben" / "x.png.xmp").read_bytes()
    assert [name for name, _ in faces_in(named, "mwg", (80, 60))] == ["Ann", "Ben", "Dan"]
