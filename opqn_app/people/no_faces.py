"""Remember no faces: all that is kept of them goes, and none can come back."""

from dataclasses import dataclass

from opqn_app.people.facts import folded
from opqn_app.people.forgetting import forget_searches, searches_of
from opqn_app.people.history import counting
from opqn_app.people.state import State
from opqn_app.store import backups
from opqn_app.store.decision_records import Decision
from opqn_app.store.library import Library


@dataclass(frozen=True, slots=True)
class KeptOfFaces:
    """What a library keeps because it remembers faces.

    Attributes:
        photos, faces: those of deleted photos too.
        names: how many people have one.
        searches: names of saved searches that ask for people, or are called by a name.
        folders: how many it has; they stay.
        backups: how many there are.
    """

    photos: int
    faces: int
    names: int
    decisions: int
    searches: tuple[str, ...]
    folders: int
    backups: int


def kept_of_faces(library: Library) -> KeptOfFaces:
    """What `remember_no_faces` would delete; nothing is changed."""
    rows = library.decision_table.decisions()
    state = State()
    for row in counting(rows):
        state.apply(row)
    return KeptOfFaces(
        library.photo_count() + len(library.photo_table.deleted_photos()),
        library.n_faces(),
        sum(fact.name is not None for fact in state.facts.values()),
        len(rows),
        searches_of(library, *_who(rows)),
        len(library.watched_roots()),
        len(backups.files(library.path)),
    )


def remember_no_faces(library: Library) -> tuple[KeptOfFaces, backups.Rewritten]:
    """Delete every face, crop, code, landmark, group and decision, and let none come in.

    Names go with the decisions: without its faces a name says nothing of any photo. So do photos,
    whose rows say how many faces were found. Folders, whether they are watched, and other saved
    searches stay. It goes out of the backups as well, and they keep that no face is remembered.

    Returns:
        What was there, and of how many backups it was taken out.

    Raises:
        TracesLeft: all is deleted, but a reader keeps bytes of it.
    """
    with library.forgetting():
        was = kept_of_faces(library)
        library.writer.forget_all_photos()
        library.group_table.erase_all()
        _forget_decisions(library)
        rewritten = library.rewrite_backups(_forget_decisions)
    return was, rewritten


def remember_faces(library: Library) -> None:
    """Let faces in again; the folders are to be indexed from the start."""
    with library.writer.change():
        library.faces_switch.turn_on()


def _forget_decisions(library: Library) -> bool:
    """Also in a backup, which has no photos; each is written anew, since the switch is in it."""
    forget_searches(library, *_who(library.decision_table.decisions()))
    library.decision_table.erase_all()
    library.faces_switch.turn_off()
    return True


def _who(rows: list[Decision]) -> tuple[set[int], set[str]]:
    """Ids that a person may have, and all names that were ever given."""
    return {row.id for row in rows}, {folded(row.name) for row in rows if row.name}
