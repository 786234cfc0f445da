"""The C library's settings that decide how much freed memory a process keeps.

Only glibc, on Linux, has them; macOS and Windows give large buffers back by themselves.
"""

import ctypes
import sys
from collections.abc import Callable

_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1  # of malloc.h
# Above the 12.6 MB of a photo of 2,048 px and below the 16 MB pieces in which Pillow keeps
# larger ones. Smaller ones stay: asking the system anew for each costs a third of the time a photo
# takes.
_OF_ITS_OWN = 14 << 20
_KEPT = 32 << 20  # free at the end of the heap; what glibc's own choice comes to with such photos


def give_back_large_buffers() -> None:
    """From now on large buffers go back to the system when they are freed, not into the heap.

    Where one lies below a small one that is in use the heap keeps it: 220 MB of a photo of 49
    megapixels, for as long as its faces are searched and encoded.
    """
    _call("mallopt", _MMAP_THRESHOLD, _OF_ITS_OWN)
    _call("mallopt", _TRIM_THRESHOLD, _KEPT)


def give_back_unused() -> None:
    """Give the system what is free in the heap now; 10 ms, and as much again to get it back."""
    _call("malloc_trim", 0)


def _call(name: str, *values: int) -> None:
    if not sys.platform.startswith("linux"):
        return
    function: Callable[..., int] | None = getattr(ctypes.CDLL(None), name, None)
    if function is not None:  # other C libraries have none
        function(*values)
