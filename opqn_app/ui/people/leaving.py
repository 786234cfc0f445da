"""What the People pages offer to take out; no widget."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from opqn_app.core.progress import counted
from opqn_app.exchange.going.selection import Wanted
from opqn_app.ui.exchange.offers import Offer

if TYPE_CHECKING:
    from opqn_app.ui.people.person_subject import Subject
    from opqn_app.ui.people.tiles import Tile
    from opqn_app.ui.work.people_jobs import PeopleView


def leaving_person(subject: "Subject | None", selected: Sequence[int]) -> list[Offer]:
    """Photos of a person, or of a group that has no name; several selected faces go first."""
    if subject is None:
        return []
    offers = []
    if len(selected) > 1:
        words = f"Photos of the {counted(len(selected), 'selected face')}"
        offers.append(Offer(words, Wanted(faces=tuple(selected)), subject.name or "Photos"))
    if subject.person is None:
        return [*offers, Offer("All photos of this group", Wanted(faces=subject.faces))]
    wanted = Wanted(people=(subject.person,))
    return [*offers, Offer(f"All photos of {subject.called}", wanted, subject.called)]


def leaving_tiles(tiles: "Sequence[Tile | None]") -> list[Offer]:
    """Photos of the people and groups that are selected."""
    chosen = [tile for tile in tiles if tile is not None]
    people = tuple(tile.person for tile in chosen if tile.person is not None)
    faces = tuple(face for tile in chosen if tile.person is None for face in tile.faces)
    if people:
        names = ", ".join(tile.name for tile in chosen if tile.person is not None and tile.name)
        called = names if 0 < len(names) <= 60 else f"the {len(people):,} selected people"
        return [Offer(f"Photos of {called}", Wanted(people=people), names or "Photos")]
    return [Offer("Photos of the selected faces", Wanted(faces=faces))] if faces else []


def everybody_named(view: "PeopleView | None") -> list[Offer]:
    """Photos of everybody with a name who is not hidden."""
    known = () if view is None else view.persons
    people = tuple(p.id for p in known if p.name is not None and not p.is_hidden)
    return [Offer("Photos of everybody with a name", Wanted(people=people))] if people else []
