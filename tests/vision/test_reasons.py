"""What is said of files that can't be read is true, and is said by us alone."""

import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.vision.images import open_photo, read_photo
from tests.odd_files import box, corners, encoded

OTHER_HEIF = "it is a kind of HEIF that can't be read here"
DAMAGED = "the picture data is damaged"
VIDEO = "it is a video, not a photo"


def reason_of(data: bytes, name: str) -> str:
    with pytest.raises(PhotoUnreadable) as caught:
        read_photo(data, name)
    return caught.value.reason


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_heif_of_another_codec_or_brand_is_no_damage_and_no_video(kind: str) -> None:
    data = encoded(corners(), kind)
    brand, codec = data[8:12], b"hvc1" if kind == "HEIF" else b"av01"
    for other in (b"vvc1", b"evc1", b"j2k1", b"unci"):
        assert reason_of(data.replace(codec, other), "a.heic") == OTHER_HEIF
    for other in (b"vvic", b"abcd", b"j2ki"):
        unknown = data.replace(b"ftyp" + brand, b"ftyp" + other, 1)
        assert reason_of(unknown, "a.heic") == OTHER_HEIF


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_a_damaged_heif_is_still_damaged(kind: str) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8))
    data = encoded(noise, kind)
    assert reason_of(data[: len(data) // 2], "a.heic") in (
        DAMAGED,
        "the file is cut off, so part of the picture is missing",
    )


def test_only_videos_are_called_videos() -> None:
    film = box(b"ftyp", b"zzzz\0\0\0\0zzzz") + box(b"mdat", bytes(900)) + box(b"moov", bytes(90))
    assert reason_of(film, "a.heic") == VIDEO  # an unknown brand, but it has tracks
    for brand in (b"isom", b"mp42", b"qt  ", b"3gp5", b"M4V "):
        assert reason_of(box(b"ftyp", brand + bytes(8)) + bytes(60), "a.jpg") == VIDEO
    for brand in (b"M4A ", b"jp2 ", b"zzzz", b"crx "):
        other = box(b"ftyp", brand + bytes(8)) + box(b"free", bytes(60))
        assert reason_of(other, "a.jpg") == "it is not in a photo format that is known here"
    assert reason_of(b"RIFF\0\0\0\0AVI LIST" + bytes(40), "a.jpg") == VIDEO


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_a_huge_one_is_too_large_and_not_damaged(kind: str) -> None:
    data = encoded(corners((64, 64)), kind)
    small, large = struct.pack(">II", 64, 64), struct.pack(">II", 17_000, 17_000)
    assert small in data
    assert reason_of(data.replace(small, large), "a.avif") == (
        "it has 289 megapixels, and the limit is 250"
    )


def test_a_huge_jpeg_xl_is_refused_before_it_is_decoded() -> None:
    """Opening decodes it. In the bits: not small; height and width of 30 bits each, no ratio."""
    pytest.importorskip("pillow_jxl")
    bits = (3 << 1) | (59_999 << 3) | (0 << 33) | (3 << 36) | (59_999 << 38)
    bare = b"\xff\x0a" + bits.to_bytes(12, "little")
    for data in (
        bare,
        b"\0\0\0\x0cJXL \r\n\x87\n" + box(b"ftyp", b"jxl \0\0\0\0jxl ") + box(b"jxlc", bare),
        b"\0\0\0\x0cJXL \r\n\x87\n" + box(b"jxlp", bytes(4) + bare),
    ):
        assert reason_of(data, "a.jxl") == "it has 3,600 megapixels, and the limit is 250"


SPEAK = """
import os, sys, threading
from pathlib import Path
from opqn_app.core.errors import PhotoUnreadable
from opqn_app.vision.images import open_photo

def read():
    for path in sorted(Path(sys.argv[1]).iterdir()):
        try:
            open_photo(path)
        except PhotoUnreadable:
            pass

threads = [threading.Thread(target=read) for _ in range(3)]
for thread in threads:
    thread.start()
while any(thread.is_alive() for thread in threads):
    os.write(2, b"ours\\n")
for thread in threads:
    thread.join()
os.write(2, b"the end\\n")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="libtiff is a part of Pillow there")
def test_damaged_tiffs_print_nothing_and_our_own_lines_stay(tmp_path: Path) -> None:
    """libtiff writes to stderr itself; other threads may write there meanwhile."""
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8))
    rng = np.random.default_rng(1)
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "jpeg", "group4"):
        image = noise.convert("1") if compression == "group4" else noise
        good = encoded(image, "TIFF", compression=compression)
        for i in range(25):
            broken = bytearray(good)
            for at in rng.integers(8, len(good), 9):
                broken[at] ^= 0xFF
            (tmp_path / f"{compression}_{i}.tif").write_bytes(broken)
    samples = encoded(noise, "TIFF").replace(
        b"\x15\x01\x03\0\1\0\0\0\3\0", b"\x15\x01\x03\0\1\0\0\0\0\x7f"
    )
    (tmp_path / "samples.tif").write_bytes(samples)  # this one makes Pillow write to its log
    refused = 0
    for path in tmp_path.iterdir():
        try:
            open_photo(path)
        except PhotoUnreadable:
            refused += 1
    assert refused > 20
    done = subprocess.run(
        [sys.executable, "-c", SPEAK, str(tmp_path)], capture_output=True, check=True, timeout=600
    )
    lines = done.stderr.decode().splitlines()
    assert set(lines) == {"ours", "the end"}
    assert lines[-1] == "the end"
