"""`opqn forget`: remove a folder, a person, or what is kept of deleted photos."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from opqn_app.cli.kit import Parsers, emit, library_path, say
from opqn_app.cli.people_kit import PERSON_HELP
from opqn_app.core.errors import OpqnError
from opqn_app.core.progress import counted

if TYPE_CHECKING:
    from opqn_app.people.forgetting import ForgottenPerson
    from opqn_app.store.library import Library
    from opqn_app.store.records import ForgetReport


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
    emit(arguments, asdict(report), f"{text}{_backups(report)}")
    return 0


def _forget_person(arguments: argparse.Namespace, library: "Library") -> int:
    from opqn_app.people.forgetting import called_before, forget_name, forget_person
    from opqn_app.people.gestures import find_person, is_nobody
    from opqn_app.people.ledger import Ledger

    ledger, name = Ledger(library), arguments.person
    if is_nobody(ledger, name):
        if arguments.with_faces:
            raise OpqnError(f"Nobody is called {name} now, so there are no faces to remove.")
        report = forget_name(ledger, name)
        text = f"Forgot the name and {counted(report.decisions, 'decision')} that did not count."
        emit(arguments, asdict(report), f"{text}{_searches(report)}{_backups(report)}")
        return 0
    person = find_person(ledger, name)
    known_as = ledger.state.facts[person].name
    report = forget_person(ledger, person, with_faces=arguments.with_faces)
    text = f"Forgot the person, {counted(report.decisions, 'decision')}"
    text += f" and {counted(report.faces, 'face')}."
    emit(arguments, asdict(report), f"{text}{_searches(report)}{_backups(report)}")
    if known_as is not None and called_before(ledger, known_as):
        say(f"Others are or were called {known_as} too, so the name is still in the library.")
    return 0


def _backups(report: "ForgottenPerson | ForgetReport") -> str:
    """What became of the backups, in words."""
    words = ""
    if report.backups:
        words = f" It was taken out of {counted(report.backups, 'backup')}."
    if report.backups_deleted:
        deleted = counted(report.backups_deleted, "backup")
        words += f" Deleted {deleted} that could not be read or written anew."
    return words


def _searches(report: "ForgottenPerson") -> str:
    """The saved searches that are gone, in words."""
    names = ", ".join(f'"{name}"' for name in report.searches)
    are = "search is" if len(report.searches) == 1 else "searches are"
    return f" The saved {are} gone too: {names}." if names else ""
