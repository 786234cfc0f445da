"""A second start calls the first window; one that hangs, or was killed, blocks nobody."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QDir, Qt
from PySide6.QtNetwork import QLocalSocket
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from opqn_app.core import paths
from opqn_app.ui.shell import one_window
from opqn_app.ui.shell.app import attend
from opqn_app.ui.shell.main_window import MainWindow
from opqn_app.ui.shell.one_window import SILENT, Call, OneWindow
from opqn_app.ui.work.session import Session

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT = 300_000
# A first window whose event loop never comes to listen; it ends after the seconds it is given.
HUNG = """
import sys, time
from pathlib import Path
from PySide6.QtWidgets import QApplication
from opqn_app.ui.shell.one_window import Call, OneWindow
app = QApplication([])
one = OneWindow(Path(sys.argv[1]), Call())
print(one.is_first, flush=True)
time.sleep(float(sys.argv[2]))
import os
os._exit(0)
"""


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "library.sqlite"


@pytest.fixture
def window(session: Session, qtbot: QtBot, library: Path) -> Iterator[MainWindow]:
    made = MainWindow(session)
    qtbot.addWidget(made)
    one = OneWindow(library, Call())
    assert one.is_first
    attend(made, one)
    yield made
    one.close()


@pytest.fixture
def hung(library: Path) -> Iterator[Callable[[float], "subprocess.Popen[str]"]]:
    started = []

    def start(seconds: float) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", HUNG, str(library), str(seconds)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def second_start(*words: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "main.py", "gui", *map(str, words)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_a_second_start_brings_the_window_forward_with_its_photo(
    window: MainWindow, library: Path, people: Callable[..., Path], qtbot: QtBot
) -> None:
    photo = people("who\nis this.png", "red")
    window.showMinimized()
    with qtbot.waitSignal(window.search.query_taken, timeout=TIMEOUT):
        second = second_start("--library", library, "--find", photo)
    assert not window.isMinimized()
    assert window.isVisible()
    qtbot.waitUntil(lambda: second.poll() is not None, timeout=TIMEOUT)
    _, said = second.communicate()
    assert second.returncode == 0
    assert said == "The window that is open already was brought forward.\n"


@pytest.mark.slow
def test_a_window_of_another_library_is_another_window(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    other = OneWindow(tmp_path / "other.sqlite", Call())
    assert other.is_first
    link = tmp_path / "link.sqlite"
    link.symlink_to(tmp_path / "library.sqlite")
    assert one_window._name_for(link) == one_window._name_for(tmp_path / "library.sqlite")
    other.close()


@pytest.mark.slow
def test_what_a_killed_window_left_is_taken_over(
    qapp: QApplication, library: Path, hung: Callable[[float], "subprocess.Popen[str]"]
) -> None:
    process = hung(600)
    process.send_signal(signal.SIGKILL)
    process.wait()
    one = OneWindow(library, Call())
    assert (one.is_first, one.problem) == (True, "")
    one.close()


@pytest.mark.slow
def test_a_window_that_hangs_blocks_nobody_and_is_told(
    session: Session,
    qtbot: QtBot,
    library: Path,
    hung: Callable[[float], "subprocess.Popen[str]"],
    capsys: pytest.CaptureFixture[str],
) -> None:
    hung(600)
    one = OneWindow(library, Call(), answer_ms=300)
    assert (one.is_first, one.problem) == (True, SILENT)
    made = MainWindow(session)
    qtbot.addWidget(made)
    attend(made, one)
    assert made.search.messages.text == SILENT
    assert SILENT in capsys.readouterr().err
    with qtbot.waitSignal(one.called, timeout=TIMEOUT):  # the next start comes to this one
        second = second_start("--library", library)
    qtbot.waitUntil(lambda: second.poll() is not None, timeout=TIMEOUT)
    second.communicate()
    assert second.returncode == 0
    one.close()


@pytest.mark.slow
def test_a_window_that_closes_meanwhile_leaves_its_place(
    qapp: QApplication, library: Path, hung: Callable[[float], "subprocess.Popen[str]"]
) -> None:
    hung(1)
    one = OneWindow(library, Call(), answer_ms=TIMEOUT)
    assert (one.is_first, one.problem) == (True, "")
    one.close()


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_only_this_user_can_call_the_window(window: MainWindow, library: Path) -> None:
    name = one_window._name_for(library)
    key = paths.data_dir() / "window.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    place = Path(QDir.tempPath()) / name
    assert place.is_socket()
    assert stat.S_IMODE(place.stat().st_mode) & 0o077 == 0
    key.unlink()
    assert one_window._name_for(library) != name


@pytest.mark.parametrize(
    "said",
    [b"\n", b"[]\n", b'{"find": 3}\n', b'{"find": "zz"}\n', b"\xff\n", b"x" * (1 << 17)],
    ids=["nothing", "list", "number", "no path", "bytes", "too much"],
)
def test_what_is_no_call_does_nothing(
    window: MainWindow, library: Path, qtbot: QtBot, said: bytes
) -> None:
    calls = []
    window.search.query_taken.connect(lambda: calls.append("query"))
    socket = QLocalSocket()
    socket.connectToServer(one_window._name_for(library))
    socket.write(said)
    qtbot.waitUntil(
        lambda: socket.state() == QLocalSocket.LocalSocketState.UnconnectedState, timeout=TIMEOUT
    )
    assert socket.readAll().isEmpty()
    assert not window.isVisible()
    assert calls == []


def test_any_path_goes_over_the_line() -> None:
    for path in (None, Path("/a\nb"), Path(os.fsdecode(b"/\xff.jpg")), Path("/é.jpg")):
        call = Call(path, "token")
        assert Call.from_bytes(call.as_bytes()) == call


def test_where_no_key_can_be_kept_there_are_two_windows(
    qapp: QApplication, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(one_window, "replace_bytes", refuse)
    one = OneWindow(library, Call())
    assert (one.is_first, one.problem) == (True, "")


def test_a_maximised_window_stays_so(session: Session, qtbot: QtBot) -> None:
    made = MainWindow(session)
    qtbot.addWidget(made)
    made.setWindowState(Qt.WindowState.WindowMaximized | Qt.WindowState.WindowMinimized)
    one_window.come_forward(made, Call())
    assert made.windowState() & Qt.WindowState.WindowMaximized
    assert not made.isMinimized()
