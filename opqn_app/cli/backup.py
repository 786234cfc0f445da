"""`opqn backup`: keep what people said in a small file; say what each such file holds."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opqn_app.cli.kit import Parsers, emit, library_path
from opqn_app.core.harmless import in_lines
from opqn_app.core.progress import counted

if TYPE_CHECKING:
    from opqn_app.people.held import Held


def add(parsers: Parsers) -> None:
    text = "Keep names, decisions, folders and saved searches in a small file beside the library."
    parser = parsers.add("backup", run, text)
    parser.add_argument(
        "--list", action="store_true", help="make none; say what each one holds, and if it is whole"
    )


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.store.backups import Why, folder_of
    from opqn_app.store.library import Library

    library = library_path(arguments)
    if arguments.list:
        return _list(arguments, library)
    with Library.open(library) as opened:
        made = opened.back_up(Why.ASKED)
    (row,) = _rows(library, made)
    words = f"{_holds(row)} are kept in {made}."
    emit(arguments, {"folder": str(folder_of(library)), "backup": row}, words)
    return 0


def _list(arguments: argparse.Namespace, library: Path) -> int:
    from opqn_app.store.backups import folder_of

    rows, folder = _rows(library), folder_of(library)
    lines = [f"{len(rows):,} in {folder}", "To bring one back: opqn restore FILE"]
    for row in rows:
        what = f"can't be used: {row['problem']}" if row["problem"] else _holds(row)
        lines.append(f"{row['file']}  {row['bytes']:,} bytes  {what}")
    text = in_lines(lines) if rows else f"There are no backups in {folder} yet."
    emit(arguments, {"folder": str(folder), "backups": rows}, text)
    return 1 if any(row["problem"] for row in rows) else 0


def _rows(library: Path, only: Path | None = None) -> list[dict[str, Any]]:
    from opqn_app.people.held import held

    return [_row(each) for each in held(library) if only in (None, each.backup.path)]


def _row(held: "Held") -> dict[str, Any]:
    backup = asdict(held.backup)
    path, size = backup.pop("path"), backup.pop("size")
    made = backup.pop("made").isoformat()
    return {
        "file": path.name,
        "path": str(path),
        "made": made,
        "bytes": size,
        "people": held.people,
        "names": held.names,
        **backup,
    }


def _holds(row: dict[str, Any]) -> str:
    people = "1 person" if row["people"] == 1 else f"{row['people']:,} people"
    parts = [
        f"{people} ({row['names']:,} with a name)",
        counted(row["decisions"], "decision"),
        counted(row["folders"], "folder"),
        f"{row['searches']:,} saved searches",
    ]
    return ", ".join(parts)
