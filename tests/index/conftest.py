"""A photo folder and a library beside it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from opqn_app.engine import Engine
from opqn_app.index.indexing import IndexProgress, IndexReport, index_folder
from opqn_app.store.library import Library
from tests.index.photo_disk import Disk
from tests.library_fakes import FacesByPath, RunIndex, WritePhoto, fake_engine


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "photos"
    path.mkdir()
    return path


@pytest.fixture
def library_path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "library.sqlite"


@pytest.fixture
def write_photo(folder: Path) -> WritePhoto:
    """Writes a PNG of seeded noise below the folder; equal seeds give equal files.

    One whose pixels are `scale` times as large is larger than the copy of the fast pass from 32 on.
    """

    def write(name: str, *, seed: int = 0, scale: int = 1) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(seed).integers(0, 255, (24, 32, 3), np.uint8)
        image = Image.fromarray(pixels)
        image.resize((32 * scale, 24 * scale), Image.Resampling.NEAREST).save(path)
        return path

    return write


@pytest.fixture
def run_index(folder: Path, library_path: Path) -> RunIndex:
    """Indexes the folder to the end and returns the report; `watch` is given each progress."""

    def run(
        root: Path | None = None,
        engine: Engine | None = None,
        *,
        watch: list[IndexProgress] | None = None,
        **options: Any,
    ) -> IndexReport:
        generator = index_folder(
            library_path, root or folder, engine or fake_engine(n_faces=2), **options
        )
        while True:
            try:
                step = next(generator)
                if watch is not None:
                    watch.append(step)
            except StopIteration as end:
                report: IndexReport = end.value
                return report

    return run


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users reach too, unlike those below pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def faces_by_path(library_path: Path) -> FacesByPath:
    """Relative path → face ids of each photo."""

    def read() -> dict[str, list[int]]:
        with Library.open(library_path) as library:
            return {
                photo.rel_path: [face.id for face in library.faces_of(photo.id)]
                for photo in library.photos(limit=10_000)
            }

    return read


@pytest.fixture
def disk(folder: Path, write_photo: WritePhoto) -> Disk:
    return Disk(folder, write_photo)
