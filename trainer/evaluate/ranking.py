"""Full rankings of a whole gallery by many queries, block by block: what stays is a few sums.

Equal scores have no order of their own, so a figure that reads one off the sort, or off the order
of the database, is luck. Every figure here is the expected value when each run of equal scores is
in random order, after McSherry and Najork, "Computing information retrieval performance measures
efficiently in the presence of tied scores", ECIR 2008. Without ties it is the usual figure.

A run of s equal items, c of them relevant, lies behind B items of which R are relevant. The item in
its place i = 1 … s is relevant with probability c/s, and the i - 1 items before it in the run then
hold (i - 1)α relevant ones on average, α = (c - 1)/(s - 1). So the run adds

    Σ_i (c/s) · (R + 1 + (i - 1)α) / (B + i)

to the sum of precisions. The figures are worked out for a block of queries at once and only at the
relevant items, of which there are few. With the counts of items above and equal to a score read
off the sorted block, that sum is

    (c/s) · [α·s + (R + 1 - α(B + 1)) · (H(B + s) - H(B))],

where H are the harmonic numbers. `tests/trainer/plain_metrics.py` states all this one row at
a time. Threads work on blocks side by side. Memory is these few blocks, so 700,000 codes and
139,000 queries need no more than 7,000 and 1,390.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.machine import n_cores
from trainer.evaluate.scoring import Scorer, Scores
from trainer.evaluate.verification import PairHistogram

BLOCK_PAIRS = 1 << 21  # of query and gallery, about 30 bytes each; every thread has one block
MOST_THREADS = 16

Doubles = NDArray[np.float64]
Labels = NDArray[np.int64]
Rows = NDArray[np.intp]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Figures of the queries that have a match in the gallery.

    Attributes:
        rows: (m,) which queries these are.
        ap: (m,) average precision of each, ties in random order.
        ap_span: mAP if every tie fell badly, and if every tie fell well.
        first: (m,) chance that the best hit shows the same person: 0 or 1 without ties.
        cutoffs: (t,) numbers of best hits.
        precision: (t,) mean share of the same person among them.
        recall: (t,) mean share of the same person's pictures found among them.
        ceiling: (2, t) precision and recall if every ranking were perfect: the precision falls
            because people have few pictures.
        pairs: scores of all pairs, matched queries or not.
        queries: queries asked, matched or not.
        gallery: pictures each of them ranked.
    """

    rows: Rows
    ap: Doubles
    ap_span: tuple[float, float]
    first: Doubles
    cutoffs: Labels
    precision: Doubles
    recall: Doubles
    ceiling: Doubles
    pairs: PairHistogram
    queries: int
    gallery: int

    @property
    def skipped(self) -> int:
        """Queries of people who have no picture in the gallery."""
        return self.queries - len(self.rows)

    @property
    def mean_ap(self) -> float | None:
        return float(self.ap.mean()) if len(self.ap) else None

    @property
    def rank1(self) -> float | None:
        return float(self.first.mean()) if len(self.first) else None

    def precision_at(self, cutoff: int) -> float | None:
        """P@T; a T beyond the gallery means all of it. `cutoff` must be among `cutoffs`."""
        if not len(self.rows):
            return None
        return float(self.precision[int(np.flatnonzero(self.cutoffs == cutoff)[0])])


def rank_cutoffs(n: int, extra: Sequence[int] = ()) -> Labels:
    """Numbers of hits at which curves are drawn: 12 for each factor of ten up to n, and `extra`."""
    grid = np.unique(np.rint(10 ** np.arange(0, np.log10(max(n, 2)) + 1e-9, 1 / 12)).astype(int))
    return np.unique(np.concatenate([grid[grid <= n], [max(n, 1)], list(extra)])).astype(np.int64)


