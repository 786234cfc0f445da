"""The XMP packet of every kind of photo file, found without decoding a picture."""

import hashlib
import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from opqn_app.exchange.xmp.names import names_of
from opqn_app.exchange.xmp.packets import packets_of
from opqn_app.vision.images import open_photo
from tests.exchange.xmp_files import face, mwg, packet, people
from tests.odd_files import corners, dng, encoded
from tests.tiff_files import tiff_file

SAID = packet(people("Ann"))
MAIN = b"http://ns.adobe.com/xap/1.0/\0"
MORE = b"http://ns.adobe.com/xmp/extension/\0"


def segment(content: bytes) -> bytes:
    return b"\xff\xe1" + (len(content) + 2).to_bytes(2) + content


def jpeg_with(*contents: bytes) -> bytes:
    data = encoded(corners(), "JPEG")
    return data[:2] + b"".join(map(segment, contents)) + data[2:]


def found(tmp_path: Path, data: bytes, name: str = "a") -> tuple[bytes, ...]:
    path = tmp_path / name
    path.write_bytes(data)
    before = path.stat().st_mtime_ns
    packets = packets_of(path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (data, before)
    return packets


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "TIFF", "HEIF", "AVIF", "PNG"])
def test_every_usual_kind(kind: str, tmp_path: Path) -> None:
    options: dict[str, Any] = {"xmp": SAID}
    if kind == "PNG":
        options = {"pnginfo": PngInfo()}
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", SAID.decode(), zip=True)
    if kind == "TIFF":
        options = {"tiffinfo": {700: SAID}}
    packets = found(tmp_path, encoded(corners(), kind, **options))
    assert names_of(packets).people == ("Ann",)
    assert found(tmp_path, encoded(corners(), kind)) == ()


def test_a_png_that_has_it_behind_the_picture(tmp_path: Path) -> None:
    data = encoded(corners(), "PNG")
    content = b"XML:com.adobe.xmp\0\0\0\0\0" + SAID
    chunk = len(content).to_bytes(4) + b"iTXt" + content
    chunk += zlib.crc32(chunk[4:]).to_bytes(4)
    assert found(tmp_path, data[:-12] + chunk + data[-12:]) == (SAID,)
    broken = content.replace(b"xmp\0\0", b"xmp\0\1")
    chunk = len(broken).to_bytes(4) + b"iTXt" + broken + bytes(4)
    assert found(tmp_path, data[:-12] + chunk + data[-12:]) == ()


def test_raw_photos(tmp_path: Path) -> None:
    """Those that are a TIFF inside, of either byte order, Canon's boxes and Fujifilm's JPEG."""
    for order in "<>":
        more = [(274, 3, [6]), (700, 1, list(SAID))]
        data = tiff_file((2, 2), [bytes(4)], photometric=1, bits=(8,), order=order, more=more)
        for name in ("a.dng", "a.nef", "a.tif"):
            assert found(tmp_path, data, name) == (SAID,)
    olympus = b"IIRO" + tiff_file((2, 2), [bytes(4)], photometric=1, bits=(8,), more=more)[4:]
    assert found(tmp_path, olympus, "a.orf") == (SAID,)
    jpeg = jpeg_with(MAIN + SAID)
    fuji = b"FUJIFILMCCD-RAW ".ljust(84, b"0") + struct.pack(">II", 200, len(jpeg))
    assert found(tmp_path, fuji.ljust(200, b"\0") + jpeg, "a.raf") == (SAID,)
    assert found(tmp_path, dng(encoded(corners(), "JPEG")), "a.dng") == ()
    uuid = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
    canon = struct.pack(">I8sI4s", 24, b"ftypcrx ", 1, b"crx ").ljust(24, b"\0")
    canon += (8 + 16 + len(SAID)).to_bytes(4) + b"uuid" + uuid + SAID
    assert found(tmp_path, canon, "a.cr3") == (SAID,)


def test_jpeg_xl_in_boxes(tmp_path: Path) -> None:
    start = b"\0\0\0\x0cJXL \r\n\x87\n"
    data = start + (8 + len(SAID)).to_bytes(4) + b"xml " + SAID + b"\0\0\0\x0ajxlc\xff\x0a"
    assert found(tmp_path, data) == (SAID,)
    assert found(tmp_path, b"\xff\x0a" + bytes(40)) == ()


def extended(whole: bytes, size: int) -> tuple[str, list[bytes]]:
    """A packet in pieces, and the digest that the first packet names it by."""
    digest = hashlib.md5(whole).hexdigest().upper()
    pieces = [
        MORE + digest.encode() + struct.pack(">II", len(whole), at) + whole[at : at + size]
        for at in range(0, len(whole), size)
    ]
    return digest, pieces


def test_a_packet_in_pieces_is_put_together(tmp_path: Path) -> None:
    whole = packet(mwg([face("Ben", 0.1, 0.1, 0.3, 0.3)]), wrapped=False)
    digest, pieces = extended(whole, 300)
    assert len(pieces) > 3
    note = f'<note xmlns="http://ns.adobe.com/xmp/note/">{digest}</note>'.encode()
    main = MAIN + SAID.replace(b"</rdf:Desc", note + b"</rdf:Desc")
    for order in (pieces, pieces[::-1]):
        packets = found(tmp_path, jpeg_with(main, *order))
        names = names_of(packets)
        assert names.people == ("Ann",)
        assert [region.name for region in names.regions] == ["Ben"]
    assert len(found(tmp_path, jpeg_with(main, *pieces[1:]))) == 1  # a piece is missing
    assert len(found(tmp_path, jpeg_with(main, *pieces[:-1]))) == 1
    assert len(found(tmp_path, jpeg_with(MAIN + SAID, *pieces))) == 1  # left by another program


def test_an_ultra_hdr_photo_is_its_first_picture(tmp_path: Path) -> None:
    """Regions written into one make Pillow call it MPO, with two pictures."""
    first = jpeg_with(MAIN + packet(people("Ann")))
    second = jpeg_with(MAIN + packet(people("Ben")))
    data = encoded(corners(), "MPO", save_all=True, append_images=[Image.new("RGB", (9, 9))])
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, getattr(image, "n_frames", 1)) == ("MPO", 2)
    marked = data[:2] + segment(MAIN + SAID) + data[2:]
    assert found(tmp_path, marked, "a.jpg") == (SAID,)
    assert open_photo(tmp_path / "a.jpg").width == corners().width
    assert names_of(found(tmp_path, first + second)).people == ("Ann",)


def test_damaged_files_are_read_without_harm(tmp_path: Path) -> None:
    files = [jpeg_with(MAIN + SAID), encoded(corners(), "WEBP", xmp=SAID)]
    files += [encoded(corners(), kind, xmp=SAID) for kind in ("HEIF", "AVIF")]
    files += [encoded(corners(), "TIFF", tiffinfo={700: SAID})]
    rng = np.random.default_rng(5)
    for data in files:
        for i in range(200):
            broken = bytearray(data[: int(rng.integers(1, len(data)))] if i % 4 == 0 else data)
            for _ in range(5):
                at = int(rng.integers(min(len(broken), 600)))
                broken[at] = int(rng.choice([0, 1, 127, 255]))
            names_of(found(tmp_path, bytes(broken)))
    for data in (b"", b"\xff\xd8", b"\xff\xd8\xff\xe1\0\0", b"RIFF\0\0\0\0WEBP", b"II*\0"):
        assert found(tmp_path, data) == ()
