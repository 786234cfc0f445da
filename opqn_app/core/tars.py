"""Tar files, whole or not at all: one that was cut off holds only some of what it should."""

import lzma
import tarfile
import zlib
from pathlib import Path

from opqn_app.core.errors import DataError
from opqn_app.core.progress import counted

BAD = (OSError, tarfile.TarError, EOFError, zlib.error, lzma.LZMAError)


def open_whole(path: Path) -> tuple[tarfile.TarFile, list[tarfile.TarInfo]]:
    """An open tar file, and what is listed in it up to the mark at its end.

    Raises:
        DataError: it is missing, is no tar file, or its end is missing.
    """
    try:
        tar = tarfile.open(path)  # noqa: SIM115 - the caller closes it
    except FileNotFoundError as error:
        raise DataError(path, "there is no such folder or tar file") from error
    except BAD as error:
        raise DataError(path, "it is neither a folder nor a tar file") from error
    members: list[tarfile.TarInfo] = []
    cause: Exception | None = None
    try:
        for member in tar:
            members.append(member)  # noqa: PERF402 - those before an error count
        stream = tar.fileobj
        assert stream is not None, "it was opened by its path"
        stream.seek(tar.offset)
        if not any(stream.read(tarfile.BLOCKSIZE) or b"\1"):
            return tar, members
    except BAD as error:
        cause = error
    tar.close()
    found = counted(len(members), "file")
    reason = f"it was cut off or is damaged, {found} can be found in it; copy it again"
    raise DataError(path, reason) from cause
