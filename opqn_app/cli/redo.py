"""`opqn redo`: take up again the last decision about people."""

import argparse

from opqn_app.cli.kit import Parsers
from opqn_app.cli.people_kit import open_ledger, tell


def add(parsers: Parsers) -> None:
    text = "Take up again the last decision about people; as often as you like."
    parsers.add("redo", run, text)


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.people.gestures import PeopleError

    with open_ledger(arguments) as ledger:
        outcome = ledger.redo()
        if outcome is None:
            raise PeopleError("There is nothing to redo.")
        kinds = ", ".join(dict.fromkeys(row.kind.replace("_", " ") for row in outcome.rows))
        tell(arguments, ledger, outcome, f"Redone: {kinds}.")
    return 0
