"""Where things lie: the user's data, logs and caches, and the files shipped with the app."""

import os
from contextlib import suppress
from pathlib import Path

import platformdirs

from opqn_app.core import private
from opqn_app.core.errors import OpqnError

APP_NAME = "opqn-photo-search"
DEFAULT_MODEL = "bundled-256"  # a folder of resources/models; where no model is named


def _user_dir(variable: str, default: str) -> Path:
    # OPQN_DATA_DIR, OPQN_CACHE_DIR and OPQN_LOG_DIR move everything, e.g. onto the photo disk.
    named = os.environ.get(variable)
    path = Path(named or default)
    try:
        private.make_folder(path)
    except OSError as error:
        raise OpqnError(
            f"The folder {path} can't be made: {error.strerror}. Set {variable} to a folder that "
            "may be written."
        ) from error
    if not named:  # a folder that the user named may hold what is not ours
        private.tighten(path)
    return path


def data_dir() -> Path:
    """Folder of the library, settings and imported models; made if missing."""
    return _user_dir("OPQN_DATA_DIR", platformdirs.user_data_dir(APP_NAME, appauthor=False))


def cache_dir() -> Path:
    """Folder for what can be made again; made if missing."""
    return _user_dir("OPQN_CACHE_DIR", platformdirs.user_cache_dir(APP_NAME, appauthor=False))


def log_dir() -> Path:
    """Folder of the log files; made if missing."""
    return _user_dir("OPQN_LOG_DIR", platformdirs.user_log_dir(APP_NAME, appauthor=False))


def window_file() -> Path:
    """Where the window keeps its size and the like; made if missing."""
    path = data_dir() / "window.ini"
    with suppress(OSError):  # a full or read-only disk: nothing is kept then
        private.make_file(path)
        private.tighten(path)
    return path


def default_library() -> Path:
    """The library file used when none is named."""
    return data_dir() / "library.sqlite"


def resource(name: str) -> Path:
    """Path of a shipped file, such as "models/bundled-64".

    A wheel and a frozen app carry resources/ inside the package; in a clone it lies beside it.
    """
    package = Path(__file__).resolve().parents[1]
    inside = package / "resources"
    return (inside if inside.is_dir() else package.parent / "resources") / name
