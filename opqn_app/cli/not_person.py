"""`opqn not`: say that faces are not a person, or no faces at all."""

import argparse

from opqn_app.cli.kit import Parsers
from opqn_app.cli.people_kit import FACE_HELP, called, decide_and_tell, face_ids, faces_in_words


def add(parsers: Parsers) -> None:
    text = "Say that faces are not a person; it is never suggested again."
    parser = parsers.add("not", run, text)
    parser.add_argument("faces", nargs="+", metavar="FACE", help=FACE_HELP)
    parser.add_argument(
        "person", nargs="?", metavar="PERSON", help="the last word: name of a person, or the id"
    )
    parser.add_argument(
        "--a-face", action="store_true", help="no PERSON: what was found is no face at all"
    )


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.people import gestures

    # argparse gives all words to FACE; only here it is known whether the last is a person.
    words = [*arguments.faces, *([arguments.person] if arguments.person else [])]
    if arguments.a_face:
        return decide_and_tell(
            arguments,
            lambda ledger: gestures.mark_no_face(ledger, face_ids(ledger, words)),
            lambda _, outcome: f"{faces_in_words(len(outcome.rows[0].faces))} less.",
        )
    if len(words) < 2:
        raise gestures.PeopleError("Say who it is not: opqn not FACE PERSON, or --a-face.")
    return decide_and_tell(
        arguments,
        lambda ledger: gestures.reject(
            ledger, face_ids(ledger, words[:-1]), gestures.find_person(ledger, words[-1])
        ),
        lambda ledger, outcome: (
            f"{faces_in_words(len(outcome.rows[0].faces))}: not "
            f"{called(ledger, outcome.rows[0].person)}."
        ),
    )
