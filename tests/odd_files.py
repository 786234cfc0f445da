"""Writes a folder of broken and odd files as real photo folders hold them, each with what must
become of it."""

import io
import os
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()

SIZE = (96, 64)  # of the ordinary pictures in the folder, upright
ORIENTATION = 0x0112
DATE_TAKEN = 0x9003

Outcome = Literal["photo", "failure", "ignored"]

# What has to be done to an upright picture so that EXIF orientation k brings it back.
_UNTURN = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@dataclass(frozen=True, slots=True)
class OddFile:
    """One entry of the folder.

    Attributes:
        path: where it lies.
        outcome: "photo": opens; "failure": is refused with a reason; "ignored": is refused too,
            but a scan of the folder does not even list it.
        reason: what the refusal says, in part.
        size: of the upright original, for photos.
        is_plain: the picture in it is the four-colour one of `corners`.
    """

    path: Path
    outcome: Outcome
    reason: str = ""
    size: tuple[int, int] = SIZE
    is_plain: bool = True


def corners(size: tuple[int, int] = SIZE) -> Image.Image:
    """Four colours: red, green above; blue, white below."""
    width, height = size
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = (230, 20, 20)
    pixels[: height // 2, width // 2 :] = (20, 200, 20)
    pixels[height // 2 :, : width // 2] = (20, 20, 230)
    pixels[height // 2 :, width // 2 :] = (250, 250, 250)
    return Image.fromarray(pixels)


def turned(image: Image.Image, orientation: int) -> Image.Image:
    """`image` as a camera held that way stores it."""
    turn = _UNTURN[orientation]
    return image if turn is None else image.transpose(turn)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """`image` as a file of format `kind`."""
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **options)
    return buffer.getvalue()


def exif_bytes(orientation: int = 1, taken: str | None = None) -> bytes:
    """An EXIF block with an orientation and, if given, the time of exposure."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    if taken is not None:
        exif.get_ifd(0x8769)[DATE_TAKEN] = taken
    return exif.tobytes()


def dng(preview: bytes, orientation: int = 1, side: int = 64) -> bytes:
    """A small DNG photo: a JPEG preview in front, `side`² sensor values behind it."""
    sensor = b"".join(struct.pack("<H", i * 37 % 4096) for i in range(side * side))
    preview += b"\0" * (len(preview) % 2)
    sensor_at = 8 + len(preview)
    with Image.open(io.BytesIO(preview)) as picture:
        width, height = picture.size
    sub_at = sensor_at + len(sensor)
    shape = [(256, 4, [side]), (257, 4, [side]), (258, 3, [16]), (259, 3, [1]), (262, 3, [32803])]
    strip = [(273, 4, [sensor_at]), (277, 3, [1]), (278, 4, [side]), (279, 4, [len(sensor)])]
    pattern = [(33421, 3, [2, 2]), (33422, 1, [0, 1, 1, 2])]
    sub = _tiff_directory([(254, 4, [0]), *shape, *strip, *pattern], sub_at)
    main_at = sub_at + len(sub)
    main = _tiff_directory(
        [
            *[(254, 4, [1]), (256, 4, [width]), (257, 4, [height]), (258, 3, [8, 8, 8])],
            *[(259, 3, [7]), (262, 3, [6]), (271, 2, b"Test\0"), (272, 2, b"Camera\0")],
            *[(273, 4, [8]), (274, 3, [orientation]), (277, 3, [3]), (278, 4, [height])],
            *[(279, 4, [len(preview)]), (330, 4, [sub_at]), (50706, 1, [1, 4, 0, 0])],
            (50708, 2, b"Test Camera\0"),
        ],
        main_at,
    )
    return struct.pack("<2sHI", b"II", 42, main_at) + preview + sensor + sub + main


def _tiff_directory(entries: list[tuple[int, int, Sequence[int]]], at: int) -> bytes:
    head, extra = struct.pack("<H", len(entries)), b""
    extra_at = at + len(head) + 12 * len(entries) + 4
    for tag, kind, values in sorted(entries, key=lambda entry: entry[0]):
        letter = {1: "B", 2: "B", 3: "H", 4: "I"}[kind]
        data = struct.pack(f"<{len(values)}{letter}", *values)
        if len(data) > 4:
            place, data = struct.pack("<I", extra_at + len(extra)), data + b"\0" * (len(data) % 2)
            extra += data
        else:
            place = data.ljust(4, b"\0")
        head += struct.pack("<HHI", tag, kind, len(values)) + place
    return head + b"\0\0\0\0" + extra


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header states any size."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + header
        + chunk(b"IDAT", zlib.compress(b"\0" * 99))
        + chunk(b"IEND", b"")
    )


def jpeg_claiming(width: int, height: int, **options: Any) -> bytes:
    """A small JPEG whose header states any size."""
    data = bytearray(encoded(corners(), "JPEG", **options))
    start = next(i for i in range(len(data)) if data[i] == 0xFF and data[i + 1] in (0xC0, 0xC2))
    data[start + 5 : start + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def write_odd_files(folder: Path) -> list[OddFile]:
    """Fill `folder`, which may be missing, with every kind that this system can hold."""
    folder.mkdir(parents=True, exist_ok=True)
    made: list[OddFile] = []
    for family in (_turned_photos, _odd_photos, _damaged_files, _other_content, _odd_names):
        for name, data, entry in family():
            path = folder / name
            path.write_bytes(data)
            made.append(_placed(entry, path))
    for make in (_not_files, _without_permission, _undecodable_name):
        made.extend(make(folder))
    return made


_Entry = tuple[str, bytes, OddFile]
_HERE = Path()


def _placed(entry: OddFile, path: Path) -> OddFile:
    return OddFile(path, entry.outcome, entry.reason, entry.size, entry.is_plain)


def _photo(size: tuple[int, int] = SIZE, *, is_plain: bool = True) -> OddFile:
    return OddFile(_HERE, "photo", size=size, is_plain=is_plain)


def _failure(reason: str) -> OddFile:
    return OddFile(_HERE, "failure", reason)


def _turned_photos() -> Iterator[_Entry]:
    for k in range(1, 9):
        stored, exif = turned(corners(), k), exif_bytes(k)
        yield f"turned_{k}.jpg", encoded(stored, "JPEG", exif=exif, quality=95), _photo()
        yield f"turned_{k}.heic", encoded(stored, "HEIF", exif=exif, quality=95), _photo()
    yield "turned_6.tif", encoded(turned(corners(), 6), "TIFF", exif=exif_bytes(6)), _photo()
    yield "turned_6.png", encoded(turned(corners(), 6), "PNG", exif=exif_bytes(6)), _photo()
    yield "turned_6.webp", encoded(turned(corners(), 6), "WEBP", exif=exif_bytes(6)), _photo()
    yield "turned_6.avif", encoded(turned(corners(), 6), "AVIF", exif=exif_bytes(6)), _photo()
    for k in (0, 9):
        yield f"orientation_{k}.jpg", encoded(corners(), "JPEG", exif=exif_bytes(k)), _photo()


def _odd_photos() -> Iterator[_Entry]:
    picture = corners()
    jpeg = encoded(picture, "JPEG", quality=95)
    grey = np.asarray(picture.convert("L"), np.uint16) * 257
    glass = picture.convert("RGBA")
    glass.putalpha(128)
    odd = _photo(is_plain=False)
    yield "cmyk.jpg", encoded(picture.convert("CMYK"), "JPEG", quality=95), _photo()
    yield "progressive.jpg", encoded(picture, "JPEG", progressive=True, quality=95), _photo()
    yield "grey_1x1.jpg", encoded(Image.new("L", (1, 1), 7), "JPEG"), _photo((1, 1), is_plain=False)
    yield "sixteen_bit.png", encoded(Image.fromarray(grey), "PNG"), odd
    yield "palette_alpha.png", encoded(picture.quantize(4), "PNG", transparency=0), odd
    yield "glass.png", encoded(glass, "PNG"), odd
    yield "bilevel.png", encoded(picture.convert("1"), "PNG"), odd
    yield "float.tif", encoded(Image.fromarray(grey.astype(np.float32) / 65535), "TIFF"), odd
    yield "lab.tif", encoded(Image.new("LAB", SIZE, (200, 128, 128)), "TIFF"), odd
    frames = [Image.new("RGB", SIZE, "black")] * 2
    for kind, suffix in (("GIF", "gif"), ("WEBP", "webp"), ("TIFF", "tiff")):
        data = encoded(picture, kind, save_all=True, append_images=frames)
        yield f"several_pictures.{suffix}", data, _photo()
    yield "two_pictures.mpo", encoded(picture, "MPO", save_all=True, append_images=frames), _photo()
    yield "panorama.png", encoded(corners((20000, 100)), "PNG"), _photo((20000, 100))
    exif = bytearray(exif_bytes(1, "2020:01:01 00:00:00"))
    exif[14:30] = b"\xff" * 16
    yield "corrupt_exif.jpg", encoded(picture, "JPEG", exif=bytes(exif), quality=95), _photo()
    clockless = exif_bytes(1, "0000:00:00 00:00:00")
    yield "no_clock.jpg", encoded(picture, "JPEG", exif=clockless, quality=95), _photo()
    profile = b"not a colour profile " * 9
    yield "bad_profile.jpg", encoded(picture, "JPEG", icc_profile=profile, quality=95), _photo()
    yield "trailing_garbage.jpg", jpeg + b"\x55\xaa" * 5000, _photo()
    yield "png_in_disguise.jpg", encoded(picture, "PNG"), _photo()
    yield "jpeg_in_disguise.heic", jpeg, _photo()
    yield "jpeg_in_disguise.nef", jpeg, _photo()
    yield "UPPER_CASE.JPG", jpeg, _photo()
    yield "small.bmp", encoded(picture, "BMP"), _photo()


def _damaged_files() -> Iterator[_Entry]:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8))
    for kind, suffix in (("JPEG", "jpg"), ("PNG", "png"), ("GIF", "gif"), ("BMP", "bmp")):
        data = encoded(noise, kind)
        yield f"cut_off.{suffix}", data[: len(data) // 2], _failure("cut off")
    for kind, suffix in (("HEIF", "heic"), ("AVIF", "avif"), ("WEBP", "webp"), ("TIFF", "tif")):
        data = encoded(noise, kind)
        yield f"cut_off.{suffix}", data[: len(data) // 2], _failure("")
    yield "empty.jpg", b"", _failure("empty")
    yield "zeros.jpg", bytes(50_000), _failure("only zeros")
    yield "leading_garbage.jpg", b"\x55\xaa\x01" * 9 + encoded(noise, "JPEG"), _failure("format")
    yield "bomb.png", png_claiming(60_000, 60_000), _failure("3,600 megapixels")
    yield "bomb.jpg", jpeg_claiming(65_000, 65_000), _failure("4,225 megapixels")
    progressive = jpeg_claiming(40_000, 40_000, progressive=True)
    yield "bomb_progressive.jpg", progressive, _failure("1,600 megapixels")
    yield "no_pixels.png", png_claiming(0, 0), _failure("")
    yield "no_pixels.jpg", jpeg_claiming(0, 0), _failure("")
    broken = bytearray(encoded(noise, "PNG"))
    broken[60:90] = bytes(30)
    yield "bits_flipped.png", bytes(broken), _failure("damaged")
    yield "garbage.dng", np.random.default_rng(1).bytes(9000), _failure("RAW")
    yield "header_only.jpg", b"\xff\xd8\xff\xe0", _failure("")


def _other_content() -> Iterator[_Entry]:
    yield "text.jpg", b"Dear diary,\nno picture today.\n", _failure("text")
    yield "document.jpg", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", _failure("PDF")
    yield "error_page.jpg", b"<!DOCTYPE html><html><body>404", _failure("web page")
    yield "vector.png", b'<?xml version="1.0"?><svg width="9" height="9"/>', _failure("text")
    yield "archive.png", b"PK\x03\x04" + bytes(40), _failure("ZIP")
    yield "film.heic", b"\0\0\0\x18ftypmp42" + bytes(60), _failure("video")
    yield "noise.webp", np.random.default_rng(2).bytes(5000), _failure("format")
    side_file = OddFile(_HERE, "ignored", "macOS")
    yield "._UPPER_CASE.JPG", b"\0\x05\x16\x07\0\x02\0\0" + bytes(70), side_file


def _odd_names() -> Iterator[_Entry]:
    jpeg = encoded(corners(), "JPEG", quality=95)
    yield "sunset 🌅 café.jpg", jpeg, _photo()
    yield f"{'long' * 60}.jpg", jpeg, _photo()
    yield " spaces .jpg", jpeg, _photo()
    if os.name == "posix":
        yield "line\nbreak.jpg", jpeg, _photo()
        yield "quote'\"\\%.jpg", jpeg, _photo()


def _not_files(folder: Path) -> list[OddFile]:
    (folder / "album.jpg").mkdir()
    made = [OddFile(folder / "album.jpg", "ignored", "folder")]
    if os.name == "posix":
        os.mkfifo(folder / "pipe.jpg")
        made.append(OddFile(folder / "pipe.jpg", "failure", "not a regular file"))
    links: list[tuple[str, str, str]] = [
        ("dangling.jpg", "nowhere.jpg", "not there"),
        ("loop.jpg", "loop.jpg", "leads back"),
    ]
    for name, target, reason in links:
        if _can(lambda name=name, target=target: (folder / name).symlink_to(target)):  # type: ignore[misc]
            made.append(OddFile(folder / name, "failure", reason))
    return made


def _without_permission(folder: Path) -> list[OddFile]:
    path = folder / "forbidden.jpg"
    path.write_bytes(encoded(corners(), "JPEG", quality=95))
    path.chmod(0)
    if os.access(path, os.R_OK):  # the super-user reads everything
        return [OddFile(path, "photo")]
    return [OddFile(path, "failure", "permission")]


def _undecodable_name(folder: Path) -> list[OddFile]:
    path = Path(os.fsdecode(os.fsencode(folder) + b"/latin1_\xe9.jpg"))
    data = encoded(corners(), "JPEG", quality=95)
    return [OddFile(path, "photo")] if _can(lambda: path.write_bytes(data)) else []


def _can(action: Callable[[], object]) -> bool:
    try:
        action()
    except OSError:
        return False
    return True


def box(kind: bytes, content: bytes) -> bytes:
    """A box of HEIF, MP4 or JPEG XL."""
    return (8 + len(content)).to_bytes(4) + kind + content
