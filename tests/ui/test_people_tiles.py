"""The tiles of the People page follow each change, and are what making them anew would give."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from opqn_app.people.guesses import Group
from opqn_app.people.people import Person
from opqn_app.ui.people.tiles import (
    BY_NAME,
    BY_PHOTOS,
    Sums,
    TileBook,
    Tiles,
    Wish,
    sections_of,
    selection_of,
)
from opqn_app.ui.work.people_jobs import PeopleView

N_FACES = 12
NAMES = ("Anna", "Ben", None)
# Who each face is: 0 for nobody who was said; and in which group those of nobody are.
OWNERS = st.lists(st.integers(0, 3), min_size=N_FACES, max_size=N_FACES)
GROUPS = st.lists(st.integers(0, 3), min_size=N_FACES, max_size=N_FACES)
FACTS = st.lists(st.tuples(st.sampled_from(NAMES), st.booleans()), min_size=3, max_size=3)
LIBRARY = st.tuples(OWNERS, GROUPS, FACTS)
WISH = st.builds(Wish, st.sampled_from([BY_NAME, BY_PHOTOS]), st.booleans(), st.sampled_from("aB"))
WISHES = st.one_of(WISH, WISH.map(lambda wish: replace(wish, needle="")))


class Views:
    """Views of a library as the desk makes them: who has not changed is the same object again."""

    def __init__(self) -> None:
        self._people: dict[int, Person] = {}
        self._groups: dict[tuple[int, ...], Group] = {}

    def of(
        self, owners: list[int], groups: list[int], facts: list[tuple[str | None, bool]]
    ) -> PeopleView:
        people: dict[int, Person] = {}
        for number, (name, is_hidden) in enumerate(facts, start=1):
            faces = tuple(face for face, owner in enumerate(owners, start=1) if owner == number)
            person = Person(number, name, faces, is_hidden, None, (), 0)
            if faces:
                known = self._people.get(number)
                people[number] = known if known == person else person
        free: dict[int, list[int]] = {}
        for face, (owner, group) in enumerate(zip(owners, groups, strict=True), start=1):
            if not owner:
                free.setdefault(group, []).append(face)
        now: dict[tuple[int, ...], Group] = {}
        for some in sorted(free.values(), key=lambda faces: (-len(faces), faces)):
            faces = tuple(some)
            now[faces] = self._groups.get(faces) or Group(faces, (faces,), faces[0], len(faces))
        self._people, self._groups = people, now
        return PeopleView(
            persons=tuple(people.values()),
            groups=tuple(now.values()),
            owner={face: i for face, i in enumerate(owners, start=1) if i},
            left_out=frozenset(),
            photo_of={face: face for face in range(1, N_FACES + 1)},
            n_photos={i: len(person.faces) for i, person in people.items()},
            pictures={i: person.faces[0] for i, person in people.items()},
            by_id=people,
            n_named=0,
            n_grouped=N_FACES,
            can_undo=True,
            can_redo=False,
        )


@given(libraries=st.lists(LIBRARY, min_size=2, max_size=8), wish=WISHES)
def test_settled_tiles_are_those_of_a_new_look_and_stay_where_they_are(
    libraries: list[tuple[list[int], list[int], list[tuple[str | None, bool]]]], wish: Wish
) -> None:
    views, book = Views(), TileBook()
    before = book.tiles_of(views.of(*libraries[0]), wish)
    for library in libraries[1:]:
        view = views.of(*library)
        now = book.settled(view, wish)
        anew = TileBook().tiles_of(view, wish)
        live = [tile for tile in now.tiles if not tile.fate]
        assert sorted(live, key=repr) == sorted(anew.tiles, key=repr)
        assert len(now) >= len(before), "no row goes"
        assert now.n_named == before.n_named
        for old, new in zip(before.tiles, now.tiles, strict=False):
            if old in live:
                assert new == old, "what has not changed stays where it is"
        check_sums(now)
        before = now
    assert book.tiles_of(view, wish) == anew


def check_sums(tiles: Tiles) -> None:
    first, rest = tiles.tiles[: tiles.n_named], tiles.tiles[tiles.n_named :]
    assert (tiles.first, tiles.rest) == (Sums.of(first), Sums.of(rest))
    above, below = sections_of(tiles, "")
    assert (above.rows, below.rows) == (len(first), len(rest))
    people, faces = selection_of(tiles.tiles)
    assert tiles.first.waiting + tiles.rest.waiting == sum(t.can_be_named for t in tiles.tiles)
    assert len(people) + sum(t.person is None and not t.fate for t in tiles.tiles) == (
        len(tiles) - tiles.first.faded - tiles.rest.faded
    )
    assert set(faces) <= set(range(1, N_FACES + 1))


def test_a_person_who_has_not_changed_is_the_same_tile_again() -> None:
    views, book, wish = Views(), TileBook(), Wish()
    owners, groups = [1] * 4 + [0] * 8, [0] * 4 + [1] * 4 + [2] * 4
    facts: list[tuple[str | None, bool]] = [("Anna", False), ("Ben", False), (None, False)]
    before = book.tiles_of(views.of(owners, groups, facts), wish)
    owners[4:8] = [2] * 4
    now = book.settled(views.of(owners, groups, facts), wish)
    assert [tile.name for tile in now.tiles] == ["Anna", "Ben", None]
    assert [a is b for a, b in zip(before.tiles, now.tiles, strict=True)] == [True, False, True]


def test_a_tile_that_said_what_became_of_it_is_live_again_after_undo() -> None:
    views, book, wish = Views(), TileBook(), Wish()
    groups = [0] * 4 + [1] * 4 + [2] * 4
    facts: list[tuple[str | None, bool]] = [("Anna", False), ("Ben", False), (None, False)]
    before = book.tiles_of(views.of([1] * 4 + [0] * 8, groups, facts), wish)
    now = book.settled(views.of([1] * 8 + [0] * 4, groups, facts), wish)
    assert [tile.fate for tile in now.tiles] == ["", "is Anna", ""]
    assert book.settled(views.of([1] * 4 + [0] * 8, groups, facts), wish) == before
