"""`opqn forget`: remove a folder from the library."""

import argparse
from dataclasses import asdict
from pathlib import Path

from opqn_app.cli.kit import Parsers, emit, library_path
from opqn_app.core.progress import counted


def add(parsers: Parsers) -> None:
    parser = parsers.add("forget", run, "Remove a folder from the library.")
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder that was indexed")


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.store.library import Library

    with Library.open(library_path(arguments), write=True) as library:
        report = library.forget_root(arguments.folder)
    text = f"Forgot {counted(report.photos, 'photo')} and {counted(report.faces, 'face')}."
    emit(arguments, asdict(report), text)
    return 0
