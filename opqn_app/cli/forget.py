"""`opqn forget`: remove a folder, a person, or what is kept of deleted photos."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from opqn_app.cli.kit import Parsers, emit, library_path
from opqn_app.cli.people_kit import PERSON_HELP
from opqn_app.core.errors import OpqnError
from opqn_app.core.progress import counted

if TYPE_CHECKING:
    from opqn_app.store.library import Library


def add(parsers: Parsers) -> None:
    text = "Remove a folder from the library, a person, or what is kept of deleted photos."
    parser = parsers.add("forget", run, text)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("folder", type=Path, nargs="?", metavar="DIR", help="folder that was indexed")
    what.add_argument(
        "--person",
        metavar="PERSON",
        help=f"{PERSON_HELP}: removes the name and all that was decided, beyond undo",
    )
    what.add_argument(
        "--deleted",
        action="store_true",
        help="what is still kept of deleted photos, of all folders, in case they come back",
    )
    parser.add_argument(
        "--with-faces", action="store_true", help="the person's faces too; the photos stay"
    )


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.store.library import Library

    if arguments.with_faces and arguments.person is None:
        raise OpqnError(
            "--with-faces goes with --person. Folders and photos always go with their faces."
        )
    with Library.open(library_path(arguments), write=True) as library:
        if arguments.person is not None:
            return _forget_person(arguments, library)
        if arguments.deleted:
            report = library.forget_deleted()
        else:
            report = library.forget_root(arguments.folder)
    text = f"Forgot {counted(report.photos, 'photo')} and {counted(report.faces, 'face')}."
    emit(arguments, asdict(report), text)
    return 0


def _forget_person(arguments: argparse.Namespace, library: "Library") -> int:
    from opqn_app.people.forgetting import forget_person
    from opqn_app.people.gestures import find_person
    from opqn_app.people.ledger import Ledger

    ledger = Ledger(library)
    person = find_person(ledger, arguments.person)
    report = forget_person(ledger, person, with_faces=arguments.with_faces)
    text = f"Forgot the person, {counted(report.decisions, 'decision')}"
    emit(arguments, asdict(report), f"{text} and {counted(report.faces, 'face')}.")
    return 0
