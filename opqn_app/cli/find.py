"""`opqn find`: list photos by who is on them, by date, by folder, by how many faces they show."""

import argparse
from typing import TYPE_CHECKING

from opqn_app.cli.kit import Parsers, emit
from opqn_app.cli.people_kit import open_ledger, read_ledger
from opqn_app.cli.photo_options import add_photo_options, asked_photos
from opqn_app.core.errors import OpqnError
from opqn_app.core.harmless import in_lines
from opqn_app.people.photo_filter import PhotoFilter

if TYPE_CHECKING:
    from opqn_app.people.ledger import Ledger


def add(parsers: Parsers) -> None:
    parser = parsers.add("find", run, "List photos, newest first: by who is on them, and when.")
    add_photo_options(parser)
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
        asked = (
            asked_photos(ledger, arguments)
            if arguments.saved is None
            else _saved(ledger, arguments)
        )
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
    shown = in_lines(str(photo.path) for photo in photos) if rows else "No photo shows that."
    emit(arguments, {"photos": rows}, shown)
    return 0


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
    shown = in_lines(f"{row['photos']:>8,}  {row['name']}" for row in rows)
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
