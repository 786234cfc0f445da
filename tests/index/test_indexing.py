"""index_folder over real files and a real library, with a fake detector and encoder."""

import hashlib
import io
import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from opqn_app.core.errors import FolderUnavailable, LibraryLocked
from opqn_app.index import content
from opqn_app.index.indexing import index_folder
from opqn_app.store.crops import crop_from_webp
from opqn_app.store.library import Library
from opqn_app.vision.faces import find_faces
from opqn_app.vision.images import read_photo
from tests.library_fakes import RunIndex, WritePhoto, batches_of, calls_of, fake_engine

Snapshot = dict[str, list[int]]


@pytest.fixture
def faces_by_path(library_path: Path) -> Callable[[], Snapshot]:
    """Relative path → face ids of each photo."""

    def read() -> Snapshot:
        with Library.open(library_path) as library:
            return {
                photo.rel_path: [face.id for face in library.faces_of(photo.id)]
                for photo in library.photos(limit=10_000)
            }

    return read


def test_a_folder_is_indexed_and_a_second_run_decodes_nothing(
    folder: Path, library_path: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    for i in range(20):
        write_photo(f"{i % 3}/{i}.png", seed=i)
    first = run_index()
    with Library.open(library_path) as library:
        revision = library.revision
    second = run_index()
    assert (first.added, first.decoded, first.faces, first.failures) == (20, 20, 40, ())
    assert (second.unchanged, second.decoded, second.added, second.removed) == (20, 0, 0, 0)
    with Library.open(library_path) as library:
        status = library.status()
        assert (status.photos, status.faces, status.roots) == (20, 40, 1)
        assert (status.model_id, status.model_name) == ("fake-1", "name of fake-1")
        assert sum(len(s.face_ids) for s in library.code_segments("fake-1")) == 40
        assert library.revision == revision, "nothing changed, so no index need be loaded again"


def test_another_detector_finds_the_faces_of_new_photos_only(
    library_path: Path,
    write_photo: WritePhoto,
    run_index: RunIndex,
    faces_by_path: Callable[[], Snapshot],
) -> None:
    for i in range(3):
        write_photo(f"{i}.png", seed=i)
    run_index()
    before = faces_by_path()
    write_photo("new.png", seed=9)
    report = run_index(engine=replace(fake_engine(n_faces=1), detector_name="yunet"))
    assert (report.decoded, report.unchanged) == (1, 3)
    assert {path: ids for path, ids in faces_by_path().items() if path != "new.png"} == before
    with Library.open(library_path) as library:
        assert library.detectors() == {"mtcnn": 3, "yunet": 1}


def test_originals_are_left_as_they_are_and_nothing_is_written_beside_them(
    folder: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    for i in range(5):
        write_photo(f"{i}.png", seed=i)
    (folder / "broken.jpg").write_bytes(b"x")

    def state() -> list[tuple[Any, ...]]:
        return [
            (path, path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).digest())
            for path in sorted(folder.rglob("*"))
        ]

    before = state()
    run_index()
    assert state() == before


def test_stored_faces_are_what_was_found(
    library_path: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    path = write_photo("a.png", seed=7)
    run_index()
    engine = fake_engine(n_faces=2)
    expected = find_faces(read_photo(path.read_bytes(), "a.png"), engine.detector)
    codes = engine.encoder.encode(np.stack([face.crop for face in expected]))
    with Library.open(library_path) as library:
        [photo] = library.photos()
        assert (photo.path, photo.rel_path, photo.n_faces) == (path, "a.png", 2)
        assert (photo.width, photo.height, photo.size) == (32, 24, path.stat().st_size)
        stored = library.faces_of(photo.id)
        assert [face.box for face in stored] == [face.box for face in expected]
        assert [face.quality for face in stored] == [face.quality for face in expected]
        [segment] = library.code_segments("fake-1")
        assert segment.face_ids.tolist() == [face.id for face in stored]
        assert np.array_equal(segment.codes, codes)
        webp = library.crop(stored[0].id)
        assert webp is not None
        difference = crop_from_webp(webp).astype(int) - expected[0].crop
        assert np.abs(difference).mean() < 12


def test_a_changed_photo_is_read_again(
    write_photo: WritePhoto, run_index: RunIndex, faces_by_path: Callable[[], Snapshot]
) -> None:
    write_photo("a.png", seed=1)
    write_photo("b.png", seed=2)
    run_index()
    before = faces_by_path()
    write_photo("a.png", seed=3)
    report = run_index()
    after = faces_by_path()
    assert (report.changed, report.decoded, report.unchanged, report.removed) == (1, 1, 1, 0)
    assert after["b.png"] == before["b.png"]
    assert not set(after["a.png"]) & set(before["a.png"])


def test_a_photo_with_only_a_new_time_is_not_decoded(
    write_photo: WritePhoto, run_index: RunIndex, faces_by_path: Callable[[], Snapshot]
) -> None:
    path = write_photo("a.png", seed=1)
    run_index()
    before = faces_by_path()
    os.utime(path, ns=(10**18, 10**18))
    report = run_index()
    assert (report.unchanged, report.moved, report.decoded) == (1, 0, 0)
    assert faces_by_path() == before
    engine = fake_engine()
    assert run_index(engine=engine).unchanged == 1


def test_a_deleted_photo_is_forgotten(
    folder: Path, write_photo: WritePhoto, run_index: RunIndex, library_path: Path
) -> None:
    for i in range(3):
        write_photo(f"{i}.png", seed=i)
    run_index()
    (folder / "1.png").unlink()
    assert run_index().removed == 1
    with Library.open(library_path) as library:
        assert library.status().faces == 4
        assert sum((~s.is_dead).sum() for s in library.code_segments("fake-1")) == 4


def test_a_tree_with_renamed_folders_keeps_its_face_ids(
    folder: Path,
    write_photo: WritePhoto,
    run_index: RunIndex,
    faces_by_path: Callable[[], Snapshot],
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
    faces_by_path: Callable[[], Snapshot],
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
    faces_by_path: Callable[[], Snapshot],
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
    faces_by_path: Callable[[], Snapshot],
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
    faces_by_path: Callable[[], Snapshot],
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
    faces_by_path: Callable[[], Snapshot],
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
    faces_by_path: Callable[[], Snapshot],
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
    faces_by_path: Callable[[], Snapshot],
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
    faces_by_path: Callable[[], Snapshot],
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


def test_faces_are_encoded_for_a_new_model_from_their_crops(
    folder: Path, library_path: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    """Photos in places that can't be read now included: another root is unplugged."""
    for i in range(5):
        write_photo(f"{i}.png", seed=i)
    write_photo("../other/z.png", seed=9)
    run_index()
    run_index(folder.parent / "other")
    shutil.rmtree(folder.parent / "other")
    engine = fake_engine("fake-2", n_faces=2)
    report = run_index(engine=engine)
    assert (report.decoded, calls_of(engine)) == (0, 0)
    with Library.open(library_path) as library:
        [old] = library.code_segments("fake-1")
        [new] = library.code_segments("fake-2")
        assert new.face_ids.tolist() == old.face_ids.tolist() == list(range(1, 13))
        crops = library.photo_table.crops(new.face_ids.tolist())
        expected = engine.encoder.encode(np.stack([crop_from_webp(crops[i]) for i in crops]))
        assert np.array_equal(new.codes, expected)
        assert library.status().model_id == "fake-2"


@pytest.mark.slow
def test_a_crowd_is_encoded_in_bounded_batches(
    write_photo: WritePhoto, run_index: RunIndex
) -> None:
    write_photo("crowd.png", seed=1)
    write_photo("pair.png", seed=2)
    engine = fake_engine(n_faces=300)
    assert run_index(engine=engine).faces == 600
    assert batches_of(engine) == [256, 44] * 2


def test_a_batch_is_one_forward_pass(write_photo: WritePhoto, run_index: RunIndex) -> None:
    for i in range(8):
        write_photo(f"{i}.png", seed=i)
    engine = fake_engine(n_faces=2)
    run_index(engine=engine, batch_size=4)
    assert batches_of(engine) == [8, 8]


def test_an_error_of_the_encoder_is_not_swallowed(
    write_photo: WritePhoto,
    run_index: RunIndex,
    library_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_photo("a.png")
    engine = fake_engine(n_faces=1)

    def out_of_memory(crops: np.ndarray) -> np.ndarray:
        raise MemoryError

    monkeypatch.setattr(engine.encoder, "encode", out_of_memory)
    with pytest.raises(MemoryError):
        run_index(engine=engine)
    assert run_index().added == 1


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
    faces_by_path: Callable[[], Snapshot],
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


def test_progress_counts_up_to_the_total(
    folder: Path, library_path: Path, write_photo: WritePhoto
) -> None:
    for i in range(10):
        write_photo(f"{i}.png", seed=i)
    (folder / "bad.jpg").touch()
    steps = list(index_folder(library_path, folder, fake_engine(n_faces=1), batch_size=4))
    assert [step.phase for step in steps] == ["scanning"] + ["indexing"] * 3
    assert [step.done for step in steps[1:]] == [4, 8, 11]
    assert {step.total for step in steps[1:]} == {11}
    assert (steps[-1].faces, steps[-1].failures) == (10, 1)
    assert steps[-1].current == "bad.jpg"


def test_progress_of_moves_reaches_its_total(
    folder: Path, library_path: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    for i in range(6):
        write_photo(f"a/{i}.png", seed=i)
    run_index()
    (folder / "a").rename(folder / "b")
    shutil.copy(folder / "b" / "0.png", folder / "b" / "copy.png")
    steps = list(index_folder(library_path, folder, fake_engine(n_faces=2)))
    assert all(step.done <= step.total for step in steps if step.phase == "indexing")
    assert steps[-1].done == steps[-1].total


def test_a_second_indexing_run_is_refused(
    folder: Path, library_path: Path, write_photo: WritePhoto
) -> None:
    write_photo("a.png")
    run = index_folder(library_path, folder, fake_engine())
    next(run)
    with pytest.raises(LibraryLocked):
        next(index_folder(library_path, folder, fake_engine()))
    run.close()
    assert len(list(index_folder(library_path, folder, fake_engine()))) > 0


def test_no_thread_or_connection_is_left_behind(
    folder: Path, library_path: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    write_photo("a.png")
    run_index()
    assert threading.active_count() == 1
    assert {p.name for p in library_path.parent.iterdir()} <= {
        "library.sqlite",
        "library.sqlite.lock",
    }


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_names_that_are_not_utf8_survive(
    folder: Path, library_path: Path, run_index: RunIndex
) -> None:
    odd = folder / os.fsdecode(b"caf\xe9")
    odd.mkdir()
    name = odd / os.fsdecode(b"b\xff.png")
    Image.new("RGB", (8, 8)).save(name)
    (odd / os.fsdecode(b"bad\xfe.jpg")).touch()
    assert run_index().added == 1
    again = run_index()
    assert (again.unchanged, again.decoded) == (1, 0)
    with Library.open(library_path) as library:
        [photo] = library.photos()
        assert photo.path == name
        [failure] = library.failures()
        assert os.fsencode(failure.path).endswith(b"/caf\xe9/bad\xfe.jpg")
    odd.rename(folder / os.fsdecode(b"caf\xea"))
    assert run_index().moved == 1


def test_a_root_whose_name_is_not_utf8_works(tmp_path: Path, library_path: Path) -> None:
    root = Path(os.fsdecode(os.fsencode(tmp_path) + b"/r\xff"))
    root.mkdir()
    Image.new("RGB", (8, 8)).save(root / "a.png")
    list(index_folder(library_path, root, fake_engine(n_faces=1)))
    with Library.open(library_path, write=True) as library:
        assert [r.path for r in library.roots()] == [root]
        assert library.photos()[0].path == root / "a.png"
        assert library.forget_root(root).photos == 1
