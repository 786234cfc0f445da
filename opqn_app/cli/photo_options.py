"""Options that say which photos a command means: who is on them, when, where, how many faces."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from opqn_app.cli.kit import positive
from opqn_app.cli.people_kit import PERSON_HELP
from opqn_app.people.photo_filter import PhotoFilter
from opqn_app.people.spans import Count, Span, count_of, span_of

if TYPE_CHECKING:
    from opqn_app.people.ledger import Ledger


def add_photo_options(parser: "argparse.ArgumentParser | argparse._ArgumentGroup") -> None:
    """Add them to a parser."""
    parser.add_argument(
        "--with",
        dest="together",
        action="append",
        default=[],
        metavar="PERSON",
        help=f"{PERSON_HELP}; given several times, all are on the photo",
    )
    parser.add_argument(
        "--without", action="append", default=[], metavar="PERSON", help="is not on it (repeatable)"
    )
    when = parser.add_mutually_exclusive_group()
    when.add_argument("--year", type=positive, metavar="YEAR", help="when it was taken")
    when.add_argument(
        "--dates",
        type=_span,
        metavar="DATES",
        help='between which it was taken: 2019-03, "2015-2018", "2015..", "..2018-06"',
    )
    parser.add_argument("--under", type=Path, metavar="DIR", help="folder that it lies in")
    parser.add_argument("--alone", action="store_true", help="with no other face on it")
    parser.add_argument(
        "--faces", type=_count, metavar="N", help="how many faces it shows: 0, 2, 3.., 2..4"
    )


def asked_photos(ledger: "Ledger", arguments: argparse.Namespace) -> PhotoFilter:
    """What the options ask for."""
    from opqn_app.core.files import real_path
    from opqn_app.people.gestures import find_person

    year = arguments.year and Span(f"{arguments.year:04}", f"{arguments.year:04}")
    return PhotoFilter(
        together=tuple(find_person(ledger, name) for name in arguments.together),
        without=tuple(find_person(ledger, name) for name in arguments.without),
        alone=arguments.alone,
        under=None if arguments.under is None else real_path(arguments.under),
        dates=arguments.dates or year,
        faces=arguments.faces,
    )


def _span(text: str) -> Span:
    found = span_of(text)
    if found is None:
        raise argparse.ArgumentTypeError(f'{text} are no dates; try 2019-03 or "2015-2018"')
    return found


def _count(text: str) -> Count:
    found = count_of(f"{text} faces")
    if found is None:
        raise argparse.ArgumentTypeError(f"{text} is no number of faces; try 2, 3.. or 2..4")
    return found
