"""One writer at a time, and a word about who it is for everyone who has to wait."""

import json
import logging
import os
import sys
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from opqn_app.core import plain_json, private
from opqn_app.core.errors import LibraryError, LibraryLocked, LibraryReadOnly

logger = logging.getLogger(__name__)


class WriterLock:
    """The right to write one library.

    The operating system drops the lock when its process dies, so a killed writer blocks nobody.
    """

    def __init__(self, library: Path) -> None:
        self._library = library
        self._lock = FileLock(
            library.with_name(library.name + ".lock"), mode=private.FILE_MODE, thread_local=False
        )
        # A file of its own: Windows refuses others to read the locked one.
        self._note = library.with_name(library.name + ".writer.json")

    def acquire(self) -> None:
        """Take the lock now.

        Raises:
            LibraryLocked: somebody else has it; the message says who.
            LibraryReadOnly: the folder of the library may not be written.
            LibraryError: nor does it hold a library yet.
        """
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise LibraryLocked(self._library, self._holder()) from None
        except OSError as error:
            if self._library.is_file():
                raise LibraryReadOnly(self._library, str(error.strerror)) from error
            raise LibraryError(
                f"The library {self._library} can't be made: {error.strerror}. Check the rights "
                "of its folder, or choose a library file in another place."
            ) from error
        note = {
            "pid": os.getpid(),
            "command": _command(),
            "since": datetime.now().isoformat(sep=" ", timespec="seconds"),
        }
        try:
            private.make_file(self._note)
            self._note.write_text(json.dumps(note), encoding="utf-8")
        except OSError as error:  # a full disk: who waits is told less, that is all
            logger.debug("the writer's note can't be written: %s", error)

    def release(self) -> None:
        if not self._lock.is_locked:
            return
        self._note.unlink(missing_ok=True)
        self._lock.release()

    def _holder(self) -> str:
        try:
            note = plain_json.loads(self._note.read_text(encoding="utf-8"))
            return f"'{note['command']}' (process {note['pid']}, since {note['since']})"
        except (OSError, ValueError, KeyError, TypeError) as error:
            # Its writer is between taking the lock and writing the note, or a disk is odd.
            logger.debug("the writer's note can't be read: %s", error)
            return "another program"


def _command() -> str:
    program = Path(sys.argv[0]).name or Path(sys.executable).name
    words = [program, *sys.argv[1:3]]
    return " ".join(words).encode("utf-8", "replace").decode("utf-8")[:120]
