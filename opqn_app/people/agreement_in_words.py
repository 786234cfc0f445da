"""A comparison of two models, in words for people."""

from opqn_app.core.progress import counted
from opqn_app.people.agreement import AgreementProgress, AgreementReport, Verdict
from opqn_app.people.group_changes import GroupChanges


def progress_in_words(progress: AgreementProgress) -> str:
    """ "Named faces by bundled-64: 120/393"."""
    if not progress.total:
        return f"{progress.stage}: {progress.done:,}"
    return f"{progress.stage}: {progress.done:,}/{progress.total:,}"


def verdict_in_words(report: AgreementReport, new: str = "") -> str:
    """Whether the new model knows the people better, one or two sentences.

    Args:
        new: what it is called here; by default by its name.
    """
    old, new = report.old.model, new or report.new.model
    if report.verdict == Verdict.BETTER:
        return f"{new} knows your people better than {old}."
    if report.verdict == Verdict.AS_GOOD:
        return f"{new} knows your people as well as {old}."
    if report.verdict == Verdict.WORSE:
        return f"{new} knows your people less well than {old}."
    words = f"Too few people have names to tell whether it knows them better than {old}."
    return f"{words} So far it looks worse." if report.difference < 0 else words


def asking_in_words(report: AgreementReport) -> str:
    """That the new model is ready, and why it does not take over by itself."""
    old, new = report.old.model, report.new.model
    if report.verdict == Verdict.WORSE:
        found = [f"{new} is ready, but it knows your people less well than {old}."]
    else:
        found = [f"{new} is ready.", verdict_in_words(report)]
    found += figures_in_words(report)[:1]
    if report.uncoded:
        found.append(staying_in_words(report))
    if report.changes_much:
        found.append("Most of the faces that nobody named would be in other groups.")
    return " ".join(found)


def report_in_words(report: AgreementReport) -> list[str]:
    """The whole report, a sentence or two each: verdict, figures, what stays, what changes."""
    found = [verdict_in_words(report), *figures_in_words(report), staying_in_words(report)]
    if report.groups is not None:
        found += changes_in_words(report.groups)
    return found


def figures_in_words(report: AgreementReport) -> list[str]:
    """What the verdict is made of; nothing where nothing could be measured."""
    old, new = report.old, report.new
    found = []
    if report.faces:
        found.append(
            f"For {new.nearest:,} of {counted(report.faces, 'face')} you named, of "
            f"{people_in_words(report.people)}, the most similar one is the same person; "
            f"{old.model} gets {old.nearest:,} right."
        )
    if report.rejected and new.refused is not None and old.refused is not None:
        found.append(
            f"Of {counted(report.rejected, 'suggestion')} you said no to, {new.refused:,} would be "
            f"made ({old.refused:,} by {old.model}), if your answers were not remembered."
        )
    return found


def staying_in_words(report: AgreementReport) -> str:
    """That nothing named is lost, or what a search would not find yet."""
    people = people_in_words(report.named_people)
    faces = counted(report.named_faces, "face")
    words = f"Names stay as they are: {people}, {faces}."
    if report.uncoded:
        words += f" {report.uncoded:,} of these faces have no code of {report.new.model} yet."
    return words


def people_in_words(number: int) -> str:
    """ "1 person", "1,203 people"."""
    return "1 person" if number == 1 else f"{number:,} people"


def changes_in_words(groups: GroupChanges) -> list[str]:
    """What would change among suggestions and groups."""
    if groups.people:
        more = sum(len(change.gained) for change in groups.people)
        fewer = sum(len(change.lost) for change in groups.people)
        people = people_in_words(len(groups.people))
        found = [f"Suggestions change for {people}: {more:,} more, {fewer:,} fewer."]
    else:
        found = ["Suggestions stay the same for everybody."]
    if groups.old_groups or groups.new_groups:
        parts = [f"{groups.alike:,} are the same"]
        parts += [f"{groups.n_joined:,} join several"] if groups.n_joined else []
        parts += [f"{counted(groups.n_cut, 'old one')} cut"] if groups.n_cut else []
        found.append(
            f"Groups without a name: {groups.new_groups:,} ({groups.old_groups:,} before); "
            f"{', '.join(parts)}."
        )
    return found
