"""An engine for tests of the window: a person is a tint, a face is a square of it."""

import numpy as np
from PIL import Image

from opqn_app.core.types import Box, Codes, Crops, DetectedFace, Floats
from opqn_app.engine import Engine
from opqn_app.opqn.calibration import Calibration
from opqn_app.opqn.links import Links
from tests.library_fakes import PixelEncoder

SQUARE = 60  # pixels of a painted face
TINTS = {"red": (200, 40, 40), "green": (40, 200, 40), "blue": (40, 40, 200)}
_POINTS = np.array([[0.34, 0.46], [0.66, 0.46], [0.5, 0.64], [0.37, 0.82], [0.63, 0.82]])


class TintDetector:
    """Sees a face in each square of a pure tint, standing in a row on grey."""

    def detect(self, image: Image.Image, _pixels: int = 0) -> list[DetectedFace]:
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
        self.calibration = Calibration(slope=1.0, intercept=-3.8, usual=0.5, following=0.5)

    def encode(self, crops: Crops) -> Codes:
        tints = np.asarray(crops)[:, 40:72, 40:72].mean(axis=(1, 2)).argmax(axis=1)
        return np.repeat(tints[:, None], self.n_books, axis=1).astype(np.uint8)

    @property
    def links(self) -> Links:
        """Two tints are two people."""
        return Links(-12.0, 24.0, 0.0, 0.0, 0.0, 0.0, 0.0)

    def features(self, crops: Crops) -> Floats:
        return np.eye(3, dtype=np.float32)[self.encode(crops)[:, 0]]

    def luts(self, crops: Crops) -> Floats:
        return self.tables_of(self.features(crops))

    def tables_of(self, features: Floats) -> Floats:
        table = np.full((len(features), self.n_books, self.n_words), 0.05, dtype=np.float32)
        for i, tint in enumerate(features.argmax(axis=1)):
            table[i, :, tint] = 0.9
        return table


def tint_engine(_model: str = "", _device: str = "") -> Engine:
    return Engine(TintDetector(), TintEncoder())
