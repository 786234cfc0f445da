"""`opqn check`: look whether the library is whole, and repair it if it is not."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opqn_app.cli.kit import Parsers, emit, library_path
from opqn_app.core.errors import LibraryDamaged
from opqn_app.core.harmless import in_lines

if TYPE_CHECKING:
    from opqn_app.store.checking import Fault


def add(parsers: Parsers) -> None:
    text = "Look whether the library is whole: its pages, rows, codes and pictures of faces."
    parser = parsers.add("check", run, text)
    parser.add_argument(
        "--repair",
        action="store_true",
        help="save what can be read in a copy, which takes the library's place; the damaged file "
        "is set aside",
    )


def run(arguments: argparse.Namespace) -> int:
    path = library_path(arguments)
    try:
        faults = _faults(path)
    except LibraryDamaged:  # so much so that it does not open
        if not arguments.repair:
            raise
        return _repair(arguments, path)
    if arguments.repair and any(_is_for_repair(fault) for fault in faults):
        return _repair(arguments, path)
    text = in_lines([f"{path} has faults:", *_lines(faults)]) if faults else f"{path} is whole."
    emit(arguments, {"library": str(path), **_value(faults)}, text)
    return 1 if faults else 0


def _repair(arguments: argparse.Namespace, path: Path) -> int:
    from opqn_app.store.repairing import repair

    done = repair(path)
    lines = [f"{path} is repaired.", *done.done]
    if done.aside is not None:
        lines.append(
            f"The damaged file is now {done.aside}, closed to others. It is deleted in 30 days, or "
            "when something is forgotten."
        )
    else:
        lines.append("The damaged file held bytes of what was forgotten, so it was deleted.")
    lines.append("If names are missing: opqn restore adds what the backups hold.")
    lines += _lines(done.left)
    aside = None if done.aside is None else str(done.aside)
    value = {"library": str(path), "aside": aside, "done": done.done, **_value(done.left)}
    emit(arguments, value, in_lines(lines))
    return 1 if done.left else 0


def _faults(path: Path) -> list["Fault"]:
    from opqn_app.store.library import Library

    with Library.open(path) as library:
        return library.faults()


def _is_for_repair(fault: "Fault") -> bool:
    from opqn_app.store.checking import READ_AGAIN

    return fault.remedy != READ_AGAIN


def _lines(faults: "Sequence[Fault]") -> list[str]:
    """Each fault, and each remedy once."""
    remedies = dict.fromkeys(fault.remedy for fault in faults)
    return [*(f"{fault.count:,} × {fault.words}" for fault in faults), *remedies]


def _value(faults: "Sequence[Fault]") -> dict[str, Any]:
    return {"faults": [asdict(fault) for fault in faults]}
