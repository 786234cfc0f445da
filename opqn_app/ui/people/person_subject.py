"""Whom the view of a person is about, and who that is after something was decided; no widget."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opqn_app.ui.work.people_jobs import PeopleView

NAMELESS = "this person"


@dataclass(frozen=True, slots=True)
class Subject:
    """A person, or faces that nobody decided on.

    Attributes:
        person: None for a group.
        name: "" where nobody has given one.
        picture: the face that stands for them.
    """

    person: int | None
    faces: tuple[int, ...]
    name: str = ""
    picture: int | None = None
    is_hidden: bool = False

    @property
    def called(self) -> str:
        """The name, or words in its place."""
        return self.name or NAMELESS


def person_subject(view: "PeopleView", person: int) -> Subject | None:
    """A person as they are now; None if there is none."""
    found = view.by_id.get(person)
    if found is None:
        return None
    picture = view.pictures.get(person)
    return Subject(person, found.faces, found.name or "", picture, found.is_hidden)


def group_subject(view: "PeopleView", faces: Sequence[int]) -> Subject | None:
    """The group that most of these faces are in now; None if all of them are decided on."""
    free = tuple(f for f in faces if f not in view.owner and f not in view.left_out)
    if not free:
        return None
    wanted = set(free)
    groups = [(len(wanted.intersection(group.faces)), group) for group in view.groups]
    most, group = max(groups, key=lambda each: each[0], default=(0, None))
    if group is None or most == 0:
        return Subject(None, free, picture=free[0])
    return Subject(None, group.faces, picture=group.picture)


def followed(view: "PeopleView", before: Subject) -> Subject | None:
    """Who it is now: the same, those they turned out to be, or again a group.

    None if there is nobody to be shown any more, or somebody who was hidden just now.
    """
    now = None if before.person is None else person_subject(view, before.person)
    if now is None:
        now = group_subject(view, before.faces)
    if now is None:
        owners = Counter(view.owner[face] for face in before.faces if face in view.owner)
        for person, _ in owners.most_common(1):
            now = person_subject(view, person)
    return None if now is not None and now.is_hidden and not before.is_hidden else now
