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
from numpy.typing import NDArray

from opqn_app.search.kernels_numba import (
    OUT,
    TABLE,
    NumbaKernels,
    Rows,
    books_type,
    compiled,
    room,
    scan_rows,
)
from opqn_app.search.segment import Segment
from opqn_app.types import Floats, Lut

LANES = 64
STEP = 256  # faces whose sums are held in registers together, so that a table is loaded once
WORDS = 256
FULL = 255  # the sum that stands for the floor; sums stop there


cgutils: Any = _cgutils  # has no types
_VECTOR = ir.VectorType(ir.IntType(8), LANES)
_I64 = ir.IntType(64)


@intrinsic
def _emit_reaching(typing: Any, books: Any, first: Any, tables: Any, masks: Any) -> Any:
    """masks[u] bit j = the 8-bit sum of face first + 64 u + j stops at FULL, u in 0 to 3.

    Args:
        books: (M, n) uint8 with first + 256 ≤ n.
        tables: (M, 256) uint8.
        masks: (4,) uint64, written.
    """

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        arrays = [
            context.make_array(kind)(context, builder, value)
            for kind, value in zip(signature.args, arguments, strict=True)
            if isinstance(kind, types.Array)
        ]
        n_books, n_faces = cgutils.unpack_tuple(builder, arrays[0].shape, 2)
        sums = [
            cgutils.alloca_once_value(builder, ir.Constant(_VECTOR, None))
            for _ in range(STEP // LANES)
        ]
        with cgutils.for_range(builder, n_books) as loop:
            table = _load(builder, arrays[1].data, builder.mul(loop.index, _number(WORDS)), WORDS)
            at = builder.add(builder.mul(loop.index, n_faces), arguments[1])
            for total, words in zip(sums, _load(builder, arrays[0].data, at, STEP), strict=True):
                gain = _look_up(builder, table, words)
                builder.store(_add(builder, builder.load(total), gain), total)
        full = ir.Constant(_VECTOR, [FULL] * LANES)
        for u, total in enumerate(sums):
            bits = builder.icmp_unsigned("==", builder.load(total), full)
            place = builder.gep(arrays[2].data, [_number(u)])
            builder.store(builder.bitcast(bits, _I64), place)
        return context.get_dummy_value()

    return types.void(books, first, tables, masks), emit


reaching: Any = _emit_reaching  # called without `typing`


def _number(value: int) -> Any:
    return ir.Constant(_I64, value)


def _load(builder: Any, data: Any, offset: Any, n_bytes: int) -> list[Any]:
    """`n_bytes` from data + offset, as vectors."""
    vectors = []
    for part in range(0, n_bytes, LANES):
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


@compiled(
    [types.int64(books_type(types.uint8), types.int64, types.int64, TABLE, types.float32, *OUT)]
)
def sieve_rows(
    books: NDArray[np.uint8],
    start: int,
    stop: int,
    lut: Lut,
    floor: np.float32,
    scores: Floats,
    rows: Rows,
) -> int:
    """Write the faces from `start` to `stop` of at least `floor`; returns how many."""
    steps = np.empty((lut.shape[0], WORDS), np.uint8)
    if not fill_steps(lut, floor, steps):
        return scan_rows(books, start, stop, lut, floor, scores, rows)
    found = 0
    masks = np.empty(STEP // LANES, np.uint64)
    full = stop - (stop - start) % STEP
    for first in range(start, full, STEP):
        reaching(books, first, steps, masks)
        for u in range(STEP // LANES):
            mask = masks[u]
            while mask != np.uint64(0):
                i = first + u * LANES + np.int64(lowest_bit(mask))
                mask &= mask - np.uint64(1)
                total = np.float32(0)
                for m in range(lut.shape[0]):
                    total += lut[m, books[m, i]]
                if total >= floor:
                    scores[found] = total
                    rows[found] = i
                    found += 1
    return found + scan_rows(books, full, stop, lut, floor, scores[found:], rows[found:])


class VbmiKernels(NumbaKernels):
    """`Kernels` with the sieve."""

    name = "numba, AVX-512 VBMI"

    def can_sieve(self, segment: Segment) -> bool:
        return segment.books.dtype == np.uint8

    def sieve(
        self, segment: Segment, part: slice, lut: Lut, floor: np.float32
    ) -> tuple[Floats, Rows]:
        scores, rows = room()
        n = sieve_rows(segment.books, part.start, part.stop, lut, floor, scores, rows)
        return scores[:n], rows[:n]
