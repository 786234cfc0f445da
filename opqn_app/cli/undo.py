"""`opqn undo`: take back the last decision about people."""

import argparse

from opqn_app.cli.kit import Parsers
from opqn_app.cli.people_kit import open_ledger, tell


def add(parsers: Parsers) -> None:
    text = "Take back the last decision about people; as often as you like."
    parsers.add("undo", run, text)


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.people.gestures import PeopleError

    with open_ledger(arguments) as ledger:
        outcome = ledger.undo()
        if outcome is None:
            raise PeopleError("There is nothing to undo.")
        kinds = ", ".join(dict.fromkeys(row.kind.replace("_", " ") for row in outcome.rows))
        tell(arguments, ledger, outcome, f"Undone: {kinds}.")
    return 0
