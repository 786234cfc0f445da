"""Forget a person for good: the one thing that takes rows out of the ledger."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from opqn_app.people.gestures import PeopleError
from opqn_app.people.kinds import Kind
from opqn_app.people.ledger import Ledger
from opqn_app.store.decision_records import Decision, FaceKey

# They may make a person, whose id is then that of the row.
_POSITIVE = (Kind.NAMED, Kind.IS, Kind.HIDDEN, Kind.IMPORTED_FROM)


@dataclass(frozen=True, slots=True)
class ForgottenPerson:
    """What `forget_person` removed.

    Attributes:
        decisions: rows that are gone, or name the person no more.
        faces: faces of photos that are there whose crops and codes are gone.
    """

    decisions: int
    faces: int


def forget_person(ledger: Ledger, person: int, *, with_faces: bool = False) -> ForgottenPerson:
    """Remove a person's name and every decision about them, undone ones too, beyond undo.

    No byte of the name is left in the library file, unless somebody else has the name too. What
    was decided about others stays.

    Args:
        ledger: of a library opened to write.
        person: an id of `ledger.state.facts`, and still one when nobody else can decide.
        with_faces: remove the faces too, with their crops and codes, and what was decided about
            them. The photos are not touched; a search for more faces may find them again.

    Raises:
        PeopleError: the person turned out to be another, or nobody, meanwhile.
    """
    library = ledger.library
    # In one transaction: nobody can decide anything meanwhile, and a kill leaves all or nothing.
    with library.decision_table.deciding():
        report = _forget(ledger, person, with_faces=with_faces)
    library.clear_traces()
    ledger.refresh(anew=True)
    return report


def _forget(ledger: Ledger, person: int, *, with_faces: bool) -> ForgottenPerson:
    library = ledger.library
    ledger.refresh()
    if person not in ledger.state.facts:
        raise PeopleError("Another program has just changed this person. Look again who it is.")
    keys = set(ledger.state.members[person]) if with_faces else set()
    doomed = [face for key in keys for face in ledger.bindings.faces_of.get(key, ())]
    contents = {key.content_hash for key in keys}
    deleted = [p.id for p in library.photo_table.deleted_photos() if p.picture_hash in contents]
    library.writer.forget_photos(deleted)  # what is kept of them would bring the faces back
    if doomed or deleted:
        library.writer.remove_faces(doomed)
    rows = library.decision_table.decisions()
    merged = {i for i in ledger.state.merged_into if ledger.state.current(i) == person}
    kept = _without(rows, {person, *merged}, keys)
    gone = [row.id for row in rows if row.id not in kept]
    changed = [kept[row.id] for row in rows if row.id in kept and kept[row.id] != row]
    library.decision_table.erase(gone, changed)
    return ForgottenPerson(decisions=len(gone) + len(changed), faces=len(doomed))


def _without(rows: Iterable[Decision], people: set[int], keys: set[FaceKey]) -> dict[int, Decision]:
    """The rows that stay, as they then are, by id."""
    kept: dict[int, Decision] = {}
    others_said: Counter[FaceKey] = Counter()
    for row in rows:
        left = _row_without(row, people, others_said)
        if left is not None and keys and (row.faces or row.others):
            faces = tuple(key for key in left.faces if key not in keys)
            others = tuple(key for key in left.others if key not in keys)
            left = replace(left, faces=faces, others=others) if faces else None
        if left is None:
            continue
        kept[row.id] = left
        others_said.update(left.faces)
    return kept


def _row_without(row: Decision, people: set[int], others_said: Counter[FaceKey]) -> Decision | None:
    """A row without the people: None if nothing is left of it."""
    if row.kind == Kind.MERGED:
        return None if {row.person, row.other} & people else row
    if row.kind == Kind.SPLIT:
        return _split_without(row, people, others_said)
    if row.kind == Kind.IS_NOT and row.person in people:
        return replace(row, person=None) if row.others else None
    if row.kind in _POSITIVE and (row.id if row.person is None else row.person) in people:
        return _released(row, others_said)
    return None if row.person in people else row


def _split_without(
    row: Decision, people: set[int], others_said: Counter[FaceKey]
) -> Decision | None:
    if row.id in people and row.person in people:
        return _released(row, others_said)
    if row.id in people:  # the faces are still not the person they were split from
        return replace(row, kind=Kind.IS_NOT, name=None)
    if row.person in people:  # those who were split from the person stay
        return replace(row, kind=Kind.NAMED, person=None)
    return row


def _released(row: Decision, others_said: Counter[FaceKey]) -> Decision | None:
    """The faces are not whom others say they were before; that much has to stay."""
    faces = tuple(key for key in row.faces if others_said[key])
    if not faces:
        return None
    return replace(row, kind=Kind.RELEASED, faces=faces, person=None, name=None, source=None)
