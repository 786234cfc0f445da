"""Intact pictures of rare kinds come out right, or are refused with a reason that is true."""

import logging
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.vision import pixels
from opqn_app.vision.images import read_photo
from opqn_app.vision.orientation import Orientation
from tests.odd_files import SIZE, box, corners, encoded, turned
from tests.tiff_files import grey_with_alpha, tiff_file

OTHER_KIND = "it is a kind of {} that can't be read here"
DAMAGED = "the picture data is damaged"
MODES = (
    *("1", "L", "P", "PA", "La", "LA", "RGB", "RGBX", "RGBA", "RGBa"),
    *("CMYK", "YCbCr", "LAB", "HSV", "I", "F", "I;16", "I;16B", "I;16L"),
)


def of(data: bytes) -> np.ndarray:
    return np.asarray(read_photo(data, "a").image, np.int32)


def reason_of(data: bytes) -> str:
    with pytest.raises(PhotoUnreadable) as caught:
        read_photo(data, "a")
    return caught.value.reason


@pytest.mark.parametrize("mode", MODES)
def test_a_picture_of_every_mode_becomes_rgb(mode: str) -> None:
    image = pixels.upright_rgb(Image.new(mode, (40, 30)), 20, Orientation(6))
    assert (image.mode, image.size) == ("RGB", (15, 20))


def test_grey_with_multiplied_alpha_is_read() -> None:
    grey = np.asarray(corners().convert("L"), np.int32)
    assert np.abs(of(grey_with_alpha(corners())) - grey[..., None]).max() == 0


def test_an_error_that_nobody_foresaw_is_a_reason_and_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class OddError(Exception):
        pass

    def fail(*_: object, **__: object) -> None:
        raise OddError("what")

    monkeypatch.setattr(pixels, "upright_rgb", fail)
    with caplog.at_level(logging.ERROR):
        assert "not foreseen (OddError" in reason_of(encoded(corners(), "PNG"))
    assert "OddError: what" in caplog.text


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bands", [3, 4])
def test_planes_of_16_bits_are_read_as_such(order: str, bands: int) -> None:
    """Three strips each: the planes do not lie one behind the other only."""
    rng = np.random.default_rng(4)
    values = rng.integers(0, 65536, (64, 96, bands), np.uint16)
    values[..., 3:] = 65535
    planes = [values[..., i].astype(f"{order}u2").tobytes() for i in range(bands)]
    alpha = [(338, 3, [2])] if bands == 4 else []
    whole = tiff_file(SIZE, planes, photometric=2, bits=[16] * bands, order=order, more=alpha)
    np.testing.assert_array_equal(of(whole), values[..., :3] >> 8)
    strips = [plane[at : at + 6144] for plane in planes for at in (0, 6144)]
    rows = [*alpha, (278, 3, [32])]
    cut = tiff_file(SIZE, strips, photometric=2, bits=[16] * bands, order=order, more=rows)
    np.testing.assert_array_equal(of(cut), values[..., :3] >> 8)


@pytest.mark.parametrize("compression", [1, 8])
def test_white_at_zero_is_no_negative(compression: int) -> None:
    values = np.linspace(0, 65535, 96 * 64).astype(np.uint16).reshape(64, 96)
    data = (65535 - values).tobytes()
    if compression == 8:
        data = zlib.compress(data)
    more = [(259, 3, [compression])]
    negative = tiff_file(SIZE, [data], photometric=0, bits=[16], more=more)
    assert np.abs(of(negative)[..., 0] - (values >> 8)).max() == 0
    plain = tiff_file(SIZE, [data], photometric=1, bits=[16], more=more)
    assert np.abs(of(plain)[..., 0] - (65535 - values >> 8)).max() == 0


