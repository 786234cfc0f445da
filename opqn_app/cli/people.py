"""`opqn people`: list everybody, or take names over from another library."""

import argparse
from pathlib import Path
from typing import Any

from opqn_app.cli.kit import Parsers, emit, say
from opqn_app.cli.people_kit import open_ledger, person_row, read_ledger
from opqn_app.core.progress import counted


def add(parsers: Parsers) -> None:
    parser = parsers.add("people", run, "List everybody who was named.")
    parser.add_argument(
        "--take-over",
        type=Path,
        metavar="FILE",
        help="first add what was decided in another library file, such as one from before a "
        "rebuild; doing it twice adds nothing",
    )
    parser.add_argument(
        "--all", action="store_true", help="those too of whom every face was taken away"
    )


def run(arguments: argparse.Namespace) -> int:
    if arguments.take_over is not None:
        _take_over(arguments)
    with read_ledger(arguments) as ledger:
        rows = [person_row(ledger, person) for person in ledger.persons(every=arguments.all)]
    rows.sort(key=lambda row: (row["name"] is None, (row["name"] or "").casefold(), row["id"]))
    emit(arguments, {"people": rows}, _table(rows))
    return 0


def _take_over(arguments: argparse.Namespace) -> None:
    from opqn_app.people.replay import take_over
    from opqn_app.store.library import Library

    with Library.open(arguments.take_over) as other:
        decisions, pictures = other.decision_table.decisions(), other.decision_table.pictures()
    with open_ledger(arguments) as ledger:
        say(f"{counted(take_over(decisions, ledger, pictures), 'decision')} taken over.")


def _table(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "Nobody is named yet. Say who a face is: opqn name FACE NAME"
    lines = ["   id  photos  faces  name"]
    for row in rows:
        name = row["name"] or "–"
        notes = ["hidden"] if row["is_hidden"] else []
        if row["waiting"]:
            notes.append(f"{counted(row['waiting'], 'face')} not in the library now")
        note = f"  ({', '.join(notes)})" if notes else ""
        lines.append(f"{row['id']:5d}  {row['photos']:6d}  {len(row['faces']):5d}  {name}{note}")
    return "\n".join(lines)
