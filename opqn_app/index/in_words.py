"""Indexing in words: what a run does now, and what it did."""

import shlex
from collections.abc import Collection, Sequence

from opqn_app.core.files import real_path
from opqn_app.core.progress import counted, duration_in_words
from opqn_app.index.progress import IndexProgress, IndexReport
from opqn_app.store.records import ForgetReport, Root, UnreachableFolder
from opqn_app.store.unreachable import is_available

NAMED = 3  # folders with photos that can't be reached
_PHASES = {"comparing": "Comparing contents", "thorough": "Looking for more faces"}


def everything_in_words(report: ForgetReport) -> str:
    """What went when everything was forgotten."""
    text = f"Forgot {counted(report.photos, 'photo')} and {counted(report.faces, 'face')}."
    if report.backups_deleted:
        text += f" Deleted {counted(report.backups_deleted, 'backup')}."
    return text


def away_in_words(roots: Sequence[Root], shown: Collection[int]) -> list[str]:
    """A sentence for each folder that is not there, of those whose photos are shown.

    Args:
        shown: ids of roots.
    """
    return [
        f"The folder {root.path} is not there now, so its photos can't be opened. If they are in "
        f"another folder: opqn relocate {shlex.quote(str(root.path))} FOLDER"
        for root in roots
        if root.id in shown and not root.is_available
    ]


def faces_in_words(progress: IndexProgress) -> str:
    """ "120/393 faces · 9 s left": where stored faces are coded and no photo is read."""
    parts = [f"{progress.done:,}/{counted(progress.total, 'face')}"]
    if progress.eta_s is not None:
        parts.append(f"{duration_in_words(progress.eta_s)} left")
    return " · ".join(parts)


def progress_in_words(progress: IndexProgress) -> str:
    """ "120/227 photos · 12.3 photos/s · 9 s left · 310 faces · 2 problems"."""
    if progress.phase == "scanning":
        return f"Looking for photos: {progress.done:,}"
    parts = [f"{progress.done:,}/{progress.total:,} photos"]
    if progress.phase in _PHASES:
        parts[0] = f"{_PHASES[progress.phase]}: {parts[0]}"
    if progress.photos_per_s > 0:
        parts.append(f"{progress.photos_per_s:.1f} photos/s")
    if progress.eta_s is not None:
        parts.append(f"{duration_in_words(progress.eta_s)} left")
    parts.append(counted(progress.faces, "face"))
    if progress.failures:
        parts.append(counted(progress.failures, "problem"))
    return " · ".join(parts)


def index_report_in_words(report: IndexReport) -> str:
    """ "Indexed 3 photos, 6 faces, 40 unchanged, in 2 s." """
    parts = news_of(report) or ["no new photos"]
    if report.unchanged:
        parts.append(f"{report.unchanged:,} unchanged")
    return in_a_sentence([*parts, f"in {duration_in_words(report.seconds)}"])


def news_of(report: IndexReport) -> list[str]:
    """What a run did and found, and the problems, each a part of a sentence; empty for nothing."""
    new, parts = report.added + report.changed, []
    if new:
        found = counted(report.faces - report.more_faces, "face")
        parts.append(f"indexed {counted(new, 'photo')}, {found}")
    if report.coded:
        parts.append(f"{counted(report.coded, 'known face')} got a code of this model")
    if report.searched:
        more = counted(report.more_faces, "more face") if report.more_faces else "no more faces"
        parts.append(f"{more} found in {counted(report.searched, 'photo')} looked at again")
    if report.edited:
        parts.append(f"new metadata in {counted(report.edited, 'photo')}")
    if report.moved:
        parts.append(f"{report.moved:,} moved")
    if report.removed:
        parts.append(f"{report.removed:,} no longer there")
    if report.returned:
        parts.append(f"{report.returned:,} there again")
    unreachable = sum(folder.photos for folder in report.unreachable)
    if unreachable:
        parts.append(f"{counted(unreachable, 'photo')} can't be reached")
    if report.failures:
        parts += [] if parts else ["no new photos"]
        parts.append(counted(len(report.failures), "problem"))
    return parts


def unreachable_in_words(folders: Sequence[UnreachableFolder]) -> list[str]:
    """A sentence for each of the largest folders, and one for the rest; none for no folder."""
    largest = sorted(folders, key=lambda folder: (-folder.photos, folder.path))
    said = [
        f"{counted(folder.photos, 'photo')} below {folder.path} can't be reached: a disk may not "
        "be plugged in, or a folder may not be opened. Nothing was forgotten; they stay "
        f"searchable. Were they deleted? {acceptance(folder)}"
        for folder in largest[:NAMED]
    ]
    rest = largest[NAMED:]
    if rest:
        photos = counted(sum(folder.photos for folder in rest), "photo")
        said.append(f"Nor can {photos} below {counted(len(rest), 'more folder')}: opqn status")
    return said


def acceptance(folder: UnreachableFolder) -> str:
    """The command that accepts a deletion.

    Behind a link the folder would be another one: it is the root. A root that is gone or bare is
    accepted by no run: it is forgotten.
    """
    if not is_available(folder.root, has_photos=True):
        return f"opqn forget {shlex.quote(str(folder.root))}"
    is_itself = real_path(folder.path) == folder.path
    named = folder.path if is_itself else folder.root
    command = f"opqn index {shlex.quote(str(named))} --accept-missing"
    return command if is_itself else f"{command} (this says so of all of {named} that is away)"


def in_a_sentence(parts: Sequence[str]) -> str:
    """ "3 moved, 1 no longer there." """
    words = ", ".join(parts)
    return f"{words[0].upper()}{words[1:]}."
