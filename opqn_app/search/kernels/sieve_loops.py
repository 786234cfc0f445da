"""The loops of the sieve: 8-bit sums of 256 faces at once, as vector instructions.

A book's table has one byte a word, 256 in all. What differs from processor to processor is how 256
bytes are looked up:

    AVX-512 VBMI   64 faces at a time. `vpermi2b` looks the low seven bits of a word up in two
                   registers, so in 128 bytes; the eighth bit chooses between two such answers.
    AVX2           32 faces at a time. `vpshufb` looks the low four bits up in 16 bytes. A byte
                   holds two entries of four bits, so there are eight answers, and the high four
                   bits choose between them. Choosing is cheapest where a table holds differences
                   of answers: see `fold`.

Which is emitted depends on the processor that numba compiles for, as does the file it is kept in.
numba compiles again only when *this* file has changed, so all the loops are made of is here.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped,import-not-found,unused-ignore]
from numba import types
from numba.core import cgutils as _cgutils
from numba.extending import intrinsic as _intrinsic
from numba.np.numpy_support import carray
from numpy.typing import NDArray

from opqn_app.core.types import Floats, Ids, Lut
from opqn_app.search.kernels.numba_kernel import OUT, TABLE, Rows, compiled, has_vbmi
from opqn_app.search.segment import TILE

WORDS = 256  # of a book: what eight bits can name
LANES = 64  # faces in a mask
CHUNK = 8192  # faces after which the floor may rise
FULL = 255  # the sum that stands for the floor; sums stop there
AHEAD = ((2048, 3), (16384, 2))  # bytes from what is looked up to what is fetched; see `_fetch`
SAMPLE = 8  # tiles that are scored for a first floor
LINE = 64  # bytes that the cache brings at a time
DEVIATIONS = 0.75  # below the mean of a book, where its steps begin: fewest faces reached 255
SHORTEST = 1e-6  # way of what it is the difference of; float64 rounds off far less
DOWN = 0.95  # of a step that rounding may take from a sum; the rest is for float32
LEAST_WAY = 1e-30  # float32 holds 255 / way

IS_FOLDED = not has_vbmi()  # see `fold`
LARGEST = 15 if IS_FOLDED else FULL  # entry of a table

cgutils: Any = _cgutils  # has no types, like UniTuple
_pair_of: Any = types.UniTuple
_INT, _IDS = types.int64, types.Array(types.int64, 1, "C")
_FLOATS, _FLOAT = types.Array(types.float32, 1, "C"), types.float32
_BOUNDS, _STEPS, _PLAN = (
    types.Array(kind, 2, "C") for kind in (types.float32, types.uint8, types.int64)
)
_I64 = ir.IntType(64)


def emitted(function: Callable[..., Any]) -> Any:
    """numba's `intrinsic`, which has no types. Compiled code calls `function` without `typing`."""
    decorator: Any = _intrinsic
    return decorator(function)


@emitted
def reaching(typing: Any, tile: Any, tables: Any, plan: Any, masks: Any) -> Any:
    """masks[u] bit j = the 8-bit sum of face 64 u + j of a tile stops at FULL, u in 0 to 3.

    Args:
        tile: address of (M, 256) uint8.
        tables, plan: of `fold`.
        masks: (4,) uint64, written.
    """

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        tables_at, plan_at, masks_at = (
            context.make_array(kind)(context, builder, value)
            for kind, value in zip(signature.args[1:], arguments[1:], strict=True)
        )
        n_books, _ = cgutils.unpack_tuple(builder, tables_at.shape, 2)
        words_at = builder.inttoptr(arguments[0], cgutils.voidptr_t)
        lanes, look_up = (32, _look_up_32) if IS_FOLDED else (64, _look_up_64)
        vector = _bytes(lanes)
        zeros = [ir.Constant(vector, None)] * (TILE // lanes)
        sums = [cgutils.alloca_once_value(builder, zero) for zero in zeros]
        with cgutils.for_range(builder, n_books) as loop:
            step = builder.gep(plan_at.data, [builder.mul(loop.index, _number(2))])
            book, doublings = (builder.load(builder.gep(step, [_number(i)])) for i in range(2))
            at = builder.mul(book, _number(WORDS))
            for line in range(0, TILE, LINE):
                for ahead, level in AHEAD:
                    _fetch(builder, words_at, builder.add(at, _number(ahead + line)), level)
            for u, total in enumerate(sums):
                words = _load(builder, words_at, builder.add(at, _number(u * lanes)), lanes)
                gain = look_up(builder, tables_at.data, at, words)
                builder.store(_add(builder, builder.load(total), gain), total)
            with cgutils.for_range(builder, doublings):
                for total in sums:
                    so_far = builder.load(total)
                    builder.store(_add(builder, so_far, so_far), total)
        full = ir.Constant(vector, [FULL] * lanes)
        bits = ir.IntType(lanes)
        found_at = builder.bitcast(masks_at.data, bits.as_pointer())
        for u, total in enumerate(sums):
            is_full = builder.icmp_unsigned("==", builder.load(total), full)
            builder.store(builder.bitcast(is_full, bits), builder.gep(found_at, [_number(u)]))
        return context.get_dummy_value()

    return types.void(tile, tables, plan, masks), emit


def _number(value: int) -> Any:
    return ir.Constant(_I64, value)


def _bytes(n: int) -> Any:
    return ir.VectorType(ir.IntType(8), n)


def _load(builder: Any, data: Any, offset: Any, n: int) -> Any:
    """`n` bytes from data + offset."""
    place = builder.bitcast(builder.gep(data, [offset]), _bytes(n).as_pointer())
    return builder.load(place, align=1)


def _fetch(builder: Any, data: Any, offset: Any, level: int) -> None:
    """Have the line at data + offset brought into the cache; an address beyond all does no harm.

    Level 3 is the closest cache, level 2 the next; distances were measured. Without this a pass
    over a million codes of 32 bytes in memory took 4.2 ms with VBMI, not 2.2.
    """
    kind = ir.IntType(32)
    function = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, kind, kind, kind])
    fetch = builder.module.declare_intrinsic("llvm.prefetch", [cgutils.voidptr_t], function)
    to_read, near, of_data = (ir.Constant(kind, value) for value in (0, level, 1))
    builder.call(fetch, [builder.gep(data, [offset]), to_read, near, of_data])


