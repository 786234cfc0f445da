"""A run whose library is deleted or replaced meanwhile says so."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from opqn_app.core.errors import LibraryReplaced
from opqn_app.index.indexing import index_folder
from opqn_app.store.library import Library
from tests.library_fakes import RunIndex, WritePhoto, fake_engine


def _delete_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


def _replace(path: Path) -> None:
    other = path.with_name("other.sqlite")
    Library.open(other, write=True).close()
    other.replace(path)


@pytest.mark.parametrize("harm", [_delete_folder, _replace])
@pytest.mark.parametrize("after", [1, 3, 1000])
def test_a_run_does_not_succeed_without_its_library(
    library_path: Path,
    folder: Path,
    write_photo: WritePhoto,
    run_index: RunIndex,
    harm: Callable[[Path], None],
    after: int,
) -> None:
    for i in range(4):
        write_photo(f"{i}.png", seed=i)
    run_index()
    for i in range(4, 8):
        write_photo(f"{i}.png", seed=i)
    steps = index_folder(library_path, folder, fake_engine(), batch_size=1, workers=1)
    with pytest.raises(LibraryReplaced, match=r"deleted|replaced"):
        _run(steps, after, lambda: harm(library_path))


def _run(steps, after, harm) -> None:  # type: ignore[no-untyped-def]
    for done, step in enumerate(steps, 1):
        if done == after or (after == 1000 and step.done == step.total):
            harm()
            after = 0


def test_a_decision_does_not_succeed_without_its_library(
    library_path: Path, run_index: RunIndex
) -> None:
    run_index()
    with Library.open_to_decide(library_path) as library:
        _replace(library_path)
        with pytest.raises(LibraryReplaced, match="replaced"):
            library.ignore_failures([1])
