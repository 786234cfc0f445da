"""Indexing many large photos takes no more memory at the end than at the start."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import worker_fakes
from PIL import Image

from tests.benchmarks.process_memory import sample_family

KINDS = (((4000, 3000), ".jpg"), ((1600, 1200), ".jpg"), ((2400, 2000), ".png"))
PHOTOS = 90
GROWTH_MB = 60.0  # of all processes together, for what allocators keep


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="PSS is told on Linux only")
def test_memory_does_not_grow_with_the_number_of_photos(tmp_path: Path, folder: Path) -> None:
    """The same files under many names, as pixels and not content decide what memory is needed."""
    blobs = np.random.default_rng(0).integers(0, 255, (30, 40, 3), np.uint8)
    made = []
    for i, (size, kind) in enumerate(KINDS):
        made.append(tmp_path / f"{i}{kind}")
        Image.fromarray(blobs).resize(size, Image.Resampling.BILINEAR).save(made[-1])
    for i in range(PHOTOS):
        os.link(made[i % len(made)], folder / f"{i:04}{made[i % len(made)].suffix}")
    child = subprocess.Popen(
        [sys.executable, worker_fakes.__file__, str(tmp_path / "l.sqlite"), str(folder), "2"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    samples = [s.pss for s in sample_family(child.pid, every_s=0.1) if s.processes >= 4]
    assert child.wait() == 0
    third = len(samples) // 3
    assert third >= 5
    assert max(samples[-third:]) < max(samples[:third]) + GROWTH_MB
