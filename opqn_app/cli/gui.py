"""`opqn gui`: open the window."""

import argparse
import os
from pathlib import Path

from opqn_app.cli.kit import Parsers
from opqn_app.core.display import has_display, missing_packages
from opqn_app.core.errors import OpqnError


def add(parsers: Parsers) -> None:
    parser = parsers.add("gui", run, "Open the window.", has_json=False)
    parser.add_argument("--find", type=Path, metavar="PHOTO", help="search with this photo at once")
    parser.add_argument("--time-to-window", action="store_true", help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> int:
    if not (has_display() or os.environ.get("QT_QPA_PLATFORM")):
        raise OpqnError(
            "There is no display to open the window on. 'opqn --help' lists the commands that "
            "need none."
        )
    find = arguments.find
    if find is not None and not find.is_file():
        raise OpqnError(f"There is no photo {find}.")
    missing = missing_packages()
    if missing:
        raise OpqnError(
            f"The window needs packages of your system: {' '.join(missing)}. Install them, on "
            f"Debian and Ubuntu with 'sudo apt install {' '.join(missing)}'."
        )
    from opqn_app.ui.shell.app import run_gui

    return run_gui(arguments.library, find=find, time_to_window=arguments.time_to_window)
