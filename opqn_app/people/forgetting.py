"""Forget a person for good: the one thing that takes rows out of the ledger."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from opqn_app.people.facts import folded
from opqn_app.people.gestures import PeopleError
from opqn_app.people.history import counting
from opqn_app.people.kinds import Kind
from opqn_app.people.ledger import Ledger
from opqn_app.people.photo_filter import PhotoFilter
from opqn_app.store.decision_records import Decision, FaceKey
from opqn_app.store.library import Library

# They may make a person, whose id is then that of the row.
_POSITIVE = (Kind.NAMED, Kind.IS, Kind.HIDDEN, Kind.IMPORTED_FROM)


@dataclass(frozen=True, slots=True)
class ForgottenPerson:
    """What `forget_person` removed.

    Attributes:
        decisions: rows that are gone, or name the person no more.
        faces: faces of photos that are there whose crops and codes are gone.
        searches: names of saved searches that are gone.
        names: that are in no decision any more.
        backups: how many the person was taken out of.
        backups_deleted: how many went, since they could not be read or written anew.
    """

    decisions: int
    faces: int
    searches: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    backups: int = 0
    backups_deleted: int = 0


@dataclass(frozen=True, slots=True)
class _Gone:
    """What a backup must not hold any more.

    Attributes:
        people: uids of the rows that made them.
        rows: uids of rows that are gone.
        known: uids of all rows there were: a person of another row may have the name too.
    """

    people: frozenset[bytes]
    rows: frozenset[bytes]
    known: frozenset[bytes]
    names: frozenset[str]
    keys: frozenset[FaceKey]


Also = Callable[[ForgottenPerson], None]


def forget_person(
    ledger: Ledger, person: int, *, with_faces: bool = False, also: Also = lambda _report: None
) -> ForgottenPerson:
    """Remove a person's name and every decision about them, undone ones too, beyond undo.

    No byte of the name is left in the library file, unless somebody else has the name too, or had
    it before: also where it was given to others and undone. What was decided about others stays.

    Args:
        ledger: of a library opened to write.
        person: an id of `ledger.state.facts`, and still one when nobody else can decide.
        with_faces: remove the faces too, with their crops and codes, and what was decided about
            them. The photos are not touched; a search for more faces may find them again.
        also: is called before the transaction ends, for what is to be forgotten elsewhere.

    Raises:
        PeopleError: the person turned out to be another, or nobody, meanwhile.
        TracesLeft: all is forgotten, but a reader keeps bytes of it.
    """
    # In one transaction: nobody can decide anything meanwhile, and a kill leaves all or nothing.
    try:
        with ledger.library.forgetting():
            report = _forget(ledger, person, with_faces=with_faces)
            also(report)
    finally:
        ledger.refresh(anew=True)
    return report


def forget_name(ledger: Ledger, name: str, *, also: Also = lambda _report: None) -> ForgottenPerson:
    """Remove a name that nobody has, and that is only in decisions that are undone.

    Args:
        ledger: of a library opened to write.
        also: as for `forget_person`.

    Raises:
        PeopleError: there is no such decision, or somebody who is known was called so before.
        TracesLeft: it is forgotten, but a reader keeps bytes of it.
    """
    library = ledger.library
    try:
        with library.forgetting():
            ledger.refresh()
            rows = library.decision_table.decisions()
            traces = _traces(ledger, rows, {folded(name)})
            before = sorted(traces.before)
            if before:
                raise _was_called(ledger, name, before)
            kept = _without([row for row in rows if not traces.holds(row)], traces.gone, set())
            if len(kept) == len(rows):
                raise PeopleError(
                    f"Nobody is called {name}.", hint="`opqn people` lists everybody."
                )
            searches = forget_searches(library, traces.gone, {folded(name)})
            report = replace(_erase(ledger, rows, kept, n_faces=0), searches=searches)
            gone = _gone(rows, kept, traces.gone, {folded(name)}, set())
            report = _forget_in_backups(library, gone, report)
            also(report)
    finally:
        ledger.refresh(anew=True)
    return report


def called_before(ledger: Ledger, name: str) -> list[int]:
    """People who are known and had a name before a rename or a merge, or have it."""
    rows = ledger.library.decision_table.decisions()
    return sorted(_traces(ledger, rows, {folded(name)}).before)


@dataclass(frozen=True, slots=True)
class _Traces:
    """Where names are in a ledger.

    Attributes:
        gone: people who are in decisions only that do not count.
        undone: such decisions about people who are known.
        before: people who are known, by decisions that count.
    """

    gone: set[int]
    undone: set[int]
    before: set[int]

    def holds(self, row: Decision) -> bool:
        """Whether a row says nothing without the names."""
        if row.kind == Kind.SPLIT:  # those who were split from somebody stay
            return row.id in self.gone
        return row.id in self.undone or not self.gone.isdisjoint({row.id, row.person, row.other})


def _traces(ledger: Ledger, rows: Sequence[Decision], names: set[str]) -> _Traces:
    traces, counts = _Traces(set(), set(), set()), {row.id for row in counting(rows)}
    for row in rows:
        if row.name is None or folded(row.name) not in names:
            continue
        current = ledger.state.current(_who_is_named(row))
        if current is None:
            traces.gone.add(_who_is_named(row))
        elif row.id in counts:
            traces.before.add(current)
        else:
            traces.undone.add(row.id)
    return traces


def _who_is_named(row: Decision) -> int:
    return row.id if row.person is None or row.kind == Kind.SPLIT else row.person


def _was_called(ledger: Ledger, name: str, people: Sequence[int]) -> PeopleError:
    names = [ledger.state.facts[person].name or f"person {person}" for person in people]
    verb = "was" if len(people) == 1 else "were"
    ways = " and ".join(f"`opqn forget --person {person}`" for person in people)
    return PeopleError(
        f"Nobody is called {name} now. {' and '.join(names)} {verb} called so before.",
        hint=f"To forget the name with the whole person: {ways}.",
    )


def _erase(
    ledger: Ledger, rows: Sequence[Decision], kept: dict[int, Decision], *, n_faces: int
) -> ForgottenPerson:
    gone = [row.id for row in rows if row.id not in kept]
    changed = [kept[row.id] for row in rows if row.id in kept and kept[row.id] != row]
    ledger.library.decision_table.erase(gone, changed)
    names = _names(rows) - _names(kept.values())
    return ForgottenPerson(
        decisions=len(gone) + len(changed), faces=n_faces, names=tuple(sorted(names))
    )


def _names(rows: Iterable[Decision]) -> set[str]:
    return {row.name for row in rows if row.name}


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
    people = {i for i in ledger.state.merged_into if ledger.state.current(i) == person} | {person}
    names = {folded(row.name) for row in rows if row.name and _who_is_named(row) in people}
    traces = _traces(ledger, rows, names)
    others = [row for row in rows if _who_is_named(row) in people or not traces.holds(row)]
    kept = _without(others, people | traces.gone, keys)
    searches = forget_searches(library, people | traces.gone, names)
    report = replace(_erase(ledger, rows, kept, n_faces=len(doomed)), searches=searches)
    gone = _gone(rows, kept, people | traces.gone, names, keys)
    return _forget_in_backups(library, gone, report)


def _gone(
    rows: Sequence[Decision],
    kept: dict[int, Decision],
    people: set[int],
    names: set[str],
    keys: set[FaceKey],
) -> _Gone:
    return _Gone(
        people=frozenset(row.uid for row in rows if row.id in people),
        rows=frozenset(row.uid for row in rows if row.id not in kept),
        known=frozenset(row.uid for row in rows),
        names=frozenset(names),
        keys=frozenset(keys),
    )


def _forget_in_backups(library: Library, gone: _Gone, report: ForgottenPerson) -> ForgottenPerson:
    done = library.rewrite_backups(lambda backup: _forget_in_backup(backup, gone))
    return replace(report, backups=done.changed, backups_deleted=done.deleted)


def _forget_in_backup(backup: Library, gone: _Gone) -> bool:
    """Take people out of a backup, who may be called otherwise there; whether any were in it."""
    rows = backup.decision_table.decisions()
    uids = {row.id: row.uid for row in rows}
    people = {row.id for row in rows if row.uid in gone.people}
    people |= {
        _who_is_named(row)
        for row in rows
        if row.name
        and folded(row.name) in gone.names
        and uids.get(_who_is_named(row)) not in gone.known
    }
    left = [row for row in rows if row.uid not in gone.rows]
    kept = _without(left, people, set(gone.keys))
    changed = [kept[row.id] for row in left if row.id in kept and kept[row.id] != row]
    searches = forget_searches(backup, people, set(gone.names))
    if len(kept) == len(rows) and not changed and not searches:
        return False
    with backup.decision_table.deciding():
        backup.decision_table.erase([row.id for row in rows if row.id not in kept], changed)
    return True


def forget_searches(library: Library, people: set[int], names: set[str]) -> tuple[str, ...]:
    """Remove those of `searches_of`."""
    gone = searches_of(library, people, names)
    for name in gone:
        library.saved_searches.remove(name)
    return gone


def searches_of(library: Library, people: set[int], names: set[str]) -> tuple[str, ...]:
    """Saved searches that ask for the people, and those that are called by one of the names."""
    found = []
    for search in library.saved_searches.all():
        asked, called = PhotoFilter.from_json(search.asked), folded(search.name)
        asks_for = not people.isdisjoint((*asked.together, *asked.without))
        if asks_for or any(_is_called(called, name) for name in names):
            found.append(search.name)
    return tuple(found)


def _is_called(text: str, name: str) -> bool:
    """Whether a name stands in a text, as a word of its own where words stand apart.

    "Art" is not in "Party". Chinese has no spaces, and Hebrew writes "of" and "to" before a name
    without one. There a name counts wherever it stands: rather too much is forgotten than a name is
    kept.
    """
    start = r"(?<!\w)" if _stands_apart(name[:1]) else ""
    end = r"(?!\w)" if _stands_apart(name[-1:]) else ""
    return re.search(f"{start}{re.escape(name)}{end}", text) is not None


def _stands_apart(letter: str) -> bool:
    return letter.isalnum() and unicodedata.category(letter) != "Lo"


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
