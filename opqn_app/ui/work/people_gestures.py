"""The gestures of the window: those of `opqn_app.people.gestures`, with questions of the window.

Where the user may not have meant it, DoubtError says so, and offers what else there is. The ledger
is each function's last argument, so that a partial of the others is a gesture.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from opqn_app.core.progress import counted
from opqn_app.ui.work.people_jobs import Doubt, DoubtError

if TYPE_CHECKING:
    from opqn_app.people.ledger import Ledger, Outcome

SOMEBODY = "this person"
OFFERED = 3  # people of one name that are asked about


def name(
    face_ids: Sequence[int],
    called: str,
    ledger: "Ledger",
    *,
    is_new: bool = False,
    is_twice: bool = False,
) -> "Outcome":
    """Say who faces are; a name that several people have is asked about."""
    from opqn_app.people import gestures

    known = [] if is_new else gestures.named(ledger, called)
    if len(known) > 1:
        choices = tuple(
            (f"{called}, {counted(len(ledger.state.members[each]), 'face')}", _yes(each, face_ids))
            for each in known[:OFFERED]
        )
        words = f"Nothing was named yet: {len(known)} people are called {called}. Which one?"
        raise DoubtError(Doubt(words, choices))
    if not is_twice:

        def again(faces: Sequence[int], ledger: "Ledger", *, is_twice: bool = False) -> "Outcome":
            return name(faces, called, ledger, is_new=is_new, is_twice=is_twice)

        _ask_if_twice(ledger, face_ids, known[0] if known else None, called, again)
    return gestures.name_faces(ledger, face_ids, called, is_new=is_new, is_twice=is_twice)


def answer(
    person: int,
    yes: Sequence[int],
    no: Sequence[int],
    ledger: "Ledger",
    *,
    is_twice: bool = False,
) -> "Outcome":
    """Answer "is this Anna?"."""
    from opqn_app.people import gestures

    if not is_twice:
        current = gestures.find_person(ledger, person)

        def again(faces: Sequence[int], ledger: "Ledger", *, is_twice: bool = False) -> "Outcome":
            return answer(current, faces, no, ledger, is_twice=is_twice)

        called = ledger.state.facts[current].name or SOMEBODY
        _ask_if_twice(ledger, yes, current, called, again)
    return gestures.answer(ledger, person, yes=yes, no=no, is_twice=is_twice)


def set_apart(face_ids: Sequence[int], others: Sequence[int], ledger: "Ledger") -> "Outcome":
    """Say that faces are none of the people of other faces."""
    from opqn_app.people import gestures

    return gestures.set_apart(ledger, face_ids, others)


def merge(
    person: int,
    others: Sequence[int],
    face_ids: Sequence[int],
    ledger: "Ledger",
    *,
    is_twice: bool = False,
) -> "Outcome":
    """Say that people, and faces that nobody decided on, are one person: all as one gesture.

    Args:
        person: who stays.
    """
    from opqn_app.people.gestures import PeopleError, find_person
    from opqn_app.people.kinds import Kind
    from opqn_app.store.decision_records import NewDecision

    one = find_person(ledger, person)
    is_alone = all(find_person(ledger, other) == one for other in others)
    if is_alone and any(ledger.owner(face) != one for face in face_ids):
        return answer(one, face_ids, (), ledger, is_twice=is_twice)

    def rows() -> list[NewDecision]:
        own = ledger.state.members[one]
        keys = [key for key in dict.fromkeys(ledger.keys(face_ids)) if key not in own]
        made = []
        photos = Counter({key.content_hash for key in own})
        photos.update(key.content_hash for key in keys)
        twice = {photo for photo, number in photos.items() if number > 1}
        for other in dict.fromkeys(find_person(ledger, each) for each in others):
            if other != one:
                more = {key.content_hash for key in ledger.state.members[other]}
                twice |= more & set(photos)
                photos.update(more)
                made.append(NewDecision(Kind.MERGED, person=one, other=other, is_twice=is_twice))
        if keys:
            made.append(NewDecision(Kind.IS, tuple(keys), person=one, is_twice=is_twice))
        if not made:
            raise PeopleError("These are the same person already.")
        if twice and not is_twice:
            shared = counted(len(twice), "photo")
            words = f"Nothing was done yet: they are on {shared} together, so they look like two."
            again = partial(merge, person, others, face_ids, is_twice=True)
            raise DoubtError(Doubt(words, (("They are one person", again),)))
        return made

    return ledger.decide(rows)


def split(person: int, face_ids: Sequence[int], called: str | None, ledger: "Ledger") -> "Outcome":
    """Say that some faces of a person are somebody else."""
    from opqn_app.people import gestures

    return gestures.split(ledger, person, face_ids, called)


def hide(person: int, ledger: "Ledger", *, hidden: bool = True) -> "Outcome":
    """Take a person out of what is shown, or back in."""
    from opqn_app.people import gestures

    return gestures.hide(ledger, person, hidden=hidden)


def hide_all(
    persons: Sequence[int], face_ids: Sequence[int], ledger: "Ledger", *, hidden: bool = True
) -> "Outcome":
    """Take people, and faces that nobody named, out of what is shown; or people back in."""
    from opqn_app.people.gestures import find_person
    from opqn_app.people.kinds import Kind
    from opqn_app.store.decision_records import NewDecision

    def rows() -> list[NewDecision]:
        kind = Kind.HIDDEN if hidden else Kind.SHOWN
        made = [NewDecision(kind, person=find_person(ledger, each)) for each in persons]
        left = list(dict.fromkeys(ledger.keys(face_ids)))
        while left:  # faces of one photo are several people
            again = set(ledger.state.twice_in_photo(left, None))
            made.append(NewDecision(Kind.HIDDEN, [key for key in left if key not in again]))
            left = [key for key in left if key in again]
        return made

    return ledger.decide(rows)


def no_face(face_ids: Sequence[int], ledger: "Ledger", *, is_face: bool = False) -> "Outcome":
    """Say that what was found is no face, or is one after all."""
    from opqn_app.people import gestures

    return gestures.mark_no_face(ledger, face_ids, is_face=is_face)


def rename(person: int, called: str, ledger: "Ledger") -> "Outcome":
    """Give a person another name; one that somebody else has is asked about."""
    from opqn_app.people import gestures

    current = gestures.find_person(ledger, person)
    known = [each for each in gestures.named(ledger, called) if each != current]
    if known:
        words = f"Nothing was named yet: somebody else is called {called} already."
        same = partial(merge, known[0], (current,), ())

        def another(ledger: "Ledger") -> "Outcome":
            return gestures.rename(ledger, current, called)

        raise DoubtError(Doubt(words, (("The same person", same), ("Another one", another))))
    return gestures.rename(ledger, current, called)


def choose_picture(person: int, face_id: int, ledger: "Ledger") -> "Outcome":
    """Let a face stand for its person."""
    from opqn_app.people import gestures

    return gestures.choose_picture(ledger, person, face_id)


def undo(ledger: "Ledger") -> "Outcome | None":
    """Undo the last gesture that counts; None if there is none."""
    return ledger.undo()


def redo(ledger: "Ledger") -> "Outcome | None":
    """Redo the gesture that was undone last; None if there is none."""
    return ledger.redo()


def _yes(person: int, face_ids: Sequence[int]) -> Callable[["Ledger"], "Outcome"]:
    return partial(answer, person, tuple(face_ids), ())


def _ask_if_twice(
    ledger: "Ledger",
    face_ids: Sequence[int],
    person: int | None,
    called: str,
    again: Callable[..., "Outcome"],
) -> None:
    """Raise if somebody would be on a photo twice.

    Args:
        again: (faces, ledger, is_twice=…) → makes the gesture for these faces.
    """
    keys = ledger.keys(face_ids)
    twice = set(ledger.state.twice_in_photo(keys, person))
    if not twice:
        return
    free = [face for face, key in zip(face_ids, keys, strict=True) if key not in twice]
    subject = called[:1].upper() + called[1:]
    photos = {key.content_hash for key in twice}
    known = sum(ledger.state.is_in_photo(photo, person) for photo in photos)
    if known == len(photos):
        why = f"{subject} is on {known:,} of these photos already."
    else:
        why = f"{subject} would be on {counted(len(photos), 'photo')} twice."
    choices = [
        (f"{subject} is there twice, as in a mirror", partial(again, face_ids, is_twice=True))
    ]
    if free:
        choices.insert(
            0, (f"Name only the other {counted(len(free), 'face')}", partial(again, free))
        )
    raise DoubtError(Doubt(f"Nothing was named yet: {why}", tuple(choices)))
