"""Take the decisions of one library over into another, such as one that was built anew."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from opqn_app.people.facts import folded
from opqn_app.people.history import counting
from opqn_app.people.kinds import Kind
from opqn_app.people.ledger import Ledger
from opqn_app.people.state import State
from opqn_app.store.decision_records import Decision, FaceKey, NewDecision, same_faces


def take_over(
    rows: Sequence[Decision], ledger: Ledger, pictures: Sequence[tuple[bytes, bytes]] = ()
) -> int:
    """Add the rows of another ledger that are not there yet; returns how many.

    Into an empty library, or one that holds the first of them, they go with all that was undone.
    Where there are other decisions, only the rows that count come, after those. Doing it twice
    adds nothing.

    Who comes and is called as somebody here is that person, if only one has the name in each
    library, and no photo shows both. That is a gesture of its own, which can be undone.

    Args:
        pictures: what the other library knows of pictures, see `DecisionTable.pictures`.
    """
    table = ledger.library.decision_table
    with table.deciding():
        table.learn_pictures(pictures)
        here = table.decisions()
        known = _known_here(_keys(rows), _keys(here), dict(table.pictures()))
        ids = {row.uid: row.id for row in here}
        is_start = [row.uid for row in here] == [row.uid for row in rows[: len(here)]]
        wanted = rows if is_start else counting(rows)
        mine = {row.id: ids[row.uid] for row in rows if row.uid in ids}
        gestures: dict[int, int] = {}
        come: set[int] = set()
        for row in wanted:
            if row.uid in ids:
                continue
            new = _translated(row, mine, known)
            copied = table.copy(row, new, gestures.get(row.gesture))
            mine[row.id] = copied.id
            gestures.setdefault(row.gesture, copied.gesture)
            come.add(copied.id)
        ledger.catch_up()
        same = _same_people(rows, ledger.state, come)
        if same:
            table.append(same)
    ledger.refresh()
    return len(come)


def _same_people(rows: Sequence[Decision], state: State, come: set[int]) -> list[NewDecision]:
    """Those who came and are called as somebody who was here.

    Args:
        rows: of the other library.
        state: of this one, with what came.
        come: ids of the rows that came.
    """
    there = State()
    for row in counting(rows):
        there.apply(row)
    names = Counter(folded(each.name) for each in there.facts.values() if each.name)
    called: dict[str, list[int]] = {}
    for person, facts in sorted(state.facts.items()):
        if facts.name and names[folded(facts.name)] == 1:
            called.setdefault(folded(facts.name), []).append(person)
    found = []
    for people in called.values():
        new = [person for person in people if person in come]
        if len(people) == 2 and len(new) == 1:
            (old,) = set(people) - set(new)
            if not state.shared_photos(old, new[0]):
                found.append(NewDecision(Kind.MERGED, person=old, other=new[0]))
    return found


def _keys(rows: Sequence[Decision]) -> Iterable[FaceKey]:
    return (key for row in rows for key in (*row.faces, *row.others))


def _known_here(
    theirs: Iterable[FaceKey], here: Iterable[FaceKey], pictures: dict[bytes, bytes]
) -> dict[FaceKey, FaceKey]:
    """What faces of another library are known by in this one.

    One that was decided on here, or in a copy, may have another box there.

    Args:
        pictures: the hash of the picture, by that of a file.
    """
    mine: dict[bytes, set[FaceKey]] = {}
    for key in here:
        mine.setdefault(key.content_hash, set()).add(key)
    by_file: dict[bytes, dict[FaceKey, None]] = {}
    for key in theirs:
        by_file.setdefault(key.content_hash, {})[key] = None
    found: dict[FaceKey, FaceKey] = {}
    for file, keys in by_file.items():
        picture = pictures.get(file, file)
        known = mine.setdefault(picture, set())
        moving = {key._replace(content_hash=picture): key for key in keys}
        same = same_faces(moving, known)
        for new, key in moving.items():
            found[key] = same.get(new, new)
            known.add(found[key])
    return found


def _translated(row: Decision, mine: dict[int, int], known: dict[FaceKey, FaceKey]) -> NewDecision:
    """A row as it is written here: people by their ids, faces by what they are known by."""
    new = NewDecision(
        kind=row.kind,
        faces=[known[key] for key in row.faces],
        others=[known[key] for key in row.others],
        name=row.name,
        source=row.source,
        is_twice=row.is_twice,
    )
    return replace(
        new,
        person=None if row.person is None else mine.get(row.person, -1),
        other=None if row.other is None else mine.get(row.other, -1),
        target=None if row.target is None else mine.get(row.target, -1),
    )
