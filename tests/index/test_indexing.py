"""index_folder over real files and a real library, with a fake detector and encoder."""

import hashlib
import os
import shutil
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from opqn_app.core.errors import LibraryLocked
from opqn_app.index.indexing import index_folder
from opqn_app.store.crops import crop_from_webp
from opqn_app.store.library import Library
from opqn_app.vision.faces import find_faces
from opqn_app.vision.images import read_photo
from tests.library_fakes import FacesByPath, RunIndex, WritePhoto, batches_of, calls_of, fake_engine


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
    faces_by_path: FacesByPath,
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
    write_photo: WritePhoto, run_index: RunIndex, faces_by_path: FacesByPath
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
    write_photo: WritePhoto, run_index: RunIndex, faces_by_path: FacesByPath
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


def test_a_deleted_photo_is_neither_counted_nor_searched(
    folder: Path, write_photo: WritePhoto, run_index: RunIndex, library_path: Path
) -> None:
    for i in range(3):
        write_photo(f"{i}.png", seed=i)
    run_index()
    (folder / "1.png").unlink()
    assert run_index().removed == 1
    with Library.open(library_path) as library:
        assert library.status().faces == 4
        assert library.code_store.coded()[0].faces == 4
        assert sum((~s.is_dead).sum() for s in library.code_segments("fake-1")) == 4


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
        crops = library.face_table.crops(new.face_ids.tolist())
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
    before = set(threading.enumerate())  # other tests of this process may have left some
    run_index()
    assert set(threading.enumerate()) <= before
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
