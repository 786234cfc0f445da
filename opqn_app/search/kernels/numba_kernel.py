"""The inner loops of a search, compiled; importing this module compiles them or loads them.

Every function states its signatures, so nothing is compiled later, and gives up the GIL, so
searches of several segments run side by side. numba's own threads are not used: starting them
cost 12 ms a call where the machine was busy. Compiled code is kept in the app's cache folder.
"""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import llvmlite.binding as llvm  # type: ignore[import-untyped,import-not-found,unused-ignore]
import numba
import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from opqn_app.core.types import Floats, Ids, Lut
from opqn_app.search.segment import SIZE, Segment, Stretch
from opqn_app.search.strong_words import StrongWords

F = TypeVar("F", bound=Callable[..., Any])
Rows = NDArray[np.int32]

BLOCK = 1024  # faces summed at a time: their sums stay in the first-level cache
CHUNK = 64  # faces looked at together for one that reaches the threshold

_WORDS = (types.uint8, types.uint16)
TABLE = types.Array(types.float32, 2, "C", readonly=True)
OUT = (types.Array(types.float32, 1, "C"), types.Array(types.int32, 1, "C"))
_READ = {
    kind: types.Array(getattr(types, kind), 1, "C", readonly=True) for kind in ("int64", "uint8")
}


def books_type(word: Any) -> Any:
    """Type of `Segment.books`."""
    return types.Array(word, 2, "C", readonly=True)


def _has(*names: str) -> bool:
    config: Any = numba.config
    if config.CPU_FEATURES is not None or config.CPU_NAME is not None:  # compiling for another one
        asked = (config.CPU_FEATURES or "").split(",")
        return all(f"+{name}" in asked for name in names)
    features = llvm.get_host_cpu_features()
    return all(features.get(name) for name in names)


def has_vbmi() -> bool:
    """True if numba compiles for a processor with AVX-512 VBMI."""
    return _has("avx512vbmi", "avx512bw", "avx512f")


def has_avx2() -> bool:
    """True if numba compiles for a processor with AVX2, without which `sieve_loops` do not work."""
    return _has("avx2")


def compiled(signatures: list[Any]) -> Callable[[F], F]:
    """numba's decorator has no types; this one keeps those of the function."""
    decorator: Any = njit(signatures, nogil=True, cache=True)
    typed: Callable[[F], F] = decorator
    return typed


@compiled(
    [
        types.int64(books_type(word), types.int64, types.int64, TABLE, types.float32, *OUT)
        for word in _WORDS
    ]
)
def scan_rows(
    books: NDArray[Any],
    start: int,
    stop: int,
    lut: Lut,
    floor: np.float32,
    scores: Floats,
    rows: Rows,
) -> int:
    """Write the faces from `start` to `stop` of at least `floor`; returns how many."""
    found = 0
    totals = np.empty(BLOCK, np.float32)
    for first in range(start, stop, BLOCK):
        n = min(BLOCK, stop - first)
        totals[:n] = np.float32(0)
        m = 0
        while m + 4 <= lut.shape[0]:  # four loads at a time keep the processor busy
            b = books[m : m + 4, first : first + n]
            p = lut[m : m + 4]
            for i in range(n):
                totals[i] += (p[0, b[0, i]] + p[1, b[1, i]]) + (p[2, b[2, i]] + p[3, b[3, i]])
            m += 4
        while m < lut.shape[0]:
            for i in range(n):
                totals[i] += lut[m, books[m, first + i]]
            m += 1
        for i in range(n):
            if totals[i] >= floor:
                scores[found] = totals[i]
                rows[found] = first + i
                found += 1
    return found


