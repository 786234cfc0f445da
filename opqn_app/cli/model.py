"""`opqn model`: say which model searches use, or let another one take over, and go back."""

import argparse
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from opqn_app.cli.kit import Parsers, emit, library_path
from opqn_app.core import settings
from opqn_app.core.errors import ModelError, OpqnError
from opqn_app.core.harmless import in_lines
from opqn_app.core.progress import counted

if TYPE_CHECKING:
    from opqn_app.engine import Engine
    from opqn_app.people.agreement import AgreementReport
    from opqn_app.people.switching import Step


def add(parsers: Parsers) -> None:
    text = "Say which model searches use, or let another one take over if it is no worse."
    parser = parsers.add("model", run, text)
    parser.add_argument("name", nargs="?", metavar="MODEL", help="name or folder of a model")
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--report",
        action="store_true",
        help="compare MODEL with the present one on the people you named, and change nothing",
    )
    how.add_argument("--anyway", action="store_true", help="take MODEL although it is worse")
    how.add_argument("--back", action="store_true", help="take the model that was used before")


def run(arguments: argparse.Namespace) -> int:
    chosen = settings.load()
    if arguments.back and arguments.name:
        raise OpqnError("Name a model, or say --back, not both.")
    if arguments.back and not chosen.previous_model:
        raise OpqnError("There is nothing to go back to: no model was used before.")
    if arguments.back:
        return _change(arguments, chosen, chosen.previous_model)
    if arguments.name is None:
        if arguments.report or arguments.anyway:
            raise OpqnError("Name a model: opqn model MODEL. `opqn status` lists some.")
        return _show(arguments, chosen)
    if arguments.name == chosen.model:
        raise OpqnError(f"Searches use {chosen.model} already.")
    return _change(arguments, chosen, arguments.name)


def _show(arguments: argparse.Namespace, chosen: settings.Settings) -> int:
    from opqn_app.store.library import Library

    with Library.open(library_path(arguments)) as library:
        coded = library.code_store.coded()
    value = {
        "model": chosen.model,
        "previous_model": chosen.previous_model or None,
        "codes": [asdict(each) for each in coded],
    }
    lines = [f"Searches use {chosen.model}."]
    if chosen.previous_model:
        lines.append(f"Before it: {chosen.previous_model} (opqn model --back)")
    lines += [f"  codes of {each.name}: {counted(each.faces, 'face')}" for each in coded]
    emit(arguments, value, in_lines(lines))
    return 0


def _change(arguments: argparse.Namespace, chosen: settings.Settings, name: str) -> int:
    from opqn_app.people.agreement_in_words import report_in_words

    is_told = arguments.back or arguments.anyway
    report = _prepared(library_path(arguments), chosen, name, compares=not arguments.back)
    needs_word = report is not None and report.needs_word
    is_taken = not arguments.report and (is_told or not needs_word)
    if is_taken:
        taken = replace(chosen, model=name, next_model="", previous_model=chosen.model)
        settings.save(taken)
    value = {
        "model": name if is_taken else chosen.model,
        "is_taken": is_taken,
        "report": None if report is None else report.to_dict(),
    }
    lines = report_in_words(report) if report is not None else []
    if is_taken:
        lines.append(f"Searches use {name} now. To go back: opqn model --back")
    elif not arguments.report:
        lines.append(
            f"Searches go on using {chosen.model}. To take {name} all the same: "
            f"opqn model {name} --anyway"
        )
    elif report is None:
        lines.append("There is nothing to compare yet: name some people first.")
    emit(arguments, value, in_lines(lines))
    return 1 if needs_word and not is_told else 0


def _prepared(
    path: Path, chosen: settings.Settings, name: str, *, compares: bool
) -> "AgreementReport | None":
    """Faces coded by the new model, and the comparison with the old one, if it can be loaded."""
    from opqn_app.core.progress import run_with_progress
    from opqn_app.engine import load_engine
    from opqn_app.people.switching import prepare_switch
    from opqn_app.store.library import Library

    new = load_engine(name, chosen.device, chosen.detector, is_lazy=True)
    with Library.open(path):  # a library that is not there is not made
        old = _loaded(chosen) if compares else None
    return run_with_progress(prepare_switch(path, old, new), _in_words)


def _loaded(chosen: settings.Settings) -> "Engine | None":
    from opqn_app.engine import load_engine

    try:
        return load_engine(chosen.model, chosen.device, chosen.detector, is_lazy=True)
    except ModelError:  # it can't answer any more
        return None


def _in_words(step: "Step") -> str:
    from opqn_app.index.in_words import faces_in_words
    from opqn_app.index.progress import IndexProgress
    from opqn_app.people.agreement_in_words import progress_in_words

    return faces_in_words(step) if isinstance(step, IndexProgress) else progress_in_words(step)
