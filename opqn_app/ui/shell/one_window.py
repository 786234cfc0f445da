"""One window for each library: a second start hands its photos to the first one and ends."""

import hashlib
import json
import logging
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock, Timeout
from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from opqn_app.core import paths
from opqn_app.core.errors import OpqnError

logger = logging.getLogger(__name__)

PATIENCE_S = 10.0  # a first window that starts, or that ends, may need a moment
STEP_MS = 200
MOST_BYTES = 1 << 20  # of one message; nobody hands over ten thousand photos
ANSWER = b"shown\n"
TOKEN = "XDG_ACTIVATION_TOKEN"  # without it, Wayland lets no program come to the front


class OneWindow(QObject):
    """The right to show a library in a window, and the ear for later starts.

    The operating system drops the right when its process dies, so a killed window blocks nobody.
    Only the same user can reach the ear; nothing of it is on a network.

    Args:
        library: the library file that is shown.

    Signals:
        asked: photos and folders (list of Path, may be empty) that a later start was given.
    """

    asked = Signal(object)

    def __init__(self, library: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        key = hashlib.sha256(os.fsencode(library.resolve())).hexdigest()[:16]
        folder = _own_folder()
        self._lock = FileLock(folder / f"opqn-{key}.lock", thread_local=False)
        name = f"opqn-{key}"
        self.name = name if sys.platform == "win32" else str(folder / f"{name}.socket")
        self._server: QLocalServer | None = None
        self._heard: dict[QLocalSocket, bytes] = {}

    def claim(self, photos: Sequence[Path], *, patience_s: float = PATIENCE_S) -> bool:
        """Whether this is the first window; if it isn't, that one has come and has the photos.

        Raises:
            OpqnError: there is another window, and it does not answer for `patience_s`.
        """
        end = time.monotonic() + patience_s
        while True:
            try:
                self._lock.acquire(timeout=0)
            except Timeout:
                if self._hand_over(photos):
                    return False
            except OSError as error:  # a disk that can't be locked or written: as many as you like
                logger.warning("other windows can't be looked for: %s", error)
                return True
            else:
                return True
            if time.monotonic() > end:
                raise OpqnError(
                    "The window is open already and does not answer. Wait a moment and try again, "
                    "or close it."
                )
            time.sleep(STEP_MS / 1000)

    def listen(self) -> None:
        """Hear of later starts, until `close`; call it once `claim` was True."""
        if not self._lock.is_locked:
            return
        QLocalServer.removeServer(self.name)  # of a window that was killed
        server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        server.newConnection.connect(self._on_connection)
        if server.listen(self.name):
            self._server = server
        else:
            logger.warning("later starts can't be heard: %s", server.errorString())

    def close(self) -> None:
        """Give the right back."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._lock.release()

    def _hand_over(self, photos: Sequence[Path]) -> bool:
        socket = QLocalSocket()
        socket.connectToServer(self.name)
        if not socket.waitForConnected(STEP_MS):
            return False
        ask = {"photos": [str(each.absolute()) for each in photos]}
        socket.write(json.dumps({**ask, "token": os.environ.get(TOKEN, "")}).encode() + b"\n")
        answer = b""
        while answer != ANSWER and socket.waitForReadyRead(int(PATIENCE_S * 1000)):
            answer += bytes(socket.readAll().data())
        socket.abort()
        return answer == ANSWER

    # The first window's side

    def _on_connection(self) -> None:
        while self._server is not None and self._server.hasPendingConnections():
            socket = self._server.nextPendingConnection()
            self._heard[socket] = b""
            socket.readyRead.connect(lambda socket=socket: self._on_bytes(socket))
            socket.disconnected.connect(lambda socket=socket: self._forget(socket))
            self._on_bytes(socket)

    def _on_bytes(self, socket: QLocalSocket) -> None:
        if socket not in self._heard:
            return
        self._heard[socket] += bytes(socket.readAll().data())
        line, is_whole, _rest = self._heard[socket].partition(b"\n")
        if not is_whole and len(line) < MOST_BYTES:
            return
        photos = _read(line)
        if photos is None:
            logger.warning("a later start said what is not understood")
            socket.abort()
            return
        self._heard[socket] = b""
        socket.write(ANSWER)
        socket.flush()
        self.asked.emit(photos)

    def _forget(self, socket: QLocalSocket) -> None:
        self._heard.pop(socket, None)
        socket.deleteLater()


def _read(line: bytes) -> list[Path] | None:
    """The photos of a message; None if it is none."""
    try:
        ask = json.loads(line)
        photos, token = [Path(each) for each in ask["photos"]], ask["token"]
    except (ValueError, KeyError, TypeError):
        return None
    if isinstance(token, str) and token and "\0" not in token:
        os.environ[TOKEN] = token  # Qt takes it when the window asks to come to the front
    return photos


def _own_folder() -> Path:
    """Where lock and socket lie: what the system keeps for this user's session, else our cache."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and os.access(runtime, os.W_OK):
        return Path(runtime)
    return paths.cache_dir()
