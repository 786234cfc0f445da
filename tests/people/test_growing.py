"""Groups of two faces have no centre in memory, and count as if they had."""

from dataclasses import fields, replace

import numpy as np
import pytest

from opqn_app.people.growing import Groups
from opqn_app.people.known import Known
from opqn_app.people.word_sums import WordSums
from tests.people.grouping_fakes import codes_of_people, words

N_FACES = 40


@pytest.mark.parametrize("is_joint", [True, False], ids=["added words", "words side by side"])
def test_two_faces_joined_count_as_two_whose_centre_is_kept(is_joint: bool) -> None:
    sums = WordSums(words(), is_joint=is_joint)
    codes = codes_of_people(5, N_FACES, 7)
    rows = np.arange(N_FACES, dtype=np.int32)
    kept, lost = rows[:20:2], rows[1:20:2]
    joined = Groups(codes, sums, Known.nothing(N_FACES))
    joined.join(kept, lost)
    start = rows.copy()
    start[lost] = kept
    begun = Groups(codes, sums, replace(Known.nothing(N_FACES), start=start))
    for groups in (joined, begun):
        assert groups.labels.tolist() == start.tolist()
    first = np.repeat(kept, 3)
    second = np.stack([np.roll(kept, 1), rows[20:30], rows[30:40]], axis=1).ravel()
    same = [groups.evidence(first, second, np.ones(30, np.float32)) for groups in (joined, begun)]
    for field in fields(same[0]):
        one, other = (getattr(each, field.name) for each in same)
        np.testing.assert_array_equal(one, other)
    more = kept[:5], kept[5:]  # a kept centre is made of two that are not
    for groups in (joined, begun):
        groups.join(*more)
    same = [
        groups.evidence(np.repeat(kept[:5], 2), rows[20:30], np.ones(10, np.float32))
        for groups in (joined, begun)
    ]
    np.testing.assert_array_equal(same[0].mean, same[1].mean)
