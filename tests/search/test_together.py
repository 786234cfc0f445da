"""Photos with several people: every way to give each a face, tried one by one."""

from itertools import product
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from opqn_app.opqn import lut as lut_scoring
from opqn_app.opqn.calibration import Calibration
from opqn_app.search.code_index import CodeIndex
from opqn_app.search.query import curve_of
from opqn_app.search.together import one_face_each, photos_together
from opqn_app.store.library import Library
from tests.library_fakes import StoredLibrary, store_codes


@given(seed=st.integers(0, 2**32 - 1), n_people=st.integers(1, 4), n_faces=st.integers(0, 6))
@settings(max_examples=150, deadline=None)
def test_each_person_has_a_face_and_the_worst_is_as_good_as_can_be(
    seed: int, n_people: int, n_faces: int
) -> None:
    rng = np.random.default_rng(seed)
    chances = rng.integers(0, 5, (n_people, n_faces)) / 4
    candidates = [[(float(c), i) for i, c in enumerate(row)] for row in chances]
    found = one_face_each(candidates)
    ways = [way for way in product(range(n_faces), repeat=n_people) if len(set(way)) == n_people]
    if not ways:
        assert found is None
        return
    assert found is not None
    assert len({face for _, face in found}) == n_people
    assert all(chances[p, face] == chance for p, (chance, face) in enumerate(found))
    best = max(min(chances[p, face] for p, face in enumerate(way)) for way in ways)
    assert min(chance for chance, _ in found) == best


def test_photos_rank_by_the_less_likely_of_two(tmp_path: Path) -> None:
    """Twenty photos of three faces; the two people are word 0 and word 1 of every book."""
    codes = np.random.default_rng(4).integers(0, 3, (60, 8))
    stored: StoredLibrary = store_codes(tmp_path / "library.sqlite", codes, 16, faces_per_photo=3)
    tables = np.zeros((2, 1, 8, 16))
    tables[0, :, :, 0] = tables[1, :, :, 1] = 0.1
    people = [lut_scoring.snap(table) for table in tables]
    curve = Calibration(slope=8.0, intercept=-4.0, usual=0.2, following=0.5)
    with Library.open(stored.path) as library:
        index = CodeIndex.load(library, stored.model.model_id)
        found = photos_together(library, index, people, curve)
        raw = photos_together(library, index, people, None)
    curves = [curve_of(curve, index, table) for table in people]
    expected = []
    for photo in range(20):
        rows = range(3 * photo, 3 * photo + 3)
        likely = []
        for person, moved in enumerate(curves):
            assert moved is not None
            scores = np.array([0.1 * (codes[row] == person).sum() for row in rows], np.float32)
            likely.append(moved.probability(scores))
        ways = [(a, b) for a in range(3) for b in range(3) if a != b]
        expected.append(max(min(likely[0][a], likely[1][b]) for a, b in ways))
    assert len(found) == 20
    assert [t.chance for t in found] == sorted((t.chance for t in found), reverse=True)
    np.testing.assert_allclose(
        [t.chance for t in found], sorted(map(float, expected), reverse=True), atol=1e-6
    )
    for together in found:
        assert together.faces[0].photo.id == together.faces[1].photo.id
        assert together.faces[0].id != together.faces[1].id
        assert together.chances[together.least] == together.chance
    assert len(raw) == 20


def test_a_photo_with_one_of_them_is_no_answer(tmp_path: Path) -> None:
    codes = np.array([[0] * 8, [1] * 8, [0] * 8])  # the third is alone on its photo
    stored = store_codes(tmp_path / "library.sqlite", codes, 16, faces_per_photo=2)
    people = [lut_scoring.snap(np.eye(16)[None, [word] * 8]) for word in (0, 1)]
    with Library.open(stored.path) as library:
        index = CodeIndex.load(library, stored.model.model_id)
        [found] = photos_together(library, index, people, None)
        assert photos_together(library, index, people, None, depth=0) == []
    assert [face.photo.id for face in found.faces] == [found.faces[0].photo.id] * 2
