"""`opqn name`: say who faces are."""

import argparse

from opqn_app.cli.kit import Parsers
from opqn_app.cli.people_kit import FACE_HELP, decide_and_tell, face_ids


def add(parsers: Parsers) -> None:
    parser = parsers.add("name", run, "Say who faces are, or give a person another name.")
    parser.add_argument("faces", nargs="*", metavar="FACE", help=FACE_HELP)
    parser.add_argument("name", metavar="NAME", help="who they are; a known name is that person")
    parser.add_argument("--new", action="store_true", help="another person of the same name")
    parser.add_argument(
        "--twice", action="store_true", help="on a photo more than once, as in a mirror"
    )
    parser.add_argument(
        "--person", metavar="PERSON", help="instead of faces: give this person the name"
    )


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.people import gestures

    if bool(arguments.faces) == (arguments.person is not None):
        raise gestures.PeopleError("Name either faces, or a person with --person.")
    if arguments.person is not None:
        return decide_and_tell(
            arguments,
            lambda ledger: gestures.rename(
                ledger, gestures.find_person(ledger, arguments.person), arguments.name
            ),
        )
    return decide_and_tell(
        arguments,
        lambda ledger: gestures.name_faces(
            ledger,
            face_ids(ledger, arguments.faces),
            arguments.name,
            is_new=arguments.new,
            is_twice=arguments.twice,
        ),
    )
