"""Where an error was raised and of which kind, without its text: that may name somebody."""

import os
import traceback
from collections.abc import Iterator
from pathlib import Path

_OURS = Path(__file__).resolve().parents[2]
_PYTHON = Path(os.__file__).resolve().parent


def lines_of(error: BaseException | None) -> Iterator[str]:
    """As `traceback` prints an error and what led to it, the latter last; no folder of a person.

    Source lines are those of programs.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        for frame in traceback.extract_tb(error.__traceback__):
            yield f'  File "{_short(frame.filename)}", line {frame.lineno}, in {frame.name}'
            if frame.line:
                yield f"    {frame.line}"
        kind = type(error)
        yield f"{kind.__module__}.{kind.__qualname__}{_number(error)}"
        if isinstance(error, BaseExceptionGroup):
            for each in error.exceptions:
                yield from (f"  | {line}" for line in lines_of(each))
        cause = error.__cause__
        error = cause if cause or error.__suppress_context__ else error.__context__


def _number(error: BaseException) -> str:
    """The code of an error of the system or of SQLite, which says nothing of the user."""
    code = getattr(error, "sqlite_errorname", None) or getattr(error, "errno", None)
    return f" ({code})" if isinstance(code, str | int) else ""


def _short(name: str) -> str:
    """A file as it is found in any installation; its folders there may hold the user's name."""
    path = Path(name)
    if "site-packages" in path.parts:
        return Path(*path.parts[path.parts.index("site-packages") + 1 :]).as_posix()
    for place in (_OURS, _PYTHON):
        if path.is_relative_to(place):
            return path.relative_to(place).as_posix()
    return path.name
