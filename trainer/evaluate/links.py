"""Learn a model's links: how likely two groups show one person, and from when to join them."""

from collections.abc import Generator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.progress import finished
from opqn_app.core.types import Codes
from opqn_app.opqn.links import Links, features
from opqn_app.people.grouping import evidence_of_pairs, group_faces
from opqn_app.people.known import Known
from opqn_app.people.neighbours import Edges, nearest_faces
from opqn_app.people.word_sums import WordSums
from trainer.evaluate.calibration import NotCalibrated
from trainer.evaluate.group_figures import group_figures

DRAWS = 8  # ways in which people are cut into pieces
SIZES = (1, 1, 1, 2, 2, 3, 4, 6, 8, 12, 16)  # faces of a piece, each as likely
RIDGE = 1e-3  # keeps weights finite where few pairs tell the two kinds apart without fault
ITERATIONS = 60
TRIED = tuple(round(0.05 * i, 2) for i in range(6, 17))  # probabilities to join from: 0.3 to 0.8

Labels = NDArray[np.int32]


def fit_links(
    codes: Codes, people: NDArray[np.str_], sums: WordSums, *, seed: int = 0
) -> Generator[int, None, Links]:
    """Logistic regression over pairs of pieces of people, as they meet while groups grow.

    Then these people are grouped whole. Groups are joined from the probability that costs a user
    the fewest clicks; of as many, from the higher.

    Args:
        codes: (n, M) of validation people.
        people: (n,) who each face is.

    Yields:
        How many faces have found their neighbours, now and then.

    Raises:
        NotCalibrated: no listed pair shows one person, or none shows two.
    """
    edges = yield from nearest_faces(codes, sums)
    _, person = np.unique(people, return_inverse=True)
    draws = np.random.default_rng(seed)
    evidence, truth = [], []
    for _ in range(DRAWS):
        first, second, pairs = evidence_of_pairs(codes, sums, edges, pieces(person, draws))
        evidence.append(features(pairs))
        truth.append(person[first] == person[second])
    links = Links(*_logistic(np.concatenate(evidence), np.concatenate(truth)).tolist())
    return replace(links, joins_from=best_to_join_from(codes, people, sums, edges, links))


def best_to_join_from(
    codes: Codes, people: NDArray[np.str_], sums: WordSums, edges: Edges, links: Links
) -> float:
    """That of `TRIED` which costs the fewest clicks; that of `links` where nobody is worth one."""
    known, clicks = Known.nothing(len(codes)), {}
    for least in TRIED:
        groups = finished(group_faces(codes, sums, edges, links, known, least=least))
        clicks[least] = group_figures(groups, people).clicks
    if not any(clicks.values()):
        return links.joins_from
    return min(TRIED, key=lambda least: (clicks[least], -least))


def pieces(person: NDArray[np.intp], draws: np.random.Generator) -> Labels:
    """(n,) a random cut of each person's faces into pieces, each named by its lowest row."""
    labels = np.empty(len(person), np.int32)
    order = draws.permutation(len(person))
    order = order[np.argsort(person[order], kind="stable")]
    ends = np.append(np.flatnonzero(np.diff(person[order])) + 1, len(order))
    start = 0
    for end in ends.tolist():
        while start < end:
            piece = order[start : min(end, start + int(draws.choice(SIZES)))]
            labels[piece] = piece.min()
            start += len(piece)
    return labels


def _logistic(x: NDArray[np.float64], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(k,) weights of the columns of x, (n, k), the first of which is 1; Newton's method."""
    if truth.all() or not truth.any():
        kind = "two people" if truth.all() else "one person"
        raise NotCalibrated(f"no two groups of near faces show {kind}")
    centre, spread = x.mean(0), x.std(0)
    centre[0], spread[0] = 0.0, 1.0
    spread[spread == 0] = 1.0
    scaled = (x - centre) / spread
    weights = np.zeros(x.shape[1])
    penalty = RIDGE * np.eye(x.shape[1])
    penalty[0, 0] = 0.0
    for _ in range(ITERATIONS):
        p = 1 / (1 + np.exp(-np.clip(scaled @ weights, -60, 60)))
        gradient = scaled.T @ (p - truth) / len(x) + penalty @ weights
        curve = (scaled * (p * (1 - p))[:, None]).T @ scaled / len(x) + penalty
        step = np.linalg.solve(curve + 1e-12 * np.eye(len(curve)), gradient)
        weights -= step * min(1.0, 5.0 / float(np.abs(step).max() + 1e-12))
    found: NDArray[np.float64] = weights / spread
    found[0] = weights[0] - float((weights * centre / spread)[1:].sum())
    return found
