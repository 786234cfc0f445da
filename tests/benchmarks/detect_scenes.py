"""Photos with known faces for bench_detect: aligned crops pasted small, turned and blurred."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from opqn_app.core.types import Box, Floats
from opqn_app.vision.align import CROP_SIZE, TEMPLATE

SIZE = (1536, 1024)


@dataclass(frozen=True, slots=True)
class Kind:
    """How the faces of a scene look.

    Attributes:
        side: of the pasted 112 px crop in the scene; the face in it is about as high.
        angle: degrees by which it is turned.
        sharp: px to which it is shrunk before; 0 leaves it sharp.
    """

    side: int
    angle: float = 0.0
    sharp: int = 0

    @property
    def name(self) -> str:
        turned = f" turned {self.angle:.0f}°" if self.angle else ""
        return f"{self.side} px{turned}" + (f" blurred to {self.sharp}" if self.sharp else "")


KINDS = (
    *(Kind(side) for side in (20, 26, 34, 45, 70, 120, 240, 480, 900)),
    *(Kind(120, angle) for angle in (15.0, 30.0, 45.0, 60.0, 90.0)),
    *(Kind(120, sharp=sharp) for sharp in (10, 14, 20)),
)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A picture; boxes of its faces, and where the alignment template's landmarks lie in it."""

    image: Image.Image
    boxes: tuple[Box, ...]
    landmarks: tuple[Floats, ...]


def make_scene(
    crops: NDArray[np.uint8], kind: Kind, seed: int, size: tuple[int, int] = SIZE
) -> Scene:
    """As many of `crops` (n, 112, 112, 3) as fit, in a grid on a soft background with noise."""
    rng = np.random.default_rng(seed)
    blobs = rng.integers(40, 220, (size[1] // 80, size[0] // 80, 3), np.uint8)
    image = Image.fromarray(blobs).resize(size, Image.Resampling.BICUBIC)
    cell = min(max(kind.side * 2, 160), size[1])
    places = [
        (x, y)
        for y in range(cell // 2, size[1] - cell // 2 + 1, cell)
        for x in range(cell // 2, size[0] - cell // 2 + 1, cell)
    ]
    boxes, landmarks = [], []
    for (x, y), crop in zip(places, crops, strict=False):
        box, points = _paste(image, Image.fromarray(crop), kind, x, y)
        boxes.append(box)
        landmarks.append(points)
    noisy = np.asarray(image) + rng.normal(0.0, 3.0, (size[1], size[0], 3))
    image = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
    return Scene(image, tuple(boxes), tuple(landmarks))


def _paste(image: Image.Image, crop: Image.Image, kind: Kind, x: int, y: int) -> tuple[Box, Floats]:
    if kind.sharp:
        crop = crop.resize((kind.sharp, kind.sharp), Image.Resampling.BOX)
    crop = crop.resize((kind.side, kind.side), Image.Resampling.BICUBIC)
    mask = Image.new("L", crop.size, 255)
    if kind.side >= 20:  # a soft edge instead of a frame
        inner = Image.new("L", crop.size, 0)
        rim = max(1, kind.side // 40)
        inner.paste(255, (rim, rim, kind.side - rim, kind.side - rim))
        mask = inner.filter(ImageFilter.GaussianBlur(rim / 2))
    turned, mask = (
        part.rotate(kind.angle, Image.Resampling.BICUBIC, expand=True) for part in (crop, mask)
    )
    left, top = x - turned.width // 2, y - turned.height // 2
    image.paste(turned, (left, top), mask)
    radians = np.deg2rad(-kind.angle)
    turn = np.array([[np.cos(radians), -np.sin(radians)], [np.sin(radians), np.cos(radians)]])
    middle = np.array([left + turned.width / 2, top + turned.height / 2])
    centred = (TEMPLATE - CROP_SIZE / 2) * (kind.side / CROP_SIZE)
    points = (centred @ turn.T + middle).astype(np.float32)
    half = kind.side / 2
    return Box(middle[0] - half, middle[1] - half, middle[0] + half, middle[1] + half), points
