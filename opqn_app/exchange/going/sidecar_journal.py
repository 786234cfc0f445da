"""What sidecars were before names were written to them: it can be undone, also after a kill.

A run is a folder: a journal of a line a sidecar, and the former sidecars. A line is on the disk
before its sidecar is changed.
"""

import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import Any

from opqn_app.core import paths
from opqn_app.core.files import UNFINISHED, replace_bytes
from opqn_app.exchange.going.exports import ExportError, Pace
from opqn_app.exchange.records import Problem, Progress
from opqn_app.vision import reasons

FOLDER = "sidecars"
_LINES = "journal.jsonl"
_UNDONE = ".undone"  # suffix of a run of which some sidecars have been changed by others since


@dataclass(frozen=True, slots=True)
class UndoReport:
    """What came of undoing.

    Attributes:
        restored: sidecars that are as they were before.
        removed: sidecars that there were none of before.
        problems: sidecars that were left, with the reason.
    """

    restored: int
    removed: int
    problems: tuple[Problem, ...] = ()


class Journal:
    """One run of writing; nothing is made before the first `keep`."""

    def __init__(self, folder: Path | None = None) -> None:
        """Prepare a run.

        Args:
            folder: of all runs; None for that of the user's data.
        """
        self._all = runs_folder() if folder is None else folder
        self._run: Path | None = None
        self._n = 0

    def sweep(self) -> None:
        """Delete the unfinished file that a killed run left, if one did."""
        _sweep(_runs(self._all))

    def keep(self, sidecar: Path, former: bytes | None, new: bytes) -> None:
        """Keep what a sidecar is before `new` takes its place.

        Args:
            former: its content; None where there is none.

        Raises:
            ExportError: it can't be kept.
        """
        try:
            self._keep(sidecar, former, new)
        except OSError as error:
            raise ExportError(
                f"What sidecars were before can't be kept in {self._all}: {error.strerror}. So "
                "nothing more is written to them."
            ) from error

    def _keep(self, sidecar: Path, former: bytes | None, new: bytes) -> None:
        if self._run is None:
            self._run = self._all / f"{time.time_ns():020}-{secrets.token_hex(2)}"
            self._run.mkdir(parents=True)
        self._n += 1
        name = None
        if former is not None:
            name = f"{self._n}.xmp"
            replace_bytes(self._run / name, former)
        line = {
            "sidecar": str(sidecar),
            "former": name,
            "mtime_ns": None if former is None else sidecar.stat().st_mtime_ns,
            "written": _digest(new),
        }
        with (self._run / _LINES).open("a", encoding="ascii") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())


def runs_folder() -> Path:
    """Where former sidecars are kept."""
    return paths.data_dir() / FOLDER


def can_undo(folder: Path | None = None) -> bool:
    """Whether there is a run to undo."""
    return bool(_runs(runs_folder() if folder is None else folder))


def undo_last(folder: Path | None = None) -> Generator[Progress, None, UndoReport]:
    """Make the sidecars of the last run what they were before it.

    A sidecar that somebody has changed since stays as it is, and what it was before is kept. One
    that can't be reached is waited for: then the same run can be undone again.

    Raises:
        ExportError: there is no run to undo.
    """
    runs = _runs(runs_folder() if folder is None else folder)
    if not runs:
        raise ExportError("No names were written to sidecars that could be taken back.")
    run = runs[-1]
    _sweep(runs)
    lines = _lines(run)
    pace = Pace(len(lines), len(lines))
    restored = removed = 0
    changed: list[Problem] = []
    away: list[Problem] = []
    for line in reversed(lines):
        sidecar, former = Path(line["sidecar"]), line["former"]
        try:
            now = _content(sidecar)
            if now is not None and _digest(now) == line["written"]:
                _restore(sidecar, None if former is None else run / former, line["mtime_ns"])
                restored += former is not None
                removed += former is None
            elif not _is_former(now, None if former is None else run / former):
                sentence = f"{sidecar} has been changed since and stays as it is."
                if former is not None:
                    sentence += f" What it was before names were written is kept in {run}{_UNDONE}."
                changed.append(Problem(sidecar, sentence))
        except OSError as error:
            reason = reasons.file_system(sidecar, error)
            away.append(Problem(sidecar, f"{sidecar} can't be taken back now: {reason}."))
        yield pace.at(sidecar.name, photos=1, work=1)
    if changed and not away:
        run.rename(run.with_name(run.name + _UNDONE))
    elif not away:
        shutil.rmtree(run)
    return UndoReport(restored, removed, (*changed, *away))


def _runs(folder: Path) -> list[Path]:
    return sorted(each for each in folder.glob("*-*") if not each.name.endswith(_UNDONE))


def _sweep(runs: Sequence[Path]) -> None:
    """Only the last sidecar of the last run can be unfinished."""
    for line in _lines(runs[-1])[-1:] if runs else ():
        sidecar = Path(line["sidecar"]).resolve()
        for unfinished in sidecar.parent.glob(f"{escape(sidecar.name[:40])}.????????{UNFINISHED}"):
            unfinished.unlink(missing_ok=True)


def _lines(run: Path) -> list[dict[str, Any]]:
    try:
        lines = (run / _LINES).read_text(encoding="ascii").splitlines(keepends=True)
    except FileNotFoundError:
        return []  # killed before the first line
    return [json.loads(line) for line in lines if line.endswith("\n")]  # the last may be cut off


def _content(sidecar: Path) -> bytes | None:
    """The bytes of a sidecar; None where its folder is there and it is not."""
    try:
        return sidecar.read_bytes()
    except FileNotFoundError:
        if not sidecar.parent.is_dir():
            raise
        return None


def _is_former(now: bytes | None, former: Path | None) -> bool:
    """Whether a sidecar is already, or still, what it was."""
    if former is None:
        return now is None
    return now == former.read_bytes()


def _restore(sidecar: Path, former: Path | None, mtime_ns: int | None) -> None:
    if former is None:
        sidecar.unlink()
        return
    replace_bytes(sidecar, former.read_bytes())
    if mtime_ns is not None:
        os.utime(sidecar, ns=(mtime_ns, mtime_ns))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