def rank(
    scorer: Scorer,
    query_people: NDArray[Any],
    gallery_people: NDArray[Any],
    *,
    own: Rows | None = None,
    cutoffs: Sequence[int] = (1, 5, 10),
    block: int | None = None,
) -> Generator[int, None, Ranking]:
    """Rank the gallery by each query; yields the number of queries done.

    Args:
        query_people: (q,) who each query shows.
        gallery_people: (n,) who each gallery picture shows.
        own: (q,) the gallery entry that is the query itself and that it does not rank; or (q, e)
            several, all of them pictures of the same person.
        cutoffs: numbers of hits to report, from 1.
        block: queries scored at a time; by default as many as the memory allows.
    """
    own = None if own is None else own.reshape(len(own), -1)
    measure = _Measure(scorer, _Relevant(query_people, gallery_people, own), cutoffs)
    sums = _Sums(measure)
    size = block or max(1, BLOCK_PAIRS // max(scorer.n_gallery, 1))
    blocks = [
        (start, min(start + size, scorer.n_queries)) for start in range(0, scorer.n_queries, size)
    ]
    for (_, stop), found in zip(blocks, _side_by_side(measure.block, blocks), strict=True):
        sums.add(found)
        yield stop
    return sums.result(scorer.n_queries)


def finished(work: Generator[Any, None, T]) -> T:
    """What a generator returns, its progress dropped."""
    try:
        while True:
            next(work)
    except StopIteration as stop:
        found: T = stop.value
        return found


class _Relevant:
    """Which gallery entries show the person of a query."""

    def __init__(self, query: NDArray[Any], gallery: NDArray[Any], own: Rows | None) -> None:
        names, labels = np.unique(gallery, return_inverse=True)
        place = np.searchsorted(names, query).clip(max=max(len(names) - 1, 0))
        is_known = names[place] == query if len(names) else np.zeros(len(query), bool)
        counts = np.bincount(labels, minlength=len(names))
        self._by_person = np.argsort(labels, kind="stable")
        self._first = (np.cumsum(counts) - counts)[place] if len(names) else place
        self._count = np.where(is_known, counts[place] if len(names) else 0, 0)
        self.own = own
        self.left_out = 0 if own is None else own.shape[1]
        self.totals = self._count - self.left_out  # (q,) relevant items to find

    def entries(self, start: int, stop: int) -> tuple[Rows, NDArray[np.bool_]]:
        """Padded gallery positions (b, r) of queries `start` to `stop`, and which are real."""
        first, count = self._first[start:stop], self._count[start:stop]
        column = np.arange(int(count.max(initial=0)))
        real = column < count[:, None]
        found = self._by_person[np.where(real, first[:, None] + column, 0)]
        if self.own is not None:
            for left_out in self.own[start:stop].T:
                real &= found != left_out[:, None]
        return found, real


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """What is kept of a block of queries.

    Attributes:
        rows: (m,) the queries that have a match.
        figures: (4, m) AP with ties in random, in the worst and in the best order, and
            `Ranking.first`.
        hits: (4, t) sums over these queries of precision and recall, and of their ceilings.
        every: how many of all pairs lie in each bin of the histogram.
        same: the same of the pairs that show one person.
    """

    rows: Rows
    figures: Doubles
    hits: Doubles
    every: Labels
    same: Labels


class _Measure:
    """Measures blocks of queries. Several threads share it."""

    def __init__(self, scorer: Scorer, relevant: _Relevant, cutoffs: Sequence[int]) -> None:
        self._scorer, self._relevant = scorer, relevant
        self.ranked = scorer.n_gallery - relevant.left_out  # items each query ranks
        self.cutoffs = np.unique(np.asarray(cutoffs, np.int64))
        self._inside = np.clip(self.cutoffs, 1, max(self.ranked, 1))
        self._places = np.unique(np.append(self._inside, 1))  # 1 comes first
        self._harmonic = np.append(0.0, np.cumsum(1.0 / np.arange(1, scorer.n_gallery + 1)))
        low, high = scorer.score_range if scorer.n_queries else (0.0, 1.0)
        self.pairs = PairHistogram(low, high)

    def block(self, start: int, stop: int) -> _Block:
        """All about queries `start` to `stop`."""
        scores, relevant = self._scorer.scores(start, stop), self._relevant
        if relevant.own is not None:
            np.put_along_axis(scores, relevant.own[start:stop], -np.inf, axis=1)
        entries, real = relevant.entries(start, stop)
        found = np.take_along_axis(scores, entries, axis=1)
        found[~real] = -np.inf
        scores.sort(axis=1)  # what is left out now comes first
        every = self.pairs.count(scores[:, relevant.left_out :])
        same = self.pairs.count(found[real])
        matched = np.flatnonzero(relevant.totals[start:stop] > 0)
        figures, hits = np.zeros((4, 0)), np.zeros((4, len(self._inside)))
        if len(matched):
            rising = scores if len(matched) == len(scores) else scores[matched]
            totals = relevant.totals[start + matched]
            figures, hits = self._figures(rising, np.sort(found[matched], axis=1), totals)
        return _Block(start + matched, figures, hits, every, same)

    def _figures(self, every: Scores, found: Scores, totals: Labels) -> tuple[Doubles, Doubles]:
        """Figures of queries from all their scores (b, n) and the relevant ones (b, r), rising."""
        last = every[:, every.shape[1] - self._places]  # scores of places T
        wanted = np.concatenate([found, last], axis=1)
        sides = (*_counts(every, wanted), *_counts(found, wanted))
        n_found = found.shape[1]
        of_found, of_last = [c[:, :n_found] for c in sides], [c[:, n_found:] for c in sides]
        sums = _sums_of_precisions(*of_found, is_real=found > -np.inf, harmonic=self._harmonic)
        hits = _expected_hits(*of_last, places=self._places)
        first, hits = hits[:, 0], hits[:, np.searchsorted(self._places, self._inside)]
        goal = totals[:, None]
        best = np.minimum(self._inside, goal)
        means = (hits / self._inside, hits / goal, best / self._inside, best / goal)
        figures = np.stack([*(each / totals for each in sums), first])
        return figures, np.stack([each.sum(0) for each in means])


class _Sums:
    """Blocks put together."""

    def __init__(self, measure: _Measure) -> None:
        self._measure = measure
        self._hits = np.zeros((4, len(measure.cutoffs)))
        self._figures = [np.zeros((4, 0))]
        self._rows = [np.empty(0, np.intp)]

    def add(self, block: _Block) -> None:
        self._measure.pairs.add(block.every, block.same)
        self._hits += block.hits
        self._figures.append(block.figures)
        self._rows.append(block.rows)

    def result(self, n_queries: int) -> Ranking:
        rows = np.concatenate(self._rows)
        ap, bad, good, first = np.concatenate(self._figures, axis=1)
        precision, recall, *ceiling = self._hits / max(len(rows), 1)
        span = (float(bad.mean()), float(good.mean())) if len(rows) else (0.0, 0.0)
        return Ranking(
            rows=rows,
            ap=ap,
            ap_span=span,
            first=first,
            cutoffs=self._measure.cutoffs,
            precision=precision,
            recall=recall,
            ceiling=np.stack(ceiling),
            pairs=self._measure.pairs,
            queries=n_queries,
            gallery=self._measure.ranked,
        )


def _side_by_side(
    measure: Callable[[int, int], _Block], blocks: list[tuple[int, int]]
) -> Iterator[_Block]:
    """What `measure` finds of each block, in order; no more wait than threads are at work."""
    n_threads = min(n_cores(), MOST_THREADS, len(blocks))
    if n_threads < 2:
        yield from (measure(*each) for each in blocks)
        return
    pool, working = ThreadPoolExecutor(n_threads), deque[Future[_Block]]()
    try:
        for each in blocks:
            working.append(pool.submit(measure, *each))
            if len(working) > n_threads:
                yield working.popleft().result()
        while working:
            yield working.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _counts(rising: Scores, values: Scores) -> tuple[Labels, Labels]:
    """For each of `values` (b, v), how many of its row of `rising` (b, n) lie above, and not below.

    Items at -inf are no items; they are never above, and values of -inf are masked by the caller.
    """
    below, up_to = np.empty(values.shape, np.int64), np.empty(values.shape, np.int64)
    for row, wanted, first, last in zip(rising, values, below, up_to, strict=True):
        first[:] = row.searchsorted(wanted, "left")
        last[:] = row.searchsorted(wanted, "right")
    return rising.shape[1] - up_to, rising.shape[1] - below


def _sums_of_precisions(
    above: Labels,
    up_to: Labels,
    found_above: Labels,
    found_up_to: Labels,
    *,
    is_real: NDArray[np.bool_],
    harmonic: Doubles,
) -> list[Doubles]:
    """Of each query's relevant items, ties in random, in the worst and in the best order: (b,)."""
    shared = _shared_precision(above, up_to, found_above, found_up_to, harmonic)
    place = np.arange(is_real.shape[1], 0, -1)  # 1 for the best
    turn = place - found_above  # 1 to c inside a group
    bad = place / (up_to - (found_up_to - found_above) + turn)
    good = place / (above + turn)
    return [np.where(is_real, each, 0.0).sum(1) for each in (shared, bad, good)]


def _shared_precision(
    above: Labels, up_to: Labels, found_above: Labels, found_up_to: Labels, harmonic: Doubles
) -> Doubles:
    """What each relevant item adds to the sum of precisions: its tie group's sum ÷ c."""
    size, hits = np.maximum(up_to - above, 1), found_up_to - found_above
    slope = np.where(size > 1, (hits - 1) / np.maximum(size - 1, 1), 0.0)
    inverse = np.where(size > 1, harmonic[up_to] - harmonic[above], 1 / (above + 1))
    shared: Doubles = (slope * size + (found_above + 1 - slope * (above + 1)) * inverse) / size
    return shared


def _expected_hits(
    above: Labels, up_to: Labels, found_above: Labels, found_up_to: Labels, *, places: Labels
) -> Doubles:
    """Relevant items among the best T of each query, from the counts of its score of place T."""
    share = (places - above) / (up_to - above)
    hits: Doubles = found_above + (found_up_to - found_above) * share
    return hits
