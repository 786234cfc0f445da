"""Which tiles the People page shows, in which order, and how they stay in place; no widget."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from opqn_app.core.progress import counted
from opqn_app.ui.kit.grid_layout import HEADER, GridSection
from opqn_app.ui.kit.name_offers import folded

if TYPE_CHECKING:
    from opqn_app.people.guesses import Group
    from opqn_app.people.people import Person
    from opqn_app.ui.work.people_jobs import PeopleView

BY_NAME, BY_PHOTOS = "name", "photos"


@dataclass(frozen=True, slots=True)
class Tile:
    """A person, or faces that nobody decided on.

    Attributes:
        person: None for a group.
        faces: best first for a group, ascending for a person.
        picture: the face that stands for them; None where no face is in the library now.
        photos: how many they are on.
        fate: what became of the tile while the page was open, such as "is Anna"; "" for a live
            one. A tile with a fate is shown faintly until the page is looked at anew.
    """

    person: int | None
    faces: tuple[int, ...]
    picture: int | None
    name: str | None
    photos: int
    is_hidden: bool = False
    fate: str = ""

    @property
    def key(self) -> int:
        """Which person or group it is, however their faces, picture and name change."""
        return -self.person if self.person is not None else min(self.faces, default=0)

    @property
    def is_named(self) -> bool:
        return self.name is not None

    @property
    def can_be_named(self) -> bool:
        """It waits for a name."""
        return not self.fate and self.name is None and not self.is_hidden

    @property
    def words(self) -> str:
        """How many photos, or what became of it."""
        return self.fate or counted(self.photos, "photo")


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user wants to see.

    Attributes:
        order: of the named people, `BY_NAME` or `BY_PHOTOS`.
        needle: part of a name; "" for everybody.
    """

    order: str = BY_PHOTOS
    shows_hidden: bool = False
    needle: str = ""


@dataclass(frozen=True, slots=True)
class Tiles:
    """The tiles in order; the first `n_named` are people with names."""

    tiles: tuple[Tile, ...] = ()
    n_named: int = 0

    def __len__(self) -> int:
        return len(self.tiles)

    def row_of(self, tile: Tile) -> int | None:
        """The row of the same person or group, whatever is known of them now; None without one."""
        key = tile.key
        return next((row for row, each in enumerate(self.tiles) if each.key == key), None)


def sections_of(tiles: Tiles, waits_for: str) -> tuple[GridSection, GridSection]:
    """The headings, which say what stands under each, also before what was answered moves.

    Args:
        waits_for: what is under way before groups can be shown, in words; "" where nothing is.
    """
    first, rest = tiles.tiles[: tiles.n_named], tiles.tiles[tiles.n_named :]
    above, now = sum(map(_counts_as_named, first)), sum(map(_counts_as_named, rest))
    hidden = sum(tile.is_hidden for tile in first if _counts_as_named(tile))
    left, waiting = (sum(tile.can_be_named for tile in some) for some in (first, rest))
    notes = [
        f"{above:,}",
        f"{hidden:,} of them hidden" if hidden else "",
        f"{left:,} without a name now" if left else "",
        f"{now:,} more below, named just now" if now else "",
    ]
    header = HEADER if first else 0
    title, note = ("Named", _joined(notes)) if first else ("", "")
    named = GridSection(len(first), header=header, title=title, note=note)
    title, notes = "Not named yet", [f"{waiting:,}"]
    if now:
        said = [f"{now:,} named just now", f"{waiting:,} not named yet" if waiting else ""]
        title, notes = _joined(said), ["put in order when you come back"]
    elif waits_for:
        notes = [waits_for] if not rest else [*notes, waits_for]
    elif not any(tile.fate for tile in rest):
        notes.append("those on most photos first")
    if not rest and not waits_for:
        title = ""
    header, is_apart = HEADER if title else 0, bool(first and title)
    note = _joined(notes) if title else ""
    return named, GridSection(len(rest), header=header, title=title, note=note, is_apart=is_apart)


def _counts_as_named(tile: Tile) -> bool:
    return tile.is_named and not tile.fate


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(part for part in parts if part)


