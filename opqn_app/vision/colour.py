"""Colours as their profile means them, brought to sRGB, which every screen and model takes."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from PIL import Image, ImageCms

_ALIKE = 3  # of 255: a profile that moves no colour by more is sRGB under whatever name
# Perceptual tables may lend a picture another look: those of "sRGB v4 preference" do.
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
_GREYS = ("1", "L", "LA", "La", "I", "F")
# Their words for sRGB differ, and so do their numbers by a hair: what counts is what they do.
_SAMPLES = tuple(product((0, 64, 128, 192, 255), repeat=3))


@dataclass(frozen=True, slots=True, eq=False)
class Colours:
    """What a profile says of a picture's values.

    Attributes:
        transform: from values of `mode` to sRGB.
        mode: "RGB", "L" or "CMYK".
        source: the profile, and the mode of the picture, that this was made of.
        is_far: without it the picture is no likeness, as with CMYK or values that are no red,
            green and blue. The others only look a little paler.
    """

    transform: ImageCms.ImageCmsTransform
    mode: str
    is_far: bool
    source: tuple[bytes, str]

    def __reduce__(self) -> tuple[Callable[[bytes, str], "Colours | None"], tuple[bytes, str]]:
        """A transform does not go through a pipe; what it was made of does."""
        return _colours, self.source

    def to_srgb(self, image: Image.Image) -> Image.Image:
        """A copy of `image`, RGB or CMYK, in sRGB; grey values stand in all three channels."""
        if self.mode == "L" and image.mode != "L":
            image = image.getchannel(0)
        return ImageCms.applyTransform(image, self.transform) or image


def colours_of(image: Image.Image) -> Colours | None:
    """By the profile of an opened picture; None: it is sRGB, says nothing, or can't be used."""
    profile = image.info.get("icc_profile")
    if not isinstance(profile, bytes) or not profile or image.mode == "LAB":
        return None
    is_grey = image.mode in _GREYS or image.mode.startswith("I;16")
    return _colours(profile, "CMYK" if image.mode == "CMYK" else "L" if is_grey else "RGB")


@lru_cache(maxsize=32)  # a camera writes the same one into every photo
def _colours(profile: bytes, mode: str) -> Colours | None:
    asked = profile, mode
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = source.profile.xcolor_space.strip()
        fitting = {"CMYK": ("CMYK",), "L": ("GRAY", "RGB"), "RGB": ("RGB",)}[mode]
        if space not in fitting:
            return None
        mode = "L" if space == "GRAY" else mode if mode == "CMYK" else "RGB"
        transform = ImageCms.buildTransform(
            source, _srgb(), mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC, _FLAGS
        )
        made = Colours(transform, mode, not source.profile.is_matrix_shaper, asked)
        return None if mode != "CMYK" and _changes_nothing(made) else made
    except (ImageCms.PyCMSError, OSError):
        return None  # a broken profile; the picture itself is fine


@lru_cache(maxsize=1)
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _changes_nothing(colours: Colours) -> bool:
    values = np.array(_SAMPLES, np.uint8)[None]
    if colours.mode == "L":
        values = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, axis=2)
    changed = np.asarray(colours.to_srgb(Image.fromarray(values)), np.int16)
    return int(np.abs(changed - values).max()) <= _ALIKE
