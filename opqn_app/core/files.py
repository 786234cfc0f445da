"""Files written in one step: whoever reads one finds the old file or the new one, both whole."""

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from opqn_app.core import private, unfinished
from opqn_app.core.errors import OpqnError

UNFINISHED = unfinished.SUFFIX


@contextmanager
def replacing(
    path: Path,
    *,
    durable: bool = True,
    room: Path | None = None,
    closed: bool = False,
    among_others: bool = False,
) -> Iterator[BinaryIO]:
    """Opens a new file beside `path`; it takes the place of `path` when the block is done.

    An error in the block leaves `path` as it was, and nothing beside it. So does a power failure,
    but for the unfinished file. A replaced file keeps its permissions. Where `path` is a link, the
    file it leads to is replaced.

    Args:
        durable: the new file is on the disk before it takes its place. Without, a power failure
            may leave an empty file: for what is checked when it is read, or easily made again.
        room: the unfinished file lies in this folder, of the same disk.
        closed: others than the owner may not read it.
        among_others: the folder is the user's, who should not find what killed programs left: the
            next writer there that says so deletes it.

    Raises:
        OSError: the file can't be written.
    """
    target = path.resolve()
    folder = room or target.parent
    make = _held if among_others else _new
    file = make(folder, target.name, closed=closed)
    new = Path(file.name)
    try:
        with file:
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
            if os.name == "nt":
                file.close()  # there an open file can't be moved; elsewhere it is held till then
            if target.exists():
                shutil.copymode(target, new)
            if closed:
                private.tighten(new)
            os.replace(new, target)  # noqa: PTH105 - the step is the point
    finally:
        new.unlink(missing_ok=True)


def _new(folder: Path, name: str, *, closed: bool, mark: str = ".") -> BinaryIO:
    unique = f"{name[:40]}{mark}{secrets.token_hex(4)}{UNFINISHED}"  # writers don't meet
    return open(folder / unique, "xb", opener=private.opener if closed else None)


def _held(folder: Path, name: str, *, closed: bool) -> BinaryIO:
    unfinished.sweep(folder)
    file = _new(folder, name, closed=closed, mark=unfinished.MARK)
    while not unfinished.hold(file):
        file.close()
        file = _new(folder, name, closed=closed, mark=unfinished.MARK)
    return file


@contextmanager
def shared_room(room: Path) -> Iterator[None]:
    """A folder for unfinished files; it goes with the last of those who use it at one time.

    Files in it are written `among_others`. What killed programs left there is deleted.

    Raises:
        OSError: it can't be made.
    """
    sign = None
    while sign is None:
        room.mkdir(exist_ok=True)
        with suppress(FileNotFoundError):  # who used it last has just removed it
            sign = _held(room, "used", closed=False)
    try:
        yield
    finally:
        with suppress(OSError):  # the disk is gone, or others use it still
            sign.close()
            Path(sign.name).unlink()
            room.rmdir()


def replace_bytes(path: Path, data: bytes, *, closed: bool = False) -> None:
    """Make `data` the content of a file, in one step and for good; raises OSError."""
    with replacing(path, closed=closed) as file:
        file.write(data)


def replace_text(path: Path, text: str, *, closed: bool = False) -> None:
    """Make `text` the content of a file, as UTF-8, in one step and for good; raises OSError."""
    replace_bytes(path, text.encode("utf-8"), closed=closed)


def replace_json(path: Path, values: dict[str, Any], *, closed: bool = False) -> None:
    """Make an object the content of a JSON file, in one step and for good; raises OSError."""
    replace_text(path, json.dumps(values, indent=2) + "\n", closed=closed)


def remove_unfinished(folder: Path) -> None:
    """Delete what writers that were killed left in `folder`; nobody may be writing there."""
    for left in folder.glob(f"*.????????{UNFINISHED}"):
        left.unlink(missing_ok=True)


def real_path(path: Path) -> Path:
    """`path` without links; one that leads back to itself is left as it is, no error.

    Raises:
        OpqnError: no system can have a file of that name.
    """
    try:
        return Path(os.path.realpath(path))
    except ValueError as error:  # it holds a NUL, or a letter that file names can't have
        raise OpqnError(f"{str(path)!r} can't be a path: {error}. Choose another one.") from error
