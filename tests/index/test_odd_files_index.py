"""A folder of broken and odd files is indexed to the end, each failure with its reason."""

from pathlib import Path

import pytest

from opqn_app.store.library import Library
from opqn_app.vision import apart, pixels
from tests.library_fakes import RunIndex, WritePhoto, calls_of, fake_engine
from tests.odd_files import OddFile, corners, write_odd_files
from tests.tiff_files import grey_with_alpha


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


def test_what_no_decoder_was_seen_to_raise_does_not_end_a_run(
    folder: Path,
    write_photo: WritePhoto,
    run_index: RunIndex,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    class OddError(Exception):
        pass

    for name in ("a.png", "c.png"):
        write_photo(name, seed=1)
    (folder / "b.tif").write_bytes(grey_with_alpha(corners((30, 20))))
    real = pixels.upright_rgb

    def fail(image, *more, **how):
        if image.size == (30, 20):
            raise OddError("what")
        return real(image, *more, **how)

    with monkeypatch.context() as patch:
        patch.setattr(pixels, "upright_rgb", fail)
        patch.setattr(apart.READERS, "call", lambda job, *more, **how: job(*more, **how))
        report = run_index()
    assert report.added == 2
    assert [(f.path.name, "OddError" in f.reason) for f in report.failures] == [("b.tif", True)]
    assert "OddError: what" in caplog.text
    assert run_index(retry_failures=True).failures == ()
