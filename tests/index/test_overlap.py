"""Faces found again are matched by overlap: one to one, the largest first."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from opqn_app.core.types import SAME_FACE, Box
from opqn_app.index.overlap import unknown_faces

COORDINATES = st.integers(0, 30)
BOXES = st.lists(
    st.builds(
        lambda left, top, width, height: Box(left, top, left + width, top + height),
        *(COORDINATES, COORDINATES, st.integers(1, 20), st.integers(1, 20)),
    ),
    max_size=7,
)


def slow_overlap(one: Box, other: Box) -> float:
    """Intersection over union by counting squares of one pixel."""
    cells = [
        {
            (x, y)
            for x in range(int(box.left), int(box.right))
            for y in range(int(box.top), int(box.bottom))
        }
        for box in (one, other)
    ]
    return len(cells[0] & cells[1]) / len(cells[0] | cells[1])


def slow_unknown(known: list[Box], found: list[Box]) -> list[int]:
    taken: set[int] = set()
    unknown = []
    for place, box in sorted(enumerate(found), key=lambda pair: (-pair[1].area, pair[0])):
        chosen, most = None, SAME_FACE
        for i, other in enumerate(known):
            overlap = slow_overlap(box, other)
            if i not in taken and (overlap > most or (chosen is None and overlap == most)):
                chosen, most = i, overlap
        if chosen is None:
            unknown.append(place)
        else:
            taken.add(chosen)
    return sorted(unknown)


@given(BOXES, BOXES)
def test_matching_is_what_counting_pixels_gives(known: list[Box], found: list[Box]) -> None:
    assert unknown_faces(known, found) == slow_unknown(known, found)


@given(BOXES, BOXES)
def test_each_known_face_takes_in_one_at_most(known: list[Box], found: list[Box]) -> None:
    unknown = unknown_faces(known, found)
    assert unknown == sorted(set(unknown))
    assert len(found) - len(unknown) <= len(known)
    for place in set(range(len(found))) - set(unknown):
        assert any(box.overlap(found[place]) >= SAME_FACE for box in known)


@given(BOXES)
def test_what_was_found_before_is_known_however_it_is_ordered(boxes: list[Box]) -> None:
    """Of boxes of one size at one place, as of any others, as many are known as there were."""
    for order in itertools.islice(itertools.permutations(boxes), 24):
        assert unknown_faces(boxes, order) == []


@given(BOXES)
def test_without_known_faces_all_are_new(boxes: list[Box]) -> None:
    assert unknown_faces([], boxes) == list(range(len(boxes)))
    assert unknown_faces(boxes, []) == []


def test_a_small_face_on_a_large_one_is_another_face() -> None:
    """A person before another one, or a picture on a shirt."""
    large, small = Box(0, 0, 100, 100), Box(10, 10, 50, 50)
    assert unknown_faces([large], [small, Box(4, 2, 103, 99)]) == [0]


def test_the_larger_of_two_that_overlap_a_known_face_is_the_known_one() -> None:
    known = Box(0, 0, 100, 100)
    assert unknown_faces([known], [Box(0, 0, 80, 80), Box(0, 0, 110, 110)]) == [0]
