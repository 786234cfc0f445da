"""Photos with known faces, composed of ORL portraits (AT&T Laboratories Cambridge)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from opqn_app.core.types import Box

FACES = tuple(sorted((Path(__file__).parent / "data" / "orl").glob("*.png")))


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A picture and the rectangles in which the portraits lie, from left to right."""

    image: Image.Image
    boxes: tuple[Box, ...]


def make_scene(size: tuple[int, int], heights: tuple[int, ...], *, seed: int = 0) -> Scene:
    """Portraits of the given heights side by side on a background of soft colours."""
    rng = np.random.default_rng(seed)
    blobs = rng.integers(60, 200, (max(2, size[1] // 60), max(2, size[0] // 60), 3), np.uint8)
    image = Image.fromarray(blobs).resize(size, Image.Resampling.BICUBIC)
    cell, boxes = size[0] // len(heights), []
    for place, height in enumerate(heights):
        with Image.open(FACES[place % len(FACES)]) as portrait:
            width = round(height * portrait.width / portrait.height)
            small = portrait.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
        left = place * cell + (cell - width) // 2
        top = int(rng.integers(0, size[1] - height + 1))
        image.paste(small, (left, top))
        boxes.append(Box(left, top, left + width, top + height))
    return Scene(image, tuple(boxes))
