"""The decisions of a library, live: what follows from them is kept in memory and follows each row.

An answer costs what it changes, not what was decided before. The same comes out as from
`people_of` over the whole ledger.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from opqn_app.core.errors import LibraryError
from opqn_app.people.bindings import Bindings
from opqn_app.people.history import History
from opqn_app.people.kinds import Kind
from opqn_app.people.people import People, Person, is_left_out, people_now, person_now
from opqn_app.people.state import State
from opqn_app.store.decision_records import Decision, FaceKey, NewDecision, PlacedFace
from opqn_app.store.library import Library


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a gesture.

    Attributes:
        rows: that were decided, undone or redone.
        people: ids of people who have changed, by it or by what others decided just before; some
            may be gone, or not be there any more.
        step: UNDONE or REDONE, where the rows were undone or redone; None for new ones.
    """

    rows: tuple[Decision, ...]
    people: frozenset[int]
    step: Kind | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """Why a face is who it is.

    Attributes:
        person: None where nobody said.
        rows: decisions that count and are about the face, then those about its person, by time.
        overlap: of the box when it was decided with the face's box now, 0 to 1; None where no
            decision is about the face.
    """

    face: int
    person: Person | None
    rows: tuple[Decision, ...]
    overlap: float | None


@contextmanager
def _all_is_kept() -> Iterator[None]:
    """Without the collector, which would look at what is made here again and again."""
    was_at_work = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_at_work:
            gc.enable()


