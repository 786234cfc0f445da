"""Decoders that crash, hang or eat memory on pictures that say so, in the processes of tests alone.

A process of a pool gets them by `prepare`, a worker of indexing by the engine that `build` makes.
"""

import ctypes
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PIL import Image

from opqn_app.core import child
from opqn_app.core.apart import Pool
from opqn_app.engine import Engine
from opqn_app.vision import decoders
from tests.library_fakes import PixelDetector, PixelEncoder
from tests.odd_files import corners, encoded

MARK = b"what a decoder does: "
CRASHES, HANGS, EATS = "crashes", "hangs", "eats memory"
MEMORY_BYTES = 600 << 20  # enough for a process that decodes, and soon filled
SOON_S = 1.0


def picture(what: str) -> bytes:
    """A JPEG that is fine for any decoder but those here."""
    return encoded(corners(), "JPEG", comment=MARK + what.encode())


def write(folder: Path, deeds: Iterable[str] = (CRASHES, EATS)) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    made = [folder / f"{what.replace(' ', '_')}.jpg" for what in deeds]
    for path, what in zip(made, deeds, strict=True):
        path.write_bytes(picture(what))
    return made


def prepare() -> None:
    """What a pool prepares its processes by."""
    decoders.prepare()
    real = decoders.opened
    child.bound_memory(MEMORY_BYTES)

    def opened(file: Any, path: Path, head: bytes) -> Image.Image:
        _, found, rest = head.partition(MARK)
        if found:
            _do(rest)
        return real(file, path, head)

    decoders.opened = opened


def _do(what: bytes) -> None:
    if what.startswith(CRASHES.encode()):
        ctypes.string_at(0)
    if what.startswith(HANGS.encode()):
        ctypes.PyDLL(None).pause()  # keeps Python's lock: no thread of Python's can end it
    kept = []
    while what.startswith(EATS.encode()):
        kept.append(os.urandom(1 << 20) * 16)


def pool(*, longest_s: float | None = None) -> Pool:
    return Pool(prepare) if longest_s is None else Pool(prepare, longest_s=longest_s)


def build() -> Engine:
    """What a worker of indexing builds."""
    prepare()
    return Engine(PixelDetector(2), PixelEncoder(), build)


def here() -> Engine:
    """The same for the process that indexes, whose own decoders stay as they are."""
    return Engine(PixelDetector(2), PixelEncoder(), build)
