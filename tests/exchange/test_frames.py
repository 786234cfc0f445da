"""Boxes between the picture as it lies in a file and the photo the right way up."""

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.core.types import Box
from opqn_app.exchange.frames import stored, stored_size, turn_of, upright
from opqn_app.exchange.programs.xmp_files import names_of_photo
from opqn_app.exchange.records import Frame, PhotoNames, Region
from opqn_app.vision import boxes
from opqn_app.vision.images import open_photo
from tests.exchange.xmp_files import mwg, packet
from tests.heif_boxes import with_clean_part
from tests.odd_files import dng, encoded, exif_bytes, turned

TURNS = range(1, 9)
SIZE = (300, 200)
MARK = (210, 20, 270, 80)  # a black box in the upright picture
BOX = Box(0.7, 0.1, 0.9, 0.4)  # the same in fractions
SUFFIX = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "TIFF": ".tif"} | {
    "HEIF": ".heic",
    "AVIF": ".avif",
}


def marked() -> Image.Image:
    picture = Image.new("RGB", SIZE, (250, 250, 250))
    picture.paste((0, 0, 0), MARK)
    return picture


def seen(picture: Image.Image) -> Box:
    """The black box of a picture, in fractions."""
    rows, columns = np.nonzero(np.asarray(picture.convert("L")) < 90)
    height, width = picture.height, picture.width
    return Box(
        float(columns.min() / width),
        float(rows.min() / height),
        float((columns.max() + 1) / width),
        float((rows.max() + 1) / height),
    )


def is_close(one: Box, other: Box) -> bool:
    sides = zip(astuple(one), astuple(other), strict=True)
    return all(abs(side - wanted) < 0.01 for side, wanted in sides)


def names(box: Box | None) -> PhotoNames:
    return PhotoNames(Path("a.jpg"), (Region("Ann", box),))


@pytest.mark.parametrize("turn", TURNS)
def test_a_box_is_turned_as_the_picture_is(turn: int) -> None:
    lying = seen(turned(marked(), turn))
    done = upright(names(lying), turn)
    assert done.frame == Frame.UPRIGHT
    box = done.regions[0].box
    assert box is not None
    assert is_close(box, BOX)
    assert is_close(stored(BOX, turn), lying)
    assert upright(done, turn) == done
    assert upright(names(None), turn).regions == (Region("Ann", None),)
    assert stored_size(SIZE, turn) == turned(marked(), turn).size


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("kind", list(SUFFIX))
def test_the_turn_of_a_file_is_that_of_its_pixels(kind: str, turn: int, tmp_path: Path) -> None:
    path = tmp_path / f"a{SUFFIX[kind]}"
    options = {"tiffinfo": {274: turn}} if kind == "TIFF" else {"exif": exif_bytes(turn)}
    path.write_bytes(encoded(turned(marked(), turn), kind, **options))
    assert turn_of(path) == turn
    assert is_close(seen(open_photo(path).image), BOX)


@pytest.mark.parametrize("is_in_front", [True, False])
@pytest.mark.parametrize("turn", TURNS)
def test_a_png_says_its_turn_before_or_behind_its_pixels(
    turn: int, is_in_front: bool, tmp_path: Path
) -> None:
    """They are not decoded for it, and may be damaged."""
    plain = encoded(turned(marked(), turn), "PNG")
    said = packet({"tiff:Orientation": str(turn)})
    exif = exif_bytes(turn).removeprefix(b"Exif\0\0")
    for kind, content in ((b"eXIf", exif), (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + said)):
        chunk = len(content).to_bytes(4) + kind + content
        chunk += zlib.crc32(chunk[4:]).to_bytes(4)
        at = plain.index(b"IDAT") - 4 if is_in_front else len(plain) - 12
        data = plain[:at] + chunk + plain[at:]
        path = tmp_path / "a.png"
        path.write_bytes(data)
        assert turn_of(path) == turn
        assert is_close(seen(open_photo(path).image), BOX)
        broken = data.index(b"IDAT") + 20
        path.write_bytes(data[:broken] + bytes([data[broken] ^ 255]) + data[broken + 1 :])
        assert turn_of(path) == turn


