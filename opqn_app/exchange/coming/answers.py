"""What the user says of names without a place, put into the plan of an import."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from opqn_app.exchange.coming.import_plan import Asked, ImportPlan, PlannedName
from opqn_app.people.facts import folded


def answered(plan: ImportPlan, names: Collection[str], answers: Mapping[int, str]) -> ImportPlan:
    """The part of a plan that is wanted, with faces that got one of the names asked for.

    Args:
        names: those of the plan that are wanted.
        answers: face → a name that its photo is asked for; the name comes for that face even if
            it is not wanted for others.
    """
    said: dict[str, list[int]] = {}
    spelled: dict[str, str] = {}
    for face, name in answers.items():
        said.setdefault(folded(name), []).append(face)
        spelled.setdefault(folded(name), name)
    wanted = {folded(name) for name in names}
    known = {folded(each.name): each for each in plan.names}
    planned = [each for key, each in known.items() if key in wanted]
    for key, faces in said.items():
        of_plan = known.get(key, PlannedName(spelled[key]))
        if key in wanted and key in known:
            planned[planned.index(of_plan)] = replace(of_plan, faces=(*of_plan.faces, *faces))
        else:
            planned.append(PlannedName(of_plan.name, of_plan.person, tuple(faces)))
    left = (_left_of(each, answers) for each in plan.asked)
    return replace(
        plan, names=tuple(planned), asked=tuple(each for each in left if each is not None)
    )


def _left_of(asked: Asked, answers: Mapping[int, str]) -> Asked | None:
    """What is still asked of a photo; None for nothing."""
    said = {folded(answers[face]) for face in asked.faces if face in answers}
    names = tuple(name for name in asked.names if folded(name) not in said)
    faces = tuple(face for face in asked.faces if face not in answers)
    return replace(asked, names=names, faces=faces) if names and faces else None