class TileBook:
    """Makes the tiles of one view after the other; what has not changed is the same tile again."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[object, Tile]] = {}  # by the id of a person or group

    def tiles_of(self, view: "PeopleView", wish: Wish) -> Tiles:
        """Everybody anew: named people, people without a name, then groups, largest first."""
        return _in_order(self._live(view, wish), wish)

    def _live(self, view: "PeopleView", wish: Wish) -> list[Tile]:
        """The tiles of everybody whom the user wants to see, people first."""
        before, self._made = self._made, {}
        people = [
            self._tile(before, person, view)
            for person in view.persons
            if is_shown(person, with_hidden=wish.shows_hidden)
        ]
        needle = folded(wish.needle)
        if needle:
            return [tile for tile in people if tile.name and needle in folded(tile.name)]
        return [*people, *(self._tile(before, group, view) for group in view.groups)]

    def settled(self, old: Tiles, view: "PeopleView", wish: Wish) -> Tiles:
        """The tiles after something was decided: each stays where it is, new ones come last.

        A group that was named becomes the person in place. A tile whose faces went elsewhere
        stays and says where; so nothing moves under the pointer.
        """
        live = self._live(view, wish)
        before = {id(tile) for tile in old.tiles}
        same = {id(tile) for tile in live if id(tile) in before}
        come = [tile for tile in live if id(tile) not in same]
        places = _Places(_in_order(come, wish).tiles)
        kept: list[Tile | None] = []
        # People first: a group becomes a person only where no tile shows that person already.
        for tile in old.tiles:
            if id(tile) in same:
                kept.append(tile)
            else:
                kept.append(None if tile.fate else places.take_person(tile.person))
        for row, tile in enumerate(old.tiles):
            if kept[row] is None:
                kept[row] = _became(tile, view, places)
        return Tiles((*(tile for tile in kept if tile), *places.left()), old.n_named)

    def _tile(
        self, before: dict[int, tuple[object, Tile]], of: "Person | Group", view: "PeopleView"
    ) -> Tile:
        known = before.get(id(of))
        made = known[1] if known is not None and known[0] is of else tile_of(of, view)
        self._made[id(of)] = of, made
        return made


class _Places:
    """Tiles that no row shows yet."""

    def __init__(self, tiles: Iterable[Tile]) -> None:
        self._people = {tile.person: tile for tile in tiles if tile.person is not None}
        self._groups = {tile.faces[0]: tile for tile in tiles if tile.person is None}
        self._holder = {
            face: tile.faces[0] for tile in self._groups.values() for face in tile.faces
        }

    def take_person(self, person: int | None) -> Tile | None:
        return None if person is None else self._people.pop(person, None)

    def take_group(self, faces: Iterable[int]) -> Tile | None:
        """The first group that holds one of `faces`."""
        for face in faces:
            if face in self._holder:
                found = self._groups.pop(self._holder[face], None)
                if found is not None:
                    return found
        return None

    def left(self) -> list[Tile]:
        return [*self._people.values(), *self._groups.values()]


def _became(tile: Tile, view: "PeopleView", places: _Places) -> Tile:
    """What a tile is now: a live one that no row shows yet, or itself with its fate."""
    owners = list(dict.fromkeys(view.owner[face] for face in tile.faces if face in view.owner))
    group = None if owners and tile.person is not None else places.take_group(tile.faces)
    if group is not None:
        return group
    for owner in (*owners, tile.person):
        person = places.take_person(owner)
        if person is not None:
            return person
    return replace(tile, fate=_fate(tile, view, owners))


def _fate(tile: Tile, view: "PeopleView", owners: Sequence[int]) -> str:
    if len(owners) > 1:
        return "several people"
    if owners:
        owner = view.by_id[owners[0]]
        if owner.is_hidden:
            return "hidden"
        return f"is {owner.name}" if owner.name else "one person"
    person = None if tile.person is None else view.by_id.get(tile.person)
    if person is not None and person.is_hidden:
        return "hidden"
    if tile.faces and all(face in view.left_out for face in tile.faces):
        return "no face"
    return tile.fate or "elsewhere"


def is_shown(person: "Person", *, with_hidden: bool = False) -> bool:
    """Whether the page has a tile of a person."""
    return bool(person.faces or person.waiting) and (with_hidden or not person.is_hidden)


def tile_of(of: "Person | Group", view: "PeopleView") -> Tile:
    """A tile of a person or of a group."""
    from opqn_app.people.guesses import Group

    if isinstance(of, Group):
        return Tile(None, of.faces, of.picture, None, of.photos)
    picture, photos = view.pictures.get(of.id), view.n_photos.get(of.id, 0)
    return Tile(of.id, of.faces, picture, of.name, photos, is_hidden=of.is_hidden)


def selection_of(tiles: Iterable[Tile]) -> tuple[list[Tile], list[int]]:
    """Of chosen tiles: those of people, the one to stay first; and the faces of the groups.

    Who has a name stays, and of these who is on most photos.
    """
    live = [tile for tile in tiles if not tile.fate]
    people = [tile for tile in live if tile.person is not None]
    people.sort(key=lambda tile: (tile.name is None, -tile.photos))
    return people, [face for tile in live if tile.person is None for face in tile.faces]


def _in_order(tiles: Iterable[Tile], wish: Wish) -> Tiles:
    """People with names as is wished, those without, then groups as they come."""
    named: list[Tile] = []
    nameless: list[Tile] = []
    groups: list[Tile] = []
    for tile in tiles:
        if tile.person is None:
            groups.append(tile)
        else:
            (nameless if tile.name is None else named).append(tile)
    named.sort(key=_by_name if wish.order == BY_NAME else _by_photos)
    nameless.sort(key=_by_photos)
    return Tiles((*named, *nameless, *groups), len(named))


def _by_name(tile: Tile) -> tuple[str, int, int]:
    return folded(tile.name or ""), -tile.photos, tile.person or 0


def _by_photos(tile: Tile) -> tuple[int, str, int]:
    return -tile.photos, folded(tile.name or ""), tile.person or 0
