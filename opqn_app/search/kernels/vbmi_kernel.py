"""A sieve for processors with AVX-512 VBMI: 64 table look-ups in one instruction.

Scores are first summed in 8 bits, rounded up, for 64 faces at a time: a book's table of 256 bytes
lies in four vector registers, and `vpermi2b` looks 64 words up in two of them. That takes 0.1 ns
a face, less than reading the codes from memory, whatever the shape of the tables. Only faces whose
rounded sum reaches the floor are scored exactly. See `opqn_app.search.terms` for the same idea
with lists, which needs tables with few large entries.
"""

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped,import-not-found,unused-ignore]
from numba import types
from numba.core import cgutils as _cgutils
from numba.extending import intrinsic
from numba.np.numpy_support import carray
from numpy.typing import NDArray

from opqn_app.core.types import Floats, Ids, Lut
from opqn_app.search.kernels.numba_kernel import (
    OUT,
    TABLE,
    NumbaKernels,
    Rows,
    compiled,
    room,
)
from opqn_app.search.segment import TILE, Segment, Stretch

LANES = 64
WORDS = 256  # as many as faces in a tile: both are four vectors
CHUNK = 8192  # faces after which the floor may rise
FULL = 255  # the sum that stands for the floor; sums stop there


cgutils: Any = _cgutils  # has no types, like UniTuple
_pair_of: Any = types.UniTuple
_VECTOR = ir.VectorType(ir.IntType(8), LANES)
_I64 = ir.IntType(64)
_STEPS = types.Array(types.uint8, 2, "C")


