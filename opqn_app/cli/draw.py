"""`opqn draw`: draw a box around a face that was not found."""

import argparse
from pathlib import Path

from opqn_app.cli.kit import Parsers, emit, library_path, load_engine
from opqn_app.cli.people_kit import photo_at


def add(parsers: Parsers) -> None:
    text = "Draw a box around a face that was not found; it is a face like the others then."
    parser = parsers.add("draw", run, text, has_model=True)
    parser.add_argument("photo", type=Path, metavar="PHOTO", help="a photo of the library")
    for side in ("left", "top", "right", "bottom"):
        text = "of the box in pixels of the upright photo" if side == "left" else "likewise"
        parser.add_argument(side, type=float, metavar=side.upper(), help=text)
    parser.add_argument("name", nargs="?", metavar="NAME", help="who it is; may be said later")
    parser.add_argument("--twice", action="store_true", help="on the photo more than once")


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.core.types import Box
    from opqn_app.people.drawing import draw_box
    from opqn_app.people.ledger import Ledger
    from opqn_app.store.library import Library

    box = Box(arguments.left, arguments.top, arguments.right, arguments.bottom)
    with Library.open(library_path(arguments), write=True, make=False) as library:
        library.faces_switch.refuse_if_off()
        ledger = Ledger(library)
        photo = photo_at(ledger, arguments.photo)
        engine, name = load_engine(arguments), arguments.name
        face = draw_box(ledger, photo, box, engine, name, is_twice=arguments.twice)
    who = "nobody yet" if arguments.name is None else arguments.name
    value = {"face_id": face, "photo": str(photo.path), "name": arguments.name}
    emit(arguments, value, f"Face {face} is {who}.")
    return 0