@pytest.mark.parametrize("turn", TURNS)
def test_a_raw_photo_turns_as_it_says_and_not_as_its_preview_does(
    turn: int, tmp_path: Path
) -> None:
    """Boxes count in the frame of the sensor; a preview may lie the right way up already."""
    path = tmp_path / "a.dng"
    path.write_bytes(dng(encoded(turned(marked(), turn), "JPEG"), turn))
    assert turn_of(path) == turn
    path.write_bytes(dng(encoded(marked(), "JPEG", exif=exif_bytes(1)), turn))
    assert turn_of(path) == turn


def test_a_jpeg_xl_turns_as_its_first_bits_say() -> None:
    for size in ([(1, 1), (5, 3), (3, 0), (5, 9)], [(1, 0), (2, 0), (9, 99), (3, 1)]):
        for turn in TURNS:
            said = jxl_start([*size, (1, 0), (1, 1), (3, turn - 1), (16, 77)])
            assert boxes.turn_of_jxl(io.BytesIO(said)) == turn
            boxed = struct.pack(">I4s", 12, b"JXL ") + b"\r\n\x87\n"
            boxed += struct.pack(">I4s", 8 + len(said), b"jxlc") + said
            assert boxes.turn_of_jxl(io.BytesIO(boxed)) == turn
        assert boxes.turn_of_jxl(io.BytesIO(jxl_start([*size, (1, 1)]))) == 1
    assert boxes.turn_of_jxl(io.BytesIO(b"\xff\x0a")) in TURNS
    assert boxes.turn_of_jxl(io.BytesIO(b"none")) == 1


def jxl_start(fields: list[tuple[int, int]]) -> bytes:
    bits, at = 0, 0
    for width, value in fields:
        bits |= value << at
        at += width
    return b"\xff\x0a" + bits.to_bytes(16, "little")


def test_what_is_no_photo_is_told(tmp_path: Path, make_photo: Callable[..., Path]) -> None:
    for path in (tmp_path / "none.jpg", tmp_path):
        with pytest.raises(PhotoUnreadable):
            turn_of(path)
    words = tmp_path / "a.jpg"
    words.write_bytes(b"not a photo at all")
    with pytest.raises(PhotoUnreadable):
        turn_of(words)
    assert turn_of(make_photo("b.jpg")) == 1


def test_damaged_heads_of_raw_photos_are_read_without_harm(tmp_path: Path) -> None:
    data = dng(encoded(marked(), "JPEG"), 6)
    rng = np.random.default_rng(3)
    path = tmp_path / "a.dng"
    tail = len(data) - 400
    for i in range(300):
        broken = bytearray(data[: int(rng.integers(1, len(data)))] if i % 4 == 0 else data)
        for _ in range(4):
            at = int(rng.integers(tail, len(data))) if i % 2 else int(rng.integers(16))
            broken[min(at, len(broken) - 1)] = int(rng.choice([0, 1, 127, 255]))
        path.write_bytes(bytes(broken))
        assert turn_of(path) in TURNS


@pytest.mark.parametrize("turn", [1, 6])
@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_boxes_said_for_all_of_a_picture_lie_in_the_part_that_is_seen(
    kind: str, turn: int, tmp_path: Path
) -> None:
    """A program that sees the part alone says the size of the part, or none."""
    wide, frame = Image.new("RGB", (340, 260), (250, 250, 250)), Image.new("L", (340, 260))
    wide.paste(marked(), (14, 22))
    frame.paste(255, (14, 22, 314, 222))
    whole, part = turned(wide, turn), turned(frame, turn).getbbox()
    assert part is not None
    path, beside = tmp_path / f"a{SUFFIX[kind]}", tmp_path / "a.xmp"
    plain = encoded(whole, kind, exif=exif_bytes(turn))
    path.write_bytes(with_clean_part(plain, whole.size, part))
    in_all, in_part = seen(whole), seen(turned(marked(), turn))
    size_of_part = part[2] - part[0], part[3] - part[1]
    for box, size in ((in_all, whole.size), (in_part, size_of_part), (in_part, None)):
        beside.write_bytes(packet(mwg([Region("Ann", box)], size)))
        (found,) = names_of_photo(path, [beside])
        assert isinstance(found, PhotoNames)
        placed = found.regions[0].box
        assert placed is not None
        assert is_close(placed, BOX)
