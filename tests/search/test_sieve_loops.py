"""The 8-bit sums of the sieve against sums in NumPy: no face at the floor is ever passed over."""

import itertools
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from opqn_app.opqn import lut as lut_scoring
from opqn_app.search import segment
from opqn_app.search.code_index import CodeIndex
from opqn_app.search.kernels import dispatch as kernels
from opqn_app.search.loading import of_segments
from tests.benchmarks.bench_search import avx2_only
from tests.search.test_exact_search import KINDS, by_definition, check, tables

pytest.importorskip("numba")

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def loops() -> Any:
    from opqn_app.search.kernels.numba_kernel import has_avx2, has_vbmi

    if not (has_vbmi() or has_avx2()):
        pytest.skip("this processor has neither AVX-512 VBMI nor AVX2")
    from opqn_app.search.kernels import sieve_loops

    return sieve_loops


def steps_for(loops: Any, lut: np.ndarray, floor: np.floating) -> np.ndarray | None:
    """(M, 256) what each word adds; None where there are no steps."""
    steps, shifts = np.zeros((len(lut), 256), np.uint8), np.empty(len(lut), np.int64)
    bounds = np.empty((2, len(lut)), np.float32)
    loops.find_bounds(lut, bounds)
    if not loops.fill_steps(lut, bounds, floor, steps, shifts):
        return None
    assert steps.max() <= loops.LARGEST
    return steps.astype(np.int64) << shifts[:, None]


def test_a_processor_with_wide_vectors_sieves(loops: Any) -> None:
    best = kernels.warm_up()
    codes = np.zeros((300, 4), np.uint8)
    assert best.can_sieve(segment.Segment(np.arange(300), codes))
    assert not best.can_sieve(segment.Segment(np.arange(300), codes.astype(np.uint16)))


@pytest.mark.parametrize("m", [1, 8, 32, 100])
@pytest.mark.parametrize("kind", KINDS)
def test_a_face_at_the_floor_has_255_steps(kind: str, m: int, loops: Any) -> None:
    rng = np.random.default_rng([m, len(kind)])
    lut = tables(kind, rng, m, 256)
    codes = rng.integers(0, 256, (300, m))
    scores = lut_scoring.scores(lut, codes.astype(np.uint8))
    for code, floor in zip(codes, scores, strict=True):
        steps = steps_for(loops, lut, floor)
        if steps is not None:
            assert steps[np.arange(m), code].sum(dtype=np.int64) >= 255


def test_steps_tell_faces_apart(loops: Any) -> None:
    """Of faces that score well below the floor nearly all have fewer than 255 steps."""
    rng = np.random.default_rng(5)
    lut = tables("linear", rng, 32, 256)
    codes = rng.integers(0, 256, (20_000, 32), np.uint8)
    scores = lut_scoring.scores(lut, codes)
    floor = np.sort(scores)[-20]
    steps = steps_for(loops, lut, floor)
    assert steps is not None
    sums = steps[np.arange(32), codes].sum(axis=1, dtype=np.int64)
    most = 400 if loops.LARGEST == loops.FULL else 800  # entries of four bits are rounded more
    assert 20 <= np.count_nonzero(sums >= 255) < most


