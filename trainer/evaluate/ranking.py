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
a time. Memory is the block, so 700,000 codes and 139,000 queries need no more than 7,000 and 1,390.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainer.evaluate.scoring import Scorer
from trainer.evaluate.verification import PairHistogram

CPU_PAIRS = 1 << 22  # pairs of query and gallery in a block
GPU_PAIRS = 1 << 26

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
    device: str = "cpu",
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
    relevant = _Relevant(query_people, gallery_people, own, device)
    state = _Sums(scorer, relevant, cutoffs, own, device)
    n = max(scorer.n_gallery, 1)
    size = block or max(1, (CPU_PAIRS if device == "cpu" else GPU_PAIRS) // n)
    for start in range(0, scorer.n_queries, size):
        stop = min(start + size, scorer.n_queries)
        state.add(start, scorer.scores(start, stop).to(device))
        yield stop
    return state.result()


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

    def __init__(
        self, query: NDArray[Any], gallery: NDArray[Any], own: Rows | None, device: str
    ) -> None:
        names, labels = np.unique(gallery, return_inverse=True)
        place = np.searchsorted(names, query).clip(max=max(len(names) - 1, 0))
        is_known = names[place] == query if len(names) else np.zeros(len(query), bool)
        counts = np.bincount(labels, minlength=len(names))
        self._by_person = torch.from_numpy(np.argsort(labels, kind="stable")).to(device)
        self._first = (np.cumsum(counts) - counts)[place] if len(names) else place
        self._count = np.where(is_known, counts[place] if len(names) else 0, 0)
        self.own = None if own is None else torch.from_numpy(own.astype(np.int64)).to(device)
        left_out = 0 if own is None else own.shape[1]
        self.totals = self._count - left_out  # (q,) relevant items to find

    def entries(self, start: int, stop: int) -> tuple[Tensor, Tensor]:
        """Padded gallery positions (b, r) of queries `start` to `stop`, and which are real."""
        first, count = self._first[start:stop], self._count[start:stop]
        width = int(count.max(initial=0))
        column = np.arange(width)
        mask = column < count[:, None]
        spots = np.where(mask, first[:, None] + column, 0)
        device = self._by_person.device
        found = self._by_person[torch.from_numpy(spots).to(device)]
        real = torch.from_numpy(mask).to(device)
        if self.own is not None:
            real &= (found[..., None] != self.own[start:stop, None]).all(-1)
        return found, real


class _Sums:
    """What is kept between blocks."""

    def __init__(
        self,
        scorer: Scorer,
        relevant: _Relevant,
        cutoffs: Sequence[int],
        own: Rows | None,
        device: str,
    ) -> None:
        self._relevant = relevant
        left_out = 0 if own is None else own.shape[1]
        self._ranked = scorer.n_gallery - left_out  # items each query ranks
        self._cutoffs = np.unique(np.asarray(cutoffs, np.int64))
        inside = np.clip(self._cutoffs, 1, max(self._ranked, 1))
        self._inside = torch.from_numpy(inside).to(device)
        harmonic = np.concatenate([[0.0], np.cumsum(1.0 / np.arange(1, scorer.n_gallery + 1))])
        self._harmonic = torch.from_numpy(harmonic).to(device)
        low, high = scorer.score_range if scorer.n_queries else (0.0, 1.0)
        self._pairs = PairHistogram(low, high, device=device)
        self._hits = torch.zeros(4, len(inside), dtype=torch.float64, device=device)
        self._parts: list[NDArray[np.float64]] = []
        self._rows: list[Rows] = []
        self._queries = 0

    def add(self, start: int, scores: Tensor) -> None:
        """Take in the scores (b, n) of queries `start` onward; `scores` is overwritten."""
        stop = start + len(scores)
        if self._relevant.own is not None:
            scores.scatter_(1, self._relevant.own[start:stop], -torch.inf)
        entries, real = self._relevant.entries(start, stop)
        found = scores.gather(1, entries).masked_fill(~real, -torch.inf)
        self._pairs.add(scores, found[real])
        self._queries = stop
        matched = np.flatnonzero(self._relevant.totals[start:stop] > 0)
        if not len(matched):
            return
        if len(matched) < len(scores):
            keep = torch.from_numpy(matched).to(scores.device)
            scores, found = scores[keep], found[keep]
        totals = torch.from_numpy(self._relevant.totals[start + matched]).to(scores.device)
        self._measure(_sorted(scores), _sorted(found), totals)
        self._rows.append(start + matched)

    def _measure(self, every: Tensor, found: Tensor, totals: Tensor) -> None:
        """Figures of queries from all their scores (b, n) and the relevant ones (b, r), rising."""
        above, up_to = _counts(every, found)
        found_above, found_up_to = _counts(found, found)
        precision = _shared_precision(above, up_to, found_above, found_up_to, self._harmonic)
        places = torch.arange(found.shape[1], 0, -1, device=found.device)
        place = places.double()  # 1 for the best
        turn = place - found_above  # 1 to c inside a group
        good = place / (above + turn)
        bad = place / (up_to - (found_up_to - found_above) + turn)
        is_real = found > -torch.inf
        values = [torch.where(is_real, v, 0.0).sum(1) / totals for v in (precision, bad, good)]
        hits = self._expected_hits(every, found)  # (b, t)
        goal = totals[:, None]
        best = self._inside.minimum(goal).double()
        means = (hits / self._inside, hits / goal, best / self._inside, best / goal)
        self._hits += torch.stack([m.sum(0, dtype=torch.float64) for m in means])
        first = self._expected_hits(every, found, torch.ones_like(self._inside[:1]))[:, 0]
        self._parts.append(torch.stack([*values, first]).cpu().numpy())

    def _expected_hits(self, every: Tensor, found: Tensor, cut: Tensor | None = None) -> Tensor:
        """Relevant items among the best T of each query: (b, t) float64."""
        cut = self._inside if cut is None else cut
        last = every[:, every.shape[1] - cut].contiguous()  # score of place T
        above, up_to = _counts(every, last)
        found_above, found_up_to = _counts(found, last)
        share = (cut - above).double() / (up_to - above)
        return found_above + (found_up_to - found_above) * share

    def result(self) -> Ranking:
        parts = np.concatenate(self._parts, axis=1) if self._parts else np.zeros((4, 0))
        rows = np.concatenate(self._rows) if self._rows else np.empty(0, np.intp)
        ap, bad, good, first = parts
        precision, recall, *ceiling = self._hits.cpu().numpy() / max(len(rows), 1)
        span = (float(bad.mean()), float(good.mean())) if len(rows) else (0.0, 0.0)
        return Ranking(
            rows=rows,
            ap=ap,
            ap_span=span,
            first=first,
            cutoffs=self._cutoffs,
            precision=precision,
            recall=recall,
            ceiling=np.stack(ceiling),
            pairs=self._pairs,
            queries=self._queries,
            gallery=self._ranked,
        )


def _sorted(values: Tensor) -> Tensor:
    """Rows in rising order; NumPy's vectorised sort is several times torch's on the CPU."""
    if values.device.type == "cpu":
        return torch.from_numpy(np.sort(values.numpy(), axis=1))
    return values.sort(dim=1).values


def _counts(rising: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    """For each of `values` (b, v), how many of its row of `rising` (b, n) lie above, and not below.

    Items at -inf are no items; they are never above, and values of -inf are masked by the caller.
    """
    n = rising.shape[1]
    above = n - torch.searchsorted(rising, values, right=True)
    return above, n - torch.searchsorted(rising, values)


def _shared_precision(
    above: Tensor, up_to: Tensor, found_above: Tensor, found_up_to: Tensor, harmonic: Tensor
) -> Tensor:
    """What each relevant item adds to the sum of precisions: its tie group's sum ÷ c."""
    size = (up_to - above).double()
    hits = (found_up_to - found_above).double()
    slope = torch.where(size > 1, (hits - 1) / (size - 1).clamp(min=1), 0.0)
    inverse = torch.where(
        size > 1, harmonic[up_to] - harmonic[above], (above + 1).double().reciprocal()
    )
    return (slope * size + (found_above + 1 - slope * (above + 1)) * inverse) / size
