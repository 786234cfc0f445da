"""A map that shares with others what is the same: it is what a dictionary would be."""

from hypothesis import given
from hypothesis import strategies as st

from opqn_app.ui.work.shared_map import SharedMap

numbers = st.integers(0, 1500)
maps = st.dictionaries(numbers, st.integers(1, 5), max_size=30)


@given(maps, st.lists(st.tuples(st.lists(numbers, max_size=10), maps), max_size=4))
def test_it_is_what_a_dictionary_would_be_and_never_changes(
    first: dict[int, int], steps: list[tuple[list[int], dict[int, int]]]
) -> None:
    made = [(SharedMap(first), dict(first))]
    for gone, come in steps:
        last, plain = made[-1]
        gone = [*gone, *list(plain)[:2]]
        left = {key: value for key, value in plain.items() if key not in gone}
        made.append((last.changed(gone=gone, come=come), left | come))
    for shared, plain in made:
        assert dict(shared) == plain
        assert len(shared) == len(plain)
        assert all((key in shared) == (key in plain) for key in range(0, 1500, 7))
        assert shared.get(-1) is None
