"""Take the decisions of one library over into another, such as one that was built anew."""

from collections.abc import Sequence
from dataclasses import replace

from opqn_app.people.history import counting
from opqn_app.people.ledger import Ledger
from opqn_app.store.decision_records import Decision, FaceKey, NewDecision


def take_over(
    rows: Sequence[Decision], ledger: Ledger, pictures: Sequence[tuple[bytes, bytes]] = ()
) -> int:
    """Add the rows of another ledger that are not there yet; returns how many.

    Into an empty library, or one that holds the first of them, they go with all that was undone.
    Where there are other decisions, only the rows that count come, after those. Doing it twice
    adds nothing.

    Args:
        pictures: what the other library knows of pictures, see `DecisionTable.pictures`.
    """
    table = ledger.library.decision_table
    with table.deciding():
        table.learn_pictures(pictures)
        known = dict(table.pictures())
        here = table.decisions()
        ids = {row.uid: row.id for row in here}
        is_start = [row.uid for row in here] == [row.uid for row in rows[: len(here)]]
        wanted = rows if is_start else counting(rows)
        mine = {row.id: ids[row.uid] for row in rows if row.uid in ids}
        gestures: dict[int, int] = {}
        added = 0
        for row in wanted:
            if row.uid in ids:
                continue
            new = _translated(row, mine, known)
            copied = table.copy(row, new, gestures.get(row.gesture))
            mine[row.id] = copied.id
            gestures.setdefault(row.gesture, copied.gesture)
            added += 1
    ledger.refresh()
    return added


def _translated(row: Decision, mine: dict[int, int], known: dict[bytes, bytes]) -> NewDecision:
    """A row as it is written here: people by their ids, photos by their pictures."""
    new = NewDecision(
        kind=row.kind,
        faces=[_known_as(key, known) for key in row.faces],
        others=[_known_as(key, known) for key in row.others],
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


def _known_as(key: FaceKey, known: dict[bytes, bytes]) -> FaceKey:
    return key._replace(content_hash=known.get(key.content_hash, key.content_hash))
