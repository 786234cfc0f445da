"""`opqn status`: say what the library holds."""

import argparse
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING

from opqn_app.cli.kit import Parsers, emit, library_path, problems
from opqn_app.core import settings
from opqn_app.core.errors import ModelError
from opqn_app.core.harmless import in_lines
from opqn_app.core.progress import counted

if TYPE_CHECKING:
    from opqn_app.store.library import Library


_AWAY = "not there now; still searchable; if it is elsewhere: opqn relocate OLD NEW"


def add(parsers: Parsers) -> None:
    parsers.add("status", run, "Say what the library holds.")


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.index.in_words import acceptance
    from opqn_app.store.library import Library
    from opqn_app.store.records import KEPT_DAYS

    searching = settings.load().model
    with Library.open(library_path(arguments)) as library:
        status = library.status()
        failures = library.failures()
        roots = library.roots()
        detectors = library.detectors()
        uncoded = _without_code(library, searching)
        coded = library.code_store.coded()
        unreachable = library.unreachable_folders()
        has_traces = library.has_traces
    value = {
        "library": str(library_path(arguments)),
        "photos": status.photos,
        "faces": status.faces,
        "failures": problems(failures),
        "coded_last_by": {"id": status.model_id, "name": status.model_name},
        "detectors": detectors,
        "codes": [asdict(each) for each in coded],
        "searches_use": searching,
        "faces_without_code": uncoded,
        "not_searched_thoroughly": status.unsearched,
        "unreachable": [asdict(each) for each in unreachable],
        "deleted": status.deleted,
        "remembers_faces": status.remembers_faces,
        "has_traces": has_traces,
        "revision": status.revision,
        "folders": [asdict(root) for root in roots],
    }
    lines = [
        f"{counted(status.photos, 'photo')}, {counted(status.faces, 'face')}, "
        f"{counted(len(failures), 'problem')}; searches use {searching}"
    ]
    lines += [f"  codes of {each.name}: {counted(each.faces, 'face')}" for each in coded]
    if detectors:
        lines.append(f"  faces found by {_by_detector(detectors)}")
    for name, number in uncoded.items():
        lines.append(
            f"  {number:,} of {counted(status.faces, 'face')} without a code of the model "
            f"'{name}', so not searched (opqn encode)"
        )
    if status.unsearched:
        lines.append(
            f"  {counted(status.unsearched, 'photo')} not searched thoroughly yet "
            "(opqn index DIR --thorough)"
        )
    lines += [
        f"  {counted(each.photos, 'photo')} below {each.path} can't be reached since "
        f"{date.fromtimestamp(each.since)}: a disk may not be plugged in; still searchable (if "
        f"they were deleted: {acceptance(each)})"
        for each in unreachable
    ]
    if status.deleted:
        file, they = ("file", "it") if status.deleted == 1 else ("files", "they")
        lines.append(
            f"  {counted(status.deleted, 'deleted photo')}, whose faces come back with the {file}; "
            f"forgotten at the next indexing {KEPT_DAYS} days after {they} went, or now "
            "(opqn forget --deleted)"
        )
    if not status.remembers_faces:
        lines.append("  it remembers no faces, as you chose (opqn remember-faces on lets it again)")
    if has_traces:
        lines.append("  bytes of what was forgotten are still on the disk (opqn forget --traces)")
    for root in roots:
        state = "" if root.is_available else f"  ({_AWAY})"
        lines.append(f"  {root.path}: {counted(root.photos, 'photo')}{state}")
    lines += [f"  problem: {failure.path}: {failure.reason}" for failure in failures]
    emit(arguments, value, in_lines(lines))
    return 0


def _without_code(library: "Library", name: str) -> dict[str, int]:
    """The model `name`, with how many faces have no code of it; empty if all have."""
    from opqn_app.opqn.model_folder import find_model, read_description

    try:
        model_id = str(read_description(find_model(name)).get("model_id"))
    except ModelError:
        return {}  # a search says what is wrong with it
    number = library.faces_without_code(model_id)
    return {name: number} if number else {}


def _by_detector(photos: dict[str, int]) -> str:
    named = {name.replace("+", " and "): n for name, n in photos.items()}
    if len(named) == 1:
        return next(iter(named))
    return ", ".join(f"{name} on {counted(n, 'photo')}" for name, n in named.items())
