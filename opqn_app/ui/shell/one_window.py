"""One window for each library: a second start brings the first one forward and hands it a photo.

They talk through a local socket of this user. Its name comes from a key in the user's data folder,
so others can neither guess it nor take it first.
"""

import hashlib
import json
import logging
import os
import secrets
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, Qt, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket
from PySide6.QtWidgets import QApplication, QWidget

from opqn_app.core import paths, plain_json
from opqn_app.core.errors import OpqnError
from opqn_app.core.files import real_path, replace_bytes

logger = logging.getLogger(__name__)

KEY_BYTES = 32
LOCK_MS = 5_000  # two starts at once: the other one is done by then
CONNECT_MS = 2_000
ANSWER_MS = 20_000  # a window that is being made answers later than one that is there
MOST_BYTES = 1 << 16  # of what is said
TOKEN = "XDG_ACTIVATION_TOKEN"  # what lets a program come forward on Wayland
SILENT = (
    "Another window of this library is open and does not answer. This one works beside it. Close "
    "the other one, or end it if it hangs."
)


@dataclass(frozen=True, slots=True)
class Call:
    """What a second start asks of the first.

    Attributes:
        find: a photo to search with.
        token: of the desktop, which lets the window come forward.
    """

    find: Path | None = None
    token: str = ""

    def as_bytes(self) -> bytes:
        find = None if self.find is None else os.fsencode(self.find).hex()
        return json.dumps({"find": find, "token": self.token}).encode("ascii") + b"\n"

    @classmethod
    def from_bytes(cls, said: bytes) -> "Call":
        """Raises ValueError for anything else."""
        found = plain_json.loads(said.decode("ascii"))
        if not isinstance(found, dict):
            raise ValueError("no object")
        find, token = found.get("find"), found.get("token", "")
        if not (find is None or isinstance(find, str)) or not isinstance(token, str):
            raise ValueError("other types")
        return cls(None if find is None else Path(os.fsdecode(bytes.fromhex(find))), token)


class OneWindow(QObject):
    """The right to be the window of a library.

    Attributes:
        is_first: False where the first one was called, so that this start is done.
        problem: why this window works beside another one, as a plain sentence; "" if it does not.

    Signals:
        called: a Call of a later start.
    """

    called = Signal(object)

    def __init__(self, library: Path, call: Call, *, answer_ms: int = ANSWER_MS) -> None:
        """Call the first window, or become it.

        Args:
            answer_ms: so long a window that is there may take to answer.
        """
        super().__init__()
        self.is_first, self.problem = True, ""
        self._server: QLocalServer | None = None
        try:
            self._name = _name_for(library)
        except (OpqnError, OSError) as error:
            logger.warning("a second start will open a window of its own: %s", error)
            return
        lock = QLockFile(str(paths.data_dir() / "window.lock"))
        lock.tryLock(LOCK_MS)  # without it two starts at once may open two windows
        try:
            first = self._first()
            if first is None:
                self._listen()
        finally:
            lock.unlock()
        if first is None:
            return
        answer = _asked(first, call, answer_ms)
        self.is_first = not answer
        if self.is_first:
            self.problem = SILENT if answer is None else ""
            self._listen()

    def close(self) -> None:
        """Take no more calls."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def _first(self) -> QLocalSocket | None:
        socket = QLocalSocket(self)
        socket.connectToServer(self._name)
        if socket.waitForConnected(CONNECT_MS):
            return socket
        socket.deleteLater()
        return None

    def _listen(self) -> None:
        QLocalServer.removeServer(self._name)  # of a program that was killed
        server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        server.newConnection.connect(partial(self._greet, server))
        if server.listen(self._name):
            self._server = server
        else:
            logger.warning("a second start will open a window of its own: %s", server.errorString())

    def _greet(self, server: QLocalServer) -> None:
        while (socket := server.nextPendingConnection()) is not None:
            socket.disconnected.connect(socket.deleteLater)
            socket.readyRead.connect(partial(self._hear, socket))
            self._hear(socket)

    def _hear(self, socket: QLocalSocket) -> None:
        if not socket.canReadLine():
            if socket.bytesAvailable() > MOST_BYTES:
                socket.abort()
            return
        try:
            call = Call.from_bytes(bytes(socket.readLine(MOST_BYTES).data()))
        except ValueError:
            logger.warning("something else than this program called the window")
            socket.abort()
            return
        self.called.emit(call)
        socket.write(b"here\n")
        socket.flush()
        socket.disconnectFromServer()


def come_forward(window: QWidget, call: Call) -> None:
    """Show a window before all others, as far as the desktop lets a program do that."""
    if call.token:
        os.environ[TOKEN] = call.token  # Qt asks for it when a window is activated
    window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
    window.show()
    window.raise_()
    window.activateWindow()
    QApplication.alert(window)


def _asked(first: QLocalSocket, call: Call, answer_ms: int) -> bool | None:
    """Whether the first window has answered; False if it has gone, None if it is silent."""
    first.write(call.as_bytes())
    first.flush()
    has_said = first.bytesAvailable() > 0 or first.waitForReadyRead(answer_ms)
    is_gone = first.state() != QLocalSocket.LocalSocketState.ConnectedState
    first.abort()
    return True if has_said else (False if is_gone else None)


def _name_for(library: Path) -> str:
    """Raises OSError where no key can be kept."""
    place = paths.data_dir() / "window.key"
    key = place.read_bytes() if place.is_file() else b""
    if len(key) != KEY_BYTES:
        replace_bytes(place, secrets.token_bytes(KEY_BYTES), closed=True)
        key = place.read_bytes()  # of two starts at once both take the last one
    digest = hashlib.blake2b(os.fsencode(real_path(library)), key=key, digest_size=16)
    return f"opqn-{digest.hexdigest()}"
