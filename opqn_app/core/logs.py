"""Logging: words to stderr, and a rotating file that never leaves the machine."""

import logging
import sys
from collections.abc import Callable
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import cast

from opqn_app.core import crash_reports, private
from opqn_app.core.errors import OpqnError
from opqn_app.core.harmless import in_text
from opqn_app.core.harmless_traceback import lines_of

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

OWN = ("opqn_app", "trainer")
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def configure(*, verbose: bool = False, log_dir: Path | None = None) -> None:
    """Set up the root logger. Photo paths are personal data: log them at DEBUG only.

    Args:
        verbose: on stderr DEBUG of this program and INFO of libraries, instead of WARNING.
        log_dir: folder for `opqn.log` (INFO, 3 files of 1 MB); None writes no file.
    """
    root = logging.getLogger()
    root.setLevel(logging.INFO)  # of libraries: some write pages at DEBUG
    for own in OWN:
        logging.getLogger(own).setLevel(logging.DEBUG if verbose else logging.NOTSET)
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    stderr = logging.StreamHandler()
    stderr.setLevel(logging.DEBUG if verbose else logging.WARNING)
    stderr.setFormatter(_Harmless("%(levelname)s: %(message)s"))
    stderr.addFilter(_once())
    root.addHandler(stderr)
    if log_dir is not None:
        try:
            to_file = _OwnFile(log_dir / "opqn.log", maxBytes=1_000_000, backupCount=2)
        except OSError as error:
            root.warning("no log file is written: %s", error.strerror)
            return
        to_file.setLevel(logging.INFO)
        to_file.setFormatter(_WithoutErrorText(LOG_FORMAT))
        root.addHandler(to_file)
        root.addHandler(_Reports(logging.ERROR))


def _once() -> Callable[[logging.LogRecord], bool]:
    """Lets each warning through once; what is worse than one, and what is asked for, always."""
    said: set[str] = set()

    def is_new(record: logging.LogRecord) -> bool:
        if record.levelno != logging.WARNING:
            return True
        text = record.getMessage()
        is_first = text not in said
        said.add(text)
        return is_first

    return is_new


class _Harmless(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return in_text(super().format(record))


class _OwnFile(RotatingFileHandler):
    """A file that others may not read; a full disk takes lines from it and disturbs nobody."""

    def _open(self) -> TextIOWrapper:
        private.tighten(Path(self.baseFilename))
        # The name of a file in text mode gives a TextIOWrapper.
        return cast(
            "TextIOWrapper",
            open(self.baseFilename, self.mode, encoding="utf-8", opener=private.opener),
        )

    def handleError(self, record: logging.LogRecord) -> None:
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)


class _WithoutErrorText(logging.Formatter):
    """Where an error was raised and of which kind, not its text: that may name a photo."""

    def format(self, record: logging.LogRecord) -> str:
        shown, record.exc_text = record.exc_text, None  # what another handler made of it
        try:
            return super().format(record)
        finally:
            record.exc_text = shown

    def formatException(self, ei: ExcInfo) -> str:
        return "\n".join(lines_of(ei[1]))


class _Reports(logging.Handler):
    """Keeps a report of each error that comes with where it was raised: nobody foresaw it."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and not isinstance(error, OpqnError | KeyboardInterrupt):
            crash_reports.write(error, str(record.msg))  # what it is filled with may be a name
