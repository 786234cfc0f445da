"""Leave-one-out figures of every way to rank that the model table compares."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from opqn_app.core.types import Codes, Floats
from opqn_app.opqn import lut
from opqn_app.opqn.torch.backbone import EmbeddedTrunk
from opqn_app.opqn.torch.model import OpqnModel
from trainer.evaluate.metrics import expected_average_precision, precision_at, tie_groups
from trainer.evaluate.ranking import rank
from trainer.evaluate.scoring import CodeScorer, Scorer, StoredTables

FARS = (1e-3, 1e-4)
SHORTLIST = 200  # faces that the longer code ranks again
BATCH = 256

T = TypeVar("T")
People = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a ranking reaches, over the queries that have a match.

    Attributes:
        tar: true-accept rates at `FARS` over all pairs; None where scores are no single scale.
    """

    rank1: float
    mean_ap: float
    p_at_5: float
    tar: tuple[float, float] | None
    queries: int
    gallery: int


@dataclass(frozen=True, slots=True)
class TwoPhotos:
    """Rank-1, mAP and P@5 with one query photo and with two, of `queries` queries."""

    one: tuple[float, float, float]
    two: tuple[float, float, float]
    queries: int


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """What the app would compute of faces: (n, M, K) snapped tables, and (n, M) codes."""

    tables: Floats
    codes: Codes

    def scorer(self) -> CodeScorer:
        """Every face asking every face."""
        return CodeScorer(StoredTables(self.tables), self.codes)


@torch.inference_mode()
def features(model: OpqnModel, embedding: Tensor) -> Floats:
    """(n, E) trunk outputs → (n, D) features before quantisation."""
    return np.concatenate([x.numpy() for x in _features(model, embedding)])


@torch.inference_mode()
def asked(model: OpqnModel, embedding: Tensor) -> Asked:
    """(n, E) trunk outputs → tables and codes."""
    quantizer, tables, codes = model.quantizer, [], []
    for x in _features(model, embedding):
        tables.append(lut.snap(quantizer.tables(x).numpy()))
        codes.append(quantizer.codes(x).numpy().astype(model.config.code_dtype))
    return Asked(np.concatenate(tables), np.concatenate(codes))


def mean_tables(first: Floats, second: Floats) -> Floats:
    """Two photos of a person as one query, as the app asks with several."""
    return lut.snap((first.astype(np.float64) + second) / 2)


def measured(scorer: Scorer, people: People, *, rows: NDArray[np.intp] | None = None) -> Figures:
    """Rank all others by each face.

    Args:
        scorer: its query i is the face `rows[i]` of the gallery, which it does not rank.
        people: (n,) of the gallery.
        rows: (q,) of the queries; by default all faces ask.
    """
    own = np.arange(len(people)) if rows is None else rows
    found = finished(rank(scorer, people[own], people, own=own, cutoffs=(1, 5)))
    assert found.rank1 is not None, "nobody has two photos"
    assert found.mean_ap is not None
    at_5 = found.precision_at(5)
    assert at_5 is not None
    tar = (found.pairs.tar_at_far(FARS[0])[0], found.pairs.tar_at_far(FARS[1])[0])
    return Figures(found.rank1, found.mean_ap, at_5, tar, len(found.rows), found.gallery)


def without_tar(figures: Figures) -> Figures:
    """The same for a ranking whose scores can't be compared across queries."""
    return Figures(
        figures.rank1, figures.mean_ap, figures.p_at_5, None, figures.queries, figures.gallery
    )


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

    def scores(self, start: int, stop: int) -> Tensor:
        """(b, n) float64: the longer code's scores on the shortlist, below them the shorter's."""
        short = self._short.scores(start, stop).double()
        long = self._long.scores(start, stop).double()
        here = torch.arange(stop - start)
        short[here, here + start] = -torch.inf
        listed = short.topk(min(SHORTLIST, self.n_gallery - 1), dim=1).indices
        short -= self._drop
        return short.scatter(1, listed, long.gather(1, listed))

    def pair_scores(self, queries: NDArray[np.intp], gallery: NDArray[np.intp]) -> Floats:
        """No single pair has a score: what is on the shortlist depends on the others."""
        raise NotImplementedError("a reranked score exists in a ranking only")


def two_photos(faces: Asked, people: People, *, seed: int = 0) -> TwoPhotos:
    """One photo asking, and the mean of the tables of two, for the same people and gallery.

    Of everybody with three photos, each photo asks with a drawn second one; neither is searched.
    """
    by_book = np.asfortranarray(faces.codes)
    _, labels, counts = np.unique(people, return_inverse=True, return_counts=True)
    chance = np.random.default_rng(seed)
    queries = np.flatnonzero(counts[labels] >= 3)
    sums = np.zeros((2, 3))
    for query in queries:
        others = np.flatnonzero(labels == labels[query])
        second = int(chance.choice(others[others != query]))
        keep = np.ones(len(labels), bool)
        keep[query] = keep[second] = False
        relevant = (labels == labels[query])[keep]
        both = mean_tables(faces.tables[query], faces.tables[second])
        for way, table in enumerate((faces.tables[query], both)):
            groups = tie_groups(lut.scores(table, by_book)[keep], relevant)
            first, at_5 = precision_at(groups, (1, 5))
            sums[way] += first, expected_average_precision(groups), at_5
    one, two = (tuple(row) for row in (sums / max(len(queries), 1)).tolist())
    return TwoPhotos(one, two, len(queries))


def finished(work: Generator[Any, None, T]) -> T:
    """What a generator returns, its progress dropped."""
    try:
        while True:
            next(work)
    except StopIteration as stop:
        found: T = stop.value
        return found


def _features(model: OpqnModel, embedding: Tensor) -> Generator[Tensor, None, None]:
    backbone = model.backbone
    assert isinstance(backbone, EmbeddedTrunk), "the table is for trunks with a head"
    apply: Callable[[Tensor], Tensor] = backbone.from_embedding
    for start in range(0, len(embedding), BATCH):
        yield apply(embedding[start : start + BATCH])
