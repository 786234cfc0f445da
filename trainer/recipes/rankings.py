"""Leave-one-out figures of every way to rank that the model table compares."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from opqn_app.core.types import Floats
from opqn_app.opqn.several_photos import combined
from opqn_app.opqn.torch.backbone import EmbeddedTrunk
from opqn_app.opqn.torch.model import OpqnModel
from trainer.evaluate.leave_one_out import LeaveOneOut, leaving_out
from trainer.evaluate.scoring import CodeScorer, Scorer, Scores, StoredTables
from trainer.evaluate.tables_and_codes import TablesAndCodes, tables_and_codes

SHORTLIST = 200  # faces that the longer code ranks again
BATCH = 256

People = NDArray[Any]


@dataclass(frozen=True, slots=True)
class TwoPhotos:
    """Rank-1, mAP and P@5 with one query photo and with two, of `queries` queries."""

    one: tuple[float, float, float]
    two: tuple[float, float, float]
    queries: int


def features(model: OpqnModel, embedding: Tensor) -> Floats:
    """(n, E) trunk outputs → (n, D) features before quantisation."""
    return np.concatenate([x.numpy() for x in _features(model, embedding)])


def coded(model: OpqnModel, embedding: Tensor) -> TablesAndCodes:
    """What the app would compute of faces, from (n, E) trunk outputs."""
    return tables_and_codes(model.quantizer, _features(model, embedding))


def without_tar(figures: LeaveOneOut) -> LeaveOneOut:
    """The same for a ranking whose scores can't be compared across queries."""
    return replace(figures, tar=None)


class Reranked:
    """A ranking whose best `SHORTLIST` faces are ranked again by another one.

    Every face asks every other; the query itself takes no place on the shortlist.
    """

    def __init__(self, short: Scorer, long: Scorer) -> None:
        self._short, self._long = short, long

    @property
    def n_queries(self) -> int:
        return self._short.n_queries

    @property
    def n_gallery(self) -> int:
        return self._short.n_gallery

    @property
    def score_range(self) -> tuple[float, float]:
        low, high = self._short.score_range
        return low - self._drop, max(high - self._drop, self._long.score_range[1])

    @property
    def _drop(self) -> float:
        """Puts all that is off the shortlist below all that is on it."""
        return self._short.score_range[1] - self._long.score_range[0] + 1.0

    def scores(self, start: int, stop: int) -> NDArray[np.float64]:
        """(b, n) float64: the longer code's scores on the shortlist, below them the shorter's."""
        short, long = (
            each.scores(start, stop).astype(np.float64) for each in (self._short, self._long)
        )
        here = np.arange(stop - start)
        short[here, here + start] = -np.inf
        n_listed = min(SHORTLIST, self.n_gallery - 1)
        listed = short.argpartition(self.n_gallery - n_listed, axis=1)[:, -n_listed:]
        short -= self._drop
        np.put_along_axis(short, listed, np.take_along_axis(long, listed, axis=1), axis=1)
        return short

    def pair_scores(self, queries: NDArray[np.intp], gallery: NDArray[np.intp]) -> Floats:
        """No single pair has a score: what is on the shortlist depends on the others."""
        raise NotImplementedError("a reranked score exists in a ranking only")


class BestOf:
    """Several scorers of one gallery: each query's best score, as the app asks with several photos.

    Args:
        scorers: with the same queries and gallery, one or more.
    """

    def __init__(self, scorers: Sequence[Scorer]) -> None:
        self._scorers = scorers

    @property
    def n_queries(self) -> int:
        return self._scorers[0].n_queries

    @property
    def n_gallery(self) -> int:
        return self._scorers[0].n_gallery

    @property
    def score_range(self) -> tuple[float, float]:
        low, high = zip(*(scorer.score_range for scorer in self._scorers), strict=True)
        return min(low), max(high)

    def scores(self, start: int, stop: int) -> Scores:
        """(b, n) of queries `start` to `stop`."""
        found: Scores = np.max([scorer.scores(start, stop) for scorer in self._scorers], axis=0)
        return found

    def pair_scores(self, queries: NDArray[np.intp], gallery: NDArray[np.intp]) -> Floats:
        """(p,) of pairs of a query and a gallery entry."""
        each = [scorer.pair_scores(queries, gallery) for scorer in self._scorers]
        best: Floats = np.max(each, axis=0)
        return best


def two_photos(faces: TablesAndCodes, people: People, *, seed: int = 0) -> TwoPhotos:
    """One photo asking, and two combined as the app does, for the same people and gallery.

    Of everybody with three photos, each photo asks with a drawn second one; neither is searched.
    """
    _, labels, counts = np.unique(people, return_inverse=True, return_counts=True)
    chance = np.random.default_rng(seed)
    pairs = []
    for query in np.flatnonzero(counts[labels] >= 3):
        others = np.flatnonzero(labels == labels[query])
        pairs.append((query, int(chance.choice(others[others != query]))))
    if not pairs:
        return TwoPhotos((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 0)
    left_out = np.array(pairs)
    first, second = (faces.tables[rows] for rows in left_out.T)
    both = np.stack([combined(np.stack(pair)) for pair in zip(first, second, strict=True)])
    scorers = [CodeScorer(StoredTables(each), faces.codes) for each in both.swapaxes(0, 1)]
    alone = CodeScorer(StoredTables(first), faces.codes)
    one, two = (leaving_out(scorer, labels, left_out) for scorer in (alone, BestOf(scorers)))
    return TwoPhotos(_three(one), _three(two), len(pairs))


def _three(found: LeaveOneOut) -> tuple[float, float, float]:
    return found.rank1, found.mean_ap, found.p_at_5


@torch.inference_mode()
def _features(model: OpqnModel, embedding: Tensor) -> Iterator[Tensor]:
    backbone = model.backbone
    assert isinstance(backbone, EmbeddedTrunk), "the table is for trunks with a head"
    apply: Callable[[Tensor], Tensor] = backbone.from_embedding
    for start in range(0, len(embedding), BATCH):
        yield apply(embedding[start : start + BATCH])
