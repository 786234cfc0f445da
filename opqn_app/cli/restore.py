"""`opqn restore`: bring what a backup holds back into the library."""

import argparse
import shlex
from dataclasses import asdict
from pathlib import Path

from opqn_app.cli.kit import Parsers, emit, library_path
from opqn_app.core.errors import OpqnError
from opqn_app.core.harmless import in_lines
from opqn_app.core.progress import counted


def add(parsers: Parsers) -> None:
    text = "Add what a backup holds and the library does not; where it is gone, make a new one."
    parser = parsers.add("restore", run, text)
    parser.add_argument(
        "backup",
        type=Path,
        nargs="?",
        help="a backup; without it, the newest whole one of the library with most decisions",
    )
    parser.add_argument(
        "--undo", action="store_true", help="take out the decisions that the last restore brought"
    )


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.people.restoring import restore

    library = library_path(arguments)
    if arguments.undo:
        return _undo(arguments, library)
    backup = _named(library, arguments.backup) or _fullest(library)
    done = restore(library, backup)
    words = f"{counted(done.decisions, 'decision')}, {counted(len(done.folders), 'folder')} and "
    words += f"{len(done.searches):,} saved searches came from {backup}."
    if not (done.decisions or done.folders or done.searches):
        words = f"Nothing was missing: the library holds all that is in {backup}."
    lines = [words, *(f"Index it: opqn index {folder}" for folder in done.folders)]
    if done.before is not None:
        lines.append(f"What the library held before is in the backup {done.before}.")
        lines.append("To take the decisions back: opqn restore --undo")
    if done.aside is not None:
        lines.append(
            f"The library that lay there could not be opened. It was set aside first, as "
            f"{done.aside}, for 30 days or until something is forgotten. To go back, move it to "
            f"{library}."
        )
    emit(arguments, {"backup": str(backup), **asdict(done)}, in_lines(lines))
    return 0


def _undo(arguments: argparse.Namespace, library: Path) -> int:
    from opqn_app.people.unrestoring import undo_restore

    if arguments.backup is not None:
        raise OpqnError("--undo takes back the last restore and needs no backup named.")
    done = undo_restore(library)
    lines = [f"{counted(done.decisions, 'decision')} that the last restore brought were taken out."]
    lines += [
        f"The folder {folder} came since then and stays: opqn forget {shlex.quote(str(folder))}"
        for folder in done.folders
    ]
    lines += [
        f'The saved search "{name}" came since then and stays: '
        f"opqn find --forget-saved {shlex.quote(name)}"
        for name in done.searches
    ]
    emit(arguments, asdict(done), in_lines(lines))
    return 0


def _named(library: Path, backup: Path | None) -> Path | None:
    """A backup by its path, or by its name as `opqn backup --list` prints it."""
    from opqn_app.store.backups import folder_of

    if backup is None or backup.exists() or backup.name != str(backup):
        return backup
    return folder_of(library) / backup


def _fullest(library: Path) -> Path:
    """Of each library that lay here the newest whole backup; of these the one that holds most.

    A library that was begun anew has backups too, which hold less.
    """
    from opqn_app.store import backups

    newest: dict[str, backups.Backup] = {}
    for backup in backups.listed(library):
        if not backup.problem:
            newest.setdefault(backup.uuid, backup)
    if newest:
        return max(newest.values(), key=lambda each: (each.decisions, each.made)).path
    raise OpqnError(
        f"There is no whole backup in {backups.folder_of(library)}. Name a backup that lies "
        "elsewhere."
    )
