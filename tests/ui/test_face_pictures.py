"""A face that reaches beyond its photo is shown without the edge pixels that its crop repeats."""

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from opqn_app.core import paths
from opqn_app.core.progress import finished
from opqn_app.core.types import Crops, Floats
from opqn_app.engine import Engine
from opqn_app.index.indexing import index_folder
from opqn_app.store.crops import crop_from_webp
from opqn_app.store.library import Library
from opqn_app.ui.kit import theme
from opqn_app.ui.kit.face_tile import RING, FaceTile
from opqn_app.ui.kit.thumbnails import load_face_crops
from opqn_app.ui.kit.tile_delegate import TileDelegate
from opqn_app.ui.search.result_grid import FaceGrid
from opqn_app.ui.work.jobs import crops_of_faces
from opqn_app.vision.align import align_face, share_inside
from opqn_app.vision.detect import make_detector
from tests.library_fakes import PixelEncoder


def rgb(image: QImage) -> NDArray[np.uint8]:
    """(height, width, 4) red, green, blue, alpha."""
    shown = image.convertToFormat(QImage.Format.Format_RGBA8888)
    flat = np.frombuffer(bytes(shown.constBits()), np.uint8)
    return flat.reshape(shown.height(), shown.width(), 4)


@pytest.fixture(scope="module")
def tight(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Crops, Floats]:
    """A library of one portrait cut at the forehead; its face as cut, and what of it is photo."""
    room = tmp_path_factory.mktemp("tight")
    source = next((paths.resource("sample") / "queries").glob("*.jpg"))
    detector = make_detector("mtcnn")
    with Image.open(source) as opened:
        whole = opened.convert("RGB")
    face = detector.detect(whole)[0]
    eyes, box = face.landmarks[:2, 1].min(), face.box
    top = int(eyes - 0.3 * box.height)
    portrait = whole.crop((int(box.left), top, int(box.right), int(box.bottom)))
    (room / "album").mkdir()
    portrait.save(room / "album" / "tight.png")
    engine = Engine(detector, PixelEncoder())
    finished(index_folder(room / "library.sqlite", room / "album", engine))
    with Library.open(room / "library.sqlite") as library:
        placed = library.placed_crop(1)
    assert placed is not None
    cut = align_face(portrait, placed.landmarks)
    return room / "library.sqlite", cut, share_inside(placed.landmarks, placed.photo_size)


def test_only_the_photo_is_shown(tight: tuple[Path, Crops, Floats]) -> None:
    path, cut, inside = tight
    assert 0.05 < (inside == 0).mean() < 0.6
    shown = rgb(load_face_crops(path, [1])[1])
    assert np.array_equal(shown[..., 3], np.rint(255 * inside).astype(np.uint8))
    is_photo = inside == 1
    difference = shown[is_photo][:, :3].astype(int) - cut[is_photo]
    assert np.abs(difference).mean() < 4  # what WebP loses


def test_the_face_is_searched_by_its_whole_crop(tight: tuple[Path, Crops, Floats]) -> None:
    path, cut, _ = tight
    with Library.open(path) as library:
        stored = library.crop(1)
        assert stored is not None
        codes = next(iter(library.code_segments("fake-1"))).codes
    ((crop, picture),) = crops_of_faces(path, [1])
    assert np.array_equal(crop, crop_from_webp(stored))
    assert np.array_equal(codes, PixelEncoder().encode(cut[None]))
    assert picture.hasAlphaChannel()
    with Image.open(io.BytesIO(stored)) as file:
        assert file.mode == "RGB"


@pytest.mark.parametrize("look", ["light", "dark"])
def test_beyond_the_photo_is_the_ground_of_the_theme(
    tight: tuple[Path, Crops, Floats], look: str, themed: QApplication, qtbot: QtBot
) -> None:
    theme.apply_theme(themed, look)
    picture = load_face_crops(tight[0], [1])[1]
    grid = FaceGrid()
    qtbot.addWidget(grid)
    canvas = QImage(112, 112, QImage.Format.Format_RGB32)
    canvas.fill(QColor("magenta"))
    painter = QPainter(canvas)
    TileDelegate(grid).paint_face(painter, QRect(0, 0, 112, 112), QPixmap.fromImage(picture))
    painter.end()
    tile = FaceTile(picture, 112, "a face")
    qtbot.addWidget(tile)
    button = tile.grab().toImage().copy(RING, RING, 112, 112)
    colour = grid.palette().color(QPalette.ColorRole.AlternateBase)
    ground = (colour.red(), colour.green(), colour.blue())
    beyond = (tight[2] == 0)[12:100, 12:100]  # not the round corners
    for drawn in (canvas, button):
        seen = rgb(drawn)[12:100, 12:100, :3][beyond]
        assert len(seen)
        assert np.array_equal(np.unique(seen, axis=0), [ground])
