"""`opqn picture`: choose the face that stands for a person."""

import argparse

from opqn_app.cli.kit import Parsers
from opqn_app.cli.people_kit import FACE_HELP, PERSON_HELP, decide_and_tell, face_ids


def add(parsers: Parsers) -> None:
    parser = parsers.add("picture", run, "Choose the face that stands for a person.")
    parser.add_argument("person", metavar="PERSON", help=PERSON_HELP)
    parser.add_argument("face", metavar="FACE", help=FACE_HELP)


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.people import gestures

    return decide_and_tell(
        arguments,
        lambda ledger: gestures.choose_picture(
            ledger,
            gestures.find_person(ledger, arguments.person),
            face_ids(ledger, [arguments.face])[0],
        ),
    )
