"""What the page of kept things asks and says; no widget."""

from dataclasses import dataclass
from pathlib import Path

from opqn_app.core import places
from opqn_app.core.places import Place
from opqn_app.core.progress import counted
from opqn_app.exchange.going.faces_in_words import faces_in_words, stays_in_words, would_go_in_words
from opqn_app.ui.kit.listed_question import Question
from opqn_app.ui.work.face_memory import KeptNow


@dataclass(frozen=True, slots=True)
class Seen:
    """A place, and what lies there now.

    Attributes:
        size: in bytes.
        shown: what a file manager is to mark: the first file, else the folder.
        is_there: there is anything.
    """

    place: Place
    size: int
    shown: Path
    is_there: bool


def look(library: Path) -> list[Seen]:
    """All places, with their sizes; reads folders, so call it in a lane."""
    return [_seen(place) for place in places.places(library)]


def _seen(place: Place) -> Seen:
    first = next(place.entries(), None)
    return Seen(place, place.size(), place.folder if first is None else first, first is not None)


def size_in_words(seen: Seen) -> str:
    """How large it is, and what it may give away."""
    size = seen.size
    words = f"{size / 1e6:,.1f} MB" if size >= 100_000 else f"{size / 1e3:,.1f} kB"
    if not seen.is_there:
        return "nothing there now"
    return f"{words} · holds faces or names" if seen.place.has_faces else words


def state_in_words(kept: KeptNow, *, is_on: bool) -> str:
    """What of faces is kept."""
    if not is_on:
        return (
            "This library remembers no faces. Nothing can be indexed, searched or named, by no "
            "program that uses it, until you let it. Your folders and settings are kept."
        )
    of = kept.of_faces
    known = f"{counted(of.faces, 'face')} on {counted(of.photos, 'photo')}"
    return (
        f"Faces are remembered: {known}, {counted(of.names, 'name')}. You can have all of that "
        "deleted, and keep folders and settings."
    )


def off_question(kept: KeptNow) -> Question:
    return Question(
        "Remember no faces?",
        "This is deleted, and can't be undone:",
        would_go_in_words(kept.of_faces, kept.pictures),
        f"{stays_in_words(kept.of_faces)} From then on no face comes into this library, also by no "
        "other program window or command, until you let it.",
        "Delete all faces",
        "Keep them",
    )


ON_QUESTION = Question(
    "Remember faces again?",
    "Your folders are read again from the start, and the faces on your photos are found anew.",
    (),
    "Names and decisions that were deleted don't come back by that.",
    "Remember faces",
    "Not now",
)


def everything_question(kept: KeptNow) -> Question:
    of = kept.of_faces
    lines = [
        counted(of.folders, "folder"),
        *faces_in_words(of),
        "all saved searches",
        f"{counted(of.backups, 'backup')}, and XMP files as they were before names were written",
    ]
    return Question(
        "Forget everything?",
        "This is deleted, and can't be undone:",
        lines,
        "The settings, trained models and reports of evaluations stay. So do your photos, and "
        "names that were written to XMP files beside them.",
        "Forget everything",
        "Keep it",
    )


def deletion_question(seen: Seen) -> Question:
    return Question(
        f"Delete: {seen.place.title}?",
        f"{seen.place.if_deleted} This can't be undone.",
        (),
        f"{size_in_words(seen)}, in {seen.place.folder}.",
        "Delete",
        "Keep",
    )
