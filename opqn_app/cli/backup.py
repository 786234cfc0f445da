"""`opqn backup`: keep what people said in a small file; say what each such file holds."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opqn_app.cli.kit import Parsers, emit, library_path, say
from opqn_app.core.harmless import in_lines

if TYPE_CHECKING:
    from opqn_app.people.held import Held


def add(parsers: Parsers) -> None:
    text = "Keep names, decisions, folders and saved searches in a small file beside the library."
    parser = parsers.add("backup", run, text)
    parser.add_argument(
        "--list", action="store_true", help="make none; say what each one holds, and if it is whole"
    )


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.people.held import held
    from opqn_app.people.held_in_words import holds_in_words
    from opqn_app.store.backups import Why, folder_of
    from opqn_app.store.library import Library

    library = library_path(arguments)
    if arguments.list:
        return _list(arguments, library)
    with Library.open(library) as opened:
        made = opened.back_up(Why.ASKED)
        is_broken = opened.has_broken_pages()
    (found,) = [each for each in held(library) if each.backup.path == made]
    value = {"folder": str(folder_of(library)), "backup": _row(found), "is_broken": is_broken}
    emit(arguments, value, f"{holds_in_words(found)} are kept in {made}.")
    if is_broken:
        say(
            f"But the library {library} is damaged (opqn check says where). What could be read of "
            "names and decisions is in the backup; look whether it is all. Older backups are kept."
        )
    return int(is_broken)


def _list(arguments: argparse.Namespace, library: Path) -> int:
    from opqn_app.people.held import held
    from opqn_app.people.held_in_words import holds_in_words, when_in_words, why_in_words
    from opqn_app.store.backups import folder_of

    found, folder = held(library), folder_of(library)
    lines = [f"{len(found):,} in {folder}", "To bring one back: opqn restore FILE"]
    for each in found:
        backup = each.backup
        said = [when_in_words(backup), why_in_words(backup), holds_in_words(each)]
        said += [f"{backup.size:,} bytes", backup.path.name]
        lines.append("  ".join(words for words in said if words))
    text = in_lines(lines) if found else f"There are no backups in {folder} yet."
    rows = [_row(each) for each in found]
    emit(arguments, {"folder": str(folder), "backups": rows}, text)
    return int(any(each.backup.problem for each in found))


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
