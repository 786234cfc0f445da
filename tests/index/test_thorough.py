"""The thorough search: what is known stays, new faces come to it, nothing is done twice."""

import os
import pickle
import shutil
import sqlite3
from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from opqn_app.core.depth import FAST, THOROUGH
from opqn_app.core.errors import FolderUnavailable, PhotoUnreadable
from opqn_app.core.types import DetectedFace
from opqn_app.engine import Engine
from opqn_app.index import analysis
from opqn_app.index import run_steps as index_run
from opqn_app.index.analysis import STILL_KNOWN, Analysed, analyse, find_in_file, given_up
from opqn_app.index.content import content_hash
from opqn_app.index.indexing import index_folder
from opqn_app.index.plan import PendingFile
from opqn_app.store import schema
from opqn_app.store.connection import connect
from opqn_app.store.library import Library
from opqn_app.store.photo_table import UNSEARCHED
from opqn_app.store.records import FaceRecord, KnownPhoto
from opqn_app.vision import apart
from opqn_app.vision.images import Photo, read_photo
from opqn_app.vision.photo_folder import PhotoFile
from tests.index import worker_fakes
from tests.index.test_kill import content
from tests.library_fakes import (
    LayeredDetector,
    PixelDetector,
    PixelEncoder,
    RunIndex,
    WritePhoto,
    but_for_the_look,
    calls_of,
    layered_engine,
    make_as_old_as_m0003,
    thorough_calls_of,
)

pytestmark = pytest.mark.slow

LARGE = 35  # scale of a photo larger than the copy of the fast pass


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """All that is kept of a face."""

    face: FaceRecord
    crop: bytes | None
    code: bytes

    @property
    def parts(self) -> tuple[Any, ...]:
        return self.face.box, self.face.quality, self.crop, self.code


def faces(path: Path) -> dict[int, Kept]:
    """Every face of a library; checks that the counts beside the photos are right."""
    with Library.open(path) as library:
        codes = {
            int(i): code.tobytes()
            for segment in library.code_segments("fake-1")
            for i, code in zip(segment.face_ids, segment.codes, strict=True)
        }
        found: dict[int, Kept] = {}
        for photo in library.photos(limit=1000):
            records = library.faces_of(photo.id)
            assert photo.n_faces == len(records)
            found |= {r.id: Kept(r, library.crop(r.id), codes[r.id]) for r in records}
        assert len(found) == library.status().faces
        return found


def unsearched(path: Path) -> int:
    with Library.open(path) as library:
        status = library.status().unsearched
        assert status == sum(root.unsearched for root in library.roots())
        return status