def _call(builder: Any, name: str, *vectors: Any) -> Any:
    """An instruction from vectors of one type to that type."""
    kind = vectors[0].type
    function = ir.FunctionType(kind, [kind] * len(vectors))
    return builder.call(cgutils.get_or_insert_function(builder.module, function, name), vectors)


def _add(builder: Any, left: Any, right: Any) -> Any:
    return _call(builder, f"llvm.uadd.sat.v{left.type.count}i8", left, right)


def _look_up_64(builder: Any, data: Any, at: Any, words: Any) -> Any:
    """table[words] for 64 words: two halves by the low seven bits, chosen by the eighth."""
    table = [_load(builder, data, builder.add(at, _number(i)), 64) for i in range(0, WORDS, 64)]
    permute = "llvm.x86.avx512.vpermi2var.qi.512"
    lower = _call(builder, permute, table[0], words, table[1])
    upper = _call(builder, permute, table[2], words, table[3])
    is_upper = builder.icmp_signed("<", words, ir.Constant(words.type, None))
    return builder.select(is_upper, upper, lower)


def _look_up_32(builder: Any, data: Any, at: Any, words: Any) -> Any:
    """table[words] for 32 words of a `folded` table."""
    index = builder.and_(words, ir.Constant(words.type, [0x7F] * 32))  # `vpshufb` has no eighth bit
    fifth, sixth, seventh = (
        builder.and_(words, ir.Constant(words.type, [1 << bit] * 32)) for bit in (4, 5, 6)
    )
    both = ir.Constant(ir.VectorType(ir.IntType(32), 32), [*range(16), *range(16)])

    def sixteen(row: int) -> Any:
        part = _load(builder, data, builder.add(at, _number(row * 16)), 16)
        table = builder.shuffle_vector(part, part, both)
        return _call(builder, "llvm.x86.avx2.pshuf.b", table, index)

    def chosen(bit: Any, without: Any, difference: Any) -> Any:
        kept = _call(builder, "llvm.x86.avx2.psign.b", difference, bit)  # 0 where the bit is 0
        return builder.xor(without, kept)

    def fours(row: int) -> Any:
        pairs = (chosen(fifth, sixteen(i), sixteen(i + 1)) for i in (row, row + 2))
        return chosen(sixth, *pairs)

    lower = chosen(seventh, fours(0), fours(4))
    pairs = ir.VectorType(ir.IntType(16), 16)
    moved = builder.lshr(builder.bitcast(lower, pairs), ir.Constant(pairs, [4] * 16))
    is_upper = builder.ashr(words, ir.Constant(words.type, [7] * 32))
    upper = builder.and_(builder.bitcast(moved, words.type), is_upper)
    return builder.and_(builder.xor(lower, upper), ir.Constant(words.type, [15] * 32))


@emitted
def lowest_bit(typing: Any, mask: Any) -> Any:
    """Place of the lowest set bit of a 64-bit mask that is not 0."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), emit


@emitted
def pointer(typing: Any, address: Any) -> Any:
    """An address as a pointer, for `carray`."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), emit