@pytest.mark.parametrize(
    ("bits", "photometric"), [(16, 0), (16, 1), (8, 0), (8, 1), (1, 0), (1, 1)]
)
def test_one_plane_is_read_alike_whatever_is_said_of_planes(bits: int, photometric: int) -> None:
    data = [np.random.default_rng(5).bytes(96 * 64 * bits // 8)]
    one, planes = (
        tiff_file(SIZE, data, photometric=photometric, bits=[bits], more=[(284, 3, [planar])])
        for planar in (1, 2)
    )
    np.testing.assert_array_equal(of(one), of(planes))


@pytest.mark.parametrize("kind", [3, 4])
def test_xmp_stored_as_numbers_does_not_cost_the_picture(kind: int) -> None:
    letter = {3: "H", 4: "I"}[kind]
    packet = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'></x:xmpmeta>"
    numbers = struct.unpack(f"<{len(packet) // struct.calcsize(letter)}{letter}", packet)
    for turn in (1, 6):
        fields = [(700, kind, numbers), (274, 3, [turn])]
        stored = turned(corners(), turn)
        data = tiff_file(stored.size, [stored.tobytes()], photometric=2, bits=[8] * 3, more=fields)
        np.testing.assert_array_equal(of(data), np.asarray(corners()))


@pytest.mark.parametrize(
    ("photometric", "bits", "n_strips", "order", "more"),
    [
        (5, [16] * 4, 4, "<", []),  # inks by planes
        (0, [16], 1, ">", []),  # white at 0 in the other order
        (1, [24], 1, "<", []),
        (2, [32] * 3, 1, "<", [(339, 3, [3] * 3)]),  # floats
        *((2, [8] * 3, 1, "<", [(259, 3, [kind])]) for kind in (6, 50001, 50002, 34712)),
    ],
)
def test_an_intact_tiff_of_another_kind_is_no_damage(
    photometric: int,
    bits: list[int],
    n_strips: int,
    order: str,
    more: list[tuple[int, int, list[int]]],
) -> None:
    strips = [bytes(96 * 64 * sum(bits) // 8 // n_strips)] * n_strips
    data = tiff_file(SIZE, strips, photometric=photometric, bits=bits, order=order, more=more)
    assert reason_of(data) == OTHER_KIND.format("TIFF")
    beyond = [*more, (273, 4, [len(data)] * n_strips)]
    lost = tiff_file(SIZE, strips, photometric=photometric, bits=bits, order=order, more=beyond)
    assert reason_of(lost) in (DAMAGED, "the file is cut off, so part of the picture is missing")


def test_a_damaged_tiff_of_a_usual_kind_stays_damaged() -> None:
    more = [(259, 3, [8])]
    data = tiff_file(SIZE, [b"no deflate" * 99], photometric=2, bits=[8] * 3, more=more)
    assert reason_of(data) == DAMAGED


@pytest.mark.parametrize("frame", [0xC3, 0xC5, 0xC6, 0xC7, 0xCB, 0xCD, 0xCE, 0xCF])
def test_a_jpeg_of_another_kind_is_no_damage(frame: int) -> None:
    data = encoded(corners(), "JPEG")
    assert reason_of(data.replace(b"\xff\xc0", bytes((0xFF, frame)), 1)) == OTHER_KIND.format(
        "JPEG"
    )


def test_a_jpeg_of_12_bits_is_no_damage_and_a_damaged_one_is() -> None:
    data = encoded(corners(), "JPEG")
    at = data.index(b"\xff\xc0")
    assert reason_of(data[: at + 4] + b"\x0c" + data[at + 5 :]) == OTHER_KIND.format("JPEG")
    assert reason_of(data.replace(b"\xff\xdb", b"\xff\xfe")) == DAMAGED  # without its tables


def test_a_bmp_of_unusual_fields_is_no_damage() -> None:
    values = np.asarray(corners())[::-1].astype("<u4") << (20, 12, 4)
    rows = values.sum(axis=2).astype("<u4").tobytes()
    info = struct.pack("<IiiHHIIiiII", 40, *SIZE, 1, 32, 3, len(rows), 2835, 2835, 0, 0)
    info += struct.pack("<3I", 0xFF00000, 0xFF000, 0xFF0)
    data = struct.pack("<2sIHHI", b"BM", 14 + len(info) + len(rows), 0, 0, 14 + len(info))
    assert reason_of(data + info + rows) == OTHER_KIND.format("BMP")


def test_an_avif_whose_alpha_states_no_size_is_no_damage() -> None:
    picture = corners().convert("RGBA")
    picture.putalpha(100)
    data = encoded(picture, "AVIF")
    size = b"\0\x02\x04\x01\x05\x86\x07"  # of item 2: four properties, and the first is its size
    assert data.count(size) == 1
    assert reason_of(data.replace(size, b"\0\x02\x04\x05\x05\x86\x07")) == OTHER_KIND.format("AVIF")
    at = data.index(b"av1C")
    assert reason_of(data[: at + 4] + b"\0\xff" + data[at + 6 :]) == DAMAGED


def test_heif_of_a_sequence_alone_is_no_damage() -> None:
    for brand in (b"msf1", b"hevc"):
        data = box(b"ftyp", brand + b"\0\0\0\0" + brand) + box(b"moov", bytes(90))
        assert reason_of(data + box(b"mdat", bytes(99))) == OTHER_KIND.format("HEIF")
