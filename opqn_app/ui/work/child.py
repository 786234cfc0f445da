"""Runs `opqn evaluate` or `opqn train` beside the window and listens to its JSON lines.

A process of its own keeps the window fluid, gives its memory back when it ends, and keeps the
trainer out of the app: all that is known of it is what it prints.
"""

import json
import logging
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from opqn_app.core.own_program import own_program
from opqn_app.core.with_parent import environment_of_child

logger = logging.getLogger(__name__)

GRACE_MS = 60_000  # to save a checkpoint; then the process is killed
CLOSING_GRACE_MS = 15_000  # the same while the window closes
KEPT_LINES = 200  # of stderr
# What a child's sentence calls by its flag → the field of Evaluate or Train that sets it.
FIELDS = {
    "--queries": "Test pictures of each person",
    "--queries-per-person": "Pictures of each that ask",
    "--len": "Code length of a face",
    "--method": "Method",
    "--preset": "Preset",
    "--input-size": "Pictures are seen at",
    "--epochs": "Epochs",
    "--protocol": "Protocol",
    "--device": "Computed by",
    "--model": "Models",
    "--aligned": "They are",
    "--controls": "Compare with",
}
_FLAG = re.compile(rf"(?:{'|'.join(FIELDS)})(?![\w-])")


@dataclass(frozen=True, slots=True)
class ChildEnd:
    """How a child ended.

    Attributes:
        status: "done", "stopped" (as asked) or "failed".
        words: what went wrong, as a plain sentence; "" unless it failed.
        details: what the child wrote to stderr, for a person who looks into it.
    """

    status: str
    words: str = ""
    details: str = ""


class ChildProcess(QObject):
    """One child at a time.

    Args:
        program: what is started, the arguments go behind it; this very program by default.

    Signals:
        told: a JSON object (dict) the child printed.
        finished: a ChildEnd, once for each `start`.
    """

    told = Signal(object)
    finished = Signal(object)

    def __init__(
        self, *, program: Sequence[str] | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._program = list(program or own_program())
        self._process: QProcess | None = None
        self._buffer = b""
        self._errors: deque[str] = deque(maxlen=KEPT_LINES)
        self._is_stopping = False
        self._kill_timer = QTimer(self, singleShot=True)
        self._kill_timer.timeout.connect(self._kill)

    @property
    def is_running(self) -> bool:
        return self._process is not None

    @property
    def is_stopping(self) -> bool:
        """It was asked to stop and has not ended yet."""
        return self.is_running and self._is_stopping

    def start(self, arguments: Sequence[str]) -> None:
        """Start the command; ends with `finished`, also when it can't be started."""
        assert self._process is None, "one child at a time"
        self._buffer, self._is_stopping = b"", False
        self._errors.clear()
        process = QProcess(self)
        process.setProcessEnvironment(_environment())
        process.readyReadStandardOutput.connect(self._read_output)
        process.readyReadStandardError.connect(self._read_errors)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        self._process = process
        program, *first = self._program
        logger.info("starting %s", " ".join(arguments[:1]))
        process.start(program, [*first, *arguments])

    def stop(self, *, grace_ms: int = GRACE_MS) -> None:
        """Ask the child to save what it can and end; after `grace_ms` it is killed."""
        if self._process is None:
            return
        self._is_stopping = True
        self._process.terminate()
        self._kill_timer.start(grace_ms)

    def stop_and_wait(self, *, grace_ms: int = CLOSING_GRACE_MS) -> None:
        """The same, and come back when nothing of it runs any more; for closing the window."""
        process = self._process
        if process is None:
            return
        self.stop(grace_ms=grace_ms)
        if not process.waitForFinished(grace_ms):
            process.kill()
            process.waitForFinished(-1)

    def _kill(self) -> None:
        if self._process is not None:
            logger.warning("the child did not end in time and is killed")
            self._process.kill()

    def _read_output(self) -> None:
        if self._process is None:
            return
        self._buffer += bytes(self._process.readAllStandardOutput().data())
        *lines, self._buffer = self._buffer.split(b"\n")
        for line in lines:
            self._tell(line)

    def _tell(self, line: bytes) -> None:
        if not line.strip():
            return
        try:
            value: Any = json.loads(line)
        except ValueError:  # a library's own chatter
            logger.debug("the child printed no JSON: %.200r", line)  # may name data: no more
            return
        if isinstance(value, dict):
            self.told.emit(value)

    def _read_errors(self) -> None:
        if self._process is not None:
            text = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
            self._errors += [line for line in text.splitlines() if line.strip()]

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read_output()
        self._tell(self._buffer)
        self._read_errors()
        self._end(self._how(code, is_crash=status == QProcess.ExitStatus.CrashExit))

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:  # all others also end in `finished`
            words = "The program could not start itself a second time. Is it still installed?"
            self._end(ChildEnd("failed", words))

    def _how(self, code: int, *, is_crash: bool) -> ChildEnd:
        if code == 0 and not is_crash:
            return ChildEnd("done")
        if self._is_stopping:
            return ChildEnd("stopped")
        details = "\n".join(self._errors)
        logger.error("the child ended with %s %d", "signal" if is_crash else "status", code)
        logger.debug("what the child said:\n%s", details)  # it names data
        return ChildEnd("failed", failure_in_words(details, code, is_crash=is_crash), details)

    def _end(self, end: ChildEnd) -> None:
        self._kill_timer.stop()
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()
        self.finished.emit(end)


def failure_in_words(errors: str, code: int, *, is_crash: bool) -> str:
    """What to tell the user.

    Args:
        errors: stderr; a known problem is one sentence at its end.
        code: exit status, or the signal that ended it.
    """
    lines = errors.splitlines()
    if is_crash:
        return (
            "The system ended this task, most likely because memory ran out. "
            "Close other programs or take fewer pictures, and try again."
        )
    if code == 1 and lines and not any(line.startswith("Traceback ") for line in lines):
        return _with_fields(lines[-1])
    return "This task ended by a fault of this program; its log file says more."


def _with_fields(sentence: str) -> str:
    """A sentence with the fields of the window in place of the flags that they stand for."""
    return _FLAG.sub(lambda found: f"“{FIELDS[found[0]]}”", sentence)


def _environment() -> QProcessEnvironment:
    values = QProcessEnvironment.systemEnvironment()
    values.insert("PYTHONUNBUFFERED", "1")
    values.insert("PYTHONIOENCODING", "utf-8")
    values.insert(*environment_of_child())  # its stdin is a pipe of ours, on which nothing is said
    return values
