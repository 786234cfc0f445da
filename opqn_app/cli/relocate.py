"""`opqn relocate`: say that the photos of a folder are in another place now."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opqn_app.cli.kit import Parsers, emit, library_path
from opqn_app.core.errors import OpqnError
from opqn_app.core.progress import run_with_progress

if TYPE_CHECKING:
    from opqn_app.index.relocating import Comparison


def add(parsers: Parsers) -> None:
    text = "Say that the photos of a folder are in another place now; nothing is read again."
    parser = parsers.add("relocate", run, text)
    parser.add_argument(
        "old", type=Path, metavar="OLD", help="folder of the library, or a folder in one"
    )
    parser.add_argument(
        "new", type=Path, metavar="NEW", nargs="?", help="folder in which its photos are now"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="only compare what is there, and change nothing"
    )
    parser.add_argument(
        "--undo",
        action="store_true",
        help="the folder OLD goes back to where it was before it was relocated",
    )


def run(arguments: argparse.Namespace) -> int:
    if arguments.undo == (arguments.new is not None):
        raise OpqnError("Name two folders, OLD and NEW, or one folder with --undo.")
    if arguments.undo and arguments.dry_run:
        raise OpqnError("--undo compares nothing, so there is no --dry-run of it.")
    if arguments.undo:
        return _take_back(arguments)
    return _only_compare(arguments) if arguments.dry_run else _relocate(arguments)


def _only_compare(arguments: argparse.Namespace) -> int:
    from opqn_app.index.in_words import progress_in_words
    from opqn_app.index.relocating import compare
    from opqn_app.store.library import Library

    with Library.open(library_path(arguments)) as library:
        job = compare(library, arguments.old, arguments.new)
        found = run_with_progress(job, progress_in_words)
    return _tell(arguments, found, f"{found.words} Nothing was changed.")


def _relocate(arguments: argparse.Namespace) -> int:
    from opqn_app.index.in_words import progress_in_words
    from opqn_app.index.relocating import compare, relocate
    from opqn_app.store.library import Library

    with Library.written(library_path(arguments), make=False) as library:
        job = compare(library, arguments.old, arguments.new)
        found = run_with_progress(job, progress_in_words)
        relocate(library, found)
    return _tell(arguments, found, f"{found.words} The library finds them in {found.new} now.")


def _take_back(arguments: argparse.Namespace) -> int:
    from opqn_app.index.in_words import progress_in_words
    from opqn_app.index.relocating import take_back
    from opqn_app.store.library import Library

    with Library.written(library_path(arguments), make=False) as library:
        found = run_with_progress(take_back(library, arguments.old), progress_in_words)
    return _tell(arguments, found, f"The library looks for these photos in {found.new} again.")


def _tell(arguments: argparse.Namespace, found: "Comparison", text: str) -> int:
    value: dict[str, Any] = {
        "old": str(found.old),
        "new": str(found.new),
        "photos": found.photos,
        "there": found.there,
        "missing": [photo.rel_path for photo in found.missing],
        "differing": [photo.rel_path for photo in found.differing],
        "compared": found.compared,
    }
    emit(arguments, value, text)
    return 1 if found.missing or found.differing else 0
