"""What a user can say of faces: each function checks it, and adds it to the ledger as one gesture.

All raise PeopleError for what can't be, with a sentence for people, and change nothing then.
"""

import unicodedata
from collections.abc import Sequence
from itertools import islice

from opqn_app.core.errors import LibraryError
from opqn_app.core.progress import counted
from opqn_app.people.facts import without_joiners
from opqn_app.people.kinds import Kind
from opqn_app.people.ledger import Ledger, Outcome
from opqn_app.store.decision_records import FaceKey, NewDecision

MAX_NAME = 200  # characters


class PeopleError(LibraryError):
    """What the user said of people can't be; nothing is changed."""


class TwiceOnPhoto(PeopleError):
    """Somebody would be on a photo twice, and the user has not said that it is so."""


class SeveralPeople(PeopleError):
    """A name that several people have."""


def find_person(ledger: Ledger, name_or_id: str | int) -> int:
    """The person of that id, else the one person of that name."""
    current = _found(ledger, str(name_or_id))
    if current is None:
        raise PeopleError(f"Nobody is called {name_or_id}.", hint="`opqn people` lists everybody.")
    return current


def is_nobody(ledger: Ledger, name_or_id: str) -> bool:
    """Whether there is no person of that id or name now.

    Raises:
        SeveralPeople: there are several.
    """
    return _found(ledger, name_or_id) is None


def named(ledger: Ledger, name: str) -> list[int]:
    """Ids of the people of a name, in the order they were made; capitals do not count."""
    return ledger.state.facts.called(name)


def name_faces(
    ledger: Ledger,
    face_ids: Sequence[int],
    name: str,
    *,
    is_new: bool = False,
    is_twice: bool = False,
) -> Outcome:
    """Say who faces are: the person of that name, or a new one.

    Args:
        is_new: it is another person of that name.
        is_twice: the person is on one of the photos more than once.
    """
    return ledger.decide(
        lambda: [
            naming(ledger, ledger.keys(face_ids), name, is_new=is_new, is_twice=is_twice),
        ]
    )


def naming(
    ledger: Ledger,
    keys: Sequence[FaceKey],
    name: str,
    *,
    is_new: bool = False,
    is_twice: bool = False,
) -> NewDecision:
    """The row of `name_faces`, for what is decided together with it."""
    name = _checked(name)
    person = None if is_new else _only_one(ledger, name)
    kind = Kind.NAMED if person is None else Kind.IS
    free = _free(ledger, keys, person, name, is_twice=is_twice)
    given = name if person is None else None
    return NewDecision(kind, free, person=person, name=given, is_twice=is_twice)


def confirm(
    ledger: Ledger, face_ids: Sequence[int], person: int, *, is_twice: bool = False
) -> Outcome:
    """Say that faces are a person."""
    return answer(ledger, person, yes=face_ids, is_twice=is_twice)


def reject(ledger: Ledger, face_ids: Sequence[int], person: int) -> Outcome:
    """Say that faces are not a person; this is never suggested again."""
    return answer(ledger, person, no=face_ids)


def answer(
    ledger: Ledger,
    person: int,
    *,
    yes: Sequence[int] = (),
    no: Sequence[int] = (),
    is_twice: bool = False,
) -> Outcome:
    """Answer a page of "is this Ann?" as one gesture."""

    def make() -> list[NewDecision]:
        current = find_person(ledger, person)
        name = ledger.state.facts[current].name or "this person"
        keys = ledger.keys([*yes, *no])
        yes_keys = _free(ledger, keys[: len(yes)], current, name, is_twice=is_twice)
        no_keys = keys[len(yes) :]
        rows = []
        if yes_keys:
            rows.append(NewDecision(Kind.IS, yes_keys, person=current, is_twice=is_twice))
        if no_keys:
            rows.append(NewDecision(Kind.IS_NOT, no_keys, person=current))
        return rows

    return ledger.decide(make)


def set_apart(ledger: Ledger, face_ids: Sequence[int], others: Sequence[int]) -> Outcome:
    """Say that faces are none of the people of other faces, whoever they are."""

    def make() -> list[NewDecision]:
        keys = ledger.keys([*face_ids, *others])
        return [NewDecision(Kind.IS_NOT, keys[: len(face_ids)], keys[len(face_ids) :])]

    return ledger.decide(make)


def merge(ledger: Ledger, person: int, other: int, *, is_twice: bool = False) -> Outcome:
    """Say that two people are one, who keeps the first's name and id."""

    def make() -> list[NewDecision]:
        one, two = find_person(ledger, person), find_person(ledger, other)
        if one == two:
            raise PeopleError("These are the same person already.")
        shared = ledger.state.shared_photos(one, two)
        if shared and not is_twice:
            raise TwiceOnPhoto(
                f"Both are on {photos_in_words(ledger, shared)}, so they look like two people.",
                hint="Say --twice if they are one, as in a mirror.",
            )
        return [NewDecision(Kind.MERGED, person=one, other=two, is_twice=is_twice)]

    return ledger.decide(make)


def split(ledger: Ledger, person: int, face_ids: Sequence[int], name: str | None = None) -> Outcome:
    """Say that some faces of a person are somebody else, together a new person."""
    name = None if name is None else _checked(name)

    def make() -> list[NewDecision]:
        current = find_person(ledger, person)
        keys = ledger.keys(face_ids)
        for face_id, key in zip(face_ids, keys, strict=True):
            if ledger.state.owner.get(key) != current:
                raise PeopleError(f"Face {face_id} is not this person, so it can't be split off.")
        return [NewDecision(Kind.SPLIT, keys, person=current, name=name)]

    return ledger.decide(make)


