"""Reports of evaluations on disk: where a new one goes, and which old ones are removed."""

import re
import shutil
import time
from collections.abc import Collection
from pathlib import Path

from opqn_app.core import paths

KEPT = 20  # reports; one is some 2 MB
UNFINISHED_S = 24 * 3600.0  # a folder without a report may be one that another window is filling
_OURS = re.compile(r"\d{4}-\d\d-\d\d \d{6} ")


def evaluations_folder() -> Path:
    """Where the window keeps them."""
    return paths.data_dir() / "evaluations"


def new_folder(data: Path | None) -> Path:
    """Where the report of an evaluation of `data` goes that begins now; not made yet."""
    name = data.name.partition(".")[0] if data is not None else "evaluation"
    return evaluations_folder() / f"{time.strftime('%Y-%m-%d %H%M%S')} {name}"


def remove_old(in_use: Collection[Path], *, kept: int = KEPT) -> list[Path]:
    """Remove all but the newest `kept` reports; runs in a lane.

    Args:
        in_use: shown or being made; never removed, and not counted.

    Returns:
        What was removed. Folders that are not named as `new_folder` names them stay.
    """
    folder = evaluations_folder()
    found = [p for p in folder.iterdir() if _is_ours(p)] if folder.is_dir() else []
    loose = sorted((p for p in found if p not in in_use), key=lambda p: p.name, reverse=True)
    now = time.time()
    done = [p for p in loose if (p / "report.json").is_file()]
    stray = [p for p in loose if p not in done and now - p.stat().st_mtime > UNFINISHED_S]
    removed = [*done[kept:], *stray]
    for path in removed:
        shutil.rmtree(path, ignore_errors=True)
    return removed


def discard(path: Path) -> None:
    """Remove what a stopped evaluation has left; runs in a lane."""
    if _is_ours(path) and path.parent == evaluations_folder():
        shutil.rmtree(path, ignore_errors=True)


def _is_ours(path: Path) -> bool:
    return bool(_OURS.match(path.name)) and path.is_dir() and not path.is_symlink()
