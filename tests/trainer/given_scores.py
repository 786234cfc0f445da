"""A scorer for tests of rankings."""

import numpy as np


class GivenScores:
    """A scorer whose scores are a matrix."""

    def __init__(self, scores: np.ndarray) -> None:
        self._scores = scores.astype(np.float32)
        self.n_queries, self.n_gallery = scores.shape
        self.score_range = (float(scores.min()), float(scores.max()))

    def scores(self, start: int, stop: int) -> np.ndarray:
        return self._scores[start:stop].copy()

    def pair_scores(self, queries: np.ndarray, gallery: np.ndarray) -> np.ndarray:
        scores: np.ndarray = self._scores[queries, gallery]
        return scores
