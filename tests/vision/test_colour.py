"""Colours come out as their profile means them; the pictures and the profiles are made here."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from opqn_app.core.types import Box, DetectedFace
from opqn_app.vision import colour
from opqn_app.vision.align import TEMPLATE
from opqn_app.vision.faces import find_faces, wider_crop
from opqn_app.vision.images import Photo, photo_of_picture, read_photo
from tests.icc_profiles import (
    ADOBE,
    D50,
    D65,
    P3,
    PROPHOTO,
    SRGB,
    Primaries,
    Values,
    curved,
    grey_profile,
    lab_of_srgb,
    linear,
    matrix_profile,
    table_profile,
    to_d50,
)
from tests.odd_files import SIZE, corners, encoded

SPACES: dict[str, tuple[Primaries, tuple[float, float], float | None]] = {
    "P3": (P3, D65, None),
    "Adobe RGB": (ADOBE, D65, 2.2),
    "ProPhoto": (PROPHOTO, D50, 1.8),
}
SKIN = np.array([(201, 149, 120), (120, 80, 60), (240, 205, 190), (190, 50, 60)], np.uint8)


def patches(colours: NDArray[np.uint8] = SKIN) -> Image.Image:
    """Four squares of 60 pixels beside one another."""
    return Image.fromarray(np.repeat(np.repeat(colours[None], 60, axis=1), 60, axis=0))


def middles(image: Image.Image) -> NDArray[np.int16]:
    """The colours in the middle of four parts beside one another."""
    step = image.width // 4
    return np.asarray(image, np.int16)[image.height // 2, step // 2 :: step][:4]


def stored_in(space: str, srgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """sRGB colours as the values that a space has for them."""
    primaries, white, gamma = SPACES[space]
    into = np.linalg.inv(to_d50(primaries, white)) @ to_d50(SRGB, D65)
    light = np.clip(linear(srgb / 255) @ into.T, 0, 1)
    coded = curved(light) if gamma is None else light ** (1 / gamma)
    return np.rint(coded * 255).astype(np.uint8)


def shown(photo: Photo) -> Image.Image:
    return photo.in_srgb(photo.image)


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
def test_wide_colours_come_out_as_srgb(space: str, kind: str) -> None:
    profile = matrix_profile(*SPACES[space])
    data = encoded(patches(stored_in(space, SKIN)), kind, icc_profile=profile, quality=98)
    photo = read_photo(data, "a")
    difference = np.abs(middles(shown(photo)) - SKIN).max()
    assert difference <= 5
    assert np.abs(middles(photo.image) - SKIN).max() > 12  # without the profile it is seen


def test_of_a_found_face_the_crop_is_converted_and_its_photo_is_not() -> None:
    class Here:
        def detect(self, _image: Image.Image, _pixels: int) -> list[DetectedFace]:
            return [DetectedFace(Box(0, 0, 112, 112), TEMPLATE.astype(np.float32), 0.9)]

    def crop_of(photo: Photo, margin: int) -> NDArray[np.uint8]:
        (face,) = find_faces(photo, Here())
        return wider_crop(photo, face, margin)

    stored = stored_in("P3", SKIN)
    data = encoded(patches(stored), "PNG", icc_profile=matrix_profile(*SPACES["P3"]))
    photo = read_photo(data, "a.png")
    np.testing.assert_array_equal(middles(photo.image), stored)
    plain = replace(photo, image=patches(), colours=None)
    for margin in (0, 8):
        difference = np.asarray(crop_of(photo, margin), np.int16) - crop_of(plain, margin)
        assert np.abs(difference).max() <= 4


def test_grey_pictures_have_profiles_too() -> None:
    ramp = Image.fromarray(np.array([[40, 90, 150, 220]], np.uint8).repeat(60, axis=1))
    expected = curved((middles(ramp) / 255) ** 1.0) * 255
    for image in (ramp, ramp.convert("LA")):
        data = encoded(image, "PNG", icc_profile=grey_profile(1.0))
        got = middles(shown(read_photo(data, "a.png")))
        np.testing.assert_allclose(got, expected[:, None].repeat(3, axis=1), atol=2)


def test_a_grey_picture_with_a_profile_of_colours_is_read_by_it() -> None:
    ramp = Image.fromarray(np.array([[40, 90, 150, 220]], np.uint8).repeat(60, axis=1))
    data = encoded(ramp, "JPEG", icc_profile=matrix_profile(SRGB, D65, 1.0), quality=98)
    expected = curved(middles(ramp) / 255) * 255
    np.testing.assert_allclose(
        middles(shown(read_photo(data, "a.jpg"))), expected[:, None].repeat(3, axis=1), atol=3
    )


def inks(values: Values) -> Values:
    """A printer whose inks come out darker than the complements that Pillow takes them for."""
    return lab_of_srgb(((1 - values[:, :3]) * (1 - values[:, 3:])) ** 1.3)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_inks_are_read_by_their_profile(kind: str) -> None:
    image = patches().convert("CMYK")
    profile = table_profile(b"CMYK", 4, inks)
    photo = read_photo(encoded(image, kind, icc_profile=profile, quality=98), "a")
    assert photo.colours is None  # the detector as well needs a likeness
    expected = (SKIN / 255) ** 1.3 * 255
    np.testing.assert_allclose(middles(photo.image), expected, atol=6)


def test_values_that_are_no_red_green_and_blue_are_converted_before_faces_are_sought() -> None:
    """As in JPEGs of an encoder that stores other values and says by a profile what they mean."""
    profile = table_profile(b"RGB ", 3, lambda values: lab_of_srgb(values[:, [2, 0, 1]]))
    stored = np.ascontiguousarray(SKIN[:, [1, 2, 0]])
    data = encoded(patches(stored), "JPEG", icc_profile=profile, quality=98, subsampling=0)
    photo = read_photo(data, "a.jpg")
    assert photo.colours is None
    np.testing.assert_allclose(middles(photo.image), SKIN, atol=6)


def test_a_profile_with_a_look_of_its_own_gives_the_colours_and_not_the_look() -> None:
    def brighter(values: Values) -> Values:
        return lab_of_srgb(values**0.7)

    profile = table_profile(b"RGB ", 3, lambda values: lab_of_srgb(values[:, [2, 0, 1]]), brighter)
    stored = np.ascontiguousarray(SKIN[:, [1, 2, 0]])
    photo = read_photo(encoded(patches(stored), "PNG", icc_profile=profile), "a.png")
    np.testing.assert_allclose(middles(photo.image), SKIN, atol=6)


def test_srgb_under_any_name_costs_nothing() -> None:
    for profile in (matrix_profile(SRGB, D65, None), grey_profile(2.2)):
        image = patches().convert("L" if b"GRAY" in profile else "RGB")
        data = encoded(image, "JPEG", icc_profile=profile, quality=95)
        photo = read_photo(data, "a.jpg")
        assert photo.in_srgb(photo.image) is photo.image or b"GRAY" in profile


def test_one_profile_is_read_once_for_all_photos() -> None:
    profile = matrix_profile(*SPACES["P3"])
    colours = [
        read_photo(encoded(patches(), "PNG", icc_profile=profile), "a.png").colours for _ in "ab"
    ]
    assert colours[0] is colours[1] is not None


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_broken_and_foreign_profiles_are_passed_over(mode: str) -> None:
    good = [matrix_profile(*SPACES["P3"]), grey_profile(1.0), table_profile(b"CMYK", 4, inks)]
    rng = np.random.default_rng(5)
    plain = read_photo(encoded(corners().convert(mode), "JPEG"), "a.jpg")
    for profile in good:
        for i in range(30):
            broken = bytearray(profile[: len(profile) if i % 2 else int(rng.integers(1, 300))])
            broken[int(rng.integers(len(broken)))] ^= 1 << int(rng.integers(8))
            data = encoded(corners().convert(mode), "JPEG", icc_profile=bytes(broken))
            photo = read_photo(data, "a.jpg")
            assert shown(photo).size == SIZE
    for profile in (b"not a colour profile " * 9, good[0][:200], b"\0" * 128):
        data = encoded(corners().convert(mode), "JPEG", icc_profile=profile)
        photo = read_photo(data, "a.jpg")
        np.testing.assert_array_equal(np.asarray(shown(photo)), np.asarray(plain.image))


def test_a_profile_of_inks_says_nothing_of_red_green_and_blue() -> None:
    image = corners()
    image.info["icc_profile"] = table_profile(b"CMYK", 4, inks)
    assert colour.colours_of(image) is None
    assert photo_of_picture(image).colours is None


def test_transparent_parts_are_white_under_any_profile() -> None:
    glass = patches().convert("RGBA")
    glass.putalpha(0)
    profile = matrix_profile(*SPACES["Adobe RGB"])
    photo = read_photo(encoded(glass, "PNG", icc_profile=profile), "a.png")
    assert np.asarray(shown(photo)).min() >= 254
