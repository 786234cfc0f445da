"""What a gesture did, as a sentence that people read: of the last one, and of all there were."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from opqn_app.core.progress import counted
from opqn_app.people.history import History
from opqn_app.people.kinds import Kind
from opqn_app.people.ledger import Ledger, Outcome
from opqn_app.people.state import State
from opqn_app.store.decision_records import Decision

NAMELESS = "a person without a name"
_SHOWN = 3  # parts of a gesture that are told one by one


@dataclass(frozen=True, slots=True)
class PastGesture:
    """A gesture of the ledger.

    Attributes:
        id: of its first row.
        time: UTC, as in `Decision`.
        counts: neither undone nor taken back by a rule.
        undone_at: when it was undone, where it is; UTC.
    """

    id: int
    time: str
    kinds: tuple[str, ...]
    words: str
    counts: bool
    undone_at: str | None = None


def words_of(ledger: Ledger, outcome: Outcome) -> str:
    """What came of a gesture, such as "3 faces are Anna." or "Undone: Anna is hidden."."""
    words = sentence(ledger.state, outcome.rows)
    if outcome.step is None:
        return words
    return f"{'Undone' if outcome.step == Kind.UNDONE else 'Redone'}: {words}"


def past_gestures(rows: Sequence[Decision]) -> list[PastGesture]:
    """Every gesture of a ledger in the order they were made, those that are undone included."""
    state, history = State(), History()
    told: dict[int, tuple[list[Decision], str]] = {}
    undone_at: dict[int, str] = {}
    for number, gesture in groupby(rows, key=attrgetter("gesture")):
        made = []
        for row in gesture:
            back, forth = history.take(row)
            for one in back:
                state.take_back()
                undone_at[one.gesture] = row.time
            for one in forth:
                undone_at.pop(one.gesture, None)
                state.apply(one)
            if row.target is None:
                made.append(row)
        if made:
            told[number] = made, sentence(state, made)
    done = {gesture[0].gesture for gesture in history.done}
    return [
        PastGesture(
            id=made[0].id,
            time=made[0].time,
            kinds=tuple(dict.fromkeys(row.kind for row in made)),
            words=words,
            counts=number in done,
            undone_at=undone_at.get(number),
        )
        for number, (made, words) in told.items()
    ]


def sentence(state: State, rows: Sequence[Decision]) -> str:
    """The rows of one gesture in words.

    Args:
        state: just after they began to count, or just after they ceased to.
    """
    parts = [_WORDS[kind](state, some) for kind, some in _together(rows)]
    shown = parts if len(parts) <= _SHOWN else parts[: _SHOWN - 1]
    left = len(parts) - len(shown)
    return "; ".join([*shown, *([f"and {left} more"] if left else [])]) + "."


def called(state: State, person: int | None, before: int | None = None) -> str:
    """The name of a person.

    Args:
        before: id of a row; the name that the person had when it was made. None for now.
    """
    current = state.current(person)
    if current is None or person is None:
        return "nobody"
    facts = state.facts[current]
    name = facts.name if before is None else _names_before(state, current, before).get(person)
    return name or NAMELESS


def _together(rows: Sequence[Decision]) -> list[tuple[Kind, list[Decision]]]:
    """Rows by what is told of them at once, in order."""
    found: dict[tuple[object, ...], list[Decision]] = {}
    for row in rows:
        # Faces to hide are several people where they are on one photo, and told as one thing.
        is_told_alone = row.kind != Kind.IMPORTED_FROM and (
            row.kind != Kind.HIDDEN or row.person is not None
        )
        found.setdefault((row.kind, row.id if is_told_alone else row.source), []).append(row)
    return [(Kind(some[0].kind), some) for some in found.values()]


def _names_before(state: State, person: int, row_id: int) -> dict[int, str | None]:
    """The names that a person and those who turned out to be the same had before a row."""
    names: dict[int, str | None] = {}
    same: dict[int, int] = {}

    def now(one: int | None) -> int:
        while one in same:
            one = same[one]
        return one if one is not None else 0

    for row in state.about_person.get(person, ()):
        if row.id >= row_id:
            break
        if row.kind == Kind.MERGED and row.person is not None and row.other is not None:
            one, other = now(row.person), now(row.other)
            names[one] = names.get(one) or names.get(other)
            same[other] = one
        elif row.kind == Kind.RENAMED:
            names[now(row.person)] = row.name
        elif row.person is None or row.kind == Kind.SPLIT:
            names[row.id] = row.name
    return {**{one: names.get(now(one)) for one in same}, **names}


def _n_faces(rows: Sequence[Decision]) -> int:
    return sum(len(row.faces) for row in rows)


def _faces(rows: Sequence[Decision], is_or_are: tuple[str, str] = ("is", "are")) -> str:
    number = _n_faces(rows)
    return f"{counted(number, 'face')} {is_or_are[number != 1]}"


def _who(state: State, row: Decision) -> str:
    """A person, and that nobody sees it, where that is so."""
    current = state.current(row.id if row.person is None else row.person)
    name = row.name or called(state, row.person)
    if current is not None and state.facts[current].is_hidden:
        return f"{name}, who is hidden"
    return name


def _are(state: State, rows: Sequence[Decision]) -> str:
    return f"{_faces(rows)} {_who(state, rows[0])}"


def _are_not(state: State, rows: Sequence[Decision]) -> str:
    row = rows[0]
    if row.others:
        number = len(row.others)
        others = "another face" if number == 1 else f"any of {number:,} other faces"
        return f"{_faces(rows)} not the same as {others}"
    return f"{_faces(rows)} not {called(state, row.person)}"


def _merged(state: State, rows: Sequence[Decision]) -> str:
    row = rows[0]
    one, other = (called(state, who, row.id) for who in (row.person, row.other))
    if one == other:
        both = "two people without a name" if one == NAMELESS else f"two people called {one}"
        words = f"{both} are one"
    else:
        words = f"{one} and {other} are one person"
    words = words[0].upper() + words[1:]
    current = state.current(row.person)
    is_hidden = current is not None and state.facts[current].is_hidden
    is_done = current is not None and state.current(row.other) == current
    return f"{words}, who is hidden" if is_hidden and is_done else words


def _split(state: State, rows: Sequence[Decision]) -> str:
    row = rows[0]
    faces = counted(len(row.faces), "face")
    verb = "is" if len(row.faces) == 1 else "are"
    person = called(state, row.person)
    new = called(state, row.id) if row.id in state.facts else row.name or NAMELESS
    return f"{faces} of {person} {verb} now {new}"


def _hidden(state: State, rows: Sequence[Decision]) -> str:
    if rows[0].person is None:
        return f"{_faces(rows)} hidden"
    return f"{_capital(called(state, rows[0].person))} is hidden"


def _shown(state: State, rows: Sequence[Decision]) -> str:
    return f"{_capital(called(state, rows[0].person))} is shown"


def _no_faces(_: State, rows: Sequence[Decision]) -> str:
    number = _n_faces(rows)
    return "1 box is no face" if number == 1 else f"{number:,} boxes are no faces"


def _faces_after_all(_: State, rows: Sequence[Decision]) -> str:
    number = _n_faces(rows)
    return "1 box is a face" if number == 1 else f"{number:,} boxes are faces"


def _drawn(_: State, rows: Sequence[Decision]) -> str:
    source = rows[0].source
    whose = f"of {source}" if source else "drawn by hand"
    return f"{_faces(rows, ('has', 'have'))} a box {whose}"


def _renamed(state: State, rows: Sequence[Decision]) -> str:
    row = rows[0]
    return f"{_capital(called(state, row.person, row.id))} is now called {row.name}"


def _picture(state: State, rows: Sequence[Decision]) -> str:
    return f"1 face stands for {called(state, rows[0].person)}"


def _imported(_: State, rows: Sequence[Decision]) -> str:
    people = "1 person" if len(rows) == 1 else f"{len(rows):,} people"
    faces = counted(_n_faces(rows), "face")
    return f"{faces} of {people} taken over from {rows[0].source or 'another program'}"


def _released(_: State, rows: Sequence[Decision]) -> str:
    return f"{_faces(rows, ('was', 'were'))} given to somebody who is forgotten now"


def _capital(text: str) -> str:
    """The beginning of a sentence; names stay as they are."""
    return text.capitalize() if text == NAMELESS else text


_WORDS: dict[Kind, Callable[[State, Sequence[Decision]], str]] = {
    Kind.NAMED: _are,
    Kind.IS: _are,
    Kind.IS_NOT: _are_not,
    Kind.MERGED: _merged,
    Kind.SPLIT: _split,
    Kind.HIDDEN: _hidden,
    Kind.SHOWN: _shown,
    Kind.NOT_A_FACE: _no_faces,
    Kind.A_FACE: _faces_after_all,
    Kind.BOX_DRAWN: _drawn,
    Kind.RENAMED: _renamed,
    Kind.PICTURE: _picture,
    Kind.IMPORTED_FROM: _imported,
    Kind.RELEASED: _released,
}
