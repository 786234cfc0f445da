"""`opqn check`: look whether the library is whole."""

import argparse
from dataclasses import asdict

from opqn_app.cli.kit import Parsers, emit, library_path
from opqn_app.core.harmless import in_lines


def add(parsers: Parsers) -> None:
    text = "Look whether the library is whole: its pages, rows, codes and pictures of faces."
    parsers.add("check", run, text)


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.store.library import Library

    path = library_path(arguments)
    with Library.open(path) as library:
        faults = library.faults()
    lines = [f"{fault.count:,} × {fault.words}" for fault in faults]
    text = in_lines([f"{path} has faults:", *lines]) if faults else f"{path} is whole."
    emit(arguments, {"library": str(path), "faults": [asdict(f) for f in faults]}, text)
    return 1 if faults else 0
