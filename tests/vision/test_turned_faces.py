"""Photos on their side, tight ones, and those that need no second look."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from opqn_app.core.depth import FAST, THOROUGH
from opqn_app.core.extras import is_installed
from opqn_app.core.types import Box, DetectedFace
from opqn_app.index.analysis import find_in_file
from opqn_app.index.plan import PendingFile
from opqn_app.search.query import faces_in
from opqn_app.vision.detect import make_detector
from opqn_app.vision.photo_folder import stat_photo
from opqn_app.vision.turned_faces import TurningDetector
from tests.turned_scenes import is_up, portraits, tight, turned, turned_box

pytestmark = pytest.mark.slow

RED = (230, 20, 20)
UPRIGHT = Box(60.0, 40.0, 180.0, 200.0)  # of the red head in `drawing`
SIZE = (640, 400)


class RedHeads:
    """Finds a red rectangle that stands upright: taller than wide, with its yellow chin below."""

    def __init__(self, confidence: float = 0.999, *, needs_room: bool = False) -> None:
        self.confidence = confidence
        self.needs_room = needs_room
        self.looks: list[tuple[int, int]] = []

    def prepare(self) -> None:
        self.looks.clear()

    def detect(self, image: Image.Image, pixels: int = FAST.pixels) -> list[DetectedFace]:
        assert image.width * image.height <= max(pixels, SIZE[0] * SIZE[1])
        self.looks.append(image.size)
        values = np.asarray(image).astype(int)
        head = (values[..., 0] > 180) & (values[..., 2] < 90)
        chin = head & (values[..., 1] > 120)
        rows, columns = np.nonzero(head)
        if not len(rows) or not chin.any():
            return []
        top, bottom = int(rows.min()), int(rows.max()) + 1
        left, right = int(columns.min()), int(columns.max()) + 1
        is_standing = bottom - top > right - left and np.nonzero(chin)[0].mean() > rows.mean()
        is_cut = left == 0 or top == 0 or right == image.width or bottom == image.height
        if not is_standing or (self.needs_room and is_cut):
            return []
        where = np.array([[0.3, 0.3], [0.7, 0.3], [0.5, 0.5], [0.35, 0.8], [0.65, 0.8]])
        landmarks = where * (right - left, bottom - top) + (left, top)
        box = Box(float(left), float(top), float(right), float(bottom))
        return [DetectedFace(box, landmarks.astype(np.float32), self.confidence)]


def drawing() -> Image.Image:
    image = Image.new("RGB", SIZE, (30, 60, 90))
    left, top, right, bottom = (int(side) for side in sides(UPRIGHT))
    image.paste(RED, (left, top, right, bottom))
    image.paste((230, 200, 20), (left, bottom - 50, right, bottom))
    return image


def sides(box: Box) -> tuple[float, float, float, float]:
    return box.left, box.top, box.right, box.bottom


def wrapped(detector: RedHeads) -> TurningDetector:
    return TurningDetector(detector, sure=0.98, least=0.98)


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("pixels", [FAST.pixels, THOROUGH.pixels, 320 * 200])
def test_a_face_lies_where_it_is_in_the_photo_at_each_turn(turns: int, pixels: int) -> None:
    photo = turned(drawing(), turns)
    [face] = wrapped(RedHeads()).detect(photo, pixels)
    expected = turned_box(UPRIGHT, SIZE, turns)
    # Whole pixels where the photo is searched at its own size, else two of the copy's.
    near = 1e-3 if pixels >= FAST.pixels else 4.0
    assert sides(face.box) == pytest.approx(sides(expected), abs=near)
    assert is_up(face, turns)
    assert face.landmarks.dtype == np.float32
    eyes = face.landmarks[:2]
    assert (eyes >= (expected.left, expected.top)).all()
    assert (eyes <= (expected.right, expected.bottom)).all()


@pytest.mark.parametrize("turns", range(4))
def test_a_face_that_fills_the_photo_is_found_with_a_border(turns: int) -> None:
    photo = turned(drawing().crop(sides(UPRIGHT)), turns)
    assert RedHeads(needs_room=True).detect(photo) == []
    [face] = wrapped(RedHeads(needs_room=True)).detect(photo)
    assert sides(face.box) == pytest.approx((0.0, 0.0, *photo.size), abs=1e-3)
    assert is_up(face, turns)


def test_a_photo_whose_face_is_surely_seen_is_searched_once() -> None:
    detector = RedHeads()
    wrapped(detector).detect(drawing())
    assert detector.looks == [SIZE]


def test_an_unsure_face_is_kept_where_nothing_better_is_seen() -> None:
    detector = RedHeads(confidence=0.95)
    [face] = wrapped(detector).detect(drawing())
    assert sides(face.box) == sides(UPRIGHT)
    assert len(detector.looks) > 1, "the other looks were tried"
    assert wrapped(RedHeads(confidence=0.95)).detect(turned(drawing(), 1)) == []


class OnlyInGlimpses(RedHeads):
    """Sees its face only on small copies, as chance does in photos without people."""

    def detect(self, image: Image.Image, pixels: int = FAST.pixels) -> list[DetectedFace]:
        return super().detect(image, pixels) if pixels < FAST.pixels else []


def test_what_the_second_search_does_not_bear_out_is_no_face() -> None:
    assert wrapped(OnlyInGlimpses()).detect(turned(drawing(), 1)) == []


class AlsoUpsideDown(RedHeads):
    """Sees upside-down heads too, and is a little less sure of them."""

    def detect(self, image: Image.Image, pixels: int = FAST.pixels) -> list[DetectedFace]:
        upright = super().detect(image, pixels)
        if upright:
            return upright
        upside = super().detect(turned(image, 2), pixels)
        return [
            DetectedFace(turned_box(face.box, image.size, 2), face.landmarks, 0.97)
            for face in upside
        ]


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_the_turn_with_the_most_evidence_wins_and_each_face_comes_once(turns: int) -> None:
    detector = TurningDetector(AlsoUpsideDown(), sure=0.98, least=0.9)
    [face] = detector.detect(turned(drawing(), turns))
    assert face.confidence == 0.999
    assert is_up(face, turns)


@pytest.fixture(scope="module", params=["mtcnn", "yunet"])
def real(request: pytest.FixtureRequest) -> TurningDetector:
    if request.param == "yunet" and not is_installed("cv2"):
        pytest.skip("the extra 'yunet' is not installed")
    return make_detector(request.param)


@pytest.mark.parametrize(
    "turns", [1, *(pytest.param(turns, marks=pytest.mark.slow) for turns in (0, 2, 3))]
)
def test_portraits_on_their_side_are_found_where_they_lie(
    real: TurningDetector, turns: int
) -> None:
    for picture in portraits()[:4]:
        [upright] = real.detect(picture)
        [face] = real.detect(turned(picture, turns))
        assert face.box.overlap(turned_box(upright.box, picture.size, turns)) > 0.8
        assert is_up(face, turns)


def test_tight_portraits_are_found(real: TurningDetector) -> None:
    for picture in portraits()[:4]:
        [upright] = real.detect(picture)
        assert len(real.detect(tight(picture, upright.box, 0.05))) == 1


@pytest.mark.slow
def test_index_and_query_find_the_same_faces_and_upright_crops(tmp_path: Path) -> None:
    detector, picture = make_detector("mtcnn"), portraits()[0]
    buffer = io.BytesIO()
    turned(picture, 1).save(buffer, "PNG")
    (tmp_path / "scan.png").write_bytes(buffer.getvalue())
    [query] = faces_in(buffer.getvalue(), detector)
    file = stat_photo(tmp_path, "scan.png")
    assert file is not None
    [indexed] = find_in_file(PendingFile(file, None), tmp_path, detector).faces
    assert indexed.box == query.box
    np.testing.assert_array_equal(indexed.crop, query.crop)
    [upright] = faces_in(picture, detector)
    difference = np.abs(query.crop.astype(float) - upright.crop.astype(float)).mean()
    assert difference < 12  # on its side it is over 40