def hide(ledger: Ledger, person: int, *, hidden: bool = True) -> Outcome:
    """Take a person out of what is shown, or back in."""
    kind = Kind.HIDDEN if hidden else Kind.SHOWN
    return ledger.decide(lambda: [NewDecision(kind, person=find_person(ledger, person))])


def hide_faces(ledger: Ledger, face_ids: Sequence[int]) -> Outcome:
    """Take faces that nobody named out of what is shown.

    They become people without a name; more than one where they are on a photo together.
    """

    def make() -> list[NewDecision]:
        left = ledger.keys(face_ids)
        rows = []
        while left:
            again = ledger.state.twice_in_photo(left, None)
            rows.append(NewDecision(Kind.HIDDEN, [key for key in left if key not in again]))
            left = again
        return rows

    return ledger.decide(make)


def mark_no_face(ledger: Ledger, face_ids: Sequence[int], *, is_face: bool = False) -> Outcome:
    """Say that what was found is no face, or is one after all."""
    kind = Kind.A_FACE if is_face else Kind.NOT_A_FACE
    return ledger.decide(lambda: [NewDecision(kind, ledger.keys(face_ids))])


def rename(ledger: Ledger, person: int, name: str) -> Outcome:
    """Give a person another name, or a first one."""
    name = _checked(name)
    return ledger.decide(
        lambda: [NewDecision(Kind.RENAMED, person=find_person(ledger, person), name=name)]
    )


def choose_picture(ledger: Ledger, person: int, face_id: int) -> Outcome:
    """Let a face stand for its person."""

    def make() -> list[NewDecision]:
        current = find_person(ledger, person)
        keys = ledger.keys([face_id])
        if ledger.state.owner.get(keys[0]) != current:
            raise PeopleError(f"Face {face_id} is not this person, so it can't stand for them.")
        return [NewDecision(Kind.PICTURE, keys, person=current)]

    return ledger.decide(make)


def take_in(ledger: Ledger, source: str, names: Sequence[tuple[str, Sequence[int]]]) -> Outcome:
    """Take in what another program knows, as one gesture; the user's own word stays.

    Args:
        source: the program.
        names: each with faces. A name that exactly one person has means that person.
    """

    def make() -> list[NewDecision]:
        rows = []
        every = iter(ledger.keys([face_id for _, face_ids in names for face_id in face_ids]))
        for name, face_ids in names:
            known = named(ledger, name)
            person = known[0] if len(known) == 1 else None
            rows.append(taking_in(source, name, list(islice(every, len(face_ids))), person))
        return rows

    return ledger.decide(make)


def taking_in(source: str, name: str, keys: Sequence[FaceKey], person: int | None) -> NewDecision:
    """The row of `take_in` for one name, for what is decided together with it.

    Args:
        person: who is meant; None for somebody new.
    """
    return NewDecision(Kind.IMPORTED_FROM, keys, person=person, name=_clean(name), source=source)


def _found(ledger: Ledger, text: str) -> int | None:
    current = ledger.state.current(int(text)) if _is_number(text) else None
    return _only_one(ledger, text) if current is None else current


def _only_one(ledger: Ledger, name: str) -> int | None:
    """The person of a name; None if nobody has it."""
    found = named(ledger, name)
    if len(found) > 1:
        ids = ", ".join(map(str, found))
        raise SeveralPeople(
            f"{len(found)} people are called {name}.",
            hint=f"Give an id instead: {ids}. `opqn people` lists them; `opqn merge` makes two of "
            "them one.",
        )
    return found[0] if found else None


def _free(
    ledger: Ledger, keys: Sequence[FaceKey], person: int | None, name: str, *, is_twice: bool
) -> Sequence[FaceKey]:
    """The keys, if the person may be all of them."""
    twice = [] if is_twice else ledger.state.twice_in_photo(keys, person)
    if twice:
        raise TwiceOnPhoto(
            f"{name} would be twice on {photos_in_words(ledger, twice)}.",
            hint="Say --twice if it is so, as in a mirror or a collage; else take the other face "
            "away first (opqn not FACE PERSON).",
        )
    return keys


def photos_in_words(ledger: Ledger, keys: Sequence[FaceKey]) -> str:
    """The photos of some faces: the name of one, and how many more there are."""
    table, photos = ledger.library.decision_table, ledger.library.photo_table
    contents = list(dict.fromkeys(key.content_hash for key in keys))
    here = (photo for each in contents for photo in photos.of_ids(table.photos_of_content(each)))
    one = next(here, None)
    name = "a photo that is not here now" if one is None else one.path.name
    more = len(contents) - 1
    return f"{name} and {counted(more, 'more photo')}" if more else name


def _checked(name: str) -> str:
    name = _clean(name)
    if _is_number(name):
        raise PeopleError(
            f"{name} is a number, and people have numbers too. Write a word with it.",
            hint="Faces come first, and the name last: opqn name FACE FACE NAME.",
        )
    return name


def _clean(name: str) -> str:
    if len(name.strip().splitlines()) > 1:
        raise PeopleError("A name is one line.")
    name = " ".join(name.split())
    seen = without_joiners(name)
    if not seen.strip() or len(name) > MAX_NAME or not seen.isprintable():
        raise PeopleError(f"A name has 1 to {MAX_NAME} characters, all of them printable.")
    return unicodedata.normalize("NFC", name)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()
