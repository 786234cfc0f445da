"""What another program says of single faces, weighed against what was decided before."""

from dataclasses import dataclass, field
from pathlib import Path

from opqn_app.exchange.coming.import_plan import Clash, DrawnBox, Left, PlannedName, Reason
from opqn_app.exchange.coming.known_names import KnownNames
from opqn_app.people.facts import folded
from opqn_app.people.ledger import Ledger
from opqn_app.store.decision_records import FaceKey

NAMELESS = "a person without a name"


@dataclass(frozen=True, slots=True)
class Claim:
    """That a face is somebody.

    Attributes:
        face: its id; None where `box` is to be drawn.
        is_guessed: no box says so.
    """

    photo: Path
    key: FaceKey
    name: str
    face: int | None = None
    box: DrawnBox | None = None
    is_guessed: bool = False


@dataclass(slots=True)
class _Name:
    name: str
    person: int | None
    faces: list[int] = field(default_factory=list)
    guessed: list[int] = field(default_factory=list)
    boxes: list[DrawnBox] = field(default_factory=list)
    known: int = 0

    def add(self, claim: Claim) -> None:
        if claim.box is not None:
            self.boxes.append(claim.box)
        if claim.face is not None:
            self.faces.append(claim.face)
            if claim.is_guessed:
                self.guessed.append(claim.face)


class Claims:
    """All that an import says, as far as it has been heard.

    Attributes:
        clashes: what goes against decisions.
        left: what can't be, for other reasons.
    """

    def __init__(self, ledger: Ledger, source: str) -> None:
        self.clashes: list[Clash] = []
        self.left: list[Left] = []
        self._state = ledger.state
        self._known = KnownNames(ledger, source)
        self._names: dict[str, _Name] = {}
        self._meant: dict[FaceKey, str] = {}
        self._shown: set[tuple[bytes, str]] = set()  # picture, folded name

    def names(self) -> list[PlannedName]:
        """What comes of each name, most new faces first."""
        planned = [
            PlannedName(
                name=each.name,
                person=each.person,
                faces=tuple(each.faces),
                guessed=tuple(each.guessed),
                boxes=tuple(each.boxes),
                known=each.known,
            )
            for each in self._names.values()
        ]
        return sorted(planned, key=lambda each: (-each.new, folded(each.name)))

    def hear(self, claim: Claim) -> None:
        """Take a claim in, if nothing that was said before is against it."""
        state, key = self._state, claim.key
        entry = self._entry(claim.name)
        place = key.content_hash, folded(claim.name)
        owner = state.owner.get(key)
        if key in state.not_faces:
            self.clashes.append(Clash(claim.photo, claim.face, claim.name, is_face=False))
        elif owner is not None and self._is(owner, entry):
            entry.known += 1
        elif owner is not None:
            said = state.facts[owner].name or NAMELESS
            self.clashes.append(Clash(claim.photo, claim.face, claim.name, said))
        elif entry.person is not None and entry.person in state.not_these(key):
            self.clashes.append(Clash(claim.photo, claim.face, claim.name))
        elif self._meant.get(key) == place[1]:  # in another copy of the photo
            entry.add(claim)
        elif key in self._meant:
            self.left.append(Left(claim.photo, claim.name, Reason.TWO_NAMES))
        elif self.is_on(key.content_hash, claim.name):
            self.left.append(Left(claim.photo, claim.name, Reason.TWICE))
        else:
            self._meant[key] = place[1]
            self._shown.add(place)
            entry.add(claim)

    def is_on(self, content: bytes, name: str) -> bool:
        """Whether somebody of this name is on a photo, by what was decided or heard."""
        person = self._entry(name).person
        return (content, folded(name)) in self._shown or self._state.is_in_photo(content, person)

    def is_free(self, key: FaceKey) -> bool:
        """Whether nobody has said who, or that, a face is not."""
        state = self._state
        return not (key in state.owner or key in state.not_faces or key in self._meant)

    def may_be(self, key: FaceKey, name: str) -> bool:
        """Whether nobody has said that a face is not the person of this name."""
        return self._entry(name).person not in self._state.not_these(key)

    def _is(self, owner: int, entry: _Name) -> bool:
        name = self._state.facts[owner].name
        is_called_so = name is not None and folded(name) == folded(entry.name)
        return owner == entry.person or is_called_so

    def _entry(self, name: str) -> _Name:
        key = folded(name)
        if key not in self._names:
            self._names[key] = _Name(name, self._known.person(name))
        return self._names[key]
