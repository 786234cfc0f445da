"""Whatever happens to a folder between runs, indexing again gives what a first run would give."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from opqn_app.index.indexing import index_folder
from opqn_app.store import code_store
from opqn_app.store.library import Library
from tests.library_fakes import calls_of, fake_engine

FILES = st.sampled_from(["a.png", "b.png", "x/a.png", "x/b.png", "x/y/a.png", "z/c.png"])
FOLDERS = st.sampled_from(["x", "x/y", "z", "w", "w/x"])
CHANGES = st.one_of(
    st.tuples(st.just("write"), FILES, st.integers(0, 3)),
    st.tuples(st.just("break"), FILES, st.integers(0, 1)),
    st.tuples(st.sampled_from(["delete", "touch", "hide"]), FILES, st.none()),
    st.tuples(st.sampled_from(["move", "copy"]), FILES, FILES),
    st.tuples(st.just("move folder"), FOLDERS, FOLDERS),
    st.tuples(st.just("run"), st.sampled_from(["", "x"]), st.none()),
    st.tuples(st.just("kill"), st.integers(0, 4), st.none()),
)


class Folder:
    """A folder of photos and the library that follows it."""

    def __init__(self, base: Path) -> None:
        self.root = base / "photos"
        self.root.mkdir()
        (self.root / "always.png").write_bytes(_png(99))
        self.library = base / "library.sqlite"
        self._clock = 10**18

    def change(self, kind: str, one: Any, other: Any) -> None:
        source = self.root / str(one)
        if kind == "write":
            self._put(source, _png(other))
        elif kind == "break":
            self._put(source, b"no picture"[other:])
        elif kind == "run":
            if source.is_dir():
                # A known folder that is found empty counts as a disk that is not plugged in.
                self._put(source / "always.png", _png(98))
                list(index_folder(self.library, source, fake_engine(), batch_size=2))
        elif kind == "kill":
            run = index_folder(self.library, self.root, fake_engine(), batch_size=1)
            for _ in zip(range(one), run, strict=False):
                pass
            run.close()
        elif source.exists():
            self._change_existing(kind, source, self.root / str(other))

    def _change_existing(self, kind: str, source: Path, target: Path) -> None:
        if kind == "delete":
            source.unlink()
        elif kind == "touch":
            self._tick(source)
        elif kind == "hide":
            (source.parent / ".nomedia").touch()
        elif kind == "copy" and source != target:
            self._put(target, source.read_bytes())
        elif kind == "move":
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target)
        elif kind == "move folder" and not target.exists() and source not in target.parents:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(source, target)

    def _put(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self._tick(path)

    def _tick(self, path: Path) -> None:
        # Two writes in one tick of the disk's clock that keep the size can't be told apart.
        self._clock += 10**9
        os.utime(path, ns=(self._clock, self._clock))


def _png(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), np.uint8)
    with tempfile.SpooledTemporaryFile() as out:
        Image.fromarray(pixels).save(out, "PNG")
        out.seek(0)
        return out.read()


def content(path: Path) -> dict[str, Any]:
    """What the library says of each photo, without ids; checks that codes and faces agree."""
    with Library.open(path) as library, library.snapshot():
        codes = {
            int(face_id): code.tobytes()
            for s in library.code_segments("fake-1")
            for face_id, code in zip(s.face_ids[~s.is_dead], s.codes[~s.is_dead], strict=True)
        }
        photos = library.photos(limit=1000)
        faces = {photo.rel_path: library.faces_of(photo.id) for photo in photos}
        assert len(codes) == library.status().faces == sum(map(len, faces.values()))
        return {
            **{
                photo.rel_path: (
                    photo.size,
                    photo.n_faces,
                    [
                        (f.box, f.quality, codes[f.id], library.crop(f.id))
                        for f in faces[photo.rel_path]
                    ],
                )
                for photo in photos
            },
            "failures": sorted((str(f.path), f.reason) for f in library.failures()),
        }


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(st.lists(CHANGES, max_size=14))
def test_many_runs_with_changes_between_them_equal_one_run(
    changes: list[tuple[str, Any, Any]],
) -> None:
    size, code_store.SEGMENT_SIZE = code_store.SEGMENT_SIZE, 4
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Folder(Path(name))
            for change in changes:
                folder.change(*change)
            list(index_folder(folder.library, folder.root, fake_engine()))
            fresh = Path(name) / "fresh.sqlite"
            list(index_folder(fresh, folder.root, fake_engine()))
            assert content(folder.library) == content(fresh)
            engine = fake_engine()
            list(index_folder(folder.library, folder.root, engine))
            assert calls_of(engine) == 0
    finally:
        code_store.SEGMENT_SIZE = size
