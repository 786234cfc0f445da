"""Notes every file and socket this process touches, as Python tells of it, and blocks the network.

What a library written in C opens by itself Python does not tell of. So the kernel has to refuse
connections as well, where it can: see `without_network`.
"""

import ctypes
import json
import os
import socket
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
_PATHS = {  # event → where its paths stand among the arguments, each with that of its dir_fd
    "os.remove": ((0, 1),),
    "os.rmdir": ((0, 1),),
    "os.mkdir": ((0, 2),),
    "os.rename": ((0, 2), (1, 3)),
    "os.link": ((0, 2), (1, 3)),
    "os.symlink": ((1, 2),),
    "os.chmod": ((0, 2),),
    "os.chown": ((0, 3),),
    "os.utime": ((0, 3),),
    "os.truncate": ((0, None),),
    "os.setxattr": ((0, None),),
    "os.listdir": ((0, None),),
    "os.scandir": ((0, None),),
    "sqlite3.connect": ((0, None),),
}
_READING = ("os.listdir", "os.scandir", "sqlite3.connect")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@dataclass(frozen=True, slots=True)
class Seen:
    """Something that was touched.

    Attributes:
        what: a path; of a socket, which part of the program asked for what.
        kind: "read", "written" or "network".
    """

    what: str
    kind: str


class Watch:
    """An audit hook, which nothing can take out again; notes go to a file, a line each, once."""

    def __init__(self, notes: Path) -> None:
        self._file = os.open(notes, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        self._known: set[Seen] = set()
        self._is_noting = False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._is_noting:
            return
        if event.startswith("socket."):
            self._refuse(event, arguments)
        elif event == "open":
            is_written = isinstance(arguments[2], int) and bool(arguments[2] & _WRITING)
            self._note(_path(arguments[0], None), "written" if is_written else "read")
        elif event in _PATHS:
            for at, fd_at in _PATHS[event]:
                folder = arguments[fd_at] if fd_at is not None and fd_at < len(arguments) else None
                self._note(_path(arguments[at], folder), "read" if event in _READING else "written")

    def _refuse(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Let Unix sockets be, by which processes of one machine talk; nothing else."""
        if event == "socket.__new__" and arguments[1] == getattr(socket, "AF_UNIX", None):
            return
        place = arguments[1] if len(arguments) > 1 else None
        if event in ("socket.bind", "socket.connect") and isinstance(place, str | bytes):
            return
        if event in ("socket.gethostname", "socket.sethostname"):
            return
        self._note(f"{event} in {_caller()}", "network")
        raise PermissionError(f"{event} is blocked in the self-test")

    def _note(self, what: str | None, kind: str) -> None:
        if what is None or (seen := Seen(what, kind)) in self._known:
            return
        self._known.add(seen)
        self._is_noting = True
        try:
            os.write(self._file, json.dumps(asdict(seen)).encode("ascii") + b"\n")
        finally:
            self._is_noting = False


def read_notes(folder: Path) -> list[Seen]:
    """What all processes noted in files of a folder, sorted."""
    lines = [
        line for file in folder.glob("*.jsonl") for line in file.read_text("ascii").splitlines()
    ]
    return sorted({Seen(**json.loads(line)) for line in lines}, key=lambda each: each.what)


def without_network() -> bool:
    """Leave the machine's network for an empty one, where the kernel lets us; processes inherit it.

    Only before a second thread begins.
    """
    if sys.platform != "linux":
        return False
    user, group = os.getuid(), os.getgid()
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        return False
    try:
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    except OSError:
        pass  # we are somebody else then, but without a network all the same
    return True


def _path(given: Any, folder: Any) -> str | None:
    if isinstance(given, int) or given is None:
        return None  # a file that was opened before
    path = os.fsdecode(os.fspath(given))
    if path.startswith(("file:", ":memory:")) or not path:
        path = path.removeprefix("file://").partition("?")[0]
    if not path or path == ":memory:":
        return None
    if isinstance(folder, int) and folder >= 0 and not path.startswith("/"):
        try:  # rmtree gives names within an open folder
            path = os.path.join(os.readlink(f"/proc/self/fd/{folder}"), path)  # noqa: PTH115, PTH118
        except OSError:
            return path
    return os.path.abspath(path)  # noqa: PTH100


def _caller() -> str:
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