@compiled(
    [
        types.int64(
            books_type(word),
            types.Array(types.uint16, 2, "C", readonly=True),
            types.Array(types.int32, 2, "C", readonly=True),
            _READ["int64"],
            _READ["int64"],
            _READ["uint8"],
            types.int64,
            TABLE,
            types.float32,
            *OUT,
        )
        for word in _WORDS
    ]
)
def read_lists_of(
    books: NDArray[Any],
    positions: NDArray[np.uint16],
    starts: NDArray[np.int32],
    strong_books: NDArray[np.int64],
    strong_words: NDArray[np.int64],
    weights: NDArray[np.uint8],
    threshold: int,
    lut: Lut,
    floor: np.float32,
    scores: Floats,
    rows: Rows,
) -> int:
    """Sum the weights of each face's strong words; score those that reach the threshold."""
    n = books.shape[1]
    sums = np.zeros(n + (-n) % CHUNK, np.uint8)
    for t in range(len(strong_books)):
        m, word, weight = strong_books[t], strong_words[t], weights[t]
        if word + 1 < starts.shape[1]:
            listed = positions[m]
            for j in range(starts[m, word], starts[m, word + 1]):
                sums[listed[j]] += weight
    found = 0
    # Eight sums in one 64-bit word: adding `step` to the low seven bits of each carries into its
    # top bit where they reach the threshold; `low` and `high` bring in the top bit itself.
    eights = sums.view(np.uint64)
    tops = np.uint64(0x8080808080808080)
    step = np.uint64(0x0101010101010101) * np.uint64((128 if threshold <= 128 else 256) - threshold)
    everything = np.uint64(0xFFFFFFFFFFFFFFFF)
    low = np.uint64(0) if threshold > 128 else everything
    for chunk in range(len(sums) // CHUNK):
        reached = np.uint64(0)
        for j in range(chunk * (CHUNK // 8), (chunk + 1) * (CHUNK // 8)):
            eight = eights[j]
            carried = (eight & ~tops) + step
            reached |= (carried | (eight & low)) & (eight | low)
        if reached & tops == np.uint64(0):
            continue
        for i in range(chunk * CHUNK, min((chunk + 1) * CHUNK, n)):
            if sums[i] >= threshold:
                total = np.float32(0)
                for m in range(lut.shape[0]):
                    total += lut[m, books[m, i]]
                if total >= floor:
                    scores[found] = total
                    rows[found] = i
                    found += 1
    return found


class NumbaKernels:
    """`Kernels` compiled for any processor."""

    name = "numba"
    has_near = False

    def can_sieve(self, segment: Segment) -> bool:
        return False

    def scan(
        self, segment: Segment, part: slice, lut: Lut, floor: np.float32
    ) -> tuple[Floats, Rows]:
        scores, rows, _ = room()
        n = scan_rows(segment.books, part.start, part.stop, lut, floor, scores, rows)
        return scores[:n], rows[:n]

    def sieve(
        self, segment: Segment, part: slice, lut: Lut, floor: np.float32
    ) -> tuple[Floats, Rows]:
        return self.scan(segment, part, lut, floor)

    def sieve_row(
        self, stretch: Stretch, lut: Lut, floor: np.float32, heap: Floats
    ) -> tuple[Floats, Ids, int]:
        return np.empty(0, np.float32), np.empty(0, np.int64), stretch.first

    def read_lists(
        self, segment: Segment, strong: StrongWords, lut: Lut, floor: np.float32
    ) -> tuple[Floats, Rows]:
        threshold = max(strong.threshold(floor), 0)
        scores, rows, _ = room()
        if threshold > 255:  # no sum of weights gets there
            return scores[:0], rows[:0]
        lists = segment.postings
        n = read_lists_of(
            segment.books,
            lists.positions,
            lists.starts,
            strong.books,
            strong.words,
            strong.weights,
            threshold,
            lut,
            floor,
            scores,
            rows,
        )
        return scores[:n], rows[:n]


def room() -> tuple[Floats, Rows, Ids]:
    """Where this thread's kernels write what they find: scores, rows, face ids.

    Made once, since fresh memory costs; twice a segment, so that a row of segments is passed in
    one call as long as few faces of each are found.
    """
    made: tuple[Floats, Rows, Ids] | None = getattr(_own, "room", None)
    if made is None:
        n = 2 * SIZE
        made = _own.room = np.empty(n, np.float32), np.empty(n, np.int32), np.empty(n, np.int64)
    return made


_own = threading.local()
