"""What sidecars were before names were written to them: it can be undone, also after a kill.

A run is a folder: a journal of a line a sidecar, and the former sidecars. A line is on the disk
before its sidecar is changed.
"""

import errno
import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from glob import escape
from pathlib import Path
from typing import Any

from opqn_app.core import paths, plain_json, private
from opqn_app.core.errors import LibraryError
from opqn_app.core.files import UNFINISHED, real_path, replace_bytes
from opqn_app.exchange.going.exports import ExportError, Pace
from opqn_app.exchange.records import Problem, Progress
from opqn_app.exchange.sidecars import SUFFIX
from opqn_app.store.library import Library
from opqn_app.vision import reasons

FOLDER = "sidecars"
LINES = "journal.jsonl"
_WAITING = "waiting"  # lies in a run of which some sidecars could not be reached
_UNDONE = ".undone"  # suffix of a run of which some sidecars have been changed by others since


@dataclass(frozen=True, slots=True)
class UndoReport:
    """What came of undoing.

    Attributes:
        restored: sidecars that are as they were before.
        removed: sidecars that there were none of before.
        problems: sidecars that were left, with the reason.
        sidecars: that were restored, and then those that were removed.
    """

    restored: int
    removed: int
    problems: tuple[Problem, ...] = ()
    sidecars: tuple[Path, ...] = ()


class Journal:
    """One run of writing; nothing is made before the first `keep`."""

    def __init__(self, folder: Path | None = None, *, library: Path | None = None) -> None:
        """Prepare a run.

        Args:
            folder: of all runs; None for that of the user's data.
            library: whose names are written; only for it they are taken back, also if it is moved.
        """
        names: tuple[str | None, str | None] = (None, None)
        self._library, self._uuid = names if library is None else _names_of(library)
        self._all = runs_folder() if folder is None else folder
        self._run: Path | None = None
        self._n = 0

    def sweep(self) -> None:
        """Delete the unfinished file that a killed run left, if one did."""
        _sweep(_runs(self._all, None))

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
            private.make_folder(self._all)
            self._run.mkdir(mode=0o700)
        self._n += 1
        name = None
        if former is not None:
            name = f"{self._n}.xmp"
            replace_bytes(self._run / name, former, closed=True)
        line = {
            "sidecar": str(sidecar),
            "former": name,
            "mtime_ns": None if former is None else sidecar.stat().st_mtime_ns,
            "written": _digest(new),
            "size": len(new),
            "library": self._library,
            "uuid": self._uuid,
        }
        journal = self._run / LINES
        with open(journal, "a", encoding="ascii", opener=private.opener) as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())


def runs_folder() -> Path:
    """Where former sidecars are kept."""
    return paths.data_dir() / FOLDER


def can_undo(folder: Path | None = None, *, library: Path | None = None) -> bool:
    """Whether there is a run to undo."""
    return bool(_runs(runs_folder() if folder is None else folder, library))


def undo_last(
    folder: Path | None = None,
    *,
    library: Path | None = None,
    roots: Sequence[Path] = (),
    is_plan: bool = False,
) -> Generator[Progress, None, UndoReport]:
    """Make the sidecars of the last run what they were before it.

    A sidecar that somebody has changed since stays as it is, and what it was before is kept. One
    whose photo has moved is looked for. One that can't be reached is waited for: the same run is
    tried again each time, and if that brings nothing, the run before it has its turn.

    Args:
        folder: of all runs; None for that of the user's data.
        library: whose names were written; None for any. Earlier runs do not say it, and count.
        roots: folders in which moved sidecars are looked for.
        is_plan: only say what would be done.

    Raises:
        ExportError: there is no run to undo.
    """
    runs = _runs(runs_folder() if folder is None else folder, library)
    if not runs:
        raise ExportError("No names were written to sidecars that could be taken back.")
    if not is_plan:
        _sweep(runs)
    waiting: list[Problem] = []
    for run in reversed(runs):
        was_waiting = (run / _WAITING).exists()
        undone = _Undone()
        yield from _undo(run, roots, is_plan, undone)
        if not is_plan:
            _put_away(run, undone)
        if undone.restored or undone.removed or undone.changed or not was_waiting:
            break
        waiting += undone.away
        undone = _Undone()
    problems = (*undone.changed, *undone.away, *waiting)
    return UndoReport(
        len(undone.restored), len(undone.removed), problems, (*undone.restored, *undone.removed)
    )


@dataclass(slots=True)
class _Undone:
    """What came of one run; `pending` are the lines of those that are away."""

    restored: list[Path] = field(default_factory=list)
    removed: list[Path] = field(default_factory=list)
    changed: list[Problem] = field(default_factory=list)
    away: list[Problem] = field(default_factory=list)
    pending: list[dict[str, Any]] = field(default_factory=list)


def _undo(
    run: Path, roots: Sequence[Path], is_plan: bool, undone: _Undone
) -> Generator[Progress, None, None]:
    lines = lines_of(run)
    pace = Pace(len(lines), len(lines))
    moved: dict[str, list[Path]] | None = None
    for line in reversed(lines):
        sidecar = Path(line["sidecar"])
        try:
            now = _content(sidecar)
            if now is None and _has_left(sidecar):
                if moved is None:
                    moved = yield from _elsewhere(lines, roots, pace)
                sidecar = _place(sidecar, moved.get(line["written"], []))
                now = _content(sidecar)
            _undo_line(run, line, sidecar, now, is_plan, undone)
        except OSError as error:
            reason = error.strerror if error.errno is None else reasons.file_system(sidecar, error)
            sentence = f"{sidecar} can't be taken back now: {reason}."
            undone.away.append(Problem(sidecar, sentence))
            undone.pending.insert(0, line)
        yield pace.at(sidecar.name, photos=1, work=1)