@intrinsic
def _emit_reaching(typing: Any, tile: Any, tables: Any, masks: Any) -> Any:
    """masks[u] bit j = the 8-bit sum of face 64 u + j of a tile stops at FULL, u in 0 to 3.

    Args:
        tile: address of (M, 256) uint8.
        tables: (M, 256) uint8.
        masks: (4,) uint64, written.
    """

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        arrays = [
            context.make_array(kind)(context, builder, value)
            for kind, value in zip(signature.args[1:], arguments[1:], strict=True)
        ]
        n_books, _ = cgutils.unpack_tuple(builder, arrays[0].shape, 2)
        words_at = builder.inttoptr(arguments[0], cgutils.voidptr_t)
        sums = [
            cgutils.alloca_once_value(builder, ir.Constant(_VECTOR, None))
            for _ in range(TILE // LANES)
        ]
        with cgutils.for_range(builder, n_books) as loop:
            at = builder.mul(loop.index, _number(WORDS))
            table = _load(builder, arrays[0].data, at)
            for total, words in zip(sums, _load(builder, words_at, at), strict=True):
                gain = _look_up(builder, table, words)
                builder.store(_add(builder, builder.load(total), gain), total)
        full = ir.Constant(_VECTOR, [FULL] * LANES)
        for u, total in enumerate(sums):
            bits = builder.icmp_unsigned("==", builder.load(total), full)
            place = builder.gep(arrays[1].data, [_number(u)])
            builder.store(builder.bitcast(bits, _I64), place)
        return context.get_dummy_value()

    return types.void(tile, tables, masks), emit


reaching: Any = _emit_reaching  # called without `typing`


def _number(value: int) -> Any:
    return ir.Constant(_I64, value)


def _load(builder: Any, data: Any, offset: Any) -> list[Any]:
    """256 bytes from data + offset, as vectors."""
    vectors = []
    for part in range(0, TILE, LANES):
        place = builder.gep(data, [builder.add(offset, _number(part))])
        vectors.append(builder.load(builder.bitcast(place, _VECTOR.as_pointer()), align=1))
    return vectors


def _look_up(builder: Any, table: list[Any], words: Any) -> Any:
    """table[words] for 64 words: two halves by the low seven bits, chosen by the eighth."""
    three = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
    name = "llvm.x86.avx512.vpermi2var.qi.512"
    permute = cgutils.get_or_insert_function(builder.module, three, name)
    lower = builder.call(permute, [table[0], words, table[1]])
    upper = builder.call(permute, [table[2], words, table[3]])
    is_upper = builder.icmp_signed("<", words, ir.Constant(_VECTOR, None))
    return builder.select(is_upper, upper, lower)


def _add(builder: Any, left: Any, right: Any) -> Any:
    two = ir.FunctionType(_VECTOR, [_VECTOR] * 2)
    add = cgutils.get_or_insert_function(builder.module, two, "llvm.uadd.sat.v64i8")
    return builder.call(add, [left, right])


@intrinsic
def _emit_lowest_bit(typing: Any, mask: Any) -> Any:
    """Place of the lowest set bit of a 64-bit mask that is not 0."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), emit


lowest_bit: Any = _emit_lowest_bit


@intrinsic
def _emit_pointer(typing: Any, address: Any) -> Any:
    """An address as a pointer, for `carray`."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), emit


pointer: Any = _emit_pointer


@compiled([types.boolean(TABLE, types.float32, types.Array(types.uint8, 2, "C"))])
def fill_steps(lut: Lut, floor: np.float32, steps: NDArray[np.uint8]) -> bool:
    """Write what each word adds, in 255ths of the way from the least score to the floor.

    Rounded up, so a face of at least `floor` has a sum of at least 255: its unrounded steps sum to
    255 less what float64 rounds off, and a sum of whole steps can't lie between 254 and 255.

    Args:
        steps: (M, 256).

    Returns:
        False if every face reaches the floor.
    """
    n_words = min(lut.shape[1], WORDS)
    way = np.float64(floor)
    for m in range(lut.shape[0]):
        way -= np.float64(lut[m].min())
    if not way > 0:
        return False
    per_score = FULL / way
    for m in range(lut.shape[0]):
        least = np.float64(lut[m].min())
        for c in range(n_words):
            gain = (np.float64(lut[m, c]) - least) * per_score
            steps[m, c] = np.uint8(min(np.ceil(gain), np.float64(FULL)))
        steps[m, n_words:] = 0
    return True


@compiled([types.int64(types.int64, types.int64, types.int64, _STEPS, TABLE, types.float32, *OUT)])
def sieve_tiles(
    tiles_at: int,
    start: int,
    stop: int,
    steps: NDArray[np.uint8],
    lut: Lut,
    floor: np.float32,
    scores: Floats,
    rows: Rows,
) -> int:
    """Write the faces from `start` to `stop` of at least `floor`; returns how many.

    Args:
        tiles_at: address of `Segment.tiles`.
        steps: of `fill_steps`.
    """
    found = 0
    masks = np.empty(TILE // LANES, np.uint64)
    tile = np.int64(lut.shape[0] * TILE)
    for t in range(start // TILE, (stop + TILE - 1) // TILE):
        reaching(tiles_at + t * tile, steps, masks)
        if masks[0] | masks[1] | masks[2] | masks[3] == np.uint64(0):
            continue
        words = carray(pointer(tiles_at + t * tile), (lut.shape[0], TILE), np.uint8)
        for u in range(TILE // LANES):
            mask = masks[u]
            while mask != np.uint64(0):
                j = u * LANES + np.int64(lowest_bit(mask))
                mask &= mask - np.uint64(1)
                i = t * TILE + j
                if i < start or i >= stop:
                    continue
                total = np.float32(0)
                for m in range(lut.shape[0]):
                    total += lut[m, words[m, j]]
                if total >= floor:
                    scores[found] = total
                    rows[found] = i
                    found += 1
    return found


@compiled([types.void(types.Array(types.float32, 1, "C"), types.float32)])
def replace_least(heap: Floats, score: np.float32) -> None:
    """Put a score in the place of the least of a heap, heap[0]."""
    i = 0
    while 2 * i + 1 < len(heap):
        below = 2 * i + 1
        if below + 1 < len(heap) and heap[below + 1] < heap[below]:
            below += 1
        if score <= heap[below]:
            break
        heap[i] = heap[below]
        i = below
    heap[i] = score


@compiled(
    [
        _pair_of(types.int64, 2)(
            *[types.Array(types.int64, 1, "C")] * 3,
            types.int64,
            types.int64,
            types.int64,
            TABLE,
            types.float32,
            types.Array(types.float32, 1, "C"),
            *OUT,
            types.Array(types.int64, 1, "C"),
        )
    ]
)
def sieve_segments(
    tiles_at: Ids,
    ids_at: Ids,
    lengths: Ids,
    first: int,
    last: int,
    skip: int,
    lut: Lut,
    floor: np.float32,
    heap: Floats,
    scores: Floats,
    rows: Rows,
    ids: Ids,
) -> tuple[int, int]:
    """`sieve_tiles` of one segment after the other, while there is room for all of its faces.

    Args:
        skip: rows of the first segment that are left out.
        heap: (k,) the best scores so far, the least in front; better ones take their places.

    Returns:
        How many faces were found, and the segment that was not looked at any more.
    """
    found, at, behind, refill = 0, first, 0, CHUNK
    steps = np.empty((lut.shape[0], WORDS), np.uint8)
    if not fill_steps(lut, floor, steps):
        return found, at
    is_stale = False
    while at < last and found + lengths[at] <= len(scores):
        face_ids = carray(pointer(ids_at[at]), (lengths[at],), np.int64)
        start = skip if at == first else 0
        while start < lengths[at]:
            stop = min(lengths[at], start - start % CHUNK + CHUNK)
            n = sieve_tiles(
                tiles_at[at], start, stop, steps, lut, floor, scores[found:], rows[found:]
            )
            for i in range(found, found + n):
                ids[i] = face_ids[rows[i]]
                if scores[i] > heap[0]:
                    replace_least(heap, scores[i])
            found += n
            behind += stop - start
            start = stop
            if heap[0] > floor:
                floor = heap[0]
                is_stale = True
            if is_stale and behind >= refill:
                fill_steps(lut, floor, steps)
                is_stale = False
                refill = behind + behind // 2
        at += 1
    return found, at


class VbmiKernels(NumbaKernels):
    """`Kernels` with the sieve."""

    name = "numba, AVX-512 VBMI"

    def can_sieve(self, segment: Segment) -> bool:
        return segment.books.dtype == np.uint8

    def sieve(
        self, segment: Segment, part: slice, lut: Lut, floor: np.float32
    ) -> tuple[Floats, Rows]:
        steps = np.empty((len(lut), WORDS), np.uint8)
        if not fill_steps(lut, floor, steps):
            return self.scan(segment, part, lut, floor)
        scores, rows, _ = room()
        at = segment.tiles.ctypes.data
        n = sieve_tiles(at, part.start, part.stop, steps, lut, floor, scores, rows)
        return scores[:n], rows[:n]

    def sieve_row(
        self, stretch: Stretch, lut: Lut, floor: np.float32, heap: Floats
    ) -> tuple[Floats, Ids, int]:
        scores, rows, ids = room()
        row = stretch.row
        n, last = sieve_segments(
            row.tiles_at, row.ids_at, row.lengths, stretch.first, stretch.last, stretch.skip,
            lut, floor, heap, scores, rows, ids,
        )  # fmt: skip
        return scores[:n], ids[:n], last
