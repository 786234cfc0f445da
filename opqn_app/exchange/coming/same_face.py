"""Which of the found faces a box of another program means."""

from collections.abc import Mapping, Sequence

from opqn_app.core.types import SAME_FACE, Box

LEAST = 0.1  # overlap of a box that shows the whole head with that of its face


def matched(boxes: Sequence[Box], faces: Mapping[int, Box]) -> dict[int, int]:
    """By the number of a box, the face it means; each face is meant by one box at most.

    Boxes of one face overlap as much as those of two detectors do. Programs draw some much larger
    or smaller; then the middle of each lies in the other.

    Args:
        faces: by id; in the same measure as `boxes`.
    """
    pairs = sorted(
        (-overlap, number, face)
        for number, box in enumerate(boxes)
        for face, found in faces.items()
        if (overlap := box.overlap(found)) >= SAME_FACE
        or (overlap >= LEAST and _has_middle(box, found) and _has_middle(found, box))
    )
    meant: dict[int, int] = {}
    taken: set[int] = set()
    for _, number, face in pairs:
        if number not in meant and face not in taken:
            meant[number] = face
            taken.add(face)
    return meant


def _has_middle(box: Box, other: Box) -> bool:
    """Whether the middle of `other` lies in `box`."""
    x, y = (other.left + other.right) / 2, (other.top + other.bottom) / 2
    return box.left <= x <= box.right and box.top <= y <= box.bottom
