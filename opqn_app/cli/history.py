"""`opqn history`: list what was decided about people."""

import argparse
from dataclasses import asdict

from opqn_app.cli.kit import Parsers, emit, positive
from opqn_app.cli.people_kit import read_ledger


def add(parsers: Parsers) -> None:
    parser = parsers.add("history", run, "List what was decided about people, the last one first.")
    parser.add_argument("--limit", type=positive, metavar="N", help="only the last N decisions")


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.people.words import past_gestures

    with read_ledger(arguments) as ledger:
        told = past_gestures(ledger.library.decision_table.decisions())[::-1]
    told = told[: arguments.limit]
    lines = [
        f"{each.time[:16].replace('T', ' ')}  {'' if each.counts else 'undone: '}{each.words}"
        for each in told
    ]
    value = {"decisions": [asdict(each) for each in told]}
    emit(arguments, value, "\n".join(lines) or "Nothing was decided yet.")
    return 0
