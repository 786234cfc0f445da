"""A window without a screen, an engine without a model, and a check for leaked lanes."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from library_fakes import PixelEncoder
from PIL import Image
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from opqn_app.engine import Engine
from opqn_app.settings import Settings
from opqn_app.types import Box, Calibration, Codes, Crops, DetectedFace, Floats
from opqn_app.ui import theme
from opqn_app.ui.session import Session

SQUARE = 60  # pixels of a painted face
TINTS = {"red": (200, 40, 40), "green": (40, 200, 40), "blue": (40, 40, 200)}
_POINTS = np.array([[0.34, 0.46], [0.66, 0.46], [0.5, 0.64], [0.37, 0.82], [0.63, 0.82]])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The offscreen platform warns at each window with a smallest size; any other warning fails."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.qt_log_ignore("does not support propagateSizeHints"))


class TintDetector:
    """Sees a face in each square of a pure tint, standing in a row on grey."""

    def detect(self, image: Image.Image) -> list[DetectedFace]:
        pixels = np.asarray(image).astype(int)
        found = []
        for tint in TINTS.values():
            mask = np.abs(pixels - tint).max(axis=2) < 60
            if mask.any():
                rows, columns = np.where(mask)
                found.append(_face(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))
        return found


def _face(left: int, top: int, right: int, bottom: int) -> DetectedFace:
    side = np.array([right - left, bottom - top])
    landmarks = (_POINTS * side + (left, top)).astype(np.float32)
    return DetectedFace(Box(left, top, right, bottom), landmarks, 0.99)


class TintEncoder(PixelEncoder):
    """Word 0 of every book for red, 1 for green, 2 for blue: a tint is a person."""

    def __init__(self) -> None:
        super().__init__("tints", n_books=8, n_words=4)
        # A score of 8 · 0.9 = 7.2 is the same tint, 8 · 0.05 = 0.4 another one.
        self.calibration = Calibration(slope=1.0, intercept=-3.8)

    def encode(self, crops: Crops) -> Codes:
        tints = np.asarray(crops)[:, 40:72, 40:72].mean(axis=(1, 2)).argmax(axis=1)
        return np.repeat(tints[:, None], self.n_books, axis=1).astype(np.uint8)

    def luts(self, crops: Crops) -> Floats:
        table = np.full((len(crops), self.n_books, self.n_words), 0.05, dtype=np.float32)
        for i, code in enumerate(self.encode(crops)):
            table[i, :, code[0]] = 0.9
        return table


def tint_engine(_model: str = "", _device: str = "") -> Engine:
    return Engine(TintDetector(), TintEncoder())


MakePeople = Callable[..., Path]


@pytest.fixture
def people(tmp_path: Path) -> MakePeople:
    """A function that writes a photo of the named tints, the first the largest."""

    def write(name: str, *tints: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.new("RGB", (40 + 120 * max(len(tints), 1), 140), (128, 128, 128))
        for place, tint in enumerate(tints):
            side = SQUARE + 20 - 8 * place
            image.paste(TINTS[tint], (20 + 120 * place, 30, 20 + 120 * place + side, 30 + side))
        image.save(path)
        return path

    return write


@pytest.fixture
def themed(qapp: QApplication) -> Iterator[QApplication]:
    """The application in its light colours."""
    theme.apply_theme(qapp, "light")
    yield qapp
    theme.apply_theme(qapp, "light")


@pytest.fixture
def session(qtbot: QtBot, themed: QApplication, tmp_path: Path) -> Iterator[Session]:
    """A session on a library of its own, with an engine that knows tints instead of people."""
    made = Session(Settings(library=str(tmp_path / "library.sqlite")), engine_factory=tint_engine)
    yield made
    made.shut_down()


@pytest.fixture
def index_folder_of(session: Session, qtbot: QtBot) -> Callable[[Path], None]:
    """A function that indexes a folder and waits for its end."""

    def index(folder: Path) -> None:
        with qtbot.waitSignal(session.indexing_finished, timeout=20_000):
            session.index(folder)

    return index


@pytest.fixture(autouse=True)
def no_leaked_lanes(qapp: QApplication) -> Iterator[None]:
    """A lane thread that is still alive after a test fails it."""
    yield
    qapp.processEvents()
    leaked = [thread.name for thread in threading.enumerate() if thread.name.startswith("lane-")]
    assert not leaked, f"lanes that were never shut down: {leaked}"
