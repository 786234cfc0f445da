"""`opqn split`: say that some faces of a person are somebody else."""

import argparse

from opqn_app.cli.kit import Parsers
from opqn_app.cli.people_kit import FACE_HELP, PERSON_HELP, decide_and_tell, face_ids


def add(parsers: Parsers) -> None:
    text = "Say that some faces of a person are somebody else, together."
    parser = parsers.add("split", run, text)
    parser.add_argument("person", metavar="PERSON", help=PERSON_HELP)
    parser.add_argument("faces", nargs="+", metavar="FACE", help=FACE_HELP)
    parser.add_argument("--name", metavar="NAME", help="who they are; may be said later")


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.people import gestures

    return decide_and_tell(
        arguments,
        lambda ledger: gestures.split(
            ledger,
            gestures.find_person(ledger, arguments.person),
            face_ids(ledger, arguments.faces),
            arguments.name,
        ),
    )
