"""`opqn find`: list photos by who is on them, by date, by folder, by how many faces they show."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from opqn_app.cli.kit import Parsers, emit, positive
from opqn_app.cli.people_kit import PERSON_HELP, open_ledger, read_ledger
from opqn_app.core.errors import OpqnError
from opqn_app.people.photo_filter import PhotoFilter
from opqn_app.people.spans import Count, Span, count_of, span_of

if TYPE_CHECKING:
    from opqn_app.people.ledger import Ledger


def add(parsers: Parsers) -> None:
    parser = parsers.add("find", run, "List photos, newest first: by who is on them, and when.")
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
    parser.add_argument(
        "--once", action="store_true", help="a picture that lies in several files is listed once"
    )
    saved = parser.add_argument_group("saved searches, which the window lists too")
    which = saved.add_mutually_exclusive_group()
    which.add_argument("--saved", metavar="NAME", help="what this saved search asks")
    which.add_argument("--save", metavar="NAME", help="keep what is asked under this name")
    which.add_argument("--list-saved", action="store_true", help="list the saved searches")
    which.add_argument("--forget-saved", metavar="NAME", help="forget a saved search")


def run(arguments: argparse.Namespace) -> int:
    if arguments.list_saved:
        return _list_saved(arguments)
    if arguments.forget_saved is not None:
        return _forget(arguments, arguments.forget_saved)
    writes = arguments.save is not None
    with open_ledger(arguments) if writes else read_ledger(arguments) as ledger:
        asked = _asked(ledger, arguments) if arguments.saved is None else _saved(ledger, arguments)
        photos = asked.find(ledger)
        if writes:
            ledger.library.saved_searches.save(arguments.save, asked.as_json())
        copies = {}
        if arguments.once:
            from opqn_app.people.photo_copies import once

            found = once(photos)
            photos, copies = found.photos, dict(found.copies)
    rows = [
        {
            "photo": str(photo.path),
            "taken_at": photo.taken_at,
            "faces": photo.n_faces,
            **({"copies": [str(each.path) for each in copies.get(photo.id, ())]} if copies else {}),
        }
        for photo in photos
    ]
    shown = "\n".join(str(photo.path) for photo in photos) if rows else "No photo shows that."
    emit(arguments, {"photos": rows}, shown)
    return 0


def _asked(ledger: "Ledger", arguments: argparse.Namespace) -> PhotoFilter:
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


def _saved(ledger: "Ledger", arguments: argparse.Namespace) -> PhotoFilter:
    for search in ledger.library.saved_searches.all():
        if search.name.casefold() == arguments.saved.casefold():
            return PhotoFilter.from_json(search.asked)
    raise _no_such_search(arguments.saved)


def _list_saved(arguments: argparse.Namespace) -> int:
    with read_ledger(arguments) as ledger:
        rows = [
            {"name": each.name, "photos": len(PhotoFilter.from_json(each.asked).find(ledger))}
            for each in ledger.library.saved_searches.all()
        ]
    shown = "\n".join(f"{row['photos']:>8,}  {row['name']}" for row in rows)
    emit(arguments, {"saved": rows}, shown or "No search is saved.")
    return 0


def _forget(arguments: argparse.Namespace, name: str) -> int:
    with open_ledger(arguments) as ledger:
        gone = ledger.library.saved_searches.remove(name)
    if gone is None:
        raise _no_such_search(name)
    emit(arguments, {"forgotten": gone.name}, f"Forgot {gone.name}. No photo was touched.")
    return 0


def _no_such_search(name: str) -> OpqnError:
    return OpqnError(f"No search is saved as {name}.", hint="See `opqn find --list-saved`.")


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
