"""`opqn redo`: take up again the last decision about people."""

import argparse

from opqn_app.cli.kit import Parsers
from opqn_app.cli.people_kit import step_through


def add(parsers: Parsers) -> None:
    text = "Take up again the last decision about people; as often as you like."
    parsers.add("redo", run, text)


def run(arguments: argparse.Namespace) -> int:
    return step_through(arguments, lambda ledger: ledger.redo(), "redo")
