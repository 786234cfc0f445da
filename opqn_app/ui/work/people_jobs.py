"""What runs on the "people" lane: one open library, its decisions and its guesses; no widget.

The decisions are read once and kept in memory, so that an answer costs what it changes.
"""

import gc
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from opqn_app.core.errors import LibraryReadOnly
from opqn_app.ui.work.jobs import ensure_library
from opqn_app.ui.work.shared_map import SharedMap

if TYPE_CHECKING:
    from opqn_app.core.types import Box
    from opqn_app.opqn.face_encoder import FaceEncoder
    from opqn_app.people.guesses import Group, Guesses
    from opqn_app.people.ledger import Ledger, Outcome
    from opqn_app.people.people import Person
    from opqn_app.store.library import Library
    from opqn_app.store.records import ModelInfo, NewFace, PhotoRecord
    from opqn_app.ui.work.jobs import EngineSlot

Result = TypeVar("Result")

# From here on a full search for garbage, which stops every thread, would take long: what is held
# of so many faces stays for the session, so it is left out of it. Half a second at 100,000 faces.
MANY_FACES = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class PeopleView:
    """Everybody at one moment; it never changes, the desk hands out a new one.

    Attributes:
        persons: by id, hidden people and those without a name too.
        groups: faces that nobody decided on, largest first.
        owner: face → person.
        left_out: boxes that are no faces.
        photo_of: face → photo, of every face of the library.
        n_named: people who are shown with a name.
        n_photos: person → number of photos.
        pictures: person → the face that stands for the person, where there is one.
        n_grouped: faces that are in groups, of one face too, by the model that answers now.
        undo_words, redo_words: what would be undone or redone; "" if nothing.
    """

    persons: tuple["Person", ...]
    groups: tuple["Group", ...]
    owner: Mapping[int, int]
    left_out: frozenset[int]
    photo_of: Mapping[int, int]
    n_photos: Mapping[int, int]
    pictures: Mapping[int, int]
    by_id: Mapping[int, "Person"]
    n_named: int
    n_grouped: int
    can_undo: bool
    can_redo: bool
    undo_words: str = ""
    redo_words: str = ""

    def person_of(self, face_id: int) -> "Person | None":
        """The person that a face is; None where nobody said."""
        person = self.owner.get(face_id)
        return None if person is None else self.by_id.get(person)

    def name_of(self, face_id: int) -> str | None:
        """The name of a face, if it has one and the person is not hidden."""
        person = self.person_of(face_id)
        return None if person is None or person.is_hidden else person.name


