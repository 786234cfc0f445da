"""How likely a score means the same person."""

from dataclasses import dataclass, replace

import numpy as np

from opqn_app.core.types import Floats

USUAL_FACES = 50  # as many faces as the usual median of strangers counts for in a library


@dataclass(frozen=True, slots=True)
class Calibration:
    """Raw score → probability that two faces are the same person.

    A logistic curve fitted on validation identities: σ(slope · score + intercept). The prior is in
    the intercept: how common the person is in a library is assumed when the curve is fitted, for
    the bundled models `trainer.evaluate.calibration.MATCH_SHARE` of its faces.

    Strangers are more alike in one library than in another, as in portraits of one studio. A curve
    that follows moves with how high a query scores among strangers, see `among`.

    Attributes:
        usual: the median score of strangers where the curve was fitted; says nothing of a curve
            that stays.
        following: the curve moves, up or down, by this share, 0 to 1, of the difference between
            the median of this library's strangers and `usual`; 0 for a curve that stays.
    """

    slope: float
    intercept: float
    usual: float = 0.0
    following: float = 0.0

    def among(self, scores: Floats) -> "Calibration":
        """The curve for one query in one library; the order of the faces stays what it is.

        Strangers are taken to be the faces that are not likely the person by the curve as it was
        fitted. Where they are a small share of the library, poor photos of the person may be most
        of them: the curve moves by no more than their share. Few faces in all tell little too.

        Args:
            scores: (n,) of the library's faces with the query, or of a fair sample of them.
        """
        shift = self.shift_among(scores)
        return replace(self, intercept=self.intercept - self.slope * shift, following=0.0)

    def shift_among(self, scores: Floats) -> float:
        """How much higher, or lower, a score must be for the same probability; see `among`."""
        if not self.following:
            return 0.0
        strangers = scores[scores < self.score_at(0.5)]
        if not len(strangers):
            return 0.0
        known = len(strangers) / (len(scores) + USUAL_FACES)
        return self.following * known * (float(np.median(strangers)) - self.usual)

    def probability(self, scores: Floats) -> Floats:
        """Probabilities of `scores`, same shape, 0 to 1, never decreasing."""
        x = self.slope * np.asarray(scores, dtype=np.float64) + self.intercept
        return (1.0 / (1.0 + np.exp(-np.clip(x, -60.0, 60.0)))).astype(np.float32)

    def score_at(self, probability: float) -> float:
        """The raw score at which the curve reaches `probability` (0 < probability < 1)."""
        return (float(np.log(probability / (1.0 - probability))) - self.intercept) / self.slope
