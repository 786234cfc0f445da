"""`opqn hide` and `opqn show`: take people out of what is shown, and back in."""

import argparse

from opqn_app.cli.kit import Parsers
from opqn_app.cli.people_kit import FACE_HELP, PERSON_HELP, decide_and_tell, face_ids


def add(parsers: Parsers) -> None:
    parser = parsers.add("hide", run, "Hide a person, or faces that nobody named.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("person", nargs="?", metavar="PERSON", help=PERSON_HELP)
    what.add_argument("--faces", nargs="+", metavar="FACE", help=f"instead: {FACE_HELP}")
    parser = parsers.add("show", show, "Show a hidden person again.")
    parser.add_argument("person", metavar="PERSON", help=PERSON_HELP)


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.people import gestures

    if arguments.faces:
        return decide_and_tell(
            arguments,
            lambda ledger: gestures.hide_faces(ledger, face_ids(ledger, arguments.faces)),
        )
    return _hide(arguments, hidden=True)


def show(arguments: argparse.Namespace) -> int:
    return _hide(arguments, hidden=False)


def _hide(arguments: argparse.Namespace, *, hidden: bool) -> int:
    from opqn_app.people import gestures

    return decide_and_tell(
        arguments,
        lambda ledger: gestures.hide(
            ledger, gestures.find_person(ledger, arguments.person), hidden=hidden
        ),
    )
