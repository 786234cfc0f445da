"""Aligned crops as the library stores them: small WebP files that outlive an unplugged disk."""

import io

import numpy as np
from PIL import Image

from opqn_app.core.types import Crops

QUALITY = 90  # WebP; about 3 kB a crop


def crop_to_webp(crop: Crops) -> bytes:
    """A (112, 112, 3) uint8 crop as a WebP file."""
    out = io.BytesIO()
    Image.fromarray(crop).save(out, "WEBP", quality=QUALITY)
    return out.getvalue()


def crop_from_webp(webp: bytes) -> Crops:
    """(112, 112, 3) uint8 of a stored crop."""
    with Image.open(io.BytesIO(webp)) as image:
        return np.asarray(image.convert("RGB"))
