"""Logging: words to stderr, and a rotating file that never leaves the machine."""

import logging
import sys
import traceback
from collections.abc import Callable
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import cast

from opqn_app.core import private
from opqn_app.core.harmless import in_text

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
        lines: list[str] = []
        error = ei[1]
        while error is not None:
            kind = type(error)
            lines += traceback.format_tb(error.__traceback__)
            lines.append(f"{kind.__module__}.{kind.__qualname__}\n")
            cause = error.__cause__
            error = cause if cause or error.__suppress_context__ else error.__context__
        return "".join(lines).rstrip()
