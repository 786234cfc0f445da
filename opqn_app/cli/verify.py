"""`opqn verify`: a self-test that proves what is said of privacy, on this machine."""

import argparse
import os
import secrets
import subprocess
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from opqn_app.cli.kit import Parsers, emit, library_path, say
from opqn_app.core.harmless import in_lines
from opqn_app.core.own_program import own_self_test
from opqn_app.core.progress import counted

if TYPE_CHECKING:
    from opqn_app.cli.self_test_checks import Check
    from opqn_app.core.watched import Seen

MARK = "OPQN_SELF_TEST"
FOLDERS_SHOWN = 40
DEPTH = 4  # of the folders elsewhere that files are counted in


def add(parsers: Parsers) -> None:
    parsers.add("verify", run, "Test on the sample that nothing is sent, left or open to others.")


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.core.scratch import scratch_folder

    library = library_path(arguments)
    say("The sample is indexed, searched, named, exported and forgotten. This takes a minute.")
    with scratch_folder() as place:
        checks, seen = _test(place, library)
    is_right = all(check.has_passed for check in checks)
    value = {
        "passed": is_right,
        "checks": [asdict(check) | {"passed": check.has_passed} for check in checks],
        "touched": [asdict(each) for each in seen],
    }
    emit(arguments, value, in_lines([*_touched(seen, place), "", *_table(checks)]))
    for check in checks:
        for fault in check.faults:
            say(fault)
    return 0 if is_right else 1


def _test(place: Path, library: Path) -> tuple[list["Check"], list["Seen"]]:
    from opqn_app.cli import self_test_checks, self_test_room
    from opqn_app.core import places, watched

    room, mark = self_test_room.Room(place), f"{MARK}={secrets.token_hex(8)}"
    self_test_room.prepare(room)
    name, value = mark.split("=")
    environment = {**os.environ, **room.variables(), name: value, "PYTHONDONTWRITEBYTECODE": "1"}
    words = [*own_self_test(), str(place)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    gone = self_test_checks.processes(mark)
    seen = watched.read_notes(place / self_test_room.NOTES)
    apart = place / "apart"
    is_apart = apart.is_file() and apart.read_text(encoding="ascii") == "True"
    own, users = places.places_in(room.library, *room.folders), places.places(library)
    last = done.stderr.strip().splitlines()[-1:] or [""]
    checks = [
        self_test_checks.work(done.returncode, last[0]),
        self_test_checks.network(seen, is_apart=is_apart),
        self_test_checks.photos_are_read(seen, room),
        self_test_checks.written_places(seen, room),
        self_test_checks.folders("Folders of the self-test", own),
        self_test_checks.rights("Files of the self-test", own),
        self_test_checks.folders("Your own folders", users),
        self_test_checks.rights("Your own files", users),
        self_test_checks.nothing_left(room),
        self_test_checks.leftovers(library),
        gone,
    ]
    return checks, seen


def _table(checks: list["Check"]) -> list[str]:
    width = max(len(check.title) for check in checks)
    return [
        f"{'passed' if check.has_passed else 'FAILED'}  {check.title.ljust(width)}  "
        f"{check.said if check.has_passed else counted(len(check.faults), 'fault')}"
        for check in checks
    ]


def _touched(seen: list["Seen"], place: Path) -> list[str]:
    """How many files were touched in each folder; those of the self-test one by one."""
    files = [each for each in seen if each.kind != "network"]
    folders: Counter[tuple[str, str]] = Counter()
    for each in files:
        path = Path(each.what)
        if place in path.parents:
            name = f"(self-test)/{path.parent.relative_to(place)}"
        else:
            name = str(Path(*path.parts[:DEPTH]))
        folders[name, each.kind] += 1
    lines = [f"{counted(len(files), 'file')} and folders touched (all of them with --json):"]
    shown = sorted(folders.items(), key=lambda item: (item[0][1] != "written", item[0]))
    lines += [f"  {kind.ljust(7)}  {n:6,}  {name}" for (name, kind), n in shown[:FOLDERS_SHOWN]]
    if len(shown) > FOLDERS_SHOWN:
        lines.append(f"  and {counted(len(shown) - FOLDERS_SHOWN, 'folder')} more")
    return lines
