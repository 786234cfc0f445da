"""Smaller copies of a photo for the detectors."""

import math

from PIL import Image


def bounded_copy(image: Image.Image, most: int) -> Image.Image:
    """The picture scaled to at most `most` pixels in all; itself where it has no more."""
    factor = math.sqrt(most / (image.width * image.height))
    if factor >= 1.0:
        return image
    size = max(1, int(image.width * factor)), max(1, int(image.height * factor))
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