@compiled([types.void(TABLE, _BOUNDS)])
def find_bounds(lut: Lut, bounds: Floats) -> None:
    """Write the least and the most that a word of each book is taken to add: (2, M).

    Words below the least count as much as it. Raising them makes the way to the floor shorter, so
    a step of it finer.
    """
    n_words = min(lut.shape[1], WORDS)
    for m in range(lut.shape[0]):
        total, squares, least, most = np.float64(0), np.float64(0), lut[m, 0], lut[m, 0]
        for c in range(n_words):
            value = np.float64(lut[m, c])
            total += value
            squares += value * value
            least, most = min(least, lut[m, c]), max(most, lut[m, c])
        mean = total / n_words
        spread = np.sqrt(max(squares / n_words - mean * mean, 0.0))
        bounds[0, m] = max(least, np.float32(mean - DEVIATIONS * spread))
        bounds[1, m] = most


@compiled([types.boolean(TABLE, _BOUNDS, _FLOAT, _STEPS, _IDS)])
def fill_steps(
    lut: Lut, bounds: Floats, floor: np.float32, steps: NDArray[np.uint8], shifts: Ids
) -> bool:
    """Write what each word adds, in 255ths of the way from the least of all books to the floor.

    A face of at least `floor` has a sum of at least 255. Its unrounded steps sum to 255. Each is
    rounded up, or down by less than one in M, so all of them fall by less than 1 together, what
    floats round off counted in. A sum of whole steps above 254 is 255 or more.

    Args:
        bounds: of `find_bounds`.
        steps: (M, 256). A word adds steps · 2^shift of its book, so that no entry is too large.
        shifts: (M,).

    Returns:
        False if the way is too short to be cut: most faces reach the floor then.
    """
    n_words = min(lut.shape[1], WORDS)
    way = np.float64(floor)
    size = abs(way)
    for ground in bounds[0]:
        way -= np.float64(ground)
        size += np.float64(abs(ground))
    if not (way > SHORTEST * size and way > LEAST_WAY):
        return False
    per_score = np.float32(FULL / way)
    down = np.float32(DOWN / lut.shape[0])
    for m in range(lut.shape[0]):
        ground = bounds[0, m]
        most = min((bounds[1, m] - ground) * per_score - down, np.float32(FULL))
        shifts[m] = 0
        while np.float32(LARGEST << shifts[m]) < most:
            shifts[m] += 1
        unit = np.float32(1) / np.float32(1 << shifts[m])
        for c in range(n_words):
            gain = (lut[m, c] - ground) * per_score - down
            gain = min(max(gain, np.float32(0)), np.float32(FULL)) * unit
            whole = np.int32(gain)
            steps[m, c] = np.uint8(whole + np.int32(np.float32(whole) < gain))
        steps[m, n_words:] = 0
    return True


