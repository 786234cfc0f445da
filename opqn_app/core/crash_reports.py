"""What is written down when the program meets a fault of its own: where, and nothing of the user.

A report lies on this computer and is sent to nobody; who wants to pass it on can read it first.
"""

import hashlib
import platform
import threading
from datetime import datetime
from pathlib import Path

from opqn_app import __version__
from opqn_app.core import paths, private
from opqn_app.core.errors import OpqnError
from opqn_app.core.harmless_traceback import lines_of

KEPT = 10
FOLDER = "crash-reports"  # in the folder of logs
_ENDING = ".txt"
_written: dict[str, Path] = {}  # of this process, by what went wrong
_writing = threading.Lock()


def write(error: BaseException, doing: str) -> Path | None:
    """Keep a report of an error that nobody foresaw; the same one again takes its place.

    Args:
        doing: what the program did, in words of its own.

    Returns:
        The file; None where it can't be written, as on a full disk.
    """
    body = "\n".join(lines_of(error))
    key = hashlib.sha256(body.encode("utf-8", "replace")).hexdigest()[:8]
    with _writing:
        known = _written.get(key)
        try:
            if known is None or known not in reports():  # what comes with each picture is one fault
                known = _written[key] = _write(key, _text(body, doing))
        except (OSError, OpqnError):
            return None
    return known


def reports() -> list[Path]:
    """All that are kept, newest first."""
    return sorted(_folder().glob(f"*{_ENDING}"), reverse=True)


def delete_all() -> None:
    for path in reports():
        path.unlink(missing_ok=True)


def _folder() -> Path:
    return paths.log_dir() / FOLDER


def _write(key: str, text: str) -> Path:
    folder = _folder()
    private.make_folder(folder)
    now = datetime.now()
    path = folder / f"{now:%Y-%m-%d %H%M%S%f} {key}{_ENDING}"
    unfinished = path.with_suffix(".tmp")
    private.make_file(unfinished)
    try:
        unfinished.write_text(text, encoding="utf-8", errors="replace")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    others = [each for each in reports() if each != path]
    same = [each for each in others if each.stem.endswith(key)]
    for old in {*same, *[each for each in others if each not in same][KEPT - 1 :]}:
        old.unlink(missing_ok=True)
    return path


def _text(body: str, doing: str) -> str:
    return (
        f"OPQN Photo Search {__version__}\n"
        f"Python {platform.python_version()}, {platform.system()} {platform.release()}, "
        f"{platform.machine()}\n"
        f"{datetime.now():%Y-%m-%d %H:%M:%S}\n"
        f"While: {doing}\n\n"
        f"{body}\n\n"
        "Names, paths of photos and faces are not in this report. It was sent to nobody.\n"
    )
