"""Engines that worker processes can build, some of which die on pictures of a certain width."""

import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

from PIL import Image

from opqn_app.core.errors import ModelMissing
from opqn_app.core.types import DetectedFace
from opqn_app.engine import Engine
from opqn_app.index.indexing import index_folder
from tests.library_fakes import PixelDetector, PixelEncoder, layered_engine

KILLS, CRASHES, RAISES, HANGS, KILLS_ONCE = 71, 72, 73, 74, 75  # pixels wide


class FragileDetector(PixelDetector):
    """Two faces a picture, or what the width of the picture says."""

    def detect(self, image: Image.Image, _pixels: int = 0) -> list[DetectedFace]:
        once = Path(os.environ["OPQN_DATA_DIR"]) / "killed-once"
        once.parent.mkdir(exist_ok=True)
        if image.width == KILLS or (image.width == KILLS_ONCE and not once.exists()):
            once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if image.width == CRASHES:
            signal.signal(signal.SIGABRT, signal.SIG_DFL)
            os.abort()
        if image.width == RAISES:
            raise ZeroDivisionError("a bug")
        if image.width == HANGS:
            (once.parent / "hangs").touch()
            time.sleep(600)
        return super().detect(image)


def build() -> Engine:
    return Engine(FragileDetector(2), PixelEncoder(), build)


class SlowDetector(PixelDetector):
    """Notes when it begins and ends with each picture, and takes its time."""

    def detect(self, image: Image.Image, _pixels: int = 0) -> list[DetectedFace]:
        began = time.monotonic()
        time.sleep(0.1)
        note = Path(os.environ["OPQN_DATA_DIR"]) / f"{image.width}-{os.getpid()}-{began}"
        note.write_text(f"{began} {time.monotonic()}", encoding="ascii")
        return []


def build_slow() -> Engine:
    return Engine(SlowDetector(), PixelEncoder(), build_slow)


def build_unknown() -> Engine:
    raise ModelMissing("nowhere")


def die_at_start() -> Engine:
    os._exit(3)


def build_layered() -> Engine:
    return replace(layered_engine(), builder=build_layered)


if __name__ == "__main__":  # LIBRARY FOLDER WORKERS: a parent for tests to kill
    list(index_folder(Path(sys.argv[1]), Path(sys.argv[2]), build(), workers=int(sys.argv[3])))
