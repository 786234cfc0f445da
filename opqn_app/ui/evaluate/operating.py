"""From a threshold that was measured to the least likeness the library asks for, in plain words."""

from math import ceil

import numpy as np

from opqn_app.ui.evaluate.evaluation import Method, OperatingPoint
from opqn_app.ui.kit.models import ModelChoice

HIGHEST = 0.99  # of the slider on the Search page that still shows anything


def least_likeness(threshold: float, model: ModelChoice) -> float:
    """The whole percent, 0 to 0.99, from which the Search page counts faces as one person.

    Rounded up; a threshold beyond 99 % gives 99 %. It is meant for a library whose strangers are as
    alike as usual: there the precision is reached. In another the curve moves with each query, see
    `Calibration.among`.

    Args:
        threshold: raw score.
        model: one with a calibration, see `why_not`.
    """
    assert model.calibration is not None, "why_not says so first"
    alike = float(model.calibration.probability(np.array([threshold], dtype=np.float32))[0])
    return min(ceil(round(100 * alike, 4)) / 100, HIGHEST)


def point_in_words(point: OperatingPoint) -> str:
    """What a threshold does, as measured."""
    strangers = (
        f"1 in {round(1 / point.far):,} pairs of different people is"
        if point.far > 0
        else "no pair of different people is"
    )
    return (
        f"From a score of {point.threshold:.4g} on, {100 * point.precision:.4g} % of the accepted "
        f"pairs show one person, {100 * point.recall:.4g} % of the same-person pairs are found, "
        f"and {strangers} accepted by mistake."
    )


def change_in_words(minimum: float, now: float) -> str:
    """What applying it changes in the library."""
    words = (
        f"In your library, faces will count as the same person from {minimum:.0%} on "
        f"(now {now:.0%}). Their order stays; the others are folded under “less likely”. With "
        "many more people in the library than in this set, more strangers will pass. Where "
        "strangers are more alike than usual, as in portraits of one studio, a percentage stands "
        "for a higher score, where they are less alike for a lower one."
    )
    if minimum == HIGHEST:
        words += " 99 % is the most the Search page can ask for; it may be a little less strict."
    return words.replace("%", " %").replace("  %", " %")


def why_not(method: Method, used: ModelChoice | None) -> str:
    """Why a measured threshold can't be used in the library now; "" if it can."""
    if not method.model_id:
        return "This is a control for comparison; the library can't be searched with it."
    if used is None:
        return "The model that searches your library is not among the installed ones."
    if method.model_id != used.model_id:
        return (
            f"This threshold belongs to {method.label}, and your library is searched with "
            f"{used.name}. Scores of different models can't be compared."
        )
    if used.calibration is None:
        return (
            f"{used.name} has no calibration, so no percentage of the Search page stands for one "
            "score. The order of the results is right all the same."
        )
    return ""
