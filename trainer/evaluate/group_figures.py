"""How well groups of faces match the people, and what naming them would cost a user."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHOWN = 3  # faces from which a group is shown, and photos from which a person is worth a name

Labels = NDArray[Any]


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """Figures of one way of grouping.

    A face is wrong in its group if the group shows mostly somebody else. Of people who have as
    many faces in a group, the first in order counts as the one it shows.

    Attributes:
        bcubed_f: harmonic mean of the next two (Bagga and Baldwin 1998).
        bcubed_precision: mean over the faces of the share of their group that is their person.
        bcubed_recall: mean over the faces of the share of their person that is in their group.
        pair_precision: share of the pairs inside groups that are one person; 1 without pairs.
        pair_recall: share of the pairs of one person that are inside a group; 1 without pairs.
        groups: of `SHOWN` faces or more.
        wrong_groups: share of them that hold two people or more.
        wrong_faces: wrong faces in them.
        clicks: of a user who names everybody with `SHOWN` photos or more: one for each group and
            single face that shows mostly such a person, one to take out each wrong face of these,
            and one to put each such person's face that lies wrong elsewhere where it belongs.
    """

    bcubed_f: float
    bcubed_precision: float
    bcubed_recall: float
    pair_precision: float
    pair_recall: float
    groups: int
    wrong_groups: float
    wrong_faces: int
    clicks: int

    def to_dict(self) -> dict[str, float | int]:
        """Plain values for JSON, rounded to six places."""
        return {k: round(v, 6) if isinstance(v, float) else v for k, v in asdict(self).items()}


def group_figures(groups: Labels, people: Labels) -> GroupFigures:
    """Figures of groups against the truth.

    Args:
        groups: (n,) the group of each face; a face alone is a group of one.
        people: (n,) the person of each face.

    Raises:
        ValueError: there is no face.
    """
    if not len(groups):
        raise ValueError("there is no face to group")
    group = np.unique(groups, return_inverse=True)[1]
    person = np.unique(people, return_inverse=True)[1]
    n_people = int(person.max()) + 1
    cells, cell, counts = np.unique(
        group.astype(np.int64) * n_people + person, return_inverse=True, return_counts=True
    )
    in_group, of_person = np.bincount(group), np.bincount(person)
    shared = counts[cell]  # faces of the same person in the same group, oneself included
    precision, recall = (
        float((shared / in_group[group]).mean()),
        float((shared / of_person[person]).mean()),
    )
    inside, together = _pairs(in_group), _pairs(of_person)
    right = _pairs(counts)
    shown = _majority(cells, counts, n_people)
    is_wrong = person != shown[group]
    is_large = in_group >= SHOWN
    has_wrong = np.bincount(group, weights=is_wrong) > 0
    return GroupFigures(
        bcubed_f=2 * precision * recall / (precision + recall),
        bcubed_precision=precision,
        bcubed_recall=recall,
        pair_precision=right / inside if inside else 1.0,
        pair_recall=right / together if together else 1.0,
        groups=int(is_large.sum()),
        wrong_groups=float(has_wrong[is_large].mean()) if is_large.any() else 0.0,
        wrong_faces=int((is_wrong & is_large[group]).sum()),
        clicks=_clicks(group, person, shown, is_wrong),
    )


def _clicks(group: Labels, person: Labels, shown: Labels, is_wrong: NDArray[np.bool_]) -> int:
    is_named = np.bincount(person) >= SHOWN
    named_groups = is_named[shown]
    taken_out = is_wrong & named_groups[group]
    put_right = is_wrong & is_named[person]
    return int(named_groups.sum() + taken_out.sum() + put_right.sum())


def _majority(cells: Labels, counts: Labels, n_people: int) -> Labels:
    """(groups,) the person that each group shows mostly."""
    group, person = cells // n_people, cells % n_people
    order = np.lexsort((person, -counts, group))
    _, first = np.unique(group[order], return_index=True)
    found: Labels = person[order][first]
    return found


def _pairs(counts: Labels) -> float:
    wide = counts.astype(np.float64)
    return float((wide * (wide - 1) / 2).sum())
