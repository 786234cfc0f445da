"""Smaller copies of a photo, for the detectors and for what is kept in memory."""

import math

from PIL import Image


def reduced(image: Image.Image, min_side: int) -> Image.Image:
    """`image` made smaller by the largest whole number that leaves its longest side `min_side`.

    Means of squares, in a fraction of the time of a filter. Itself where the number is 1.
    """
    factor = max(image.size) // min_side
    return image.reduce(factor) if factor > 1 else image


def bounded_copy(image: Image.Image, most: int, *, gap: float = 1.5) -> Image.Image:
    """The picture scaled to at most `most` pixels in all; itself where it has no more.

    Args:
        gap: means of squares go first, as long as they leave so many times the size wanted.
    """
    factor = math.sqrt(most / (image.width * image.height))
    if factor >= 1.0:
        return image
    size = max(1, int(image.width * factor)), max(1, int(image.height * factor))
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=gap)
