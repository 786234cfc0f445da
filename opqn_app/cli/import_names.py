"""`opqn import`: take in names and boxes that another program has."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opqn_app.cli.kit import Parsers, emit, library_path, load_engine
from opqn_app.cli.people_kit import read_ledger
from opqn_app.core import settings
from opqn_app.core.errors import LibraryLocked, OpqnError
from opqn_app.core.progress import run_with_progress
from opqn_app.exchange.programs.listed import PROGRAMS, Program

if TYPE_CHECKING:
    from opqn_app.exchange.coming.import_plan import ImportPlan
    from opqn_app.exchange.coming.taking_in import ImportReport


def add(parsers: Parsers) -> None:
    text = "Take in the names that another program has for people on your photos."
    parser = parsers.add("import", run, text, has_model=True)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(f"{each.key}: {each.how}" for each in PROGRAMS)
    keys = [each.key for each in PROGRAMS]
    parser.add_argument("program", choices=keys, metavar="PROGRAM", help=", ".join(keys))
    parser.add_argument("place", type=Path, metavar="PLACE", help="a folder or a file, see below")
    parser.add_argument("--dry-run", action="store_true", help="only show what it would do")
    parser.add_argument(
        "--only", nargs="+", action="extend", metavar="NAME", help="take in these names alone"
    )


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.exchange.coming.words import headline, plan_in_words, report_in_words

    program = next(each for each in PROGRAMS if each.key == arguments.program)
    wrong = program.wrong_place(arguments.place)
    if wrong:
        raise OpqnError(wrong)
    plan = _planned(arguments, program)
    _check_names(plan, arguments.only)
    value = asdict(plan)
    if not (plan.photos or plan.problems):  # most likely it is another place
        emit(arguments, value, f"{headline(plan)} {program.how}")
        return 0
    if arguments.dry_run:
        emit(arguments, value, plan_in_words(plan))
        return 0
    report = _taken_in(arguments, plan)
    value["taken"] = [asdict(name) for name in report.names]
    value |= {"drawn": report.drawn, "waiting": report.waiting}
    emit(arguments, value, report_in_words(report, plan))
    return 0


def _check_names(plan: "ImportPlan", only: Sequence[str] | None) -> None:
    from opqn_app.people.facts import folded

    known = {folded(name.name) for name in plan.names}
    unknown = [name for name in only or () if folded(name) not in known]
    if unknown:
        raise OpqnError(
            f"{plan.source} has nobody called {unknown[0]} on photos of the library.",
            hint="With --dry-run all names are listed.",
        )


def _planned(arguments: argparse.Namespace, program: Program) -> "ImportPlan":
    from opqn_app.exchange.coming.matching import plan_import
    from opqn_app.exchange.coming.words import ProgressWords

    with read_ledger(arguments) as ledger:
        folders = [root.path for root in ledger.library.roots()]
        found = program.read(arguments.place, folders, settings.load().excludes)
        job = plan_import(ledger, found, program.name)
        return run_with_progress(job, ProgressWords("Reading names", "photo"))


def _taken_in(arguments: argparse.Namespace, plan: "ImportPlan") -> "ImportReport":
    from opqn_app.exchange.coming.taking_in import take_in
    from opqn_app.exchange.coming.words import ProgressWords
    from opqn_app.people.ledger import Ledger
    from opqn_app.store.library import Library

    path, words = library_path(arguments), ProgressWords("Drawing faces", "face")
    if any(name.boxes for name in plan.names):
        engine: Any = load_engine(arguments)
        try:
            with Library.open(path, write=True, make=False) as library:
                job = take_in(Ledger(library), plan, engine, arguments.only)
                return run_with_progress(job, words)
        except LibraryLocked:
            pass  # whoever writes now makes faces of the boxes at its end
    with Library.open_to_decide(path) as library:
        return run_with_progress(take_in(Ledger(library), plan, None, arguments.only), words)
