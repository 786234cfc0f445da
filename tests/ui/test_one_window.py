"""A second start of the program: the first window comes to the front and has the photo."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtNetwork import QLocalSocket
from pytestqt.qtbot import QtBot

from opqn_app.core.errors import OpqnError
from opqn_app.ui.shell import app
from opqn_app.ui.shell.main_window import MainWindow
from opqn_app.ui.shell.one_window import MOST_BYTES, OneWindow
from opqn_app.ui.work.session import Session

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT = 120_000

FIRST = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from opqn_app.ui.shell.one_window import OneWindow
app = QCoreApplication([])
one = OneWindow(Path(sys.argv[1]))
assert one.claim([])
one.listen()
print("ready", flush=True)
app.exec()
"""


@pytest.fixture(autouse=True)
def runtime_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The name of a socket may have 107 bytes only; pytest's folders are longer."""
    with tempfile.TemporaryDirectory(prefix="opqn") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


def start_again(library: Path, *photos: Path) -> "subprocess.Popen[str]":
    """The whole program in another process."""
    return subprocess.Popen(
        [sys.executable, "main.py", "gui", "--library", str(library), *map(str, photos)],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_second_start_hands_its_photo_to_the_first_window(
    session: Session, qtbot: QtBot, tmp_path: Path
) -> None:
    photo = tmp_path / "grün & 1.jpg"
    photo.write_bytes(b"no picture, which the first window says")
    window = MainWindow(session)
    qtbot.addWidget(window)
    window.showMinimized()
    window.show_page("library")
    first = OneWindow(session.library_path)
    assert first.claim([])
    first.listen()
    first.asked.connect(lambda photos: app.come_forward(window, photos))
    with qtbot.waitSignal(session.query_failed, timeout=TIMEOUT):
        second = start_again(session.library_path, photo)
    out, said = second.communicate(timeout=120)
    assert (second.returncode, out, said) == (0, "", "")
    assert not window.isMinimized()
    assert window.stack.currentWidget() is window.search
    assert photo.name in window.search.messages.text
    first.close()


def test_another_library_has_a_window_of_its_own(tmp_path: Path) -> None:
    first, other = OneWindow(tmp_path / "a.sqlite"), OneWindow(tmp_path / "b.sqlite")
    assert first.claim([])
    assert other.claim([])
    first.close()
    other.close()


def test_only_the_user_can_reach_the_window(tmp_path: Path) -> None:
    first = OneWindow(tmp_path / "a.sqlite")
    assert first.claim([])
    first.listen()
    if sys.platform != "win32":
        mode = stat.S_IMODE(Path(first.name).stat().st_mode)
        assert mode & 0o077 == 0, oct(mode)
    first.close()
    assert not Path(first.name).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_a_killed_window_blocks_no_later_one(tmp_path: Path) -> None:
    library = tmp_path / "a.sqlite"
    with subprocess.Popen(
        [sys.executable, "-c", FIRST, str(library)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "ready\n"
        killed.send_signal(signal.SIGKILL)
    later = OneWindow(library)
    assert Path(later.name).exists()
    assert later.claim([])
    later.listen()
    assert later._server is not None
    later.close()


def test_a_window_that_does_not_answer_is_not_doubled(tmp_path: Path) -> None:
    library = tmp_path / "a.sqlite"
    hung = OneWindow(library)
    assert hung.claim([])  # and never listens
    with pytest.raises(OpqnError, match="does not answer"):
        OneWindow(library).claim([], patience_s=0)
    hung.close()


@pytest.mark.parametrize(
    "said", [b"nonsense\n", b"[]\n", b'{"photos": 3, "token": ""}\n', b"x" * (MOST_BYTES + 1)]
)
def test_what_is_no_message_is_not_taken(tmp_path: Path, qtbot: QtBot, said: bytes) -> None:
    first = OneWindow(tmp_path / "a.sqlite")
    assert first.claim([])
    first.listen()
    asked: list[object] = []
    first.asked.connect(asked.append)
    socket = QLocalSocket()
    socket.connectToServer(first.name)
    assert socket.waitForConnected(1000)
    with qtbot.waitSignal(socket.disconnected, timeout=TIMEOUT):
        socket.write(said)
    assert not asked
    first.close()
