"""Turns whatever pixel format a decoder gives into small upright RGB, with bounded memory."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from opqn_app.vision import odd_tiff
from opqn_app.vision.colour import Colours
from opqn_app.vision.copies import reduced
from opqn_app.vision.orientation import Orientation


def bounded_size(size: tuple[int, int], max_side: int) -> tuple[int, int]:
    """`size` shrunk in proportion so that its longest side is at most `max_side`; 1 px at least."""
    factor = min(1.0, max_side / max(size))
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def upright_rgb(
    image: Image.Image,
    max_side: int,
    orientation: Orientation,
    colours: Colours | None = None,
    *,
    min_side: int | None = None,
) -> Image.Image:
    """A loaded image of any mode as bounded upright RGB; what is transparent becomes white.

    It is `image` itself where that is so already: a copy costs a tenth of decoding.

    Args:
        colours: of `image`; applied here where the picture is no likeness without.
        min_side: it may come out smaller than `max_side` if that is faster, but no smaller than
            this.
    """
    is_far = colours is not None and colours.is_far
    plain = orientation.cut(image)
    if not (is_far and image.mode == "CMYK"):
        plain = _opaque(_plain(plain))
    if min_side is not None and min_side < max_side:
        plain = reduced(plain, min_side)
    smaller = _shrunk(plain, max_side)
    if smaller.mode not in ("RGB", "CMYK"):
        smaller = smaller.convert("RGB")
    if colours is not None and is_far:
        smaller = colours.to_srgb(smaller)
    return orientation.turned(smaller)


def _opaque(image: Image.Image) -> Image.Image:
    """An RGBA picture laid on white; others as they are."""
    if image.mode != "RGBA":
        return image
    if image.getchannel("A").getextrema() == (255, 255):
        return image.convert("RGB")
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image)  # as alpha_composite does it, in half the time
    return white


def _shrunk(image: Image.Image, max_side: int) -> Image.Image:
    size = bounded_size(image.size, max_side)
    if size == image.size:
        return image
    # Less than half the time of Lanczos' filter, which took longer than decoding a JPEG. The gap
    # lets a cheap integer reduction go first; at 3 it can't be told from the full filter.
    return image.resize(size, Image.Resampling.HAMMING, reducing_gap=3.0)


def _plain(image: Image.Image) -> Image.Image:
    """`image` as L, RGB or RGBA, which can be resized without mixing unlike values."""
    mode = image.mode
    if mode in ("L", "RGB", "RGBA") and "transparency" not in image.info:
        return image
    if mode in ("I", "F") or mode.startswith("I;16"):
        grey = _grey_of_deep(image)
        return ImageOps.invert(grey) if odd_tiff.is_negative(image) else grey
    if mode == "LAB":
        return image.getchannel("L")  # Pillow has no conversion; lightness shows the face
    if mode == "La":
        image = image.convert("LA")  # the only conversion that Pillow has for it
    has_alpha = mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info
    return image.convert("RGBA" if has_alpha else "RGB")


def _grey_of_deep(image: Image.Image) -> Image.Image:
    values = np.asarray(image)
    if image.mode == "I":
        values = _scaled(values, (255, 65535))
    elif image.mode == "F":
        values = _scaled(values, (1, 255, 65535))
    else:
        values = values >> 8
    return Image.fromarray(values.astype(np.uint8))


def _scaled(values: NDArray[Any], ranges: tuple[int, ...]) -> NDArray[Any]:
    """Grey values of unstated range, brought to 0..255 from the smallest range that holds them."""
    values = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    peak = float(values.max(initial=0.0))
    top = next((float(limit) for limit in ranges if peak <= limit), peak)
    return np.clip(values * np.float32(255.0 / top), 0.0, 255.0)
