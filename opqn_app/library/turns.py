"""One large photo in memory at a time, whichever worker process reads it."""

from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock

from opqn_app.library import allocator

# Decoded, so 64 MB: a JPEG is decoded at half its size where that will do. Photos of 12 megapixels,
# of whatever format, never wait for each other.
LARGE_PIXELS = 16_000_000


class Turn:
    """What a worker takes before it decodes a large photo, and gives back with `with`.

    The operating system drops the lock when a worker dies, so its photo can be tried again.

    Args:
        file: the same for all workers of a run; it is made, and left. None where photos are read
            one after the other anyway.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._lock = None if file is None else FileLock(file)

    def wait(self, pixels: int) -> None:
        """Before a photo of that many pixels is decoded: wait while another large one is read."""
        if self._lock is None or pixels <= LARGE_PIXELS:
            return
        allocator.give_back_unused()
        try:
            self._lock.acquire()
        except OSError:
            self._lock = None  # a disk that can't lock: more memory is better than no photos

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._lock is not None:
            self._lock.release()
