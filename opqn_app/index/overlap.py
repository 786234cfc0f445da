"""Which of the faces found again are known already, by how far their boxes overlap."""

from collections.abc import Sequence

from opqn_app.core.types import SAME_FACE, Box


def unknown_faces(known: Sequence[Box], found: Sequence[Box]) -> list[int]:
    """Positions in `found` of the faces that match none of `known`, in order.

    The largest box found chooses first: the known one it overlaps most and that nobody has chosen
    yet, if by at least SAME_FACE. Ties go to the earlier one, of both.
    """
    free = dict(enumerate(known))
    unknown = []
    for place in sorted(range(len(found)), key=lambda i: -found[i].area):
        overlaps = {i: box.overlap(found[place]) for i, box in free.items()}
        best = max(overlaps, key=lambda i: overlaps[i], default=None)
        if best is not None and overlaps[best] >= SAME_FACE:
            del free[best]
        else:
            unknown.append(place)
    return sorted(unknown)
