"""What an import would do and has done, in sentences."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence

from opqn_app.core.bidi import isolated
from opqn_app.core.harmless import in_lines
from opqn_app.core.progress import counted, duration_in_words
from opqn_app.exchange.coming.import_plan import UNNAMED, Asked, Clash, ImportPlan, Left, Reason
from opqn_app.exchange.coming.taking_in import ImportReport
from opqn_app.exchange.records import Progress

_SHOWN = 30  # lines of one kind; the JSON of a command has them all
_MIN_BUSY_S = 1.0  # before that an estimate would be noise
_REASONS = {
    Reason.NOT_THERE: "the photo is not there",
    Reason.NOT_INDEXED: "the photo is not in the library; index its folder, and import again",
    Reason.BAD_NAME: "it is too long for a name, or holds nothing that can be shown",
    Reason.NO_FACE: "nothing says where on the photo, and no face is left there",
    Reason.TOO_SMALL: "the box is only a few pixels wide",
    Reason.TWO_NAMES: "another name was taken for the same face",
    Reason.TWICE: "the person is on the photo already",
}


class ProgressWords:
    """Tells of progress: how many, of how many, and how long still."""

    def __init__(self, doing: str, noun: str) -> None:
        """Begin now.

        Args:
            doing: such as "Reading names".
            noun: of what is counted, such as "photo".
        """
        self._doing, self._noun = doing, noun
        self._start = time.monotonic()

    def __call__(self, progress: Progress) -> str:
        words = f"{self._doing}: {progress.done:,}"
        if not progress.total:
            return f"{words} {self._noun}s"
        words += f" of {counted(progress.total, self._noun)}"
        spent = time.monotonic() - self._start
        if progress.done and spent > _MIN_BUSY_S:
            left = spent / progress.done * (progress.total - progress.done)
            words += f", {duration_in_words(left)} left"
        return words


def plan_in_words(plan: ImportPlan) -> str:
    """What an import would do: a summary, the names, and what is not taken in."""
    boxes = sum(len(name.boxes) for name in plan.names)
    lines = [headline(plan)]
    lines += _some([_line(n.name, n.new, is_new=n.person is None) for n in plan.names if n.new])
    if plan.known:
        lines.append(f"{_faces(plan.known)} who {plan.source} says already.")
    if boxes:
        lines.append(f"{counted(boxes, 'face')} of these will be drawn: nothing was found there.")
    guessed = sum(len(name.guessed) for name in plan.names)
    if guessed:
        lines.append(
            f"{counted(guessed, 'face')} of these have a name without a box: "
            "one name and one face were left on the photo."
        )
    return in_lines([*lines, *rest_in_words(plan)])


def headline(plan: ImportPlan) -> str:
    """What an import would do, in two sentences."""
    if not plan.photos:
        return f"No {plan.source} names were found there."
    people = sum(name.new > 0 for name in plan.names)
    knows = f"{plan.source} knows names or faces on {counted(plan.photos, 'photo')}."
    return f"{knows} {_new_in_words(plan.new, people) or _nothing_in_words(plan)}"


def report_in_words(report: ImportReport, plan: ImportPlan, *, is_drawing: bool = False) -> str:
    """What an import has done, and what it has not taken in.

    Args:
        is_drawing: faces that wait for it are being drawn now.
    """
    if not report.outcome.rows:
        lines = [_nothing_in_words(plan) if plan.photos else headline(plan)]
    else:
        lines = [_new_in_words(report.faces, len(report.names), done=True)]
        lines += _some([_line(n.name, n.faces, is_new=n.is_new) for n in report.names])
    if report.drawn:
        lines.append(f"{counted(report.drawn, 'face')} drawn where none was found.")
    if report.waiting:
        faces = counted(report.waiting, "face")
        lines.append(
            f"{faces} drawn now, where none was found."
            if is_drawing
            else f"{faces} could not be drawn yet; the next indexing run does it."
        )
    return in_lines([*lines, *rest_in_words(plan)])


def rest_in_words(plan: ImportPlan, *, where: str = "in the window") -> Iterator[str]:
    """What is not taken in, a sentence for each reason.

    Args:
        where: the user can say who names without a place are.
    """
    if plan.clashes:
        yield f"{counted(len(plan.clashes), 'name')} against what you said; your word stays:"
        yield from _some([clash_in_words(clash) for clash in plan.clashes])
    if plan.asked:
        yield (
            f"On {counted(len(plan.asked), 'photo')} a name has no place and several faces are "
            f"left; {where} you can say who is who:"
        )
        yield from _some([_asked_in_words(asked) for asked in plan.asked])
    reasons = Counter(left.reason for left in plan.left)
    for reason, n in reasons.most_common():
        yield f"{counted(n, 'name')} left: {_REASONS[reason]}."
        yield from _some([_left_in_words(left) for left in plan.left if left.reason is reason])
    for kind, n in plan.marks:
        yield _mark_in_words(kind, n)
    if plan.problems:
        yield f"{counted(len(plan.problems), 'file')} not read as a whole:"
        yield from _some(
            [f"{isolated(problem.path)}: {problem.sentence}" for problem in plan.problems]
        )


def clash_in_words(clash: Clash) -> str:
    """One clash, such as "a.jpg: Ann, where you said Ben"."""
    if not clash.is_face:
        said = "there is no face"
    else:
        said = f"it is not {isolated(clash.name)}" if clash.said is None else isolated(clash.said)
    return f"{isolated(clash.photo)}: {isolated(clash.name)}, where you said {said}"


def _asked_in_words(asked: Asked) -> str:
    names = ", ".join(map(isolated, asked.names))
    return f"{isolated(asked.photo)}: {names} ({counted(len(asked.faces), 'face')})"


def _left_in_words(left: Left) -> str:
    """Its photo, and the name unless that can't be shown."""
    photo = isolated(left.photo)
    return photo if left.reason is Reason.BAD_NAME else f"{photo}: {isolated(left.name)}"


def _mark_in_words(kind: str, n: int) -> str:
    if kind == UNNAMED:
        return f"{counted(n, 'face')} {'has' if n == 1 else 'have'} no name there either."
    return f"{counted(n, 'mark')} left that {'is' if n == 1 else 'are'} no face: {kind}."


def _line(name: str, faces: int, *, is_new: bool) -> str:
    return f"{isolated(name)}: {counted(faces, 'face')}{', somebody new' if is_new else ''}"


def _some(lines: Sequence[str]) -> Iterator[str]:
    """The first of many, and how many more there are."""
    yield from (f"  {line}" for line in lines[:_SHOWN])
    if len(lines) > _SHOWN:
        yield f"  … and {len(lines) - _SHOWN:,} more"


def _new_in_words(faces: int, people: int, *, done: bool = False) -> str:
    if not faces:
        return ""
    verb = "got" if done else "would get"
    return f"{counted(faces, 'face')} {verb} a name, of {_people(people)}."


def _nothing_in_words(plan: ImportPlan) -> str:
    """Why no face gets a name."""
    words = ["Nothing of it is new."] if plan.known else []
    if plan.asked:
        words.append(f"On {counted(len(plan.asked), 'photo')} you have to say who is who.")
    return " ".join(words) or "Nothing of it can be taken in."


def _people(n: int) -> str:
    return "1 person" if n == 1 else f"{n:,} people"


def _faces(n: int) -> str:
    return "1 face is" if n == 1 else f"{n:,} faces are"
