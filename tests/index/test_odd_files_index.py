"""A folder of broken and odd files is indexed to the end, each failure with its reason."""

from pathlib import Path

import pytest

from opqn_app.store.library import Library
from tests.library_fakes import RunIndex, calls_of, fake_engine
from tests.odd_files import OddFile, write_odd_files


def named(made: list[OddFile], *outcomes: str) -> dict[Path, OddFile]:
    return {odd.path: odd for odd in made if odd.outcome in outcomes}


def test_a_folder_of_odd_files_is_indexed_to_the_end(
    folder: Path, library_path: Path, run_index: RunIndex
) -> None:
    made = write_odd_files(folder)
    assert len(named(made, "failure", "ignored")) >= 30
    assert len(made) >= 40
    report = run_index()
    photos, failures = named(made, "photo"), named(made, "failure")
    assert {failure.path for failure in report.failures} == set(failures)
    for failure in report.failures:
        assert failure.reason
        assert failures[failure.path].reason in failure.reason
    with Library.open(library_path) as library:
        stored = {photo.path: photo for photo in library.photos(limit=1000)}
    assert set(stored) == set(photos)
    for path, photo in stored.items():
        assert (photo.width, photo.height) == photos[path].size


@pytest.mark.slow
def test_odd_files_are_not_read_again(folder: Path, run_index: RunIndex) -> None:
    made = write_odd_files(folder)
    first = run_index()
    engine = fake_engine()
    second = run_index(engine=engine)
    assert (second.decoded, calls_of(engine)) == (0, 0)
    assert second.unchanged == first.added == len(named(made, "photo"))
    assert second.failures == first.failures
    third = run_index(retry_failures=True)
    assert [f.reason for f in third.failures] == [f.reason for f in first.failures]