@compiled([types.void(_STEPS, _IDS, _PLAN)])
def fold(steps: NDArray[np.uint8], shifts: Ids, plan: Ids) -> None:
    """Make tables ready for `reaching` in place, and say in which order it takes the books.

    With AVX2 a table has 128 bytes. Byte c holds the entry of word c, and in its high half the XOR
    of that and the entry of word c + 128. Then each byte becomes the XOR of all whose place lacks
    some of its bits 4, 5 and 6, and none else. So a word's entry is the XOR of the bytes for all
    subsets of its bits (a Möbius transform).

    Args:
        plan: (M, 2): a book, and how often the sum is doubled after it. Large shifts come first.
    """
    taken = 0
    for shift in range(8, -1, -1):
        for m in range(len(shifts)):
            if shifts[m] == shift:
                plan[taken, 0], plan[taken, 1] = m, 0
                taken += 1
        if taken and shift:
            plan[taken - 1, 1] += 1
    if IS_FOLDED:
        for m in range(len(shifts)):
            table = steps[m]
            for c in range(WORDS // 2):
                table[c] |= (table[c] ^ table[c + WORDS // 2]) << 4
            for row in (16, 32, 64):
                for block in range(0, WORDS // 2, 2 * row):
                    for c in range(block, block + row):
                        table[c + row] ^= table[c]


@compiled([_FLOAT(TABLE, _STEPS, _INT)])
def score_of(lut: Lut, words: NDArray[np.uint8], j: int | np.int64) -> np.float32:
    """The exact score of face `j` of a tile (M, 256); four sums keep the processor busy."""
    a, b, c, d = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
    m = 0
    while m + 4 <= lut.shape[0]:
        a += lut[m, words[m, j]]
        b += lut[m + 1, words[m + 1, j]]
        c += lut[m + 2, words[m + 2, j]]
        d += lut[m + 3, words[m + 3, j]]
        m += 4
    while m < lut.shape[0]:
        a += lut[m, words[m, j]]
        m += 1
    return (a + b) + (c + d)


@compiled([_INT(_INT, _INT, _INT, _STEPS, _PLAN, TABLE, _FLOAT, *OUT)])
def sieve_tiles(
    tiles_at: int, start: int, stop: int, steps: NDArray[np.uint8], plan: Ids, lut: Lut,
    floor: np.float32, scores: Floats, rows: Rows,
) -> int:  # fmt: skip
    """Write the faces from `start` to `stop` of at least `floor`; returns how many.

    Args:
        tiles_at: address of `Segment.tiles`.
        steps, plan: of `fill_steps`, then `fold`.
    """
    masks = np.empty(TILE // LANES, np.uint64)
    tile = np.int64(lut.shape[0] * TILE)
    found = 0
    for t in range(start // TILE, (stop + TILE - 1) // TILE):
        at = tiles_at + t * tile
        reaching(at, steps, plan, masks)
        words = carray(pointer(at), (lut.shape[0], TILE), np.uint8)
        for u in range(TILE // LANES):
            mask = masks[u]
            while mask != np.uint64(0):
                j = u * LANES + np.int64(lowest_bit(mask))
                mask &= mask - np.uint64(1)
                total = score_of(lut, words, j)
                if total >= floor and start <= t * TILE + j < stop:
                    scores[found] = total
                    rows[found] = t * TILE + j
                    found += 1
    return found


@compiled([types.void(_FLOATS, _FLOAT)])
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


@compiled([_FLOAT(_IDS, _IDS, _INT, _INT, TABLE, _INT)])
def sampled_floor(
    tiles_at: Ids, lengths: Ids, first: int, last: int, lut: Lut, rank: int
) -> np.float32:
    """The `rank`-th best score of some faces: no more than that of all faces.

    The faces are those of a few tiles, evenly spaced in the segments from `first` to `last`. The
    floor is -inf if so few faces don't tell.
    """
    n_tiles = (lengths[first:last] // TILE).sum()  # full ones
    n_taken = min(n_tiles, SAMPLE)
    if 2 * rank > TILE * n_taken:
        return np.float32(-np.inf)
    best = np.full(rank, np.float32(-np.inf))
    i, behind = first, 0
    for taken in range(n_taken):
        t = taken * n_tiles // n_taken
        while t >= behind + lengths[i] // TILE:
            behind += lengths[i] // TILE
            i += 1
        at = tiles_at[i] + (t - behind) * lut.shape[0] * TILE
        words = carray(pointer(at), (lut.shape[0], TILE), np.uint8)
        for j in range(TILE):
            score = score_of(lut, words, j)
            if score > best[0]:
                replace_least(best, score)
    return np.float32(best[0])


@compiled([_pair_of(_INT, 2)(_IDS, _IDS, _IDS, _INT, _INT, TABLE, _FLOAT, _FLOATS, *OUT, _IDS)])
def sieve_segments(
    tiles_at: Ids, ids_at: Ids, lengths: Ids, first: int, last: int, lut: Lut, floor: np.float32,
    heap: Floats, scores: Floats, rows: Rows, ids: Ids,
) -> tuple[int, int]:  # fmt: skip
    """`sieve_tiles` of one segment after the other, while there is room for all of its faces.

    Args:
        heap: (k,) the best scores so far, least first, -inf if missing; better ones replace them.

    Returns:
        How many faces reach the last floor, and the segment that was not looked at any more.
    """
    found, at, behind, refill = 0, first, 0, CHUNK
    n_books = lut.shape[0]
    bounds, steps = np.empty((2, n_books), np.float32), np.empty((n_books, WORDS), np.uint8)
    shifts, plan = np.empty(n_books, np.int64), np.empty((n_books, 2), np.int64)
    find_bounds(lut, bounds)
    if floor == -np.inf or not fill_steps(lut, bounds, floor, steps, shifts):
        return found, at
    fold(steps, shifts, plan)
    way_to = floor
    while at < last and found + lengths[at] <= len(scores):
        start = 0
        while start < lengths[at]:
            stop = min(lengths[at], start - start % CHUNK + CHUNK)
            n = sieve_tiles(
                tiles_at[at], start, stop, steps, plan, lut, floor, scores[found:], rows[found:]
            )
            for i in range(found, found + n):
                ids[i] = at  # the segment; which face it is, only few are asked
                if scores[i] > heap[0]:
                    replace_least(heap, scores[i])
            found += n
            behind += stop - start
            start = stop
            floor = max(floor, heap[0])
            if floor > way_to and behind >= refill:
                fill_steps(lut, bounds, floor, steps, shifts)
                fold(steps, shifts, plan)
                way_to, refill = floor, behind + behind // 2
        at += 1
    kept = 0
    for i in range(found):
        if scores[i] >= floor:
            face_ids = carray(pointer(ids_at[ids[i]]), (lengths[ids[i]],), np.int64)
            scores[kept], ids[kept] = scores[i], face_ids[rows[i]]
            kept += 1
    return kept, at
