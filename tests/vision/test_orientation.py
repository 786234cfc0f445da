"""Which way up: all turns, formats and ways to write them down, by pixels, size and boxes."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from opqn_app.vision import boxes, orientation, xmp
from opqn_app.vision.images import Photo, open_photo, photo_of_picture, read_photo
from tests.heif_boxes import with_clean_part
from tests.odd_files import corners, dng, encoded, exif_bytes, turned

pytestmark = pytest.mark.slow

UPRIGHT = (300, 200)
MARK = (210, 20, 270, 80)  # left, top, right, bottom of a black box, in the green quarter
CORNERS = {"red": (230, 20, 20), "green": (20, 200, 20), "blue": (20, 20, 230), "white": (250,) * 3}
OTHER = {1: 6, 2: 3, 3: 8, 4: 1, 5: 2, 6: 4, 7: 5, 8: 7}
TURNS = range(1, 9)

_START = '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
_RDF = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
_END = '</rdf:RDF></x:xmpmeta>\n   <?xpacket end="w"?>'
_TIFF = "http://ns.adobe.com/tiff/1.0/"
SPELLINGS = {
    "element": f'<rdf:Description rdf:about="" xmlns:tiff="{_TIFF}">'
    "<tiff:Orientation>@</tiff:Orientation></rdf:Description>",
    "double quotes": f'<rdf:Description xmlns:tiff="{_TIFF}" tiff:Orientation="@"/>',
    "single quotes": f"<rdf:Description xmlns:tiff='{_TIFF}' tiff:Orientation='@'/>",
    "another prefix": f'<rdf:Description xmlns:t="{_TIFF}"><t:Orientation> @\n</t:Orientation>'
    "</rdf:Description>",
}


def packet(spelling: str, turn: int) -> bytes:
    return (_START + _RDF + SPELLINGS[spelling].replace("@", str(turn)) + _END).encode()


def marked() -> Image.Image:
    image = corners(UPRIGHT)
    image.paste((0, 0, 0), MARK)
    return image


def picture(kind: str, turn: int, *, exif: int | None = None, said: bytes | None = None) -> bytes:
    """The marked picture stored so that `turn` brings it back, with an EXIF tag and XMP, if any."""
    options: dict[str, Any] = {"quality": 95}
    if kind == "TIFF":
        info = {} if exif is None else {274: exif}
        options = {"tiffinfo": info if said is None else {**info, 700: said}}
    else:
        if exif is not None:
            options["exif"] = exif_bytes(exif)
        if said is not None and kind == "PNG":
            options["pnginfo"] = PngInfo()
            options["pnginfo"].add_itxt("XML:com.adobe.xmp", said.decode())
        elif said is not None:
            options["xmp"] = said
    return encoded(turned(marked(), turn), kind, **options)


def check(photo: Photo) -> None:
    """Its pixels, its size, and where a box that is seen in the pixels lies in the photo."""
    assert (photo.width, photo.height) == UPRIGHT
    assert photo.image.size == (150, 100)
    values = np.asarray(photo.image, np.int32)
    spots = [values[25, 37], values[8, 85], values[75, 37], values[75, 112]]
    names = [min(CORNERS, key=lambda n: int(np.abs(s - CORNERS[n]).sum())) for s in spots]
    assert names == list(CORNERS)
    rows, columns = np.nonzero(values.max(axis=2) < 90)
    seen = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
    assert np.abs(seen * photo.width / photo.image.width - MARK).max() <= 2


def read(data: bytes, name: str = "a") -> Photo:
    return read_photo(data, name, max_side=150, min_side=150)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_or_else_xmp_decides(kind: str, turn: int) -> None:
    check(read(picture(kind, turn, exif=turn)))
    for spelling in SPELLINGS:
        said = packet(spelling, turn)
        check(read(picture(kind, turn, said=said)))
        check(read(picture(kind, turn, exif=turn, said=said)))
        contradicting = packet(spelling, OTHER[turn])
        check(read(picture(kind, turn, exif=turn, said=contradicting)))


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_the_container_alone_decides_for_heic_and_avif(kind: str, turn: int) -> None:
    check(read(picture(kind, turn, exif=turn)))  # their writers put it into the container
    for spelling in SPELLINGS:
        if turn > 1:  # else their writers take the turn from XMP, where they understand it
            check(read(picture(kind, turn, exif=turn, said=packet(spelling, OTHER[turn]))))
    for spelling in ("single quotes", "another prefix"):  # which they don't
        check(read(picture(kind, 1, said=packet(spelling, turn))))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize("turn", TURNS)
def test_a_picture_that_pillow_opened_is_turned_likewise(kind: str, turn: int) -> None:
    """As with a query handed over by a program; a TIFF was turned twice."""
    with Image.open(io.BytesIO(picture(kind, turn, exif=turn))) as image:
        check(photo_of_picture(image, max_side=150))


@pytest.mark.parametrize("turn", TURNS)
def test_a_compressed_tiff_is_turned_once(turn: int) -> None:
    options: dict[str, Any] = {"compression": "tiff_lzw"}
    stored = turned(marked(), turn)
    check(read(encoded(stored, "TIFF", tiffinfo={274: turn}, **options)))
    for spelling in SPELLINGS:
        said = packet(spelling, turn)
        check(read(encoded(stored, "TIFF", tiffinfo={700: said}, **options)))


@pytest.mark.parametrize("turn", TURNS)
def test_a_raw_photo_is_turned_once(turn: int) -> None:
    """By its preview's own tag, else by what the RAW photo says; LibRaw adds EXIF of its own."""
    pytest.importorskip("rawpy")
    plain = encoded(turned(marked(), turn), "JPEG", quality=95)
    check(read(dng(plain, turn), "a.dng"))
    no_tag = Image.Exif()
    no_tag[271] = "Somebody"
    exif_first = _with_segment(plain, no_tag.tobytes(), in_front=True)
    check(read(dng(exif_first, turn), "a.dng"))
    jfif_first = _with_segment(plain, exif_bytes(turn), in_front=False)
    for other in (turn, OTHER[turn]):  # its own tag goes before the photo's
        check(read(dng(jfif_first, other), "a.dng"))
        own = _with_segment(plain, exif_bytes(turn), in_front=True)
        check(read(dng(own, other), "a.dng"))
    upright = encoded(marked(), "JPEG", quality=95)
    check(read(dng(_with_segment(upright, exif_bytes(1), in_front=False), turn), "a.dng"))
    for spelling in SPELLINGS:
        said = picture("JPEG", turn, said=packet(spelling, OTHER[turn]))
        check(read(dng(said, turn), "a.dng"))


