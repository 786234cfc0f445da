"""PQ and OPQ through our tables are what faiss itself answers."""

import sys

import numpy as np
import pytest

from opqn_app.core.errors import ExtraMissing
from trainer.evaluate.baselines import ControlUnavailable, train_pq, unit_rows
from trainer.evaluate.scoring import CodeScorer, StoredTables

faiss = pytest.importorskip("faiss")


@pytest.fixture(scope="module")
def features() -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.normal(size=(40, 32))[rng.integers(0, 40, 600)] * 2
            + rng.normal(size=(600, 32))).astype(np.float32)  # fmt: skip


@pytest.mark.parametrize("rotated", [False, True])
def test_scores_are_faiss_distances(features: np.ndarray, rotated: bool) -> None:
    quantizer = train_pq(features, 4, 4, rotated=rotated)
    x = unit_rows(features)
    turned = x if quantizer.rotation is None else x @ quantizer.rotation.T
    reference = faiss.ProductQuantizer(32, 4, 4)
    faiss.copy_array_to_vector(quantizer.centroids.ravel(), reference.centroids)
    packed = reference.compute_codes(np.ascontiguousarray(turned))
    decoded = reference.decode(packed)
    codes = quantizer.codes(features)
    nibbles = np.stack([packed[:, 0] & 15, packed[:, 0] >> 4, packed[:, 1] & 15, packed[:, 1] >> 4])
    assert (codes == nibbles.T).mean() > 0.999
    scores = CodeScorer(StoredTables(quantizer.tables(features[:9])), codes).scores(0, 9)
    expected = -((turned[:9, None] - decoded) ** 2).sum(-1)
    same = (codes == nibbles.T).all(1)
    assert scores[:, same] == pytest.approx(expected[:, same], abs=1e-5)


def test_the_rotation_keeps_lengths_and_helps(features: np.ndarray) -> None:
    plain, rotated = (train_pq(features, 4, 4, rotated=r) for r in (False, True))
    assert rotated.rotation is not None
    eye = rotated.rotation @ rotated.rotation.T
    assert eye == pytest.approx(np.eye(32), abs=1e-4)

    def error(q) -> float:  # type: ignore[no-untyped-def]
        return -float(q.tables(features).max(-1).sum(-1).mean())

    assert error(rotated) < 1.02 * error(plain)


def test_what_can_not_be_learned_is_told(features: np.ndarray) -> None:
    with pytest.raises(ControlUnavailable, match="256"):
        train_pq(features[:100], 4, 8, rotated=False)
    with pytest.raises(ControlUnavailable, match="5 books"):
        train_pq(features, 5, 4, rotated=False)


def test_without_faiss_the_sentence_says_so(
    features: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(ExtraMissing, match="faiss-cpu"):
        train_pq(features, 4, 4, rotated=False)