class Ledger:
    """The decisions of an open library; used in the thread that opened it.

    Adding needs a library opened to write, or to decide. What others add is seen at the next
    `catch_up`, which every adding does first. After photos came, went or were searched again,
    `refresh` finds the faces anew.

    Attributes:
        state: what follows from the rows, by content. Another object when all is derived anew.
        journal: the rows that came to count or to count no more since then, in order.
        bindings: which faces of the library are meant.
    """

    def __init__(self, library: Library) -> None:
        self.library = library
        self._table = library.decision_table
        self.refresh(anew=True)

    def refresh(self, *, anew: bool = False) -> None:
        """Read what others decided, and find all faces in the library as it is now.

        Args:
            anew: derive everything from the start.
        """
        with self.library.snapshot(), _all_is_kept():
            if anew:
                self._begin()
            else:
                self._catch_up()
            self.bindings.bind_all(self._table.decided_faces())
            self._persons.clear()

    def catch_up(self) -> frozenset[int]:
        """Take in what others decided since; returns the people it has changed."""
        with self.library.snapshot():
            return self._catch_up()

    def decide(self, make: Callable[[], Sequence[NewDecision]]) -> Outcome:
        """Add rows as one gesture.

        Args:
            make: gives the rows. It is called when everything is up to date and nobody else can
                add. If it raises, nothing is added.

        Raises:
            RemembersNoFaces: nothing can be decided about faces.
        """
        with self._table.deciding():
            self.library.faces_switch.refuse_if_off()
            people = self._catch_up()
            rows = self._table.append(make())
        return Outcome(tuple(rows), people | self._take(rows))

    def undo(self) -> Outcome | None:
        """Undo the last gesture that counts; None if there is none."""
        return self._step(Kind.UNDONE)

    def redo(self) -> Outcome | None:
        """Redo the gesture that was undone last; None if a new one was made since."""
        return self._step(Kind.REDONE)

    @property
    def last_decision(self) -> int:
        """Id of the last row that was read."""
        return self._last_id

    @property
    def erasures(self) -> int:
        """Of the table when it was read."""
        return self._erasures

    @property
    def can_undo(self) -> bool:
        return bool(self._history.done)

    @property
    def can_redo(self) -> bool:
        return bool(self._history.undone)

    @property
    def to_undo(self) -> Sequence[Decision]:
        """The rows of the gesture that `undo` would undo; none if there is none."""
        return self._history.done[-1] if self._history.done else ()

    @property
    def to_redo(self) -> Sequence[Decision]:
        """The rows of the gesture that `redo` would redo; none if there is none."""
        return self._history.undone[-1] if self._history.undone else ()

    def keys(self, face_ids: Sequence[int]) -> list[FaceKey]:
        """Faces of the library by content: the keys they were decided by before, if they were.

        Raises:
            LibraryError: there is no such face.
        """
        placed = self._table.faces_by_id(face_ids)
        for face_id in face_ids:
            if face_id not in placed:
                raise LibraryError(
                    f"The library {self.library.path} has no face {face_id}; it may have been "
                    "removed since.",
                    hint="Look the photo up again with `opqn who PHOTO`.",
                )
        stale = {
            face.key.content_hash
            for face in placed.values()
            if face.id not in self.bindings.key_of and self.bindings.knows(face.key.content_hash)
        }
        self._bind(stale)
        found = {i: self.bindings.key_of.get(i, face.key) for i, face in placed.items()}
        new: dict[bytes, list[int]] = {}
        for face_id in dict.fromkeys(face_ids):
            if face_id not in self.bindings.key_of:
                new.setdefault(found[face_id].content_hash, []).append(face_id)
        for content, ids in new.items():
            if len({placed[i].photo_id for i in ids}) > 1:
                found |= self.bindings.keys_in_turn(ids, self._table.faces_of_content(content))
        return [found[i] for i in face_ids]

    def person(self, person: int) -> Person | None:
        """A person by id, or who that person turned out to be; None if there is none."""
        current = self.state.current(person)
        if current is None:
            return None
        if current not in self._persons:
            self._persons[current] = person_now(self.state, self.bindings, current)
        return self._persons[current]

    def persons(self, *, every: bool = False) -> list[Person]:
        """Everybody, hidden people too, in the order they were made.

        Args:
            every: those too of whom every face was taken away. Their names are kept.
        """
        people = sorted(self.state.facts)
        if not every:
            people = [person for person in people if self.state.members[person]]
        found = (self.person(person) for person in people)
        return [person for person in found if person is not None]

    def owner(self, face_id: int) -> int | None:
        """The person that a face is; None where nobody said."""
        key = self.bindings.key_of.get(face_id)
        return None if key is None else self.state.owner.get(key)

    def is_left_out(self, face_id: int) -> bool:
        """Whether a face counts as none: by the user's word, or a box whose drawing is undone."""
        face = self.bindings.placed.get(face_id)
        return face is not None and is_left_out(self.state, self.bindings.key_of.get(face_id), face)

    def may_be(self, face: PlacedFace, person: int) -> bool:
        """As `People.may_be`, for one face now."""
        key = self.bindings.key_of.get(face.id, face.key)
        return (
            not is_left_out(self.state, key, face)
            and key not in self.state.owner
            and person not in self.state.not_these(key)
            and not self.state.is_in_photo(key.content_hash, person)
        )

    def people(self) -> People:
        """Everybody now, with all that grouping has to keep to."""
        return people_now(self.state, self.bindings, self._table.photos_of_faces())

    def missing_boxes(self) -> list[FaceKey]:
        """Boxes that the user drew and that have no face in some copy of their photo."""
        return [
            key
            for key in self.state.drawn
            if len(self._table.photos_of_content(key.content_hash))
            > len(self.bindings.faces_of.get(key, ()))
        ]

    def why(self, face_id: int) -> Why:
        """The decisions that make a face who it is, and how sure it is the face they meant."""
        key, face = self.bindings.key_of.get(face_id), self.bindings.placed.get(face_id)
        if key is None or face is None:
            return Why(face_id, None, (), None)
        owner = self.state.owner.get(key)
        about = self.state.about.get(key, ())
        general = () if owner is None else self.state.about_person.get(owner, ())
        rows = {row.id: row for row in (*about, *general)}
        person = None if owner is None else self.person(owner)
        overlap = key.box.overlap(face.key.box)
        return Why(face_id, person, tuple(rows[i] for i in sorted(rows)), overlap)

    def bind_photo(self, content_hash: bytes) -> None:
        """Find the faces of one photo anew."""
        self._bind([content_hash])

    def _begin(self) -> None:
        self.state, self.bindings, self._history = State(), Bindings(), History()
        self._persons: dict[int, Person] = {}  # those that were asked for and have not changed
        self.journal: list[Decision] = []
        self._last_id, self._erasures = 0, self._table.erasures
        rows = self._table.decisions()
        # Rows that do not count need not be applied and taken back.
        for row in rows:
            self._history.take(row)
            self._last_id = row.id
            self.bindings.add_keys((*row.faces, *row.others))
        for gesture in self._history.done:
            for row in gesture:
                self.state.apply(row)

    def _catch_up(self) -> frozenset[int]:
        if self._table.erasures != self._erasures:
            before = set(self.state.facts)
            self._begin()
            self.bindings.bind_all(self._table.decided_faces())
            return frozenset(before | set(self.state.facts))
        return self._take(self._table.decisions(after=self._last_id))

    def _take(self, rows: Sequence[Decision]) -> frozenset[int]:
        people: set[int] = set()
        for row in rows:
            back, forth = self._history.take(row)
            self.journal += (*back, *forth)
            for _ in back:
                people |= self.state.take_back()
            for one in forth:
                people |= self.state.apply(one)
            self._last_id = row.id
            self._bind(self.bindings.add_keys((*row.faces, *row.others)))
        for person in people:
            self._persons.pop(person, None)
        return frozenset(people)

    def _bind(self, contents: Sequence[bytes] | set[bytes]) -> None:
        for content in contents:
            self.bindings.bind(content, self._table.faces_of_content(content))
            for key in self.bindings.keys_of(content):
                self._persons.pop(self.state.owner.get(key, 0), None)

    def _step(self, kind: Kind) -> Outcome | None:
        with self._table.deciding():
            people = self._catch_up()
            stack = self._history.done if kind == Kind.UNDONE else self._history.undone
            if not stack:
                return None
            gesture = tuple(stack[-1])
            rows = self._table.append([NewDecision(kind, target=gesture[0].gesture)])
        return Outcome(gesture, people | self._take(rows), kind)
