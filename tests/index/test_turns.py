"""Large photos are read one at a time, small ones whenever, and nobody waits for the dead."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.index import large_photo_turns as turns
from opqn_app.index.large_photo_turns import LARGE_PIXELS, Turn

USUAL, LARGE = 4032 * 3024, 8160 * 6120
HOLD = """
import sys
from pathlib import Path
from opqn_app.index.large_photo_turns import Turn
with Turn(Path(sys.argv[1])) as turn:
    turn.wait(int(sys.argv[2]))
    print("in turn", flush=True)
    sys.stdin.read()
print("done", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "turn.lock"


@pytest.fixture
def holder(file: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process whose turn it is until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file), str(LARGE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in turn\n"
        yield process
        process.kill()


class Waiter(threading.Thread):
    """Takes its turn for a large photo, and gives it back."""

    def __init__(self, file: Path) -> None:
        super().__init__(daemon=True)
        self._file = file
        self.start()

    def run(self) -> None:
        with Turn(self._file) as turn:
            turn.wait(LARGE)

    def has_had_its_turn(self, seconds: float) -> bool:
        self.join(seconds)
        return not self.is_alive()


def test_a_photo_of_usual_size_never_waits(file: Path, holder: subprocess.Popen[str]) -> None:
    assert USUAL < LARGE_PIXELS < LARGE
    with Turn(file) as turn:
        turn.wait(USUAL)


def test_a_large_photo_waits_until_the_other_is_done(
    file: Path, holder: subprocess.Popen[str]
) -> None:
    waiter = Waiter(file)
    assert not waiter.has_had_its_turn(0.5)
    assert holder.stdin is not None
    holder.stdin.close()
    assert waiter.has_had_its_turn(20)


def test_a_killed_process_gives_its_turn_back(file: Path, holder: subprocess.Popen[str]) -> None:
    waiter = Waiter(file)
    assert not waiter.has_had_its_turn(0.5)
    holder.kill()
    assert waiter.has_had_its_turn(20)


def test_an_error_ends_the_turn(file: Path) -> None:
    def read_a_damaged_photo() -> None:
        with Turn(file) as turn:
            turn.wait(LARGE)
            raise PhotoUnreadable(file, "it is damaged")

    with pytest.raises(PhotoUnreadable):
        read_a_damaged_photo()
    assert Waiter(file).has_had_its_turn(20)


def test_nobody_waits_for_ever(
    file: Path, holder: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "LONGEST_WAIT_S", 0.1)
    started = time.monotonic()
    with Turn(file) as turn:
        turn.wait(LARGE)
    assert 0.05 < time.monotonic() - started < 20


def test_a_folder_that_is_gone_stops_no_photo(tmp_path: Path) -> None:
    with Turn(tmp_path / "gone" / "turn.lock") as turn:
        turn.wait(LARGE)


def test_one_that_reads_alone_takes_no_turns() -> None:
    with Turn() as turn:
        turn.wait(LARGE)
