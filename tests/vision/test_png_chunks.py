"""A PNG is read whatever lies in chunks that its picture does not need, but never by half."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.vision import decoders
from opqn_app.vision.images import read_photo
from opqn_app.vision.png_chunks import without_needless
from tests.odd_files import corners, encoded, exif_bytes, turned

HEADER = 33  # bytes of the signature and the first chunk
MB = 1_000_000


def chunk(kind: bytes, content: bytes, *, is_sound: bool = True) -> bytes:
    checksum = zlib.crc32(kind + content) if is_sound else 0
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def with_chunks(picture: Image.Image, *chunks: bytes) -> bytes:
    data = encoded(picture, "PNG")
    return data[:HEADER] + b"".join(chunks) + data[HEADER:]


def packed(size: int) -> bytes:
    return zlib.compress(b"x" * size)


NEEDLESS = {
    "text of 2 MB": chunk(b"tEXt", b"workflow\0" + b"x" * 2 * MB),
    "packed text of 2 MB": chunk(b"zTXt", b"Comment\0\0" + packed(2 * MB)),
    "packed text of 20 MB": chunk(b"zTXt", b"Comment\0\0" + packed(20 * MB)),
    "XMP of 2 MB": chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + packed(2 * MB)),
    "XMP of 20 MB": chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + packed(20 * MB)),
    "80 texts": b"".join(chunk(b"zTXt", b"c%d\0\0" % i + packed(MB)) for i in range(80)),
    "profile of 2 MB": chunk(b"iCCP", b"p\0\0" + packed(2 * MB)),
    "profile of 20 MB": chunk(b"iCCP", b"p\0\0" + packed(20 * MB)),
    "text of unknown method": chunk(b"zTXt", b"a\0\x0dxyz"),
    "short sRGB": chunk(b"sRGB", b""),
    **{
        f"checksum of {kind.decode()}": chunk(kind, content, is_sound=False)
        for kind, content in (
            (b"tEXt", b"Software\0x"),
            (b"iCCP", b"p\0\0" + packed(9)),
            (b"gAMA", struct.pack(">I", 45455)),
            (b"eXIf", exif_bytes(6)[6:]),
            (b"mkBT", bytes(20)),
        )
    },
}


@pytest.mark.parametrize("name", NEEDLESS)
def test_needless_chunks_do_not_cost_the_picture(name: str) -> None:
    photo = read_photo(with_chunks(corners(), NEEDLESS[name]), "a.png")
    np.testing.assert_array_equal(np.asarray(photo.image), np.asarray(corners()))


def test_what_is_used_stays_beside_what_is_dropped() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    xmp = b"XML:com.adobe.xmp\0\0\0\0\0<x/>"
    picture = turned(corners(), 6)
    data = with_chunks(
        picture,
        NEEDLESS["checksum of gAMA"],
        chunk(b"iCCP", b"p\0\0" + zlib.compress(profile)),
        chunk(b"iTXt", xmp),
        chunk(b"eXIf", exif_bytes(6)[6:]),
    )
    photo = read_photo(data, "a.png")
    np.testing.assert_array_equal(np.asarray(photo.image), np.asarray(corners()))
    kept = without_needless(io.BytesIO(data)).read()
    assert [kept.count(kind) for kind in (b"iCCP", b"iTXt", b"eXIf", b"gAMA")] == [1, 1, 1, 0]


def test_transparent_parts_stay_so() -> None:
    palette = Image.new("P", (40, 30), 1)
    palette.putpalette([0, 0, 0, 200, 0, 0])
    data = encoded(palette, "PNG", transparency=1)
    broken = data[:HEADER] + NEEDLESS["checksum of tEXt"] + data[HEADER:]
    assert np.asarray(read_photo(broken, "a.png").image).min() == 255


def test_a_png_cut_within_a_text_behind_its_picture_is_whole() -> None:
    data = encoded(corners(), "PNG")
    end = data.rindex(b"IEND") - 4
    cut = data[:end] + chunk(b"tEXt", b"a\0" + b"x" * 500)[:100]
    photo = read_photo(cut, "a.png")
    np.testing.assert_array_equal(np.asarray(photo.image), np.asarray(corners()))


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.97])
def test_half_a_picture_is_refused_all_the_same(kept: float) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8))
    data = with_chunks(noise, NEEDLESS["checksum of tEXt"])
    with pytest.raises(PhotoUnreadable, match="cut off"):
        read_photo(data[: int(len(data) * kept)], "a.png")
    broken = bytearray(data)
    broken[len(data) // 2 : len(data) // 2 + 30] = bytes(30)
    with pytest.raises(PhotoUnreadable, match="damaged"):
        read_photo(bytes(broken), "a.png")


@pytest.mark.parametrize(("how", "times"), [("inflate", 1), ("cut", 1), ("text", 2)])
def test_a_png_is_decoded_twice_only_where_that_can_help(
    how: str, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8))
    data = bytearray(encoded(noise, "PNG"))
    if how == "inflate":
        data[len(data) // 2 : len(data) // 2 + 30] = bytes(30)
    elif how == "cut":
        del data[len(data) // 2 :]
    else:
        data[HEADER:HEADER] = NEEDLESS["checksum of tEXt"]
    opened: list[int] = []
    wrapped = decoders.opened

    def counting(*asked: Any) -> Image.Image:
        opened.append(1)
        return wrapped(*asked)

    monkeypatch.setattr(decoders, "opened", counting)
    if times == 1:
        with pytest.raises(PhotoUnreadable):
            read_photo(bytes(data), "a.png")
    else:
        read_photo(bytes(data), "a.png")
    assert len(opened) == times


def test_a_chunk_that_claims_to_be_all_of_the_file_leaves_no_picture() -> None:
    data = with_chunks(corners(), struct.pack(">I", (1 << 31) - 1) + b"tEXt")
    with pytest.raises(PhotoUnreadable):
        read_photo(data, "a.png")
