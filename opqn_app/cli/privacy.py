"""`opqn privacy`: what this program keeps, where, how large, and why."""

import argparse

from opqn_app.cli.kit import Parsers, emit, library_path
from opqn_app.core import places
from opqn_app.core.harmless import in_lines


def add(parsers: Parsers) -> None:
    parsers.add("privacy", run, "Say what this program keeps, where, how large, and why.")


def run(arguments: argparse.Namespace) -> int:
    kept = places.places(library_path(arguments))
    value = {
        "places": [
            {
                "key": place.key,
                "title": place.title,
                "paths": [str(place.folder / pattern) for pattern in place.patterns],
                "bytes": place.size(),
                "holds": place.holds,
                "why": place.why,
                "has_faces": place.has_faces,
            }
            for place in kept
        ]
    }
    lines = []
    for place in kept:
        lines += [
            f"{place.title}: {place.size() / 1e6:.1f} MB in {place.folder}",
            f"  {place.holds}",
            f"  {place.why}",
        ]
    lines.append("Your photos are only read. Nothing is sent anywhere.")
    emit(arguments, value, in_lines(lines))
    return 0
