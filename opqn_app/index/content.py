"""Read a photo file once: its bytes, its hash and the file times that belong to them."""

import hashlib
import os
import stat
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.vision import reasons
from opqn_app.vision.images import MAX_FILE_BYTES

_TRIES = 2
_PIECE = 1 << 20


class FileGone(Exception):
    """The file was deleted or renamed since the scan; the next scan will tell."""


class FileInFlux(Exception):
    """Another program is writing the file right now."""


@dataclass(frozen=True, slots=True, eq=False)
class FileContent:
    """The bytes of a file and what its folder says of exactly these bytes."""

    data: bytes
    size: int
    mtime_ns: int
    content_hash: bytes


def read_content(path: Path) -> FileContent:
    """Read a whole file, for reading only.

    Raises:
        FileGone, FileInFlux: as they say.
        PhotoUnreadable: the file system refuses, or the file is far too large for a photo.
    """
    for _ in range(_TRIES):
        try:
            content = _read_if_stable(path)
        except FileNotFoundError as error:
            raise FileGone(path) from error
        except OSError as error:
            raise PhotoUnreadable(path, reasons.file_system(path, error)) from error
        if content is not None:
            return content
    raise FileInFlux(path)


def hash_file(path: Path) -> bytes | None:
    """The content hash without keeping the bytes; None if the file can't be read."""
    digest = hashlib.blake2b(digest_size=20)
    try:
        with _open_regular(path) as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
    except (OSError, PhotoUnreadable):
        return None
    return digest.digest()


def content_hash(data: bytes) -> bytes:
    """160 bits of BLAKE2b: what makes two photo files the same photo."""
    return hashlib.blake2b(data, digest_size=20).digest()


def _read_if_stable(path: Path) -> FileContent | None:
    with _open_regular(path) as file:
        before = os.fstat(file.fileno())
        if before.st_size > MAX_FILE_BYTES:
            raise PhotoUnreadable(path, reasons.too_large(before.st_size, MAX_FILE_BYTES))
        data = file.read(before.st_size + 1)
        after = os.fstat(file.fileno())
    is_stable = before.st_mtime_ns == after.st_mtime_ns and len(data) == after.st_size
    if not is_stable:
        return None
    return FileContent(data, len(data), after.st_mtime_ns, content_hash(data))


def _open_regular(path: Path) -> FileIO:
    # Between scan and now a pipe may have come to this path; opening it must not wait for a
    # writer, and reading it would never end.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    file = FileIO(os.open(path, flags), "rb")
    mode = os.fstat(file.fileno()).st_mode
    if not stat.S_ISREG(mode):
        file.close()
        raise PhotoUnreadable(path, reasons.not_a_file(mode))
    return file
