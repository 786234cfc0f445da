"""`opqn history`: list what was decided about people."""

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from opqn_app.cli.kit import Parsers, emit, library_path, positive
from opqn_app.cli.people_kit import when
from opqn_app.core.harmless import in_lines

if TYPE_CHECKING:
    from opqn_app.people.words import PastGesture


def add(parsers: Parsers) -> None:
    parser = parsers.add("history", run, "List what was decided about people, the last one first.")
    parser.add_argument("--limit", type=positive, metavar="N", help="only the last N decisions")


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.people.words import past_gestures
    from opqn_app.store.library import Library

    with Library.open(library_path(arguments)) as library:
        told = past_gestures(library.decision_table.decisions())[::-1]
    told = told[: arguments.limit]
    lines = [f"{when(each.time)}  {_undone(each)}{each.words}" for each in told]
    value = {"decisions": [asdict(each) for each in told]}
    emit(arguments, value, in_lines(lines) or "Nothing was decided yet.")
    return 0


def _undone(past: "PastGesture") -> str:
    return "" if past.undone_at is None else f"undone {when(past.undone_at)}: "
