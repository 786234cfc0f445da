"""Which tiles the People page shows, in which order, and how they stay in place; no widget."""

from collections.abc import Iterable, Mapping, Sequence
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
class Sums:
    """How many tiles under one heading are named, are hidden and named, wait for a name, or are
    there only to say what became of them."""

    named: int = 0
    hidden: int = 0
    waiting: int = 0
    faded: int = 0

    @classmethod
    def of(cls, tiles: Iterable[Tile]) -> "Sums":
        named = hidden = waiting = faded = 0
        for tile in tiles:
            if tile.fate:
                faded += 1
            elif tile.name is not None:
                named += 1
                hidden += tile.is_hidden
            elif not tile.is_hidden:
                waiting += 1
        return cls(named, hidden, waiting, faded)

    def changed(self, gone: Iterable[Tile], come: Iterable[Tile]) -> "Sums":
        """The sums with other tiles in the place of some."""
        less, more = Sums.of(gone), Sums.of(come)
        return Sums(
            self.named - less.named + more.named,
            self.hidden - less.hidden + more.hidden,
            self.waiting - less.waiting + more.waiting,
            self.faded - less.faded + more.faded,
        )


@dataclass(frozen=True, slots=True)
class Tiles:
    """The tiles in order; the first `n_named` are people with names.

    Attributes:
        first, rest: sums of these, and of the others.
    """

    tiles: tuple[Tile, ...] = ()
    n_named: int = 0
    first: Sums = Sums()
    rest: Sums = Sums()

    @classmethod
    def of(cls, named: Sequence[Tile], others: Iterable[Tile]) -> "Tiles":
        """People with names, and all else."""
        some = tuple(others)
        return cls((*named, *some), len(named), Sums.of(named), Sums.of(some))

    def changed(self, places: Mapping[int, Tile], more: Sequence[Tile]) -> "Tiles":
        """Other tiles in some rows, and more after the last; it costs what is changed."""
        tiles = list(self.tiles)
        first = [row for row in places if row < self.n_named]
        rest = [row for row in places if row >= self.n_named]
        for row, tile in places.items():
            tiles[row] = tile
        return Tiles(
            (*tiles, *more),
            self.n_named,
            self.first.changed((self.tiles[i] for i in first), (tiles[i] for i in first)),
            self.rest.changed((self.tiles[i] for i in rest), (*(tiles[i] for i in rest), *more)),
        )

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
    n_first, n_rest = tiles.n_named, len(tiles) - tiles.n_named
    above, now, hidden = tiles.first.named, tiles.rest.named, tiles.first.hidden
    left, waiting = tiles.first.waiting, tiles.rest.waiting
    notes = [
        f"{above:,}",
        f"{hidden:,} of them hidden" if hidden else "",
        f"{left:,} without a name now" if left else "",
        f"{now:,} more below, named just now" if now else "",
    ]
    header = HEADER if n_first else 0
    title, note = ("Named", _joined(notes)) if n_first else ("", "")
    named = GridSection(n_first, header=header, title=title, note=note)
    title, notes = "Not named yet", [f"{waiting:,}"]
    if now:
        said = [f"{now:,} named just now", f"{waiting:,} not named yet" if waiting else ""]
        title, notes = _joined(said), ["put in order when you come back"]
    elif waits_for:
        notes = [waits_for] if not n_rest else [*notes, waits_for]
    elif not tiles.rest.faded:
        notes.append("those on most photos first")
    if not n_rest and not waits_for:
        title = ""
    header, is_apart = HEADER if title else 0, bool(n_first and title)
    note = _joined(notes) if title else ""
    return named, GridSection(n_rest, header=header, title=title, note=note, is_apart=is_apart)


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(part for part in parts if part)


class TileBook:
    """Makes the tiles of one view after the other; what has not changed is the same tile again."""

    def __init__(self) -> None:
        # By the id of a person or group, which lives as long as it is held here.
        self._made: dict[int, tuple[Person | Group, Tile]] = {}
        self._last = Tiles()  # what `_rows` and `_faded` are about
        self._rows: dict[int, int] = {}  # by the id of a tile
        self._faded: set[int] = set()  # rows that say what became of a tile

    def tiles_of(self, view: "PeopleView", wish: Wish) -> Tiles:
        """Everybody anew: named people, people without a name, then groups, largest first."""
        before, self._made = self._made, {}
        for of in _wanted(view.persons, view.groups, wish):
            self._made[id(of)] = before.get(id(of)) or (of, tile_of(of, view))
        tiles = _in_order((tile for _, tile in self._made.values()), wish)
        self._last, self._faded = tiles, set()
        self._rows = dict(zip(map(id, tiles.tiles), range(len(tiles)), strict=True))
        return tiles

    def settled(self, view: "PeopleView", wish: Wish) -> Tiles:
        """The tiles after something was decided: each stays where it is, new ones come last.

        A group that was named becomes the person in place. A tile whose faces went elsewhere
        stays and says where; so nothing moves under the pointer. Only what changed is made anew.

        Args:
            wish: the same as of the tiles that were made last.
        """
        old, made = self._last, self._made
        now = {*map(id, view.persons), *map(id, view.groups)}
        gone = [made.pop(key)[1] for key in [key for key in made if key not in now]]
        come = _wanted(
            (person for person in view.persons if id(person) not in made),
            (group for group in view.groups if id(group) not in made),
            wish,
        )
        for of in come:
            made[id(of)] = of, tile_of(of, view)
        places = _Places(_in_order((made[id(of)][1] for of in come), wish).tiles)
        rows = sorted({*(self._rows[id(tile)] for tile in gone), *self._faded})
        kept: dict[int, Tile] = {}
        # People first: a group becomes a person only where no tile shows that person already.
        for row in rows:
            tile = old.tiles[row]
            person = None if tile.fate else places.take_person(tile.person)
            if person is not None:
                kept[row] = person
        for row in rows:
            if row not in kept:
                kept[row] = _became(old.tiles[row], view, places)
        more = places.left()
        for row, tile in kept.items():
            self._rows.pop(id(old.tiles[row]), None)
            (self._faded.add if tile.fate else self._faded.discard)(row)
        self._rows |= {id(tile): row for row, tile in kept.items()}
        self._rows |= {id(tile): len(old) + n for n, tile in enumerate(more)}
        self._last = old.changed(kept, more)
        return self._last


def _wanted(
    persons: Iterable["Person"], groups: Iterable["Group"], wish: Wish
) -> list["Person | Group"]:
    """Those of some people and groups whom the user wants to see."""
    needle = folded(wish.needle)
    people = [
        person
        for person in persons
        if is_shown(person, with_hidden=wish.shows_hidden)
        and (not needle or needle in folded(person.name or ""))
    ]
    return [*people, *(() if needle else groups)]


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
    return Tiles.of(named, (*nameless, *groups))


def _by_name(tile: Tile) -> tuple[str, int, int]:
    return folded(tile.name or ""), -tile.photos, tile.person or 0


def _by_photos(tile: Tile) -> tuple[int, str, int]:
    return -tile.photos, folded(tile.name or ""), tile.person or 0
