"""Brings a face to the one pose every model is trained on: 112×112, five landmarks in place."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from opqn_app.core.types import Crops, Floats

CROP_SIZE = 112
TEMPLATE = np.array(
    [
        (38.2946, 51.6963),  # left eye; left is left in the picture
        (73.5318, 51.5014),  # right eye
        (56.0252, 71.7366),  # nose
        (41.5493, 92.3655),  # left corner of the mouth
        (70.7299, 92.2041),  # right corner of the mouth
    ],
    dtype=np.float64,
)
TEMPLATE.setflags(write=False)

_REACH = 3  # pixels around the region read, for the reach of the bicubic kernel


def similarity_transform(landmarks: Floats, *, size: int = CROP_SIZE) -> NDArray[np.float64]:
    """Rotation, scale and shift that bring landmarks closest to the template, least squares.

    Closed form in two dimensions of Umeyama, "Least-squares estimation of transformation
    parameters between two point patterns", PAMI 1991; it can't mirror.

    Args:
        landmarks: (5, 2) x, y in pixels, in the template's order.
        size: side of the crop; the template is scaled to it.

    Returns:
        (2, 3): picture → crop, crop_xy = A[:, :2] @ xy + A[:, 2].

    Raises:
        ValueError: landmarks that are not finite or all in one place.
    """
    source = np.asarray(landmarks, dtype=np.float64)
    target = TEMPLATE * (size / CROP_SIZE)
    spread = source - source.mean(axis=0)
    wanted = target - target.mean(axis=0)
    norm = float((spread**2).sum())
    if not norm > 1e-9:  # NaN as well
        raise ValueError("the landmarks of the face lie all in one place or nowhere")
    cosine = float((spread * wanted).sum()) / norm  # scale · cos of the angle
    sine = float((spread[:, 0] * wanted[:, 1] - spread[:, 1] * wanted[:, 0]).sum()) / norm
    turn = np.array([[cosine, -sine], [sine, cosine]])
    if not (np.isfinite(turn).all() and math.hypot(cosine, sine) > 1e-9):
        raise ValueError("the landmarks of the face have no size or direction")
    shift = target.mean(axis=0) - turn @ source.mean(axis=0)
    return np.column_stack([turn, shift])


def is_alignable(landmarks: Floats, picture: tuple[int, int]) -> bool:
    """Whether landmarks can be those of a face in a picture of size `picture`.

    They are not if the face's square would be below 2 px or far larger than the picture, as with
    points in wild order; cutting that out would take memory without end.
    """
    try:
        matrix = similarity_transform(landmarks)
    except ValueError:
        return False
    reach = CROP_SIZE / math.hypot(matrix[0, 0], matrix[1, 0])
    return 2.0 <= reach <= max(4 * max(picture), 1024)


def align_face(
    image: Image.Image, landmarks: Floats, *, size: int = CROP_SIZE, margin: int = 0
) -> Crops:
    """Cut a face out of a picture, upright and to scale.

    Bicubic (Pillow's kernel: Keys' with a = −1). A face larger than the crop is averaged down
    first, so that fine texture does not turn into false patterns. Beyond the picture its edge
    pixels go on.

    Args:
        image: RGB.
        landmarks: (5, 2) x, y in pixels of `image`; pixel i reaches from i to i + 1.
        margin: pixels more on each side, around the crop of `size`.

    Returns:
        (size + 2 · margin, size + 2 · margin, 3) RGB.

    Raises:
        ValueError: landmarks for which `is_alignable` is False.
    """
    if not is_alignable(landmarks, image.size):
        raise ValueError("the landmarks are no face in this picture")
    forward = similarity_transform(landmarks, size=size)
    forward[:, 2] += margin
    inverse, side = _inverted(forward), size + 2 * margin
    shrink = math.hypot(inverse[0, 0], inverse[1, 0])  # picture pixels per crop pixel
    region, left, top = _needed_region(image, inverse, side, _REACH * max(1.0, shrink))
    inverse[:, 2] -= (left, top)
    if shrink > 1.0:
        region, inverse = _reduced(region, inverse, shrink)
    matrix: tuple[float, ...] = tuple(inverse.ravel().tolist())
    crop = region.transform(
        (side, side), Image.Transform.AFFINE, matrix, resample=Image.Resampling.BICUBIC
    )
    return np.asarray(crop, dtype=np.uint8).copy()


def share_inside(landmarks: Floats, picture: tuple[int, int]) -> Floats:
    """How much of each pixel of an aligned crop is picture; the rest are edge pixels gone on.

    Args:
        landmarks: as the crop was cut by, in pixels of the picture.
        picture: its width and height.

    Returns:
        (112, 112), 0 to 1; all 1 for landmarks that are no face in such a picture.
    """
    if not is_alignable(landmarks, picture):
        return np.ones((CROP_SIZE, CROP_SIZE), np.float32)
    inverse = _inverted(similarity_transform(landmarks))
    middles = np.arange(CROP_SIZE) + 0.5
    across, down = np.meshgrid(middles, middles)
    x, y = (turn[0] * across + turn[1] * down + turn[2] for turn in inverse)
    inward = np.minimum(np.minimum(x, picture[0] - x), np.minimum(y, picture[1] - y))
    shrink = math.hypot(inverse[0, 0], inverse[1, 0])
    shares: Floats = np.clip(inward / shrink + 0.5, 0.0, 1.0).astype(np.float32)
    return shares


def _inverted(forward: NDArray[np.float64]) -> NDArray[np.float64]:
    turn = np.linalg.inv(forward[:, :2])
    return np.column_stack([turn, -turn @ forward[:, 2]])


def _needed_region(
    image: Image.Image, inverse: NDArray[np.float64], size: int, margin: float
) -> tuple[Image.Image, int, int]:
    """What the crop needs of the picture, edge pixels replicated, and where its corner lies."""
    corners = np.array([(0, 0), (size, 0), (0, size), (size, size)], dtype=np.float64)
    reached = corners @ inverse[:, :2].T + inverse[:, 2]
    left, top = (int(v) for v in np.floor(reached.min(axis=0) - margin))
    right, bottom = (int(v) for v in np.ceil(reached.max(axis=0) + margin))
    inside = _clamped(left, right, image.width), _clamped(top, bottom, image.height)
    (x0, x1), (y0, y1) = inside
    pixels: NDArray[Any] = np.asarray(image.crop((x0, y0, x1, y1)))
    columns = np.clip(np.arange(left, right), x0, x1 - 1) - x0
    rows = np.clip(np.arange(top, bottom), y0, y1 - 1) - y0
    return Image.fromarray(pixels[rows[:, None], columns]), left, top


def _clamped(start: int, stop: int, length: int) -> tuple[int, int]:
    """The part of `start` to `stop` inside 0 to `length`, or the nearest pixel where none is."""
    first = min(max(start, 0), length - 1)
    return first, max(min(stop, length), first + 1)


def _reduced(
    region: Image.Image, inverse: NDArray[np.float64], shrink: float
) -> tuple[Image.Image, NDArray[np.float64]]:
    """The region at about one pixel per crop pixel, and the transform into it."""
    width, height = (max(1, math.ceil(side / shrink)) for side in region.size)
    factors = np.array([[width / region.width], [height / region.height]])
    smaller = region.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=3.0)
    return smaller, inverse * factors
