"""Large photos are read one at a time, small ones whenever, and nobody waits for the dead."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.index import large_photo_turns as turns
from opqn_app.index.large_photo_turns import LARGE_PIXELS, Turn

USUAL, LARGE = 4032 * 3024, 8160 * 6120
FAR_BELOW_THE_LONGEST_WAIT_S = turns.LONGEST_WAIT_S / 2
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
    """Takes its turn for a photo, and gives it back."""

    def __init__(self, file: Path | None, pixels: int = LARGE) -> None:
        super().__init__(daemon=True)
        self._file = file
        self._pixels = pixels
        self._has_had_it = False
        self.start()

    def run(self) -> None:
        with Turn(self._file) as turn:
            turn.wait(self._pixels)
            self._has_had_it = True

    def has_had_its_turn(self, seconds: float = FAR_BELOW_THE_LONGEST_WAIT_S) -> bool:
        self.join(seconds)
        return self._has_had_it


def test_a_photo_of_usual_size_never_waits(file: Path, holder: subprocess.Popen[str]) -> None:
    assert USUAL < LARGE_PIXELS < LARGE
    assert Waiter(file, USUAL).has_had_its_turn()
    assert holder.poll() is None


def test_a_large_photo_waits_until_the_other_is_done(
    file: Path, holder: subprocess.Popen[str]
) -> None:
    waiter = Waiter(file)
    assert not waiter.has_had_its_turn(0.5)
    assert holder.stdin is not None
    holder.stdin.close()
    assert waiter.has_had_its_turn()


def test_a_killed_process_gives_its_turn_back(file: Path, holder: subprocess.Popen[str]) -> None:
    waiter = Waiter(file)
    assert not waiter.has_had_its_turn(0.5)
    holder.kill()
    assert waiter.has_had_its_turn()


def test_an_error_ends_the_turn(file: Path) -> None:
    def read_a_damaged_photo() -> None:
        with Turn(file) as turn:
            turn.wait(LARGE)
            raise PhotoUnreadable(file, "it is damaged")

    with pytest.raises(PhotoUnreadable):
        read_a_damaged_photo()
    assert Waiter(file).has_had_its_turn()


def test_nobody_waits_for_ever(
    file: Path, holder: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "LONGEST_WAIT_S", 0.1)
    assert Waiter(file).has_had_its_turn()
    assert holder.poll() is None


def test_a_folder_that_is_gone_stops_no_photo(tmp_path: Path) -> None:
    assert Waiter(tmp_path / "gone" / "turn.lock").has_had_its_turn()


def test_one_that_reads_alone_takes_no_turns() -> None:
    with Turn() as turn:
        turn.wait(LARGE)
        assert Waiter(None).has_had_its_turn()
