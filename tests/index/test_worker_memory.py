"""Indexing many large photos takes no more memory than is promised, at the end as at the start."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from opqn_app.core import paths
from opqn_app.index.run_steps import MIN_FOR_WORKERS
from tests.benchmarks.bench_index_memory import INDEX
from tests.benchmarks.process_memory import sample_family
from tests.index import worker_fakes

KINDS = (((4000, 3000), ".jpg"), ((1600, 1200), ".jpg"), ((2400, 2000), ".png"))
# What takes most memory to decode of what people have; two of the largest come one after the other.
HEAVY = (
    *(((8160, 6120), ".png"), ((8160, 6120), ".png"), ((4032, 3024), ".heic")),
    *(((6000, 4000), ".jpg"), ((4032, 3024), ".jpg"), ((4000, 3000), ".png")),
)
PHOTOS = 90
HEAVY_PHOTOS = 12  # after as many others as make it worth while to start workers
LIMIT_MB = 800.0  # of all processes together
GROWTH_MB = 60.0  # of all processes together, for what allocators keep

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="PSS is told on Linux only"),
]


def write_photos(made: Path, kinds: Sequence[tuple[tuple[int, int], str]]) -> list[Path]:
    """One photo of each kind, with a face in it."""
    pillow_heif.register_heif_opener()
    made.mkdir()
    files = []
    blobs = np.random.default_rng(0).integers(0, 255, (30, 40, 3), np.uint8)
    faces = sorted((paths.resource("sample") / "photos").rglob("*.jpg"))
    for i, (size, kind) in enumerate(kinds):
        photo = Image.fromarray(blobs).resize(size, Image.Resampling.BILINEAR)
        with Image.open(faces[i]) as face:
            photo.paste(face.convert("RGB").resize((size[1] // 3, size[1] // 3)), (99, 99))
        files.append(made / f"{i}{kind}")
        photo.save(files[-1], compress_level=1)  # of PNG, which else takes long
    return files


def multiply(files: Sequence[Path], folder: Path, n: int) -> None:
    """The same files under many names, as pixels and not content decide what memory is needed."""
    first = len(list(folder.iterdir()))
    for i in range(n):
        file = files[i % len(files)]
        os.link(file, folder / f"{first + i:04}{file.suffix}")


def test_memory_does_not_grow_with_the_number_of_photos(tmp_path: Path, folder: Path) -> None:
    multiply(write_photos(tmp_path / "made", KINDS), folder, PHOTOS)
    child = subprocess.Popen(
        [sys.executable, worker_fakes.__file__, str(tmp_path / "l.sqlite"), str(folder), "2"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    samples = [s.pss for s in sample_family(child.pid, every_s=0.1) if s.processes >= 4]
    assert child.wait() == 0
    third = len(samples) // 3
    assert third >= 5
    assert max(samples[-third:]) < max(samples[:third]) + GROWTH_MB


def test_two_workers_stay_below_the_limit_in_photos_of_50_megapixels(
    tmp_path: Path, folder: Path
) -> None:
    """Two of the largest lie one after the other: more than in any folder that was measured."""
    multiply(write_photos(tmp_path / "usual", KINDS), folder, MIN_FOR_WORKERS)
    multiply(write_photos(tmp_path / "heavy", HEAVY), folder, HEAVY_PHOTOS)
    child = subprocess.Popen(
        [sys.executable, "-c", INDEX, str(tmp_path / "l.sqlite"), str(folder), "2", "False"],
    )
    samples = [s.pss for s in sample_family(child.pid, every_s=0.1)]
    assert child.wait() == 0
    assert max(samples) < LIMIT_MB
