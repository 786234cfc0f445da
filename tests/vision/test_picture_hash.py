"""A picture keeps its hash when other metadata is written, and has another when it is another."""

import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image, TiffImagePlugin

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.vision.images import read_photo
from opqn_app.vision.picture_hash import picture_hash

XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    b'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="5"/></rdf:RDF></x:xmpmeta>'
)
KINDS: dict[str, dict[str, Any]] = {
    "JPEG": {},
    "progressive": {"format": "JPEG", "progressive": True},
    "MPO": {},
    "PNG": {},
    "WEBP": {"lossless": True},
    "TIFF": {},
    "deflated": {"format": "TIFF", "compression": "tiff_adobe_deflate"},
    "HEIF": {},
    "AVIF": {},
}


def picture(seed: int = 0) -> Image.Image:
    small = np.random.default_rng(seed).integers(0, 255, (12, 16, 3), np.uint8)
    return Image.fromarray(small).resize((160, 120))


def saved(kind: str, image: Image.Image, **metadata: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, **{"format": kind, **KINDS[kind], **metadata})
    return file.getvalue()


def exif(orientation: int = 1) -> Image.Exif:
    tags = Image.Exif()
    tags[ExifTags.Base.Orientation] = orientation
    tags[ExifTags.Base.ImageDescription] = "At the sea " * 50
    tags[ExifTags.Base.Rating] = 5
    return tags


def hash_of(data: bytes) -> bytes | None:
    return read_photo(data, "a", hashed=True).picture_hash


@pytest.fixture(autouse=True)
def _heif_can_be_written() -> None:
    pytest.importorskip("pillow_heif").register_heif_opener()


@pytest.mark.parametrize("kind", KINDS)
def test_metadata_does_not_count(kind: str) -> None:
    bare = hash_of(saved(kind, picture()))
    assert bare is not None
    with_exif = saved(kind, picture(), exif=exif())
    assert b"At the sea" in with_exif
    assert hash_of(with_exif) == bare
    if kind not in ("PNG", "TIFF", "deflated", "MPO"):
        assert hash_of(saved(kind, picture(), xmp=XMP)) == bare


@pytest.mark.parametrize("kind", KINDS)
def test_another_picture_has_another_hash(kind: str) -> None:
    whole = picture()
    others = [picture(1), whole.crop((0, 0, 160, 119)), whole.transpose(Image.Transpose.ROTATE_90)]
    found = {hash_of(saved(kind, image)) for image in (whole, *others)}
    assert len(found - {None}) == 4


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_a_picture_that_is_turned_by_its_metadata_is_another(kind: str) -> None:
    """Faces lie elsewhere on it."""
    hashes = {hash_of(saved(kind, picture(), exif=exif(turn))) for turn in range(1, 9)}
    assert len(hashes - {None}) == 8


def test_what_comes_before_and_behind_a_jpeg_does_not_count() -> None:
    data = saved("JPEG", picture(), comment=b"a comment with \xff\xda and \xff\xd9 in it")
    plain = hash_of(saved("JPEG", picture()))
    assert hash_of(data) == hash_of(data + saved("JPEG", picture(1))) == plain


def test_texts_of_a_png_do_not_count() -> None:
    from PIL import PngImagePlugin

    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", XMP.decode())
    info.add_text("Comment", "x" * 1000, zip=True)
    assert hash_of(saved("PNG", picture(), pnginfo=info)) == hash_of(saved("PNG", picture()))


def test_a_tiff_may_lie_elsewhere_in_its_file() -> None:
    """Tags that come before the picture move it."""
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[700] = XMP
    tags[33432] = "All rights reserved " * 100
    moved = saved("TIFF", picture(), tiffinfo=tags)
    assert hash_of(moved) == hash_of(saved("TIFF", picture()))


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"II*\0", b"\xff\xd8\xff\xd9", b"\0\0\0\x08ftyp"])
def test_where_no_picture_is_found_there_is_no_hash(data: bytes) -> None:
    assert picture_hash(data, 1) is None


def test_formats_that_are_not_known_have_none() -> None:
    file = io.BytesIO()
    picture().save(file, "BMP")
    assert hash_of(file.getvalue()) is None


@pytest.mark.parametrize("kind", KINDS)
def test_damage_never_raises_nor_gives_the_hash_of_the_whole(kind: str) -> None:
    data, rng = saved(kind, picture()), random.Random(7)
    whole = picture_hash(data, 1)
    for _ in range(200):
        assert picture_hash(data[: rng.randrange(len(data) // 2)], 1) != whole
        changed = bytearray(data)
        for _ in range(5):
            changed[rng.randrange(len(data))] = rng.randrange(256)
        picture_hash(bytes(changed), 1)


@pytest.fixture
def raw_photo(monkeypatch: pytest.MonkeyPatch) -> Callable[[Image.Exif], bytes]:
    """A RAW photo is known by its preview."""

    def embedded(file: Any, _path: Path) -> tuple[Any, int]:
        return io.BytesIO(file.read()[4:]), 1

    monkeypatch.setattr("opqn_app.vision.raw.embedded_preview", embedded)
    return lambda tags: b"RAW " + saved("JPEG", picture(), exif=tags)


def test_a_raw_photo_is_known_by_its_preview(raw_photo: Callable[[Image.Exif], bytes]) -> None:
    photo = read_photo(raw_photo(exif()), "a.dng", hashed=True)
    assert photo.picture_hash == hash_of(saved("JPEG", picture()))


def test_who_does_not_ask_gets_none() -> None:
    assert read_photo(saved("JPEG", picture()), "a").picture_hash is None
    with pytest.raises(PhotoUnreadable):
        read_photo(b"no photo", "a", hashed=True)


def test_the_picture_of_a_jpeg_ends_at_its_first_end_marker_wherever_that_lies() -> None:
    start = b"\xff\xd8\xff\xda\x00\x02"
    for length in (40, (1 << 16) - 2, (1 << 16) - 1, 1 << 16, (1 << 17) + 3):
        scan = start + b"\x01\xff\x00\xd9" * (length // 4) + b"\x01" * (length % 4)
        assert picture_hash(scan, 1) != picture_hash(scan + b"\x01", 1)
        for behind in (b"\xff\xd9", b"\xff\xd9 more \xff\xd9", b"\xff\xd9" + bytes(1 << 17)):
            assert picture_hash(scan + behind, 1) == picture_hash(scan, 1), (length, behind[:20])
