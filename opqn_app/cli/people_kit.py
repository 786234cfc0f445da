"""What the commands about people share: how faces and people are named, and shown."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opqn_app.cli.kit import emit, library_path
from opqn_app.core import settings
from opqn_app.core.errors import OpqnError
from opqn_app.core.progress import counted

if TYPE_CHECKING:
    from opqn_app.opqn.face_encoder import FaceEncoder
    from opqn_app.people.ledger import Ledger, Outcome
    from opqn_app.people.people import Person
    from opqn_app.store.records import FaceRecord, PhotoRecord

GROUP = "group:"  # and the id of a face in it
FACE_HELP = (
    "id of a face, as `opqn search` and `opqn who` print it; or PHOTO#N, Nth from the left; or "
    "group:N, as `opqn people --groups` prints it"
)
PERSON_HELP = "name of a person, or the id that `opqn people` prints"


@contextmanager
def open_ledger(arguments: argparse.Namespace) -> Iterator["Ledger"]:
    """The decisions of the library, to read and to add to, also while photos are indexed."""
    from opqn_app.people.ledger import Ledger
    from opqn_app.store.library import Library

    with Library.open_to_decide(library_path(arguments)) as library:
        library.faces_switch.refuse_if_off()
        yield Ledger(library)


@contextmanager
def read_ledger(arguments: argparse.Namespace) -> Iterator["Ledger"]:
    """The decisions of the library, to read; it may lie on a disk that can't be written."""
    from opqn_app.people.ledger import Ledger
    from opqn_app.store.library import Library

    with Library.open(library_path(arguments)) as library:
        yield Ledger(library)


def face_ids(ledger: "Ledger", words: Sequence[str]) -> list[int]:
    """The faces that FACE arguments name.

    Raises:
        OpqnError: one names no face.
    """
    ids: list[int] = []
    for word in words:
        ids += _of_group(ledger, word) if word.startswith(GROUP) else [_face_id(ledger, word)]
    return ids


def grouping_encoder() -> "FaceEncoder":
    """The encoder of the settings, by whose codes faces are grouped."""
    from opqn_app.engine import load_engine

    chosen = settings.load()
    return load_engine(chosen.model, chosen.device, chosen.detector, is_lazy=True).encoder


def photo_at(ledger: "Ledger", path: Path) -> "PhotoRecord":
    """The photo at a path.

    Raises:
        OpqnError: it is not in the library, or can't be read.
    """
    from opqn_app.core.files import real_path

    real = real_path(path)
    root = ledger.library.root_for(real)
    if root is not None:
        rel_path = real.relative_to(root[1]).as_posix()
        photo = ledger.library.photo_table.at(root[0], rel_path)
        if photo is not None:
            return photo
        faults = {each.path: each.reason for each in ledger.library.failures(root[0])}
        if real in faults:
            raise OpqnError(f"{path} could not be read when it was indexed: {faults[real]}.")
        hint = f"Index it: opqn index {root[1]}" if real.exists() else ""
        why = "was not there when its folder was indexed" if hint else "is not there"
        raise OpqnError(f"{path} {why}, so it is not in the library.", hint=hint)
    raise OpqnError(f"{path} is not in the library. Index its folder first: opqn index DIR")


def faces_of_photo(ledger: "Ledger", photo: "PhotoRecord") -> list["FaceRecord"]:
    """From left to right, as PHOTO#N counts them."""
    from opqn_app.people.finding import faces_from_left

    return faces_from_left(ledger, photo.id)


def person_row(ledger: "Ledger", person: "Person") -> dict[str, Any]:
    """A person as it stands in a JSON object."""
    photos = {ledger.bindings.placed[face].photo_id for face in person.faces}
    return {**asdict(person), "photos": len(photos)}


def called(ledger: "Ledger", person: int | None) -> str:
    """A person in a list."""
    found = None if person is None else ledger.person(person)
    if found is None:
        return "nobody"
    return found.name or f"person {found.id} (no name yet)"


def when(time: str) -> str:
    """The time of a decision, which is UTC, by the clock on the wall."""
    return f"{datetime.fromisoformat(time).replace(tzinfo=UTC).astimezone():%Y-%m-%d %H:%M}"


def decide_and_tell(arguments: argparse.Namespace, decide: Callable[["Ledger"], "Outcome"]) -> int:
    """Run a gesture and print what came of it. Returns the exit status."""
    with open_ledger(arguments) as ledger:
        tell(arguments, ledger, decide(ledger))
    return 0


def tell(arguments: argparse.Namespace, ledger: "Ledger", outcome: "Outcome") -> None:
    """Print what a gesture did, and who looks how after it."""
    from opqn_app.people.words import words_of

    people = [ledger.person(i) for i in sorted(outcome.people) if i in ledger.state.facts]
    value = {
        "decisions": [{"id": row.id, "kind": row.kind} for row in outcome.rows],
        "people": [person_row(ledger, person) for person in people if person is not None],
    }
    emit(arguments, value, words_of(ledger, outcome))


def _of_group(ledger: "Ledger", word: str) -> Sequence[int]:
    from opqn_app.people.guesses import Guesses

    number = word.removeprefix(GROUP)
    if number.isascii() and number.isdecimal():
        for group in Guesses.load(ledger.library, grouping_encoder()).unnamed(ledger):
            if int(number) in group.faces:
                return group.faces
    raise OpqnError(f"'{word}' is no group without a name. `opqn people --groups` lists them.")


def _face_id(ledger: "Ledger", word: str) -> int:
    if word.isascii() and word.isdecimal():
        return int(word)
    path, mark, number = word.rpartition("#")
    if not (mark and number.isascii() and number.isdecimal()):
        raise OpqnError(
            f"'{word}' names no face. Give the id of a face, or PHOTO#N for the Nth from the left "
            "(`opqn who PHOTO` shows both)."
        )
    faces = faces_of_photo(ledger, photo_at(ledger, Path(path)))
    if not 1 <= int(number) <= len(faces):
        raise OpqnError(f"{path} has {counted(len(faces), 'face')}; there is no face {number}.")
    return faces[int(number) - 1].id


def step_through(
    arguments: argparse.Namespace, take: "Callable[[Ledger], Outcome | None]", verb: str
) -> int:
    """Undo or redo one gesture and say what it was.

    Args:
        verb: such as "undo".
    """
    from opqn_app.people.gestures import PeopleError

    with open_ledger(arguments) as ledger:
        outcome = take(ledger)
        if outcome is None:
            raise PeopleError(f"There is nothing to {verb}.")
        tell(arguments, ledger, outcome)
    return 0
