"""`opqn gui`: open the window."""

import argparse
import os
from pathlib import Path

from opqn_app.cli.kit import Parsers
from opqn_app.core.display import has_display, missing_packages
from opqn_app.core.errors import OpqnError


def add(parsers: Parsers) -> None:
    parser = parsers.add("gui", run, "Open the window.", has_json=False)
    parser.add_argument(
        "photos", nargs="*", type=Path, metavar="PHOTO", help="search with it; several are combined"
    )
    parser.add_argument("--time-to-window", action="store_true", help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> int:
    if not (has_display() or os.environ.get("QT_QPA_PLATFORM")):
        raise OpqnError(
            "There is no display to open the window on. 'opqn --help' lists the commands that "
            "need none."
        )
    missing = missing_packages()
    if missing:
        raise OpqnError(
            f"The window needs packages of your system: {' '.join(missing)}. Install them, on "
            f"Debian and Ubuntu with 'sudo apt install {' '.join(missing)}'."
        )
    photos: list[Path] = arguments.photos
    for photo in photos:
        if not photo.exists():
            raise OpqnError(f"There is no {photo}. Check how it is written.")
    from opqn_app.ui.shell.app import run_gui

    return run_gui(arguments.library, photos=photos, time_to_window=arguments.time_to_window)
