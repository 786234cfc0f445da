"""Worker processes give what one process gives, whatever becomes of them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from opqn_app.core.errors import OpqnError
from opqn_app.engine import Engine
from opqn_app.index import run_steps as index_run
from opqn_app.index import workers
from opqn_app.index.indexing import index_folder
from opqn_app.index.large_photo_turns import LARGE_PIXELS, LONGEST_WAIT_S
from opqn_app.index.plan import PendingFile
from opqn_app.vision import apart
from tests.index import worker_fakes
from tests.index.scan_at_once import scan_folder
from tests.index.test_kill import content
from tests.library_fakes import RunIndex

pytestmark = pytest.mark.slow

WritePhotos = Callable[..., None]
HELPERS = ("resource_tracker", "forkserver")


@pytest.fixture(autouse=True)
def _workers_for_few_photos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_run, "MIN_FOR_WORKERS", 2)


@pytest.fixture
def write_photos(folder: Path) -> WritePhotos:
    """Noise pictures of the given widths, in this order of names."""

    def write(*widths: int) -> None:
        for i, width in enumerate(widths):
            pixels = np.random.default_rng(i).integers(0, 255, (24, width, 3), np.uint8)
            Image.fromarray(pixels).save(folder / f"{i:03}.png")

    return write


def no_children_left() -> bool:
    """All but helpers of multiprocessing, which stay for the process's life once a test had one.

    The warm process that decodes for a run without workers is sent away first.
    """
    apart.READERS.close()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if not [c for c in psutil.Process().children(recursive=True) if not _is_helper(c)]:
            return True
        time.sleep(0.05)
    return False


def _is_helper(process: psutil.Process) -> bool:
    try:
        words = " ".join(process.cmdline())
    except psutil.Error:
        return True  # it has just ended
    return any(f"multiprocessing.{name} import" in words for name in HELPERS)


def test_two_workers_make_the_library_that_one_process_makes(
    tmp_path: Path, folder: Path, write_photos: WritePhotos, run_index: RunIndex
) -> None:
    write_photos(*range(30, 60))
    (folder / "020.png").write_bytes(b"no picture")
    one, two = tmp_path / "one.sqlite", tmp_path / "two.sqlite"
    list(index_folder(one, folder, worker_fakes.build(), workers=1))
    list(index_folder(two, folder, worker_fakes.build(), workers=2))
    assert len(content(one)["faces"]) == 58
    assert content(two) == content(one)
    assert no_children_left()


def test_a_photo_that_kills_its_worker_is_a_failure_and_the_run_goes_on(
    folder: Path, write_photos: WritePhotos, run_index: RunIndex
) -> None:
    write_photos(30, worker_fakes.KILLS, 31, worker_fakes.CRASHES, *range(32, 40))
    report = run_index(engine=worker_fakes.build(), workers=2)
    assert report.added == 10
    reasons = {failure.path.name: failure.reason for failure in report.failures}
    assert set(reasons) == {"001.png", "003.png"}
    assert "memory" in reasons["001.png"]
    assert "crashed" in reasons["003.png"]
    again = run_index(engine=worker_fakes.build(), workers=2)
    assert (again.unchanged, again.decoded, len(again.failures)) == (10, 0, 2)


@pytest.mark.slow
def test_a_worker_killed_for_another_reason_costs_nothing(
    write_photos: WritePhotos, run_index: RunIndex
) -> None:
    write_photos(30, worker_fakes.KILLS_ONCE, *range(31, 40))
    report = run_index(engine=worker_fakes.build(), workers=2)
    assert (report.added, report.failures) == (11, ())


def write_large(path: Path, width: int, height: int) -> None:
    assert width * height > LARGE_PIXELS
    Image.new("L", (width, height), 90).save(path)


@pytest.mark.slow
def test_two_workers_hold_one_large_photo_at_a_time(
    own_folders: Path, folder: Path, write_photos: WritePhotos, run_index: RunIndex
) -> None:
    write_photos(*range(30, 42))
    for name in ("b", "c", "d", "e", "f", "g"):
        write_large(folder / f"{name}.png", 4100, 4000)
    notes = own_folders / "data"
    notes.mkdir(exist_ok=True)
    assert run_index(engine=worker_fakes.build_slow(), workers=2).added == 18

    times = sorted(tuple(map(float, n.read_text().split())) for n in notes.glob("2050-*"))
    assert len(times) == 6
    assert all(end <= begin for (_, end), (begin, _) in pairwise(times))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_worker_that_dies_in_a_large_photo_leaves_the_turn_to_others(
    own_folders: Path, folder: Path, write_photos: WritePhotos, run_index: RunIndex
) -> None:
    """Its pictures are shrunk to the width that kills once."""
    write_photos(30, 31)
    for name in ("b", "c", "d"):
        write_large(folder / f"{name}.png", 11 * worker_fakes.KILLS_ONCE, 22000)
    report = run_index(engine=worker_fakes.build(), workers=2)
    assert (own_folders / "data" / "killed-once").exists()
    assert (report.added, report.failures) == (5, ())
    assert report.seconds < LONGEST_WAIT_S


@pytest.mark.slow
def test_workers_are_replaced_and_nothing_is_lost(
    write_photos: WritePhotos, run_index: RunIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "MAX_PHOTOS", 4)
    write_photos(*range(30, 50))
    assert run_index(engine=worker_fakes.build(), workers=2).added == 20
    assert no_children_left()


@pytest.mark.slow
def test_a_bug_in_a_worker_is_raised_here(write_photos: WritePhotos, run_index: RunIndex) -> None:
    write_photos(30, worker_fakes.RAISES, 31)
    with pytest.raises(RuntimeError, match="ZeroDivisionError: a bug"):
        run_index(engine=worker_fakes.build(), workers=2)
    assert no_children_left()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("build", "words"),
    [(worker_fakes.build_unknown, "no model 'nowhere'"), (worker_fakes.die_at_start, "one worker")],
)
def test_an_engine_that_cannot_be_built_ends_the_run_in_words(
    build: Callable[[], Engine], words: str, write_photos: WritePhotos, run_index: RunIndex
) -> None:
    write_photos(30, 31, 32)
    known = worker_fakes.build()
    with pytest.raises(OpqnError, match=words):
        run_index(engine=Engine(known.detector, known.encoder, build), workers=2)


@pytest.mark.slow
def test_closing_the_run_ends_workers_in_the_middle_of_a_photo(
    tmp_path: Path, own_folders: Path, folder: Path, write_photos: WritePhotos
) -> None:
    write_photos(*range(30, 40), worker_fakes.HANGS, *range(41, 50))
    run = index_folder(tmp_path / "l.sqlite", folder, worker_fakes.build(), batch_size=1, workers=2)
    while (step := next(run)).phase == "scanning" or step.done < 10:
        pass
    while not (own_folders / "data" / "hangs").exists():  # the next step would wait for it
        time.sleep(0.02)
    run.close()
    assert no_children_left()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_killed_parent_leaves_no_orphans_and_a_library_that_resumes(
    tmp_path: Path, own_folders: Path, folder: Path, write_photos: WritePhotos
) -> None:
    """One worker sleeps in a photo for ten minutes when the parent dies."""
    data = own_folders / "data"
    write_photos(*range(30, 70), worker_fakes.HANGS)
    library = tmp_path / "library.sqlite"
    child = subprocess.Popen(
        [sys.executable, worker_fakes.__file__, str(library), str(folder), "2"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    while not (data / "hangs").exists():
        time.sleep(0.02)
        assert child.poll() is None
    family = psutil.Process(child.pid).children(recursive=True)
    assert len(family) >= 3
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    _gone, alive = psutil.wait_procs(family, timeout=600)
    assert not alive
    (folder / "040.png").unlink()
    clean = tmp_path / "clean.sqlite"
    for path in (library, clean):
        list(index_folder(path, folder, worker_fakes.build(), workers=2))
    assert content(library)["faces"] == content(clean)["faces"]


@pytest.mark.slow
def test_photos_are_taken_no_further_ahead_than_the_limit(
    folder: Path, write_photos: WritePhotos, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "MAX_AHEAD", 6)
    write_photos(*range(30, 50))
    taken = []

    def items() -> Iterator[PendingFile]:
        for file in scan_folder(folder).files:
            taken.append(file)
            yield PendingFile(file, None)

    run = workers.analyse_in_order(items(), folder, worker_fakes.build, 2)
    for n_out, (item, done) in enumerate(run, start=1):
        assert len(taken) <= n_out + workers.MAX_AHEAD
        assert done.photo is not None
        assert item.file == taken[n_out - 1]
    assert len(taken) == 20
