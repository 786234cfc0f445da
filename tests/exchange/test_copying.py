"""Photos copied to a folder: whole or not at all, none twice, times kept, originals untouched."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from opqn_app.core.progress import finished
from opqn_app.core.types import Box
from opqn_app.exchange import copying
from opqn_app.exchange.copying import ROOM, copy_photos, in_bytes
from opqn_app.exchange.exports import ExportError
from opqn_app.exchange.placing import Layout
from opqn_app.exchange.selection import GoingPhoto
from tests.exchange.going import going, stopped_at, tree, write_photo

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


def test_photos_copied_to_where_they_lie_are_there_already(
    album: list[GoingPhoto], tmp_path: Path
) -> None:
    before = tree(tmp_path / "photos")
    report = finished(copy_photos(album[:1], album[0].photo.path.parent))
    assert (report.copied, report.already) == (0, 1)
    assert tree(tmp_path / "photos") == before


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
