"""`opqn not`: say that faces are not a person, not the same as another, or no faces at all."""

import argparse

from opqn_app.cli.kit import Parsers
from opqn_app.cli.people_kit import FACE_HELP, decide_and_tell, face_ids


def add(parsers: Parsers) -> None:
    text = "Say that faces are not a person; it is never suggested again."
    parser = parsers.add("not", run, text)
    parser.add_argument("faces", nargs="+", metavar="FACE", help=FACE_HELP)
    parser.add_argument(
        "person", nargs="?", metavar="PERSON", help="the last word: name of a person, or the id"
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--a-face", action="store_true", help="no PERSON: what was found is no face at all"
    )
    instead.add_argument(
        "--same",
        action="store_true",
        help="no PERSON: the last FACE is somebody else than those before, whoever they are",
    )


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.people import gestures

    # argparse gives all words to FACE; only here it is known whether the last is a person.
    words = [*arguments.faces, *([arguments.person] if arguments.person else [])]
    if arguments.a_face:
        return decide_and_tell(
            arguments, lambda ledger: gestures.mark_no_face(ledger, face_ids(ledger, words))
        )
    if len(words) < 2:
        raise gestures.PeopleError(
            "It takes a face and who it is not.",
            hint="Say who it is not: opqn not FACE PERSON, or --a-face.",
        )
    if arguments.same:
        return decide_and_tell(
            arguments,
            lambda ledger: gestures.set_apart(
                ledger, face_ids(ledger, words[:-1]), face_ids(ledger, words[-1:])
            ),
        )
    return decide_and_tell(
        arguments,
        lambda ledger: gestures.reject(
            ledger, face_ids(ledger, words[:-1]), gestures.find_person(ledger, words[-1])
        ),
    )
