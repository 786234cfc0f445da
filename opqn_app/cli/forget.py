"""`opqn forget`: remove a folder, a photo, a person, deleted photos, or all that is known."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from opqn_app.cli.kit import Parsers, emit, library_path, say
from opqn_app.cli.people_kit import PERSON_HELP
from opqn_app.core.errors import OpqnError
from opqn_app.core.harmless import in_lines
from opqn_app.core.progress import counted

if TYPE_CHECKING:
    from opqn_app.people.forgetting import ForgottenPerson
    from opqn_app.store.library import Library
    from opqn_app.store.records import ForgetReport


def add(parsers: Parsers) -> None:
    text = "Remove a folder or a photo from the library, a person, or all that is known."
    parser = parsers.add("forget", run, text)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "path", type=Path, nargs="?", metavar="PATH", help="folder that was indexed, or a photo"
    )
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
    what.add_argument(
        "--everything",
        action="store_true",
        help="all folders, photos, faces, names and saved searches, beyond undo",
    )
    what.add_argument(
        "--traces",
        action="store_true",
        help="bytes of what was forgotten, where another program kept them in use",
    )
    parser.add_argument(
        "--with-faces", action="store_true", help="the person's faces too; the photos stay"
    )


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.core import scratch
    from opqn_app.exchange.going.forgotten_sidecars import forget_everything, forget_path
    from opqn_app.index.in_words import everything_in_words
    from opqn_app.store import set_aside
    from opqn_app.store.library import Library

    if arguments.with_faces and arguments.person is None:
        raise OpqnError(
            "--with-faces goes with --person. Folders and photos always go with their faces."
        )
    scratch.sweep()
    path = library_path(arguments)
    if set_aside.files(path):
        say(
            "The damaged library that was set aside is deleted too: what it holds can't be taken "
            "out of it."
        )
    with Library.open(path, write=True, make=False) as library:
        library.when_waiting = _tell_waiting
        if arguments.person is not None:
            return _forget_person(arguments, library)
        if arguments.traces:
            library.clear_traces()
            emit(arguments, {"has_traces": False}, "Nothing is left of what was forgotten.")
            return 0
        if arguments.everything:
            report = forget_everything(library)
        elif arguments.deleted:
            report = library.forget_deleted()
        else:
            report = forget_path(library, arguments.path)
            inside = library.root_for(arguments.path)
    if arguments.everything:
        text = everything_in_words(report)
    else:
        text = f"Forgot {counted(report.photos, 'photo')} and {counted(report.faces, 'face')}."
        text += _backups(report)
    emit(arguments, asdict(report), text)
    if arguments.path is not None and inside is not None and arguments.path.exists():
        say(
            f"It is still in the folder {inside[1]}: the next indexing finds it again, unless you "
            "exclude it (opqn index --exclude, or the window's settings)."
        )
    return 0


def _tell_waiting() -> None:
    say(
        "Another program is reading the library as it was before. Waiting until it is done, since "
        "bytes of what was forgotten can't be cleared before."
    )


def _forget_person(arguments: argparse.Namespace, library: "Library") -> int:
    from opqn_app.exchange.going.forgotten_sidecars import forget_name, forget_person
    from opqn_app.people.forgetting import called_before
    from opqn_app.people.gestures import find_person, is_nobody
    from opqn_app.people.ledger import Ledger

    ledger, name = Ledger(library), arguments.person
    if is_nobody(ledger, name):
        if arguments.with_faces:
            raise OpqnError(f"Nobody is called {name} now, so there are no faces to remove.")
        report, sidecars = forget_name(ledger, name)
        text = f"Forgot the name and {counted(report.decisions, 'decision')} that did not count."
        _tell_person(arguments, text, report, sidecars)
        return 0
    person = find_person(ledger, name)
    known_as = ledger.state.facts[person].name
    report, sidecars = forget_person(ledger, person, with_faces=arguments.with_faces)
    text = f"Forgot the person, {counted(report.decisions, 'decision')}"
    text += f" and {counted(report.faces, 'face')}."
    _tell_person(arguments, text, report, sidecars)
    if known_as is not None and called_before(ledger, known_as):
        say(f"Others are or were called {known_as} too, so the name is still in the library.")
    return 0


def _tell_person(
    arguments: argparse.Namespace, text: str, report: "ForgottenPerson", sidecars: list[Path]
) -> None:
    value = {key: each for key, each in asdict(report).items() if key != "names"}
    lines = [f"{text}{_searches(report)}{_backups(report)}"]
    if sidecars:
        lines.append(
            f"The name is still in {counted(len(sidecars), 'XMP file')} that this program wrote "
            "(opqn export xmp --take-out NAME takes it out of those beside your photos):"
        )
        lines += [f"  {path}" for path in sidecars]
    emit(arguments, value | {"sidecars": sidecars}, in_lines(lines))


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
