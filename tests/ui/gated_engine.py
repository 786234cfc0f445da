"""An engine that looks at as many photos as a test lets it: progress without sleeping."""

import threading

from PIL import Image

from opqn_app.core.types import DetectedFace
from opqn_app.engine import Engine
from tests.library_fakes import PixelDetector, PixelEncoder

WAIT_S = 20.0  # a test that forgets to open the gate fails instead of hanging


class GatedDetector:
    """Finds one face a photo, and waits at a gate before each."""

    def __init__(self) -> None:
        self._passes = threading.Semaphore(0)
        self._inner = PixelDetector(n_faces=1)

    def let_pass(self, photos: int) -> None:
        self._passes.release(photos)

    def detect(self, image: Image.Image, _pixels: int = 0) -> list[DetectedFace]:
        assert self._passes.acquire(timeout=WAIT_S), "the gate was never opened"
        return self._inner.detect(image)

    def engine(self) -> Engine:
        return Engine(self, PixelEncoder())
