"""Remember no faces: also none in the files that the program keeps beside the library."""

from dataclasses import dataclass
from pathlib import Path

from opqn_app.core import places, scratch
from opqn_app.exchange.going.forgotten_sidecars import forget_sidecars, sidecars_with
from opqn_app.people import no_faces
from opqn_app.people.no_faces import KeptOfFaces
from opqn_app.store.library import Library


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What went when the library began to remember no faces.

    Attributes:
        kept: what it had kept.
        backups: how many it was taken out of.
        backups_deleted: how many went, since they could not be read or written anew.
        pictures: bytes of pictures of faces outside the library, see `pictures_outside`.
        sidecars: XMP files beside photos that this program wrote and that still hold a name.
    """

    kept: KeptOfFaces
    backups: int
    backups_deleted: int
    pictures: int
    sidecars: tuple[Path, ...]


def remember_no_faces(library: Library) -> Forgotten:
    """`people.no_faces.remember_no_faces`, and what else the program keeps of faces.

    Former sidecars of the library go, reports of evaluations, crops to train on, and what killed
    runs left. Sidecars beside photos are the user's: they are named.

    Raises:
        TracesLeft: all is deleted, but a reader keeps bytes of it.
    """
    names = {row.name for row in library.decision_table.decisions() if row.name}
    sidecars = tuple(sidecars_with(library.path, names))
    outside = pictures_outside(library.path)
    size = sum(place.size() for place in outside)
    try:
        kept, rewritten = no_faces.remember_no_faces(library)
    finally:  # also where it left traces
        if not library.faces_switch.is_on:
            forget_sidecars(library.path)
            scratch.sweep()
            for place in outside:
                place.delete()
    return Forgotten(kept, rewritten.changed, rewritten.deleted, size, sidecars)


def pictures_outside(library: Path) -> list[places.Place]:
    """Where pictures of faces lie that belong to no library."""
    return [each for each in places.places(library) if each.key in ("evaluations", "crops")]
