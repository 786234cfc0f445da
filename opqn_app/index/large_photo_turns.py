"""One large photo in memory at a time, whichever worker process reads it."""

from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock

from opqn_app.core import allocator

# Decoded, 64 MB. Photos of 12 megapixels never wait for each other, of whatever format, nor do
# JPEG files that are decoded at half their size.
LARGE_PIXELS = 16_000_000
LONGEST_WAIT_S = 120.0  # then two are read at once, whatever became of the first


class Turn:
    """What a worker takes before it decodes a large photo, and gives back at the end of `with`.

    The operating system drops the lock of a worker that dies, so its photo can be tried again.

    Args:
        file: the same for all who take turns; it is made, and left. None where photos are read
            one after the other anyway.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._lock = None if file is None else FileLock(file)

    def wait(self, pixels: int) -> None:
        """Before a photo of that many pixels is decoded: wait while another large one is read."""
        if self._lock is None or pixels <= LARGE_PIXELS:
            return
        allocator.give_back_unused()
        with suppress(OSError):  # Timeout is one; on a disk that can't lock nobody waits
            self._lock.acquire(timeout=LONGEST_WAIT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._lock is not None:
            self._lock.release(force=True)