def _undo_line(
    run: Path,
    line: dict[str, Any],
    sidecar: Path,
    now: bytes | None,
    is_plan: bool,
    undone: _Undone,
) -> None:
    """Take back what one line says of a sidecar, which holds `now`."""
    former = None if line["former"] is None else run / line["former"]
    if now is not None and _digest(now) == line["written"]:
        if not is_plan:
            _restore(sidecar, former, line["mtime_ns"])
        (undone.removed if former is None else undone.restored).append(sidecar)
    elif not _is_former(now, former):
        sentence = f"{sidecar} has been changed since and stays as it is."
        if former is not None:
            sentence += f" What it was before names were written is kept in {run}{_UNDONE}."
        undone.changed.append(Problem(sidecar, sentence))


def _put_away(run: Path, undone: _Undone) -> None:
    """Keep of a run what is still needed."""
    if undone.changed:
        shutil.copytree(run, run.with_name(run.name + _UNDONE), dirs_exist_ok=True)
    if not undone.away:
        shutil.rmtree(run)
        return
    write_lines(run, undone.pending)
    (run / _WAITING).touch(mode=private.FILE_MODE)


def write_lines(run: Path, lines: Sequence[dict[str, Any]]) -> None:
    """Make these the lines of a run, in one step."""
    text = "".join(json.dumps(line) + "\n" for line in lines)
    replace_bytes(run / LINES, text.encode("ascii"), closed=True)


def _has_left(sidecar: Path) -> bool:
    """Whether the photo of a missing sidecar is not there either."""
    try:
        beside = [each.name for each in sidecar.parent.iterdir()]
    except FileNotFoundError:
        return True
    return not any(sidecar.stem in (name, Path(name).stem) for name in beside)


def _elsewhere(
    lines: Sequence[dict[str, Any]], roots: Sequence[Path], pace: Pace
) -> Generator[Progress, None, dict[str, list[Path]]]:
    """Digest → sidecars below the roots which a run wrote, but that lay elsewhere then."""
    places = {line["sidecar"] for line in lines}
    wanted = {line["written"] for line in lines}
    sizes = {line.get("size") for line in lines}
    found: dict[str, list[Path]] = {}
    for root in roots:
        for folder, _, names in os.walk(root):
            yield pace.at(Path(folder).name)
            for name in names:
                path = Path(folder, name)
                if path.suffix.lower() != SUFFIX or str(path) in places:
                    continue
                try:
                    if None not in sizes and path.stat().st_size not in sizes:
                        continue
                    digest = _digest(path.read_bytes())
                except OSError:
                    continue  # one that can't be read stays
                if digest in wanted:
                    found.setdefault(digest, []).append(path)
    return found


def _place(sidecar: Path, places: Sequence[Path]) -> Path:
    """Where a sidecar lies now.

    Raises:
        OSError: that is not known.
    """
    if len(places) == 1:
        return places[0]
    if places:
        raise OSError(None, f"it lies in several places now, such as {places[0].parent}")
    if not sidecar.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(sidecar))
    return sidecar


def _runs(folder: Path, library: Path | None) -> list[Path]:
    """Those that can be undone, the first one first."""
    runs = kept_runs(folder, library)
    return [each for each in runs if not each.name.endswith(_UNDONE)]


def kept_runs(folder: Path, library: Path | None) -> list[Path]:
    """All of a library whose former sidecars are kept, also where they can't be undone."""
    runs = sorted(folder.glob("*-*"))
    if library is None or not runs:
        return runs
    path, uuid = _names_of(library)
    return [each for each in runs if _is_of(each, path, uuid)]


def _is_of(run: Path, path: str, uuid: str | None) -> bool:
    for line in lines_of(run)[:1]:
        if uuid is not None and line.get("uuid") is not None:
            return bool(line["uuid"] == uuid)
        return line.get("library") in (None, path)
    return True


def _names_of(library: Path) -> tuple[str, str | None]:
    """Path of a library, and its uuid if it is there: a file that was moved keeps that."""
    path = str(real_path(library))
    try:
        with Library.open(library) as opened:
            return path, opened.uuid
    except LibraryError:
        return path, None


def _sweep(runs: Sequence[Path]) -> None:
    """Only the last sidecar of the last run can be unfinished."""
    for line in lines_of(runs[-1])[-1:] if runs else ():
        sidecar = Path(line["sidecar"]).resolve()
        for unfinished in sidecar.parent.glob(f"{escape(sidecar.name[:40])}.????????{UNFINISHED}"):
            unfinished.unlink(missing_ok=True)


def lines_of(run: Path) -> list[dict[str, Any]]:
    """What a run says of its sidecars, in the order of writing."""
    try:
        lines = (run / LINES).read_text(encoding="ascii").splitlines(keepends=True)
    except FileNotFoundError:
        return []  # killed before the first line
    return [
        plain_json.loads(line) for line in lines if line.endswith("\n")
    ]  # the last may be cut off


def _content(sidecar: Path) -> bytes | None:
    """The bytes of a sidecar; None where it is not."""
    try:
        return sidecar.read_bytes()
    except FileNotFoundError:
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
