"""Files that can't be read, and files that change or go away while they are read."""

import io
import os
from pathlib import Path

import pytest

from opqn_app.index import content
from opqn_app.index.indexing import index_folder
from opqn_app.store.library import Library
from tests.library_fakes import FacesByPath, RunIndex, WritePhoto, fake_engine


def test_failures_are_listed_and_not_tried_again_until_asked_or_changed(
    folder: Path, library_path: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    write_photo("good.png", seed=1)
    (folder / "empty.jpg").touch()
    (folder / "text.png").write_text("not a picture")
    first = run_index()
    assert {f.path.name: f.reason for f in first.failures}.keys() == {"empty.jpg", "text.png"}
    assert all(failure.reason for failure in first.failures)
    second = run_index()
    assert second.decoded == 0
    assert [f.id for f in second.failures] == [f.id for f in first.failures]
    assert run_index(retry_failures=True).decoded == 2
    write_photo("text.png", seed=2)
    third = run_index()
    assert (third.added, [f.path.name for f in third.failures]) == (1, ["empty.jpg"])
    (folder / "empty.jpg").unlink()
    assert run_index().failures == ()


def test_ignored_failures_are_not_counted_and_not_tried_again(
    folder: Path, library_path: Path, run_index: RunIndex
) -> None:
    (folder / "a.jpg").write_bytes(b"1")
    (folder / "b.jpg").write_bytes(b"2")
    ids = {f.path.name: f.id for f in run_index().failures}
    with Library.open(library_path, write=True) as library:
        library.ignore_failures([ids["a.jpg"]])
    report = run_index(retry_failures=True)
    assert report.decoded == 1
    assert [f.path.name for f in report.failures] == ["b.jpg"]
    with Library.open(library_path) as library:
        assert library.status().failures == library.roots()[0].failures == 1
        assert {f.path.name: f.is_ignored for f in library.failures()} == {
            "a.jpg": True,
            "b.jpg": False,
        }
    (folder / "a.jpg").write_bytes(b"333")
    assert len(run_index().failures) == 2


def test_single_failures_can_be_tried_again(
    folder: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    for name in ("a.png", "b.png"):
        (folder / name).write_bytes(b"12")
    ids = {f.path.name: f.id for f in run_index().failures}
    write_photo("a.png", seed=1)
    write_photo("b.png", seed=2)
    write_photo("unseen.png", seed=3)
    report = run_index(failure_ids=[ids["a.png"]])
    assert (report.added, [f.path.name for f in report.failures]) == (1, ["b.png"])


def test_a_photo_that_became_unreadable_is_dropped_and_listed(
    folder: Path, library_path: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    path = write_photo("a.png", seed=1)
    run_index()
    path.write_bytes(b"broken now")
    report = run_index()
    assert (report.removed, len(report.failures)) == (1, 1)
    with Library.open(library_path) as library:
        assert library.status().faces == 0


def test_a_file_that_grows_while_it_is_read_is_tried_again_in_the_next_run(
    write_photo: WritePhoto, run_index: RunIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_photo("a.png", seed=1)
    whole = path.read_bytes()

    class Growing(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            with path.open("ab") as writer:
                writer.write(b"more")
            return data

    with monkeypatch.context() as patch:
        patch.setattr(content, "_open_regular", lambda name: Growing(name, "rb"))
        [failure] = run_index().failures
    assert "writing" in failure.reason
    path.write_bytes(whole)
    report = run_index()
    assert (report.added, report.failures) == (1, ())


def test_a_file_deleted_during_the_run_is_no_failure(
    folder: Path, write_photo: WritePhoto, library_path: Path
) -> None:
    for i in range(4):
        write_photo(f"{i}.png", seed=i)
    run = index_folder(library_path, folder, fake_engine(), batch_size=1)
    assert next(run).phase == "scanning"
    (folder / "3.png").unlink()
    list(run)
    with Library.open(library_path) as library:
        assert (library.status().photos, library.failures()) == (3, [])


def test_an_unreadable_photo_on_the_disk_keeps_what_is_known(
    write_photo: WritePhoto,
    run_index: RunIndex,
    faces_by_path: FacesByPath,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = write_photo("a.png", seed=1)
    run_index()
    before = faces_by_path()
    os.utime(path, ns=(10**18, 10**18))

    def refuse(name: Path) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(content, "_open_regular", refuse)
        report = run_index()
    assert len(report.failures) == 1
    assert faces_by_path() == before
    assert run_index(retry_failures=True).failures == ()