@pytest.mark.parametrize("m", [1, 3, 8, 32])
def test_sums_of_a_tile_are_those_of_numpy(m: int, loops: Any) -> None:
    """Every word of every book, and sums below, at and above where they stop."""
    from numba import njit

    reaching = loops.reaching

    @njit  # type: ignore[untyped-decorator,unused-ignore]
    def call(at: int, steps: np.ndarray, plan: np.ndarray, masks: np.ndarray) -> None:
        reaching(at, steps, plan, masks)

    rng = np.random.default_rng(m)
    seen = set()
    for most, shift in itertools.product((255, 600 // m, 510 // m, 20), ((0, 1), (0, 4), (2, 6))):
        shifts = rng.integers(*shift, m)
        steps = rng.integers(0, min(most >> shift[0], loops.LARGEST) + 1, (m, 256), np.uint8)
        tile = np.stack([rng.permutation(256) for _ in range(m)]).astype(np.uint8)
        adds = steps.astype(np.int64) << shifts[:, None]
        expected = adds[np.arange(m)[:, None], tile].sum(axis=0) >= 255
        prepared, plan, masks = steps.copy(), np.empty((m, 2), np.int64), np.zeros(4, np.uint64)
        loops.fold(prepared, shifts, plan)
        call(tile.ctypes.data, prepared, plan, masks)
        found = np.unpackbits(masks.view(np.uint8), bitorder="little").astype(bool)
        assert np.array_equal(found, expected)
        seen |= set(expected.tolist())
    assert seen == {False, True}


@pytest.mark.parametrize("n", [200, 256, 700, 2600, 9000])
def test_a_sampled_floor_is_no_higher_than_the_real_one(n: int, loops: Any) -> None:
    rng = np.random.default_rng(n)
    codes, ids = rng.integers(0, 256, (n, 8), np.uint8), np.arange(n)
    pieces = [slice(i, i + 900) for i in range(0, n, 900)]
    row = segment.Row([segment.Segment(ids[piece], codes[piece]) for piece in pieces])
    told = 0
    for kind in KINDS:
        lut = tables(kind, rng, 8, 256)
        scores = np.sort(lut_scoring.scores(lut, codes))
        for limit in (1, 20, n):
            floor = loops.sampled_floor(row.tiles_at, row.lengths, 0, len(pieces), lut, limit)
            assert floor <= scores[-limit]
            told += floor > -np.inf
    assert (told > 0) == (n >= 256)


@pytest.mark.parametrize("n_alike", [5, 60, 100, 300])
def test_a_guess_that_is_too_high_is_noticed(
    n_alike: int, loops: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The best faces lie together at the start, as photos of one day do, and are all sampled."""
    from opqn_app.search.kernels.sieve_kernel import SieveKernels, likely_rank

    monkeypatch.setattr(kernels, "_kernels", SieveKernels())
    rng = np.random.default_rng(n_alike)
    codes, ids = rng.integers(0, 256, (60_000, 8), np.uint8), np.arange(60_000)
    lut = tables("soft", rng, 8, 256)
    codes[:n_alike] = lut.argmax(axis=1)
    parts = [slice(i, i + 9000) for i in range(0, len(ids), 9000)]
    segments = [segment.Segment(ids[part], codes[part]) for part in parts]
    row, rank = segment.Row(segments), likely_rank(len(ids), 100)
    guess = loops.sampled_floor(row.tiles_at, row.lengths, 0, len(segments), lut, rank)
    is_too_high = guess > np.sort(lut_scoring.scores(lut, codes))[-100]
    assert is_too_high == (n_alike == 60)
    index = CodeIndex("any", of_segments(segments))
    check(index.search(lut, limit=100), by_definition(lut, ids, codes, limit=100))


def test_a_row_keeps_the_tiles_it_points_to() -> None:
    """Two threads may make the tiles of a segment at once, and then the segment keeps one copy."""
    codes = np.random.default_rng(1).integers(0, 256, (600, 8), np.uint8)
    only = segment.Segment(np.arange(600), codes)
    row = segment.Row([only])
    only.lay_tiles(np.empty(only.tiles_size, np.uint8))
    assert only.tiles is not row.tiles[0]
    assert [tiles.ctypes.data for tiles in row.tiles] == row.tiles_at.tolist()
    assert np.array_equal(row.tiles[0], only.tiles)
    assert np.array_equal(row.tiles[0].swapaxes(0, 1).reshape(8, -1)[:, :600], codes.T)
    assert not row.tiles[0][-1, :, 600 % 256 :].any()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems tell their processor otherwise")
def test_avx2_finds_the_same(loops: Any, tmp_path: Path) -> None:
    """These tests and those of whole searches again, compiled as for a processor with AVX2 only."""
    from opqn_app.search.kernels.numba_kernel import has_vbmi

    if not has_vbmi():
        pytest.skip("they have just run with AVX2")
    environment = os.environ | avx2_only() | {"OPQN_CACHE_DIR": str(tmp_path)}
    environment.pop("NUMBA_CACHE_DIR", None)
    check = "from opqn_app.search.kernels import dispatch; print(dispatch.warm_up().name)"
    name = subprocess.run(
        [sys.executable, "-c", check],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert name.stdout.strip() == "numba, AVX2"
    tests = ["tests/search/test_exact_search.py", "tests/search/test_sieve_loops.py"]
    options = ["-q", "-p", "no:cacheprovider", "-k", "not avx2 and not numpy"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *tests],
        cwd=ROOT, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