def test_known_faces_stay_as_they_are_and_small_ones_come_to_them(
    library_path: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    for i in range(4):
        write_photo(f"{i}.png", seed=i, scale=LARGE)
    assert run_index(engine=layered_engine()).searched == 0
    before = faces(library_path)
    assert (len(before), unsearched(library_path)) == (8, 4)
    report = run_index(engine=layered_engine(), thorough=True)
    after = faces(library_path)
    new = set(after) - set(before)
    assert {i: after[i].parts for i in before} == {i: kept.parts for i, kept in before.items()}
    assert (report.searched, report.decoded, report.unchanged, report.changed) == (4, 4, 4, 0)
    assert len(new) == report.more_faces == report.faces > 0
    assert min(new) > max(before)
    assert all(after[i].face.quality.confidence == 0.95 for i in new)
    assert unsearched(library_path) == 0


def test_a_second_thorough_run_decodes_nothing(
    library_path: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    write_photo("large.png", scale=LARGE)
    first = run_index(engine=layered_engine(), thorough=True)
    before, engine = content(library_path), layered_engine()
    report = run_index(engine=engine, thorough=True)
    assert (first.decoded, first.added, first.searched) == (2, 1, 1)
    assert (report.decoded, report.searched, calls_of(engine)) == (0, 0, 0)
    assert content(library_path) == before


def test_a_photo_no_larger_than_the_fast_copy_is_not_searched_again(
    library_path: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    write_photo("exact.png", scale=32)  # 1024×768
    engine = layered_engine()
    run_index(engine=engine, thorough=True)
    assert (thorough_calls_of(engine), unsearched(library_path)) == (0, 0)


def test_new_and_changed_photos_await_the_search_again(
    folder: Path, library_path: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    write_photo("a.png", seed=1, scale=LARGE)
    kept = write_photo("b.png", seed=2, scale=LARGE)
    run_index(engine=layered_engine(), thorough=True)
    write_photo("a.png", seed=3, scale=LARGE)
    write_photo("c.png", seed=4, scale=LARGE)
    kept.replace(folder / "moved.png")
    report = run_index(engine=layered_engine())
    assert (report.added, report.changed, report.moved) == (1, 1, 1)
    assert unsearched(library_path) == 2
    assert run_index(engine=layered_engine(), thorough=True).searched == 2


def test_only_the_folder_named_is_searched(
    folder: Path, library_path: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    write_photo("x/a.png", seed=1, scale=LARGE)
    write_photo("y/b.png", seed=2, scale=LARGE)
    run_index(engine=layered_engine())
    assert run_index(folder / "x", engine=layered_engine(), thorough=True).searched == 1
    assert unsearched(library_path) == 1


def test_another_model_has_codes_of_small_faces_too(
    library_path: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    write_photo("a.png", scale=LARGE)
    run_index(engine=layered_engine())
    other = Engine(LayeredDetector(2), PixelEncoder("fake-2"))
    run_index(engine=other, thorough=True)
    run_index(engine=layered_engine())
    with Library.open(library_path) as library:
        codes = [len(s.face_ids) for m in ("fake-1", "fake-2") for s in library.code_segments(m)]
        assert codes == [library.status().faces] * 2


def test_the_detector_of_new_faces_is_noted_beside_that_of_the_known_ones(
    library_path: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    write_photo("a.png", scale=LARGE)
    write_photo("b.png", seed=1)
    run_index(engine=layered_engine())
    run_index(engine=replace(layered_engine(), detector_name="yunet"), thorough=True)
    with Library.open(library_path) as library:
        assert library.detectors() == {"mtcnn": 1, "mtcnn+yunet": 1}


def test_a_detector_that_finds_no_more_is_not_noted(
    library_path: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    write_photo("a.png", scale=LARGE)
    run_index(engine=layered_engine())
    report = run_index(
        engine=Engine(PixelDetector(0), PixelEncoder(), detector_name="yunet"), thorough=True
    )
    assert (report.searched, report.more_faces) == (1, 0)
    with Library.open(library_path) as library:
        assert library.detectors() == {"mtcnn": 1}


@pytest.mark.slow
def test_progress_counts_the_photos_searched_again(
    folder: Path, library_path: Path, write_photo: WritePhoto
) -> None:
    for i in range(6):
        write_photo(f"{i}.png", seed=i, scale=LARGE if i else 1)
    run = index_folder(library_path, folder, layered_engine(), batch_size=2, thorough=True)
    steps = [(step.phase, step.done, step.total) for step in run]
    assert steps[-3:] == [("thorough", done, 5) for done in (2, 4, 5)]
    assert ("indexing", 6, 6) in steps


# Disks and other programs


def test_an_unplugged_disk_changes_nothing(
    folder: Path, library_path: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    write_photo("a.png", scale=LARGE)
    run_index(engine=layered_engine())
    before = content(library_path)
    for make_empty in (False, True):
        shutil.rmtree(folder)
        folder.mkdir() if make_empty else None
        with pytest.raises(FolderUnavailable):
            run_index(engine=layered_engine(), thorough=True)
        assert content(library_path) == before
        folder.mkdir(exist_ok=True)


class Unplugging(LayeredDetector):
    """The disk goes while the first photo is searched thoroughly."""

    def __init__(self, folder: Path) -> None:
        super().__init__(2)
        self._folder = folder

    def detect(self, image: Any, pixels: int = FAST.pixels) -> list[DetectedFace]:
        if pixels > FAST.pixels and self._folder.exists():
            self._folder.rename(self._folder.with_name("elsewhere"))
        return super().detect(image, pixels)


@pytest.mark.slow
def test_a_disk_unplugged_meanwhile_leaves_the_rest_for_another_run(
    folder: Path, library_path: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    for i in range(4):
        write_photo(f"{i}.png", seed=i, scale=LARGE)
    run_index(engine=layered_engine())
    before = faces(library_path)
    report = run_index(engine=Engine(Unplugging(folder), PixelEncoder()), thorough=True)
    assert (report.searched, report.failures) == (1, ())
    assert set(before) < set(faces(library_path))
    assert unsearched(library_path) == 3
    folder.with_name("elsewhere").rename(folder)
    assert run_index(engine=layered_engine(), thorough=True).searched == 3


def known_item(path: Path, data: bytes) -> PendingFile:
    photo = KnownPhoto(7, 1, path.name, len(data), 0, content_hash(data))
    return PendingFile(PhotoFile(path.name, len(data), 0), photo, THOROUGH)


def test_a_file_that_has_changed_since_goes_by_the_rules_of_the_fast_pass(
    folder: Path, write_photo: WritePhoto
) -> None:
    path = write_photo("a.png", scale=LARGE)
    detector = LayeredDetector(2)
    seen = find_in_file(known_item(path, b"what it held"), folder, detector)
    assert seen.seen.photo is not None
    assert (seen.seen.photo.photo_id, seen.seen.photo.keeps_faces) == (7, False)
    assert (seen.seen.photo.searched_px, detector.thorough_calls) == (FAST.pixels, 0)
    path.write_bytes(b"no picture")
    seen = find_in_file(known_item(path, b"what it held"), folder, detector)
    assert seen.seen.failure is not None
    assert seen.seen.failure.drop_photo_id == 7


def test_what_cannot_be_read_now_is_neither_failed_nor_lost(folder: Path) -> None:
    path = folder / "a.png"
    for make in (lambda: None, lambda: os.mkfifo(path)):
        make()
        seen = find_in_file(known_item(path, b""), folder, LayeredDetector(2)).seen
        assert (seen.photo, seen.failure, seen.touched) == (None, None, None)


def test_a_known_photo_that_cannot_be_decoded_now_keeps_its_faces(folder: Path) -> None:
    path = folder / "a.png"
    path.write_bytes(b"no picture")
    seen = find_in_file(known_item(path, b"no picture"), folder, LayeredDetector(2)).seen
    assert seen.failure is not None
    assert seen.failure.drop_photo_id is None


@pytest.fixture
def too_large(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of photos that can be decoded for the fast pass only."""
    names: list[str] = []

    def read(data: bytes, name: str, **how: Any) -> Photo:
        if name in names and how["max_side"] > FAST.max_side:
            raise PhotoUnreadable(name, "it is too large")
        return read_photo(data, name, **how)

    for decoder in (analysis, apart):  # a worker's, and that of few photos
        monkeypatch.setattr(decoder, "read_photo", read)
    return names


def test_a_photo_that_cannot_be_searched_is_listed_once_and_then_left_alone(
    library_path: Path, write_photo: WritePhoto, run_index: RunIndex, too_large: list[str]
) -> None:
    for i in range(3):
        write_photo(f"{i}.png", seed=i, scale=LARGE)
    too_large.append("1.png")
    report = run_index(engine=layered_engine(), thorough=True)
    assert (report.added, report.searched, unsearched(library_path)) == (3, 2, 0)
    (failure,) = report.failures
    assert failure.reason == f"{STILL_KNOWN}it is too large"
    before = content(library_path)
    for thorough in (True, False, True):
        engine = layered_engine()
        report = run_index(engine=engine, thorough=thorough)
        assert (report.decoded, report.searched, report.unchanged) == (0, 0, 3)
        assert report.failures == (failure,)
        assert calls_of(engine) == 0
    assert content(library_path) == before


def test_a_photo_that_could_not_be_searched_is_tried_again_when_it_has_changed(
    library_path: Path, write_photo: WritePhoto, run_index: RunIndex, too_large: list[str]
) -> None:
    write_photo("a.png", seed=1, scale=LARGE)
    too_large.append("a.png")
    run_index(engine=layered_engine(), thorough=True)
    too_large.clear()
    write_photo("a.png", seed=2, scale=LARGE)
    report = run_index(engine=layered_engine())
    assert (report.changed, report.failures, unsearched(library_path)) == (1, (), 1)
    assert run_index(engine=layered_engine(), thorough=True).searched == 1


@pytest.mark.parametrize("is_named", [False, True])
def test_a_photo_that_could_not_be_searched_can_be_retried(
    library_path: Path,
    write_photo: WritePhoto,
    run_index: RunIndex,
    too_large: list[str],
    is_named: bool,
) -> None:
    """By `--retry`, and by the window, which names it; other photos still wait for their search."""
    write_photo("a.png", seed=1, scale=LARGE)
    too_large.append("a.png")
    (failure,) = run_index(engine=layered_engine(), thorough=True).failures
    write_photo("b.png", seed=2, scale=LARGE)
    run_index(engine=layered_engine())
    options: dict[str, Any] = {"failure_ids": [failure.id]} if is_named else {}
    report = run_index(engine=layered_engine(), retry_failures=True, **options)
    assert (report.searched, len(report.failures), unsearched(library_path)) == (0, 1, 1)
    too_large.clear()
    options = {"failure_ids": [report.failures[0].id]} if is_named else {}
    report = run_index(engine=layered_engine(), retry_failures=True, **options)
    assert (report.searched, report.failures, unsearched(library_path)) == (1, (), 1)


def test_a_photo_that_ends_its_reader_while_it_is_searched_stays_known() -> None:
    """Its failure is that of the file as it is, which keeps the next run away from it."""
    item = known_item(Path("a.png"), b"content")
    failure = given_up(item, "decoding it crashed the process that read it").failure
    assert failure is not None
    assert failure.reason.startswith(STILL_KNOWN)
    assert (failure.size, failure.mtime_ns) == (item.file.size, item.file.mtime_ns)
    assert failure.drop_photo_id is None


# Elsewhere


@pytest.mark.slow
def test_worker_processes_make_the_same_library(
    tmp_path: Path, folder: Path, write_photo: WritePhoto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_run, "MIN_FOR_WORKERS", 2)
    for i in range(10):
        write_photo(f"{i}.png", seed=i, scale=LARGE if i % 4 else 1)
    one, two = tmp_path / "one.sqlite", tmp_path / "two.sqlite"
    for path, workers in ((one, 1), (two, 2)):
        list(index_folder(path, folder, worker_fakes.build_layered(), workers=workers))
        engine = worker_fakes.build_layered()
        list(index_folder(path, folder, engine, workers=workers, thorough=True))
    assert content(two) == content(one)
    assert len(content(one)["faces"]) > 20
    assert calls_of(engine) == 0  # the workers' engines looked


@pytest.mark.slow
def test_a_cluster_makes_the_same_library(
    tmp_path: Path, folder: Path, write_photo: WritePhoto
) -> None:
    for i in range(4):
        write_photo(f"{i}.png", seed=i, scale=LARGE)
    here, there = tmp_path / "here.sqlite", tmp_path / "there.sqlite"

    def elsewhere(
        items: Iterable[PendingFile], root: Path
    ) -> Generator[tuple[PendingFile, Analysed], None, None]:
        for item in items:
            sent = pickle.loads(pickle.dumps(item))
            yield item, pickle.loads(pickle.dumps(analyse(sent, root, layered_engine())))

    list(index_folder(here, folder, layered_engine(), thorough=True))
    list(index_folder(there, folder, layered_engine(), thorough=True, elsewhere=elsewhere))
    assert content(there) == content(here)


# Libraries of earlier versions


def make_old(path: Path) -> None:
    """Turn a library into one from before photos said how thoroughly they were searched."""
    make_as_old_as_m0003(path)
    raw = sqlite3.connect(path)
    raw.execute("DROP INDEX photos_unsearched")
    raw.execute("ALTER TABLE photos DROP COLUMN searched_px")
    raw.execute("DELETE FROM _sqlite_migrations WHERE name = 'm0003_searched_px_of_photo'")
    raw.commit()
    raw.close()


def test_an_old_library_is_upgraded_and_its_large_photos_await_the_search(
    tmp_path: Path, folder: Path, library_path: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    for i in range(4):
        write_photo(f"{i}.png", seed=i, scale=LARGE if i else 1)
    run_index(engine=layered_engine())
    before = content(library_path)
    make_old(library_path)
    assert unsearched(library_path) == 3  # opening it to read has upgraded it
    assert but_for_the_look(content(library_path)) == but_for_the_look(before)
    copies = schema.backups(library_path)
    assert [copy.name for copy in copies] == ["library.sqlite.before-m0003_searched_px_of_photo"]
    report = run_index(engine=layered_engine(), thorough=True)
    assert (report.decoded, report.searched) == (4, 4)  # the small one shows no sure face
    fresh = tmp_path / "fresh.sqlite"
    for thorough in (False, True):
        list(index_folder(fresh, folder, layered_engine(), thorough=thorough))
    assert content(library_path) == content(fresh)


def test_what_awaits_the_search_is_counted_by_an_index(library_path: Path) -> None:
    """The window counts it after every change; an index that is not used would scan all photos."""
    Library.open(library_path, write=True).close()
    db = connect(library_path, write=False)
    plan = db.rows(f"EXPLAIN QUERY PLAN SELECT COUNT(*) FROM photos WHERE {UNSEARCHED}")
    db.close()
    assert "photos_unsearched" in plan[0][3]
