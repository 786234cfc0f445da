"""Photos are away while other things happen: moves, copies, acceptance, other folders, retries."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from opqn_app.core.errors import FolderUnavailable
from opqn_app.index import content
from opqn_app.store.library import Library
from opqn_app.store.records import KEPT_DAYS
from tests.index.photo_disk import DAY, NOW, Disk
from tests.library_fakes import FacesByPath, RunIndex, WritePhoto

pytestmark = pytest.mark.slow

N = 36


@pytest.fixture
def winter(folder: Path, write_photo: WritePhoto) -> Path:
    for i in range(N):
        write_photo(f"Winter/{i}.png", seed=i)
    (folder / "Winter" / "broken.jpg").write_bytes(b"no photo")
    for i in range(N + 20):
        write_photo(f"home/{i}.png", seed=100 + i)
    return folder / "Winter"


def unplug(part: Path) -> Path:
    """Where the files of a folder went; a bare one with a marker stands in its place."""
    away = part.rename(part.parent.parent / f"away-{part.name}")
    part.mkdir()
    (part / "README").touch()
    return away


def replug(part: Path, away: Path) -> None:
    shutil.rmtree(part)
    away.rename(part)


@pytest.mark.parametrize("n_copies", [1, 5])
def test_a_copy_of_a_file_does_not_make_the_rest_of_its_folder_deleted(
    n_copies: int, folder: Path, winter: Path, run_index: RunIndex, faces_by_path: FacesByPath
) -> None:
    run_index()
    before = faces_by_path()
    (folder / "pub").mkdir()
    for i in range(n_copies):
        shutil.copy2(winter / f"{i}.png", folder / "pub")
    away = unplug(winter)
    report = run_index()
    assert (report.moved, report.removed) == (n_copies, 0)
    assert [(f.path, f.photos) for f in report.unreachable] == [(winter, N - n_copies)]
    assert [f.path.name for f in report.failures] == ["broken.jpg"]
    assert sorted(faces_by_path().values()) == sorted(before.values())
    replug(winter, away)
    report = run_index()
    assert (report.returned, report.added) == (N - n_copies, n_copies)


def test_a_photo_renamed_in_its_folder_says_that_the_folder_is_there(
    winter: Path, run_index: RunIndex
) -> None:
    run_index()
    for i in range(1, 12):
        (winter / f"{i}.png").unlink()
    (winter / "0.png").rename(winter / "first.png")
    for i in range(12, N):
        (winter / f"{i}.png").rename(winter / f"new {i}.png")
    report = run_index()
    assert (report.moved, report.removed, report.unreachable) == (N - 11, 11, ())


def test_only_what_was_reported_is_accepted(
    folder: Path, winter: Path, run_index: RunIndex, faces_by_path: FacesByPath
) -> None:
    run_index()
    before = faces_by_path()
    report = run_index(accept_missing=True)
    assert report.removed == 0
    shutil.rmtree(winter)
    assert [f.photos for f in run_index().unreachable] == [N]
    home = folder / "home"
    away = unplug(home)  # between the report and the answer
    report = run_index(accept_missing=True)
    assert (report.removed, [(f.path, f.photos) for f in report.unreachable]) == (
        N,
        [(folder, N + 20)],
    )
    replug(home, away)
    assert run_index().returned == N + 20
    assert faces_by_path() == {k: ids for k, ids in before.items() if k.startswith("home/")}


def test_a_bare_root_is_refused_unless_all_of_it_was_reported(
    folder: Path, winter: Path, run_index: RunIndex, faces_by_path: FacesByPath
) -> None:
    run_index()
    before = faces_by_path()
    away = unplug(winter)
    run_index()
    shutil.rmtree(winter)
    (folder / "home").rename(folder.parent / "home")
    with pytest.raises(FolderUnavailable, match="opqn forget"):
        run_index(accept_missing=True)
    assert faces_by_path() == before
    (folder / "README").touch()
    assert run_index().removed == 0
    (folder / "README").unlink()
    report = run_index(accept_missing=True)
    assert (report.removed, faces_by_path()) == (len(before), {})
    away.rename(winter)
    assert run_index().returned == N


def test_a_folder_whose_loss_nobody_reported_is_not_accepted(
    disk: Disk, run_index: RunIndex, faces_by_path: FacesByPath
) -> None:
    run_index()
    before = faces_by_path()
    (disk.folder / "trip").rename(disk.away)
    with pytest.raises(FolderUnavailable, match="it is not there"):
        run_index(disk.folder / "trip", accept_missing=True)
    assert faces_by_path() == before
    assert [f.photos for f in run_index().unreachable] == [12]
    assert run_index(disk.folder / "trip", accept_missing=True).removed == 12


def test_a_backup_does_not_take_the_faces_of_what_is_away(
    winter: Path, tmp_path: Path, run_index: RunIndex, faces_by_path: FacesByPath
) -> None:
    run_index()
    before = faces_by_path()
    backup = tmp_path / "backup"
    shutil.copytree(winter, backup / "2019")
    away = unplug(winter)
    assert [f.photos for f in run_index().unreachable] == [N]
    report = run_index(backup)
    assert (report.moved, report.added) == (0, N)
    assert before.items() <= faces_by_path().items()
    replug(winter, away)
    report = run_index()
    assert (report.returned, report.decoded) == (N, 0)


def test_a_failure_that_is_retried_while_its_file_is_away_stays(
    winter: Path, run_index: RunIndex
) -> None:
    [failure] = run_index().failures
    unplug(winter)
    report = run_index(failure_ids=[failure.id], retry_failures=True)
    assert [f.id for f in report.failures] == [failure.id]


@contextmanager
def refused(name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A disk that can't read a file."""
    real = content._open_regular

    def opened(path: Path) -> Any:
        if path.name == name:
            raise OSError(errno.EIO, "Input/output error")
        return real(path)

    with monkeypatch.context() as patched:
        patched.setattr(content, "_open_regular", opened)
        yield


@pytest.mark.parametrize("verify_content", [True, False])
def test_a_read_error_while_contents_are_compared_is_no_problem_once_it_is_over(
    verify_content: bool,
    write_photo: WritePhoto,
    run_index: RunIndex,
    faces_by_path: FacesByPath,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for i in range(3):
        write_photo(f"{i}.png", seed=i)
    run_index()
    before = faces_by_path()
    with refused("1.png", monkeypatch):
        for _ in range(2):
            report = run_index(verify_content=True)
            assert [f.path.name for f in report.failures] == ["1.png"]
    report = run_index(verify_content=verify_content)
    assert (report.failures, report.unchanged, faces_by_path()) == ((), 3, before)


def test_a_run_of_any_folder_forgets_what_all_have_kept_long_enough(
    winter: Path, folder: Path, library_path: Path, run_index: RunIndex, write_photo: WritePhoto
) -> None:
    other = write_photo("../other/a.png", seed=900).parent
    run_index(clock=lambda: NOW)
    (winter / "3.png").unlink()
    (folder / "home" / "3.png").unlink()
    assert run_index(clock=lambda: NOW).removed == 2
    unplug(winter)  # no run has seen that
    later = NOW + (KEPT_DAYS + 1) * DAY
    run_index(other, clock=lambda: later)
    with Library.open(library_path) as library:
        [kept] = library.photo_table.deleted_photos()
        assert kept.rel_path.endswith("/Winter/3.png")
    folder.rename(folder.with_name("unplugged"))
    run_index(other, clock=lambda: later + 400 * DAY)
    with Library.open(library_path) as library:
        assert library.photo_table.deleted_photos() == [kept]