def _with_segment(jpeg: bytes, exif: bytes, *, in_front: bool) -> bytes:
    """EXIF before, or after, the JFIF segment that Pillow writes first."""
    assert jpeg[2:4] == b"\xff\xe0"
    at = 2 if in_front else 4 + int.from_bytes(jpeg[4:6])
    return jpeg[:at] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2) + exif + jpeg[at:]


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_only_the_clean_part_is_seen(kind: str, turn: int) -> None:
    """Which the container cuts out of the stored picture before it turns it."""
    wide = Image.new("RGB", (340, 260), (0, 0, 0))
    wide.paste(marked(), (14, 22))
    stored = turned(wide, turn)
    frame = Image.new("L", (340, 260))
    frame.paste(255, (14, 22, 314, 222))
    part = turned(frame, turn).getbbox()
    assert part is not None
    plain = encoded(stored, kind, exif=exif_bytes(turn), quality=95)
    assert read(plain).width == 340
    check(read(with_clean_part(plain, stored.size, part)))


def test_a_clean_part_that_reaches_out_of_the_picture_is_passed_over() -> None:
    for part in ((-10, 0, 280, 200), (20, 20, 310, 200), (150, 0, 150, 200)):
        data = with_clean_part(picture("AVIF", 1), UPRIGHT, part)
        assert boxes.primary_of_heif(io.BytesIO(data)) is not None
        check(read(data))


