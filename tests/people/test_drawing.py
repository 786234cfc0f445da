"""Boxes drawn by hand become faces: encoded, kept by rescans, made anew after a rebuild."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.core.progress import finished
from opqn_app.core.types import Box
from opqn_app.engine import Engine
from opqn_app.index.indexing import index_folder
from opqn_app.people import drawing, gestures
from opqn_app.people.drawing import LANDMARKS, draw_all_missing, draw_box, draw_missing
from opqn_app.people.kinds import Kind
from opqn_app.people.ledger import Ledger
from opqn_app.people.replay import take_over
from opqn_app.store.decision_records import FaceKey, NewDecision
from opqn_app.store.library import Library
from opqn_app.store.records import PhotoRecord
from opqn_app.ui.work.jobs import EngineSlot, index_root
from opqn_app.vision.detect import MtcnnDetector
from opqn_app.vision.images import Photo, open_photo
from tests.library_fakes import PixelEncoder, fake_engine, layered_engine

BOX = Box(700, 100, 900, 340)
SIZE = (1200, 900)


@pytest.fixture
def photos(tmp_path: Path, make_photo: Callable[..., Path]) -> Path:
    """Two photos of noise without any face, a copy of one, all larger than the fast pass."""
    for name, seed in (("a.png", 1), ("b.png", 2), ("copy/a.png", 1)):
        make_photo(f"photos/{name}", seed=seed, size=SIZE)
    return tmp_path / "photos"


@pytest.fixture
def ledger(photos: Path, library_path: Path) -> Iterator[Ledger]:
    index(library_path, photos)
    with Library.open(library_path, write=True) as library:
        yield Ledger(library)


def index(path: Path, photos: Path, *, thorough: bool = False) -> None:
    engine = layered_engine() if thorough else fake_engine(n_faces=0)
    list(index_folder(path, photos, engine, thorough=thorough))


def photo(ledger: Ledger, name: str) -> PhotoRecord:
    found = ledger.library.photo_table.at(1, name)
    assert found is not None
    return found


def boxes(ledger: Ledger, name: str) -> list[Box]:
    return [face.box for face in ledger.library.faces_of(photo(ledger, name).id)]


def test_a_drawn_box_is_a_face_like_others(ledger: Ledger) -> None:
    engine = fake_engine(n_faces=0)
    face_id = draw_box(ledger, photo(ledger, "b.png"), BOX, engine)
    (face,) = ledger.library.faces([face_id])
    assert face.box == BOX
    assert (face.quality.size_px, face.quality.confidence) == (200, 1.0)
    assert "uncertain" not in face.quality.weaknesses
    assert face.photo.n_faces == 1
    assert ledger.library.crop(face_id) is not None
    (segment,) = ledger.library.code_segments("fake-1")
    assert segment.face_ids.tolist() == [face_id]
    gestures.name_faces(ledger, [face_id], "Ann")
    (ann,) = ledger.persons()
    assert (ann.faces, ann.drawn) == ((face_id,), (face_id,))
    ledger.undo()
    ledger.undo()
    assert ledger.people().left_out == {face_id}
    ledger.redo()
    assert ledger.people().left_out == frozenset()


def test_the_copy_of_a_photo_gets_the_box_too(ledger: Ledger) -> None:
    engine = fake_engine(n_faces=0)
    face_id = draw_box(ledger, photo(ledger, "a.png"), BOX, engine)
    gestures.name_faces(ledger, [face_id], "Ann")
    (other,) = draw_missing(ledger, engine)
    assert list(draw_missing(ledger, engine)) == []
    assert boxes(ledger, "copy/a.png") == [BOX]
    assert ledger.persons()[0].faces == (face_id, other)


def test_a_photo_with_many_boxes_is_opened_once(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = ledger.library.decision_table.content_of_photo(photo(ledger, "b.png").id)
    assert content is not None
    keys = [FaceKey(content, i / 10, 0.1, (i + 1) / 10, 0.3) for i in range(5)]
    ledger.decide(lambda: [NewDecision(Kind.BOX_DRAWN, keys)])
    asked: list[Path] = []

    def opened(path: Path) -> Photo:
        asked.append(path)
        return open_photo(path)

    monkeypatch.setattr(drawing, "open_photo", opened)
    assert len(list(draw_missing(ledger, fake_engine(n_faces=0)))) == 5
    assert len(asked) == 1


@pytest.mark.parametrize("thorough", [False, True])
def test_a_rescan_keeps_the_box(ledger: Ledger, photos: Path, thorough: bool) -> None:
    face_id = draw_box(ledger, photo(ledger, "b.png"), BOX, fake_engine(n_faces=0))
    gestures.name_faces(ledger, [face_id], "Ann")
    (photos / "b.png").rename(photos / "moved.png")
    path = ledger.library.path
    ledger.library.close()
    index(path, photos, thorough=thorough)
    with Library.open(path) as library:
        again = Ledger(library)
        assert boxes(again, "moved.png")[0] == BOX
        assert (len(boxes(again, "moved.png")) > 1) == thorough
        assert again.persons()[0].faces == (face_id,)


def test_a_library_built_anew_gets_the_box_again(
    ledger: Ledger, photos: Path, tmp_path: Path
) -> None:
    first = draw_box(ledger, photo(ledger, "b.png"), BOX, fake_engine(n_faces=0))
    gestures.name_faces(ledger, [first], "Ann")
    gone = draw_box(ledger, photo(ledger, "a.png"), BOX, fake_engine(n_faces=0))
    gestures.name_faces(ledger, [gone], "Ben")
    rows = ledger.library.decision_table.decisions()
    crop = ledger.library.crop(first)
    (photos / "a.png").write_bytes(b"")
    (photos / "copy" / "a.png").write_bytes(b"")
    index(tmp_path / "anew.sqlite", photos)
    with Library.open(tmp_path / "anew.sqlite", write=True) as library:
        anew = Ledger(library)
        take_over(rows, anew)
        assert [(p.name, p.faces, p.waiting) for p in anew.persons()] == [
            ("Ann", (), 1),
            ("Ben", (), 1),
        ]
        (face_id,) = draw_missing(anew, fake_engine(n_faces=0))
        assert anew.persons()[0].faces == anew.persons()[0].drawn == (face_id,)
        assert boxes(anew, "b.png") == [BOX]
        assert library.crop(face_id) == crop


def test_a_face_named_before_is_meant_where_no_detector_finds_it_now(ledger: Ledger) -> None:
    engine = fake_engine(n_faces=0)
    named = draw_box(ledger, photo(ledger, "b.png"), BOX, engine)
    gestures.name_faces(ledger, [named], "Ann")
    ledger.library.writer.remove_faces([named])
    ledger.refresh()
    around = Box(BOX.left - 20, BOX.top + 10, BOX.right, BOX.bottom + 20)
    again = draw_box(ledger, photo(ledger, "b.png"), around, engine)
    assert ledger.persons()[0].faces == (again,)


def test_what_can_not_be_drawn_is_a_sentence(ledger: Ledger, photos: Path) -> None:
    engine = fake_engine(n_faces=0)
    b = photo(ledger, "b.png")
    for tiny in (Box(1195, 10, 1300, 90), Box(-90, 0, -10, 90), Box(10, 10, 12, 300)):
        with pytest.raises(gestures.PeopleError, match="at least 8 pixels"):
            draw_box(ledger, b, tiny, engine)
    draw_box(ledger, b, Box(1100, 10, 1300, 90), engine)
    (known,) = ledger.library.faces_of(b.id)
    assert known.box == Box(1100, 10, 1200, 90)
    with pytest.raises(gestures.PeopleError, match=f"known there already: face {known.id}"):
        draw_box(ledger, b, known.box, engine)
    Image.new("RGB", (50, 60)).save(photos / "b.png")
    with pytest.raises(gestures.PeopleError, match="has changed since"):
        draw_box(ledger, b, BOX, engine)
    (photos / "b.png").unlink()
    with pytest.raises(PhotoUnreadable):
        draw_box(ledger, b, BOX, engine)
    assert len(ledger.library.decision_table.decisions()) == 1


@pytest.fixture(scope="module")
def portrait() -> Path:
    folder = Path(__file__).parents[2] / "resources" / "sample" / "photos"
    return sorted(path for path in folder.rglob("*") if path.is_file())[0]


def test_landmarks_come_from_the_detector_and_else_from_the_box(
    portrait: Path, tmp_path: Path
) -> None:
    """A real face: the box is drawn by a shaky hand, the landmarks are where MTCNN sees them."""
    detector = MtcnnDetector()
    image = open_photo(portrait, max_side=4096).image
    faces = detector.detect(image)
    face = max(faces, key=lambda each: each.box.area)
    off = 0.08 * face.box.width
    drawn = Box(face.box.left - off, face.box.top, face.box.right, face.box.bottom + off)
    folder = tmp_path / "one"
    folder.mkdir()
    image.save(folder / "one.png")
    path = tmp_path / "one.sqlite"
    list(index_folder(path, folder, fake_engine(n_faces=0)))
    sides = np.array([drawn.width, drawn.height])
    estimated = LANDMARKS * sides + (drawn.left, drawn.top)
    with Library.open(path, write=True) as library:
        ledger = Ledger(library)
        one = photo(ledger, "one.png")
        seen = draw_box(ledger, one, drawn, Engine(detector, PixelEncoder()))
        marks = landmarks_of(library, seen)
        assert np.abs(marks - face.landmarks).max() < 0.05 * face.box.width
        ledger.undo()
        library.writer.remove_faces([seen])
        blind = draw_box(ledger, one, drawn, fake_engine(n_faces=0))
        assert landmarks_of(library, blind) == pytest.approx(estimated, abs=0.01)
    assert 0.05 < np.abs(estimated - face.landmarks).max() / face.box.width < 0.2


def landmarks_of(library: Library, face_id: int) -> np.ndarray:
    blob = library.face_table._db.value("SELECT landmarks FROM faces WHERE id = ?", [face_id])
    return np.frombuffer(blob, "<f4").reshape(5, 2)


def test_the_window_draws_missing_boxes_after_it_indexed(photos: Path, library_path: Path) -> None:
    index(library_path, photos)
    with Library.open(library_path, write=True) as library:
        ledger = Ledger(library)
        draw_box(ledger, photo(ledger, "a.png"), BOX, fake_engine(n_faces=0), "Ann")
        assert boxes(ledger, "copy/a.png") == []
    slot = EngineSlot()
    slot.fill(lambda: fake_engine(n_faces=0))
    report = finished(index_root(library_path, photos, slot, workers=1))
    assert report.unchanged == 3
    with Library.open(library_path) as library:
        assert boxes(Ledger(library), "copy/a.png") == [BOX]
        assert [len(person.faces) for person in Ledger(library).persons()] == [2]


def test_drawn_boxes_wait_while_another_program_writes(photos: Path, library_path: Path) -> None:
    index(library_path, photos)
    with Library.open(library_path, write=True) as library:
        ledger = Ledger(library)
        draw_box(ledger, photo(ledger, "a.png"), BOX, fake_engine(n_faces=0))
        draw_all_missing(library_path, fake_engine(n_faces=0))
        assert boxes(ledger, "copy/a.png") == []
    draw_all_missing(library_path, fake_engine(n_faces=0))
    with Library.open(library_path) as library:
        assert boxes(Ledger(library), "copy/a.png") == [BOX]
