"""Searching shards gives what one index gives, to the bit."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opqn_app.opqn import lut as lut_scoring
from opqn_app.search.code_index import CodeIndex
from opqn_app.search.segment import Segment
from opqn_app.search.shards import Shard, ShardedIndex
from opqn_app.store import code_store
from opqn_app.store.library import Library
from tests import sharded_run
from tests.library_fakes import StoredLibrary, store_codes


def here(shards: Sequence[Shard]) -> ShardedIndex:
    """Shards of this process."""

    def ask(method: str, *arguments: Any) -> list[Any]:
        return [getattr(shard, method)(*arguments) for shard in shards]

    return ShardedIndex(ask)


def in_small_segments(ids: np.ndarray, codes: np.ndarray, size: int) -> list[Segment]:
    starts = range(0, len(ids), size)
    return [Segment(ids[i : i + size], codes[i : i + size]) for i in starts]


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 400),
    n_shards=st.integers(1, 5),
    n_words=st.sampled_from([2, 16]),
    limit=st.sampled_from([0, 1, 7, 100, 1000]),
)
@settings(max_examples=60, deadline=None)
def test_ranking_is_that_of_one_index(
    seed: int, n: int, n_shards: int, n_words: int, limit: int
) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, n_words, (n, 3)).astype(np.uint8)
    ids = np.cumsum(rng.integers(1, 5, n))
    lut = lut_scoring.snap(rng.dirichlet(np.ones(n_words), 3))
    cuts = np.sort(rng.integers(0, n + 1, n_shards - 1))
    parts = zip(np.split(ids, cuts), np.split(codes, cuts), strict=True)
    sharded = here([Shard("any", in_small_segments(*part, 16)) for part in parts])
    whole = CodeIndex.of_codes("any", ids, codes).search(lut, limit=limit)
    found = sharded.search(lut, limit)
    assert len(sharded) == n
    assert np.array_equal(found.face_ids, whole.face_ids)
    assert np.array_equal(found.scores, whole.scores)


def test_parts_of_a_library_are_the_library(
    tmp_path: Path, stored: StoredLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_store, "SEGMENT_SIZE", 16)
    codes = np.random.default_rng(5).integers(0, 16, (150, 8))
    library = store_codes(tmp_path / "other.sqlite", codes, 16, faces_per_photo=3)
    library.delete_photos(np.arange(50) % 4 == 0)
    model_id = library.model.model_id
    shards = [Shard.load(library.path, model_id, i, 4) for i in range(4)]
    with Library.open(library.path) as opened:
        whole = CodeIndex.load(opened, model_id)
    assert sum(map(len, shards)) == len(whole) < 150
    lut = lut_scoring.snap(np.random.default_rng(1).dirichlet(np.ones(16), 8))
    assert np.array_equal(
        here(shards).search(lut, 40).face_ids, whole.search(lut, limit=40).face_ids
    )


@pytest.mark.slow
def test_actors_of_a_local_cluster(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="the extra `cluster` is not installed")
    done = subprocess.run(
        [sys.executable, sharded_run.__file__, str(tmp_path), "200000", "2"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert (said["n"], said["shards"], said["exact"]) == (200_000, 2, True)