def test_xmp_of_other_pictures_within_the_packet_says_nothing() -> None:
    """As of what a picture was put together from."""
    nested = (
        '<rdf:Description xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"><xmpMM:Ingredients><rdf:Bag>'
        f'<rdf:li rdf:parseType="Resource"><rdf:Description xmlns:tiff="{_TIFF}" '
        'tiff:Orientation="6"/></rdf:li></rdf:Bag></xmpMM:Ingredients></rdf:Description>'
    )
    said = (_START + _RDF + nested + _END).encode()
    assert xmp.orientation(said) is None
    for kind in ("JPEG", "PNG", "WEBP", "TIFF"):
        check(read(picture(kind, 1, said=said)))


@pytest.mark.parametrize("value", ["0", "9", "", "six", "1.0", "-6", "66"])
def test_impossible_values_are_passed_over(value: str) -> None:
    for spelling in SPELLINGS.values():
        said = (_START + _RDF + spelling.replace("@", value) + _END).encode()
        assert xmp.orientation(said) is None
        check(read(picture("JPEG", 1, said=said)))
    check(read(picture("JPEG", 3, exif=9, said=packet("element", 3))))


def test_xmp_that_is_broken_or_hostile_is_read_as_far_as_it_is_sound() -> None:
    good = packet("element", 6)
    assert xmp.orientation(good) == 6
    assert xmp.orientation(b"\0\0" + good + b"\0" * 99) == 6
    assert xmp.orientation(good.replace(b"</rdf:RDF>", b"<a>Tom & Ann</b>")) == 6
    assert xmp.orientation(good.decode().encode("utf-16")) == 6
    for said in (b"", b"\xff\xfe\xff", b"<", good[:60], b"<?xml version='1.0' encoding='none'?>"):
        assert xmp.orientation(said) is None
    bomb = b'<!DOCTYPE a [<!ENTITY b "6">]>' + packet("element", 6).replace(b">6<", b">&b;<")
    assert xmp.orientation(bomb) is None
    late = good.replace(b"<rdf:Description", b" " * (1 << 20) + b"<rdf:Description")
    assert xmp.orientation(late) is None  # more than is looked at
    deep = _START.encode() + b"<a>" * 200_000
    assert xmp.orientation(deep) is None
    rng = np.random.default_rng(6)
    for _ in range(300):
        broken = bytearray(good)
        for _ in range(3):
            broken[int(rng.integers(len(broken)))] = int(rng.integers(256))
        assert xmp.orientation(bytes(broken)) in (None, *TURNS)


def test_boxes_that_lie_are_read_without_harm() -> None:
    data = with_clean_part(picture("AVIF", 6, exif=6), (200, 300), (0, 0, 100, 100))
    rng = np.random.default_rng(7)
    for i in range(2000):
        broken = bytearray(data[: int(rng.integers(1, len(data)))] if i % 4 == 0 else data)
        for _ in range(4):
            broken[int(rng.integers(min(len(broken), 400)))] = int(rng.choice([0, 1, 127, 255]))
        found = boxes.primary_of_heif(io.BytesIO(bytes(broken)))
        assert found is None or found.clean is None or min(found.clean) >= 0


def test_opening_a_file_turns_it_as_reading_from_memory_does(tmp_path: Any) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(picture("TIFF", 6, said=packet("single quotes", 6)))
    check(open_photo(path, max_side=150))


@pytest.mark.parametrize("key", ["xmp", "XML:com.adobe.xmp"])
def test_xmp_that_is_no_text_says_nothing(key: str) -> None:
    image = Image.new("RGB", (8, 4))
    image.info[key] = "\udcff" + SPELLINGS["double quotes"].replace("@", "6")
    assert orientation.load(image) == orientation.Orientation()
