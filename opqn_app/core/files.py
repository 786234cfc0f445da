"""Files written in one step: whoever reads one finds the old file or the new one, both whole."""

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from opqn_app.core import private
from opqn_app.core.errors import OpqnError

UNFINISHED = ".tmp"  # suffix of a file that is being written


@contextmanager
def replacing(
    path: Path, *, durable: bool = True, room: Path | None = None, closed: bool = False
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

    Raises:
        OSError: the file can't be written.
    """
    target = path.resolve()
    name = f"{target.name[:40]}.{secrets.token_hex(4)}{UNFINISHED}"  # writers don't meet
    opener = private.opener if closed else None
    unfinished = (room or target.parent) / name
    try:
        with open(unfinished, "xb", opener=opener) as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, unfinished)
        if closed:
            private.tighten(unfinished)
        os.replace(unfinished, target)  # noqa: PTH105 - the step is the point
    finally:
        unfinished.unlink(missing_ok=True)


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
    for unfinished in folder.glob(f"*.????????{UNFINISHED}"):
        unfinished.unlink(missing_ok=True)


def real_path(path: Path) -> Path:
    """`path` without links; one that leads back to itself is left as it is, no error.

    Raises:
        OpqnError: no system can have a file of that name.
    """
    try:
        return Path(os.path.realpath(path))
    except ValueError as error:  # it holds a NUL, or a letter that file names can't have
        raise OpqnError(f"{str(path)!r} can't be a path: {error}. Choose another one.") from error
