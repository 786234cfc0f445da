"""`opqn find`: list photos by who is on them."""

import argparse
from pathlib import Path

from opqn_app.cli.kit import Parsers, emit, positive
from opqn_app.cli.people_kit import PERSON_HELP, read_ledger


def add(parsers: Parsers) -> None:
    parser = parsers.add("find", run, "List the photos that people are on, newest first.")
    parser.add_argument(
        "--with",
        dest="together",
        action="append",
        required=True,
        metavar="PERSON",
        help=f"{PERSON_HELP}; given several times, all are on the photo",
    )
    parser.add_argument(
        "--without", action="append", default=[], metavar="PERSON", help="is not on it (repeatable)"
    )
    parser.add_argument("--year", type=positive, metavar="YEAR", help="when it was taken")
    parser.add_argument("--under", type=Path, metavar="DIR", help="folder that it lies in")
    parser.add_argument("--alone", action="store_true", help="with no other face on it")


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.people.finding import find_photos
    from opqn_app.people.gestures import find_person

    with read_ledger(arguments) as ledger:
        photos = find_photos(
            ledger,
            [find_person(ledger, name) for name in arguments.together],
            [find_person(ledger, name) for name in arguments.without],
            year=arguments.year,
            under=arguments.under,
            alone=arguments.alone,
        )
    rows = [
        {"photo": str(photo.path), "taken_at": photo.taken_at, "faces": photo.n_faces}
        for photo in photos
    ]
    shown = "\n".join(str(photo.path) for photo in photos) if rows else "No photo shows that."
    emit(arguments, {"photos": rows}, shown)
    return 0
