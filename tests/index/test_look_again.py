"""Photos of older libraries that show no sure face are looked at again, once; nothing else is."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from opqn_app.core.depth import FAST
from opqn_app.core.errors import PhotoUnreadable
from opqn_app.core.types import Box, DetectedFace, FaceQuality
from opqn_app.engine import Engine
from opqn_app.index.indexing import index_folder
from opqn_app.store.connection import connect
from opqn_app.store.library import Library
from opqn_app.store.photo_table import AWAITING
from opqn_app.vision import apart
from tests.library_fakes import PixelDetector, PixelEncoder, RunIndex, calls_of

CHANGE = "m0008_photos_that_await_a_look"
SURE, UNSURE, NOBODY = 253, 240, 0  # grey values, of 255 the confidence in the face
POINTS = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]])


class GreyDetector(PixelDetector):
    """Sees a face on the left as surely as the photo is bright, and perhaps one on its right."""

    def __init__(self, *, sees_more: bool) -> None:
        super().__init__()
        self.sees_more = sees_more

    def detect(self, image: Image.Image, _pixels: int = FAST.pixels) -> list[DetectedFace]:
        self.calls += 1
        confidence = float(np.asarray(image).mean()) / 255
        faces = [_face(2, confidence)] if confidence > 0.5 else []
        return [*faces, _face(20, 0.99)] if self.sees_more else faces


def _face(left: float, confidence: float) -> DetectedFace:
    landmarks = (POINTS * 10 + (left, 5)).astype(np.float32)
    return DetectedFace(Box(left, 5, left + 10, 15), landmarks, confidence)


def engine(*, sees_more: bool = True) -> Engine:
    return Engine(GreyDetector(sees_more=sees_more), PixelEncoder())


@pytest.fixture
def old(folder: Path, library_path: Path, run_index: RunIndex) -> Path:
    """A library from before photos were searched turned, of three photos; the folder of them."""
    for name, grey in (("sure", SURE), ("sub/unsure", UNSURE), ("nobody", NOBODY)):
        path = folder / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (32, 24), (grey, grey, grey)).save(path)
    run_index(engine=engine(sees_more=False))
    raw = sqlite3.connect(library_path)
    raw.execute("DROP INDEX photos_awaiting_look")
    raw.execute("ALTER TABLE photos DROP COLUMN awaits_look")
    raw.execute("DELETE FROM _sqlite_migrations WHERE name = ?", [CHANGE])
    raw.commit()
    raw.close()
    return folder


def faces(path: Path) -> dict[str, dict[int, tuple[Box, FaceQuality]]]:
    with Library.open(path) as library:
        return {
            photo.rel_path: {f.id: (f.box, f.quality) for f in library.faces_of(photo.id)}
            for photo in library.photos(limit=10)
        }


def awaiting(path: Path) -> int:
    with Library.open(path) as library:
        photos = library.photo_table
        return sum(len(photos.photos_to_search(root.id, AWAITING)) for root in library.roots())


def test_only_photos_without_a_sure_face_are_looked_at_and_what_they_had_stays(
    old: Path, library_path: Path, run_index: RunIndex
) -> None:
    before = faces(library_path)
    assert awaiting(library_path) == 2
    report = run_index(engine=engine())
    after = faces(library_path)
    assert (report.decoded, report.searched, report.more_faces, report.added) == (2, 2, 2, 0)
    assert after["sure.png"] == before["sure.png"]
    assert after["sub/unsure.png"].items() > before["sub/unsure.png"].items()
    assert [len(after[name]) for name in ("sub/unsure.png", "nobody.png")] == [2, 1]
    again = engine()
    assert (run_index(engine=again).searched, calls_of(again)) == (0, 0)


def test_photos_indexed_now_are_not_looked_at_again(
    old: Path, library_path: Path, run_index: RunIndex
) -> None:
    run_index(engine=engine())
    Image.new("RGB", (32, 24), (10, 10, 10)).save(old / "new.png")
    report = run_index(engine=engine(sees_more=False))
    assert (report.added, report.searched, awaiting(library_path)) == (1, 0, 0)


def test_the_look_keeps_to_the_folder_named_and_to_photos_that_are_there(
    old: Path, library_path: Path, run_index: RunIndex
) -> None:
    assert run_index(old / "sub", engine=engine()).searched == 1
    hidden = old.rename(old.with_name("unplugged"))
    old.mkdir()
    (old / "marker").touch()
    assert run_index(engine=engine()).searched == 0
    (old / "marker").unlink()
    old.rmdir()
    hidden.rename(old)
    assert run_index(engine=engine()).searched == 1
    assert awaiting(library_path) == 0


def test_a_run_that_breaks_off_goes_on_where_it_was(old: Path, library_path: Path) -> None:
    run = index_folder(library_path, old, engine(), batch_size=1)
    for progress in run:
        if progress.phase == "thorough" and progress.done:
            break
    run.close()
    assert awaiting(library_path) == 1
    rest = engine()
    list(index_folder(library_path, old, rest))
    assert (calls_of(rest), awaiting(library_path)) == (1, 0)


def test_a_photo_that_can_not_be_read_any_more_keeps_its_faces_and_is_tried_once(
    old: Path, library_path: Path, run_index: RunIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = faces(library_path)

    def refuse(data: bytes, name: str, **how: object) -> None:
        raise PhotoUnreadable(Path(name), "the decoder is gone")

    with monkeypatch.context() as patched:
        patched.setattr(apart, "read_photo", refuse)
        report = run_index(engine=engine())
        assert {failure.path.name for failure in report.failures} == {"unsure.png", "nobody.png"}
        assert faces(library_path) == before
        assert run_index(engine=engine()).decoded == 0
    assert run_index(engine=engine(), retry_failures=True).searched == 2


def test_a_thorough_run_is_such_a_look_too_and_none_takes_its_result_back(
    old: Path, library_path: Path, run_index: RunIndex
) -> None:
    large = Image.new("RGB", (1600, 1200), (UNSURE,) * 3)
    large.save(old / "large.png")
    run_index(engine=engine(sees_more=False), thorough=True)
    raw = sqlite3.connect(library_path)
    raw.execute("UPDATE photos SET awaits_look = 1")
    raw.commit()
    raw.close()
    assert run_index(engine=engine()).searched == 4
    with Library.open(library_path) as library:
        assert library.status().unsearched == 0


def test_what_awaits_the_look_is_found_by_an_index(library_path: Path) -> None:
    Library.open(library_path, write=True).close()
    db = connect(library_path, write=False)
    plan = db.rows(f"EXPLAIN QUERY PLAN SELECT id FROM photos WHERE root_id = 1 AND {AWAITING}")
    db.close()
    assert "photos_awaiting_look" in plan[0][3]
