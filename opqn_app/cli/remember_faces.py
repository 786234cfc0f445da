"""`opqn remember-faces`: whether this library remembers faces; off deletes all that it knows."""

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from opqn_app.cli.kit import Parsers, emit, library_path, say
from opqn_app.core.harmless import in_lines

if TYPE_CHECKING:
    from opqn_app.store.library import Library


def add(parsers: Parsers) -> None:
    text = (
        "Say whether faces are remembered. Off deletes all faces, codes and names, beyond undo, "
        "and lets none in; folders and settings stay."
    )
    parser = parsers.add("remember-faces", run, text)
    parser.add_argument(
        "switch",
        choices=("status", "on", "off"),
        nargs="?",
        default="status",
        help="status (default) changes nothing and says what off would delete",
    )


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.store.library import Library

    acts = {"status": _tell, "on": _turn_on, "off": _turn_off}
    path = library_path(arguments)
    if arguments.switch == "on":
        Library.open(path).close()  # a library that is not there is not made
    with Library.open(path, write=arguments.switch != "status") as library:
        acts[arguments.switch](arguments, library)
    return 0


def _tell(arguments: argparse.Namespace, library: "Library") -> None:
    from opqn_app.exchange.going.faces_in_words import stays_in_words, would_go_in_words
    from opqn_app.exchange.going.no_faces import pictures_outside
    from opqn_app.people.no_faces import kept_of_faces

    is_on, kept = library.faces_switch.is_on, kept_of_faces(library)
    size = sum(place.size() for place in pictures_outside(library.path))
    lines = ["Faces are remembered." if is_on else "No face is remembered, and none can come in."]
    if is_on:
        going = [f"  {words}" for words in would_go_in_words(kept, size)]
        lines += ["`opqn remember-faces off` would delete:", *going, stays_in_words(kept)]
    value = {"remembers_faces": is_on, "kept": asdict(kept), "pictures": size}
    emit(arguments, value, in_lines(lines))


def _turn_off(arguments: argparse.Namespace, library: "Library") -> None:
    from opqn_app.exchange.going.faces_in_words import forgotten_in_words
    from opqn_app.exchange.going.no_faces import remember_no_faces

    library.when_waiting = lambda: say("Waiting for a program that reads what is deleted.")
    done = remember_no_faces(library)
    value = {"remembers_faces": False, **asdict(done)}
    emit(arguments, value, in_lines(forgotten_in_words(done)))


def _turn_on(arguments: argparse.Namespace, library: "Library") -> None:
    from opqn_app.people.no_faces import remember_faces

    was_on = library.faces_switch.is_on
    remember_faces(library)
    roots = list(library.watched_roots())
    lines = ["Faces are remembered." if was_on else "Faces are remembered again."]
    if not was_on:
        lines += [f"Index it: opqn index {root}" for root in roots]
    emit(arguments, {"remembers_faces": True, "folders": roots}, in_lines(lines))
