"""Another model's codes are made from the stored crops, beside those that are searched."""

import shutil
from pathlib import Path

import pytest

from opqn_app.engine import Engine
from opqn_app.index import run_steps as index_run
from opqn_app.index.indexing import encode_library
from opqn_app.store.library import Library
from tests.library_fakes import PixelDetector, PixelEncoder, RunIndex, WritePhoto


def engine(model_id: str) -> Engine:
    return Engine(PixelDetector(n_faces=2), PixelEncoder(model_id))


def coded(path: Path, model_id: str) -> int:
    with Library.open(path) as library:
        return sum(len(s.face_ids) for s in library.code_segments(model_id))


def test_all_faces_get_a_code_and_the_old_ones_stay(
    write_photo: WritePhoto, run_index: RunIndex, library_path: Path, folder: Path
) -> None:
    """The photos may be on a disk that is not plugged in."""
    for seed in range(3):
        write_photo(f"{seed}.png", seed=seed)
    run_index(engine=engine("old"))
    shutil.rmtree(folder)
    *_, last = encode_library(library_path, engine("new"))
    assert (last.done, last.total) == (6, 6)
    assert (coded(library_path, "old"), coded(library_path, "new")) == (6, 6)
    with Library.open(library_path) as library:
        assert library.status().model_id == "new"


def test_a_run_cut_off_leaves_the_old_model_in_charge_and_is_gone_on_with(
    write_photo: WritePhoto,
    run_index: RunIndex,
    library_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(index_run, "MAX_FACES_AT_ONCE", 32)
    for seed in range(40):
        write_photo(f"{seed}.png", seed=seed)
    run_index(engine=engine("old"))
    run = encode_library(library_path, engine("new"))
    first = next(run)
    run.close()
    assert 0 < first.done < first.total == 80
    assert coded(library_path, "new") == first.done
    with Library.open(library_path) as library:
        assert library.status().model_id == "old"
    *_, last = encode_library(library_path, engine("new"))
    assert last.total == 80 - first.done
    assert coded(library_path, "new") == 80
