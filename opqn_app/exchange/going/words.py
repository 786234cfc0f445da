"""Exports in words: what one would do, and what it did."""

from collections.abc import Sequence
from pathlib import Path

from opqn_app.core.bidi import isolated
from opqn_app.core.harmless import in_lines
from opqn_app.core.progress import counted
from opqn_app.exchange.going.copying import CopyReport, in_bytes
from opqn_app.exchange.going.placing import Placed
from opqn_app.exchange.going.selection import GoingPhoto
from opqn_app.exchange.going.sidecar_journal import UndoReport
from opqn_app.exchange.going.sidecar_writing import PlannedSidecar, RemovalReport, SidecarReport
from opqn_app.exchange.going.zipping import ZipReport

LISTED = 20  # sidecars that are told one by one


def plan_of_copies(items: Sequence[Placed], target: Path) -> str:
    """What copying or zipping would do."""
    size = sum(item.going.photo.size for item in items)
    folders = sorted({item.folder for item in items if item.folder})
    words = f"{counted(len(items), 'photo')}, {in_bytes(size)}, would go to {isolated(target)}"
    if folders:
        words += f", in {counted(len(folders), 'folder')}: {', '.join(map(isolated, folders))}"
    return f"{words}."


def drawn(n_photos: int, paths: Sequence[Path], *, is_plan: bool = False) -> str:
    """Such as "28 photos drawn in all-1.png to all-2.png."."""
    files = isolated(paths[0].name)
    if len(paths) > 1:
        files += f" to {isolated(paths[-1].name)}"
    return f"{counted(n_photos, 'photo')} {'would be ' if is_plan else ''}drawn in {files}."


def copied(report: CopyReport, *, for_window: bool = False) -> str:
    """Such as "12 photos copied to DIR. 3 were there already."."""
    words = [f"{counted(report.copied, 'photo')} copied to {isolated(report.folder)}."]
    if report.already:
        words.append(f"{report.already:,} {_were(report.already)} there already.")
    words += _left_out(report.twins, for_window=for_window)
    if report.renamed:
        words.append(
            f"{report.renamed:,} got another name, since theirs was taken or is none on some disks."
        )
    if report.sidecars:
        words.append(f"{counted(report.sidecars, 'XMP file')} went along.")
    if report.merged:
        words.append(f"{report.merged:,} of them lay there already and got names.")
        words += [] if for_window else ["Undo: opqn export xmp --undo"]
    return " ".join(words)


def zipped(report: ZipReport, *, for_window: bool = False) -> str:
    words = (
        f"{counted(report.photos, 'photo')} in {isolated(report.path)}, {in_bytes(report.size)}."
    )
    return " ".join([words, *_left_out(report.twins, for_window=for_window)])


def written(
    report: SidecarReport, *, is_plan: bool, replaces: bool, for_window: bool = False
) -> str:
    """What would be written to sidecars, or was.

    Args:
        is_plan: nothing is written yet.
        replaces: other names there make way for the library's.
        for_window: without the words of commands.
    """
    lines = [_line(each) for each in report.written[:LISTED]]
    more = len(report.written) - LISTED
    lines += [f"and {counted(more, 'more file')}"] if more > 0 else []
    clashing = [each for each in report.sidecars if each.clashes]
    for each in clashing[:LISTED]:
        for clash in each.clashes:
            lines.append(
                f"{isolated(each.sidecar)}: {isolated(clash.there)} "
                f"{'made way' if replaces else 'stays'}; the library says {isolated(clash.name)}"
            )
    n = len(report.written)
    doing = "would be written" if is_plan else "were written"
    photos = "its photo" if n == 1 else "their photos"
    summary = f"Names {doing} to {counted(n, 'XMP file')} beside {photos}."
    if not n:
        summary = "There is nothing to write."
    if report.unchanged:
        summary += (
            f" {counted(report.unchanged, 'photo')} {_have(report.unchanged)} it all already."
        )
    if for_window:
        return in_lines([summary, *lines])
    if clashing and not replaces:
        summary += " Where another name stands it stays, unless you say --replace."
    if n and not is_plan:
        summary += " Undo: opqn export xmp --undo"
    return in_lines([*lines, summary])


def taken_back(report: UndoReport, *, is_plan: bool = False) -> str:
    """Such as "2 XMP files are what they were before. 3 that had been made are removed."."""
    back, gone = report.restored, report.removed
    lines = [str(each) for each in report.sidecars[:LISTED]] if is_plan else []
    more = len(report.sidecars) - LISTED
    lines += [f"and {counted(more, 'more file')}"] if is_plan and more > 0 else []
    words = []
    if back:
        was = ("is what it was", "would be what it was")[is_plan]
        if back > 1:
            was = ("are what they were", "would be what they were")[is_plan]
        words.append(f"{counted(back, 'XMP file')} {was} before.")
    if gone:
        made = f"{counted(gone, 'XMP file')} that had been made"
        verb = "would be" if is_plan else "is" if gone == 1 else "are"
        words.append(f"{made} {verb} removed.")
    nothing = "Nothing can be taken back now." if is_plan else "Nothing was taken back."
    return "\n".join([*lines, " ".join(words) or nothing])


def taken_out(report: RemovalReport, name: str, *, is_plan: bool) -> str:
    n = len(report.sidecars)
    if not n:
        return f"No XMP file beside these photos has a person called {isolated(name)}."
    doing = "would be" if is_plan else _were(1)
    end = "" if is_plan else " Undo: opqn export xmp --undo"
    return f"{isolated(name)} {doing} taken out of {counted(n, 'XMP file')}.{end}"


def sheet_of(photos: Sequence[GoingPhoto], people: Sequence[str]) -> str:
    """The title of a contact sheet: the people asked for, else the folder that all lie in."""
    if people:
        return ", ".join(people)
    folders = {going.photo.path.parent for going in photos}
    return folders.pop().name if len(folders) == 1 else "Photos"


def _line(each: PlannedSidecar) -> str:
    names = ", ".join(map(isolated, each.names))
    return f"{isolated(each.sidecar)}{' (new)' if each.is_new else ''}: {names}"


def _left_out(twins: int, *, for_window: bool) -> list[str]:
    if not twins:
        return []
    words = f"{twins:,} {_were(twins)} left out, since another one is the same file"
    return [f"{words}." if for_window else f"{words}; --copies takes all."]


def _were(n: int) -> str:
    return "was" if n == 1 else "were"


def _have(n: int) -> str:
    return "has" if n == 1 else "have"
