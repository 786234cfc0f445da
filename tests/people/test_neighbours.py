"""Listed pairs are the nearest faces, to the last one."""

import numpy as np
import pytest

from opqn_app.opqn.links import LEAST_SCORE, N_NEAREST
from opqn_app.people.neighbours import nearest_faces
from opqn_app.people.word_sums import WordSums, scaled
from tests.people.grouping_fakes import codes_of_people, result_of, words


@pytest.mark.parametrize("is_joint", [True, False])
def test_each_face_lists_its_nearest(is_joint: bool) -> None:
    sums = WordSums(words(), is_joint=is_joint)
    codes = codes_of_people(3, 200, 1)
    edges = result_of(nearest_faces(codes, sums))
    units = sums.units(codes).astype(np.float64)
    scores = units @ units.T
    expected = set()
    for row in range(200):
        others = [j for j in range(200) if j != row and scores[row, j] >= LEAST_SCORE]
        near = sorted(others, key=lambda j: (-round(scores[row, j], 5), j))[:N_NEAREST]
        expected |= {(min(row, j), max(row, j)) for j in near}
    found = set(zip(edges.first.tolist(), edges.second.tolist(), strict=True))
    assert len(found) == len(edges)
    assert found == expected
    np.testing.assert_allclose(edges.scores, scores[edges.first, edges.second], atol=2e-6, rtol=0)


def test_only_some_ask() -> None:
    sums = WordSums(words(), is_joint=True)
    codes = codes_of_people(3, 60, 2)
    edges = result_of(nearest_faces(codes, sums, asking=np.array([50, 59])))
    assert len(edges)
    assert all(
        b in (50, 59) or a in (50, 59) for a, b in zip(edges.first, edges.second, strict=True)
    )


def test_tables_give_the_products() -> None:
    for is_joint in (True, False):
        sums = WordSums(words(), is_joint=is_joint)
        codes = codes_of_people(4, 10, 3)
        vectors = scaled(sums.sums(codes))
        table = sums.tables(vectors[:1])[0]
        by_table = np.array([table[np.arange(len(code)), code].sum() for code in codes])
        np.testing.assert_allclose(by_table, sums.sums(codes) @ vectors[0], atol=1e-6)
