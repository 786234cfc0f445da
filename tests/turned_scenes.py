"""Portraits of the bundled sample, turned and cut tight, as scans and profile pictures are."""

import numpy as np
from PIL import Image

from opqn_app.core import paths
from opqn_app.core.types import Box, DetectedFace

TURNS = (
    None,
    Image.Transpose.ROTATE_90,
    Image.Transpose.ROTATE_180,
    Image.Transpose.ROTATE_270,
)


def portraits() -> list[Image.Image]:
    """The 25 query photos of the sample: one face each, upright."""
    opened = []
    for file in sorted((paths.resource("sample") / "queries").glob("*.jpg")):
        with Image.open(file) as picture:
            opened.append(picture.convert("RGB"))
    return opened


def turned(picture: Image.Image, turns: int) -> Image.Image:
    """After quarter turns against the clock."""
    method = TURNS[turns]
    return picture if method is None else picture.transpose(method)


def turned_box(box: Box, size: tuple[int, int], turns: int) -> Box:
    """Where a box of a picture of `size` lies after `turns`."""
    for _ in range(turns):
        width, height = size
        box = Box(box.top, width - box.right, box.bottom, width - box.left)
        size = height, width
    return box


def tight(picture: Image.Image, box: Box, share: float) -> Image.Image:
    """What lies inside the box of a face, less `share` of it on each side."""
    across, down = box.width * share, box.height * share
    sides = box.left + across, box.top + down, box.right - across, box.bottom - down
    left, top, right, bottom = map(round, sides)
    return picture.crop((max(left, 0), max(top, 0), right, bottom))


def page(pictures: list[Image.Image], side: int) -> tuple[Image.Image, list[Box]]:
    """One picture that shows all of them, five in a row, `side` px each; and where they lie."""
    cell = side * 6 // 5
    size = 5 * cell, -(-len(pictures) // 5) * cell
    blobs = np.random.default_rng(0).integers(60, 200, (8, 8, 3), np.uint8)
    whole = Image.fromarray(blobs).resize(size, Image.Resampling.BICUBIC)
    boxes = []
    for i, picture in enumerate(pictures):
        left, top = i % 5 * cell + side // 10, i // 5 * cell + side // 10
        whole.paste(picture.resize((side, side), Image.Resampling.LANCZOS), (left, top))
        boxes.append(Box(left, top, left + side, top + side))
    return whole, boxes


def is_up(face: DetectedFace, turns: int) -> bool:
    """Whether the mouth of a face lies where it belongs in a picture after `turns`."""
    x, y = (face.landmarks[3:].mean(axis=0) - face.landmarks[:2].mean(axis=0)).tolist()
    return bool((y > abs(x), x > abs(y), -y > abs(x), -x > abs(y))[turns])
