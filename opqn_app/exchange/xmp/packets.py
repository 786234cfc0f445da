"""The XMP packets within photo files, read without decoding a picture."""

import zlib
from pathlib import Path
from typing import BinaryIO

from opqn_app.exchange.xmp import jpeg_segments, raw_heads
from opqn_app.exchange.xmp.rdf import MAX_PACKET
from opqn_app.vision import boxes, decoders

_PNG, _PNG_TEXT = b"\x89PNG\r\n\x1a\n", b"XML:com.adobe.xmp\0"
_MAX_CHUNKS = 1_000_000
_RDF = b"application/rdf+xml"


def packets_of(path: Path) -> tuple[bytes, ...]:
    """The XMP packets in a photo file, the first counts most; most have none or one.

    The file is only ever opened for reading. One of a format that holds none, or that is damaged
    before its XMP, has none.

    Raises:
        OSError: the file can't be read.
    """
    with path.open("rb") as file:
        head = file.read(16)
        return tuple(packet for packet in _packets(file, head) if packet)


def _packets(file: BinaryIO, head: bytes) -> tuple[bytes, ...]:
    if head.startswith(b"\xff\xd8"):
        said = jpeg_segments.metadata(file)
        return said.xmp, said.more
    if head.startswith(_PNG):
        return (_of_png(file),)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return (_of_webp(file),)
    if decoders.is_jxl(head):
        return (_of_jxl(file),)
    if head[4:8] == b"ftyp" and head[8:12] != b"crx ":
        return tuple(boxes.texts_of_heif(file, _RDF))
    return (raw_heads.head_of(file).xmp,)


def _of_png(file: BinaryIO) -> bytes:
    """Programs write it before the picture or behind it; the picture is passed over."""
    at = len(_PNG)
    for _ in range(_MAX_CHUNKS):
        file.seek(at)
        head = file.read(8)
        size = int.from_bytes(head[:4])
        if len(head) < 8 or head[4:] == b"IEND":
            return b""
        if head[4:] == b"iTXt" and size <= MAX_PACKET:
            content = file.read(size)
            if content.startswith(_PNG_TEXT):
                return _png_text(content[len(_PNG_TEXT) :])
        at += 12 + size
    return b""


def _png_text(content: bytes) -> bytes:
    """The text behind two bytes on compression, a language, and the keyword in that language."""
    text = content[2:].split(b"\0", 2)[-1]
    if content[:1] != b"\1":
        return text
    try:
        return zlib.decompressobj().decompress(text, MAX_PACKET)
    except zlib.error:
        return b""


def _of_webp(file: BinaryIO) -> bytes:
    at = 12
    for _ in range(_MAX_CHUNKS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return b""
        size = int.from_bytes(head[4:], "little")
        if head[:4] == b"XMP " and size <= MAX_PACKET:
            return file.read(size)
        at += 8 + size + size % 2
    return b""


def _of_jxl(file: BinaryIO) -> bytes:
    for kind, at, size in boxes.top_boxes(file):
        if kind == b"xml " and size <= MAX_PACKET:
            file.seek(at)
            return file.read(size)
    return b""
