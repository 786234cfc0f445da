"""`opqn merge`: say that two people are one."""

import argparse

from opqn_app.cli.kit import Parsers
from opqn_app.cli.people_kit import PERSON_HELP, decide_and_tell


def add(parsers: Parsers) -> None:
    parser = parsers.add("merge", run, "Say that two people are one; the first's name stays.")
    parser.add_argument("person", metavar="PERSON", help=PERSON_HELP)
    parser.add_argument("other", metavar="OTHER", help=PERSON_HELP)
    parser.add_argument(
        "--twice", action="store_true", help="although both are on one photo, as in a mirror"
    )


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.people import gestures

    return decide_and_tell(
        arguments,
        lambda ledger: gestures.merge(
            ledger,
            gestures.find_person(ledger, arguments.person),
            gestures.find_person(ledger, arguments.other),
            is_twice=arguments.twice,
        ),
    )
