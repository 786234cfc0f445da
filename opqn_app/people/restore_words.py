"""Restoring in words: what would come, and what came."""

from collections.abc import Sequence
from pathlib import Path

from opqn_app.core.progress import counted
from opqn_app.people.restore_preview import Missing
from opqn_app.people.restoring import Restored

SHOWN = 8  # names or folders that are told one by one


def missing_in_words(missing: Missing) -> list[str]:
    """One thing a line; none where nothing is missing."""
    lines = []
    if missing.decisions:
        words = f"{counted(missing.decisions, 'decision')} about who is who"
        if missing.names:
            words += f", with names that the library does not have: {_some(missing.names)}"
        lines.append(words)
    if missing.folders:
        folders = _some([str(folder) for folder in missing.folders])
        number = counted(len(missing.folders), "folder")
        lines.append(f"{number}, whose photos are then read again: {folders}")
    if missing.searches:
        searches = _some([f"“{name}”" for name in missing.searches])
        lines.append(f"saved searches: {searches}")
    return lines


def restored_in_words(done: Restored) -> str:
    """What came, in a sentence."""
    came = []
    if done.decisions:
        came.append(counted(done.decisions, "decision"))
    if done.folders:
        came.append(counted(len(done.folders), "folder"))
    if done.searches:
        one = len(done.searches) == 1
        came.append("1 saved search" if one else f"{len(done.searches):,} saved searches")
    if not came:
        return "Nothing was missing: the library holds all that is in this backup."
    return f"Restored: {', '.join(came)}. Nothing was taken away."


def taken_back_in_words(stay: Sequence[Path]) -> str:
    """That a restore was undone; stay: folders that it brought and that stay."""
    words = "What was restored is taken back."
    if stay:
        folders = _some([str(folder) for folder in stay])
        words += f" Folders whose photos were read meanwhile stay: {folders}."
    return words


def _some(words: Sequence[str]) -> str:
    more = f" and {len(words) - SHOWN:,} more" if len(words) > SHOWN else ""
    return ", ".join(words[:SHOWN]) + more