@dataclass(frozen=True, slots=True)
class Doubt:
    """A gesture that was not made, since the user may not have meant it.

    Attributes:
        words: what is odd about it.
        choices: words of a button and the gesture that it makes.
    """

    words: str
    choices: tuple[tuple[str, Callable[["Ledger"], "Outcome | None"]], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of `gesture`: `words` if made, `doubt` if not; neither if none could be.

    Attributes:
        regroups: other faces may be joined now.
    """

    view: PeopleView
    words: str = ""
    doubt: Doubt | None = None
    people: frozenset[int] = frozenset()
    gesture: Callable[["Ledger"], "Outcome | None"] | None = None
    regroups: bool = False


class DoubtError(Exception):
    """Raised in a gesture to ask first; nothing is changed."""

    def __init__(self, doubt: Doubt) -> None:
        super().__init__(doubt.words)
        self.doubt = doubt


class PeopleWork:
    """The open library of the lane. Every call comes on the lane's one thread.

    Args:
        path: of the library; nothing is opened, or made, before the file is there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._library: Library | None = None
        self._refusal: LibraryReadOnly | None = None
        self._guesses: Guesses | None = None
        self._encoder: FaceEncoder | None = None
        self._persons: dict[int, Person] = {}
        self._n_named = 0  # of these, as the view says
        self._owner = SharedMap({})
        self._n_photos: dict[int, int] = {}
        self._pictures: dict[int, int] = {}
        self._photo_of: dict[int, int] = {}
        self._left_out: frozenset[int] = frozenset()
        self._left_out_stamp = (-1, -1)
        self._n_frozen = 0  # faces when Python was last told not to look for garbage among them

    def refresh(self, encoder: "FaceEncoder | None") -> PeopleView | None:
        """Look at the library anew; None while there is none.

        Args:
            encoder: whose guesses count; None while no model is loaded.
        """
        from opqn_app.people.guesses import Guesses

        if self._library is None:
            if not self._path.is_file():
                return None
            ensure_library(self._path)  # another lane may be making it
            self._open()
        else:
            self._ledger.refresh()
        library = self._opened()
        self._photo_of = library.decision_table.photos_of_faces()
        if encoder is None:
            self._guesses = None
        elif self._guesses is None or self._encoder is not encoder:
            self._guesses = Guesses.load(library, encoder)
        else:
            self._guesses.refresh(library)
        self._encoder = encoder
        self._read_all()
        view = self._view()
        if len(self._photo_of) > MANY_FACES and len(self._photo_of) > 1.1 * self._n_frozen:
            self._n_frozen = len(self._photo_of)
            gc.freeze()
        return view

    def act(self, gesture: Callable[["Ledger"], "Outcome | None"]) -> Answer:
        """Make a gesture.

        Raises:
            OpqnError: it can't be; nothing is changed.
        """
        self._opened()
        if self._refusal is not None:
            raise self._refusal
        if self._ledger.catch_up():  # another program has decided meanwhile
            self._read_all()
        from opqn_app.people.decided import changes_groups
        from opqn_app.people.words import words_of

        try:
            outcome = gesture(self._ledger)
        except DoubtError as error:
            return Answer(self._view(), doubt=error.doubt, gesture=gesture)
        if outcome is None:
            return Answer(self._view(), gesture=gesture)
        self._take(outcome.people)
        words = words_of(self._ledger, outcome)
        regroups = changes_groups(outcome.rows)
        return Answer(
            self._view(), words, people=outcome.people, gesture=gesture, regroups=regroups
        )

    def add_drawn(self, photo: "PhotoRecord", new: "NewFace", model: "ModelInfo") -> int:
        """Store a face in a box that the user drew; returns its id.

        Raises:
            LibraryLocked: faces are indexed just now.
            OpqnError: it can't be; nothing is changed.
        """
        from opqn_app.people.drawing import add_drawn
        from opqn_app.store.library import Library

        self._opened()
        if self._refusal is not None:
            raise self._refusal
        with Library.open(self._path, write=True) as library:
            return add_drawn(self._ledger, photo, new, model, library.writer)

    def ask(self, job: Callable[["Ledger", "Guesses"], Result]) -> Result:
        """Let `job` look at the decisions and guesses; there are none without a model."""
        from opqn_app.people.guesses import Guesses

        self._opened()
        return job(self._ledger, Guesses() if self._guesses is None else self._guesses)

    def close(self) -> None:
        """Close the library; the last call."""
        library, self._library = self._library, None
        if library is not None:
            library.close()

    def _open(self) -> None:
        from opqn_app.people.ledger import Ledger
        from opqn_app.store.library import Library

        try:
            self._library = Library.open_to_decide(self._path)
        except LibraryReadOnly as error:
            self._library, self._refusal = Library.open(self._path), error
        self._ledger = Ledger(self._library)

    def _opened(self) -> "Library":
        if self._library is None:
            self._open()
        assert self._library is not None
        return self._library

    def _read_all(self) -> None:
        self._persons = {person.id: person for person in self._ledger.persons()}
        self._n_named = sum(map(_is_named, self._persons.values()))
        self._owner = SharedMap({face: p.id for p in self._persons.values() for face in p.faces})
        self._look_at(self._persons.values())
        self._left_out_stamp = (-1, -1)

    def _take(self, changed: Collection[int]) -> None:
        from opqn_app.people.people import person_now

        ledger, state = self._ledger, self._ledger.state
        before = {i: self._persons.pop(i) for i in changed if i in self._persons}
        made = {i: person_now(state, ledger.bindings, i) for i in changed if i in state.facts}
        gone: set[int] = set()
        come: dict[int, int] = {}
        for each in {**before, **made}:
            old, new = (set(some[each].faces) if each in some else set() for some in (before, made))
            gone |= old - new
            come |= dict.fromkeys(new - old, each)
        self._owner = self._owner.changed(gone=gone, come=come)
        self._persons |= made
        self._n_named += sum(map(_is_named, made.values())) - sum(map(_is_named, before.values()))
        self._look_at(made.values())

    def _look_at(self, persons: Iterable["Person"]) -> None:
        """Count the photos, and find a face that stands for each and is not soon another.

        Faces that show best who it is are known without a model, so that a picture stays when
        guesses come.
        """
        wanting: list[Person] = []
        for person in persons:
            photos = set(map(self._photo_of.get, person.faces)) - {None}
            self._n_photos[person.id] = len(photos)
            known = self._pictures.get(person.id)
            if person.picture is not None:
                self._pictures[person.id] = person.picture
            elif person.faces and (known is None or self._owner.get(known) != person.id):
                best = () if self._guesses is None else self._guesses.best_first(person.faces)
                self._pictures.update({person.id: best[0]} if best else {})
                if not best:
                    wanting.append(person)
        if wanting:  # it reads of every face of the library, which guesses have done already
            from opqn_app.people.guess_data import best_of_each

            found = best_of_each(self._opened(), [person.faces for person in wanting])
            self._pictures.update(zip((person.id for person in wanting), found, strict=True))

    def _view(self) -> PeopleView:
        from opqn_app.people.people import left_out
        from opqn_app.people.words import sentence

        ledger = self._ledger
        stamp = (len(ledger.state.not_faces), len(ledger.state.drawn))
        if stamp != self._left_out_stamp:  # it looks at every face of a decided photo
            self._left_out, self._left_out_stamp = left_out(ledger.state, ledger.bindings), stamp
        persons = dict(sorted(self._persons.items()))
        guesses = self._guesses
        return PeopleView(
            persons=tuple(persons.values()),
            groups=() if guesses is None else tuple(guesses.unnamed(ledger)),
            owner=self._owner,
            left_out=self._left_out,
            photo_of=MappingProxyType(self._photo_of),
            n_photos=MappingProxyType(dict(self._n_photos)),
            pictures=MappingProxyType(dict(self._pictures)),
            by_id=MappingProxyType(persons),
            n_named=self._n_named,
            n_grouped=0 if guesses is None else len(guesses),
            can_undo=ledger.can_undo,
            can_redo=ledger.can_redo,
            undo_words=sentence(ledger.state, ledger.to_undo) if ledger.can_undo else "",
            redo_words=sentence(ledger.state, ledger.to_redo) if ledger.can_redo else "",
        )


def _is_named(person: "Person") -> bool:
    return bool(
        person.name is not None and not person.is_hidden and (person.faces or person.waiting)
    )


def look_at_box(
    photo: "PhotoRecord", box: "Box", slot: "EngineSlot"
) -> tuple["NewFace", "ModelInfo"]:
    """See and encode what the user drew a box around; on the "index" lane."""
    from opqn_app.people.drawing import drawn_face
    from opqn_app.store.records import ModelInfo

    engine = slot.wait()
    return drawn_face(photo, box, engine), ModelInfo.of(engine.encoder)
