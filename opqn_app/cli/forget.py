"""`opqn forget`: remove a folder, or what is kept of deleted photos, from the library."""

import argparse
from dataclasses import asdict
from pathlib import Path

from opqn_app.cli.kit import Parsers, emit, library_path
from opqn_app.core.progress import counted


def add(parsers: Parsers) -> None:
    parser = parsers.add("forget", run, "Remove a folder from the library.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("folder", type=Path, nargs="?", metavar="DIR", help="folder that was indexed")
    what.add_argument(
        "--deleted",
        action="store_true",
        help="what is still kept of deleted photos, of all folders, in case they come back",
    )


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.store.library import Library

    with Library.open(library_path(arguments), write=True) as library:
        if arguments.deleted:
            report = library.forget_deleted()
        else:
            report = library.forget_root(arguments.folder)
    text = f"Forgot {counted(report.photos, 'photo')} and {counted(report.faces, 'face')}."
    emit(arguments, asdict(report), text)
    return 0
