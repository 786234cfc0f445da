"""Retrieval figures of a network in training, with the tables and codes the app would use.

Scores are sums of snapped table entries, so they are exact in float32 on any device, and equal to
`opqn_app.opqn.lut.scores`. Equal scores count as in a random order on average, as in
`trainer.evaluate.metrics`, which is the plain statement of these figures.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from opqn_app.core.errors import OpqnError
from opqn_app.core.types import Floats
from opqn_app.opqn import lut
from opqn_app.opqn.torch.preprocess import centre_crop
from trainer.engine.diagnostics import BookReport, describe_books
from trainer.method.objective import Objective

DESCRIBED = 16384  # pictures the book report is made of
PAIRS_AT_ONCE = 1 << 24  # of query and gallery; bounds the memory of a block


class Diverged(OpqnError):
    """Training went wrong; what is said is what to do."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"Training has diverged: {what}. Lower engine.lr, or set engine.clip_norm; the last "
            "checkpoint is of the time before."
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """Means over the queries that have a match in the gallery.

    Attributes:
        map: mean average precision over the full ranking.
        rank1: share of queries whose best hit is the same person.
        p_at: share of the same person among the best T, T at most the gallery.
        t: T.
        queries: queries with a match.
        skipped: queries without one.
        gallery: pictures searched.
    """

    map: float
    rank1: float
    p_at: float
    t: int
    queries: int
    skipped: int
    gallery: int


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """Pictures as the app stores and asks them.

    Attributes:
        tables: (n, M, K) float32, snapped.
        codes: (n, M) int64.
        books: what the assignments look like, book by book.
    """

    tables: Tensor
    codes: Tensor
    books: BookReport


@torch.inference_mode()
def encode(
    objective: Objective,
    images: NDArray[np.uint8],
    people: NDArray[np.int64],
    *,
    size: int,
    device: torch.device,
    batch_size: int = 256,
    wants_tables: bool = True,
) -> Encoded:
    """Codes and tables of stored pictures; the network is left in the mode it was in.

    Args:
        images: (n, S, S, 3) uint8, S ≥ `size`; the centre is used.
        people: (n,) identity numbers, for the collisions.

    Raises:
        Diverged: a feature is not finite.
    """
    modes = [(module, module.training) for module in objective.modules()]
    objective.eval()
    quantizer = objective.network.quantizer
    tables, codes, features = [], [], []
    for start in range(0, len(images), batch_size):
        batch = torch.from_numpy(np.ascontiguousarray(images[start : start + batch_size]))
        cropped = centre_crop(batch.to(device).permute(0, 3, 1, 2), size).permute(0, 2, 3, 1)
        x = objective.features(cropped)
        if not torch.isfinite(x).all():
            raise Diverged("the network gives features that are no numbers")
        if start < DESCRIBED:
            features.append(x)
        codes.append(quantizer.codes(x))
        if wants_tables:
            tables.append(torch.from_numpy(lut.snap(quantizer.tables(x).cpu().numpy())).to(device))
    for module, was_training in modes:
        module.training = was_training
    code = torch.cat(codes)
    described = torch.cat(features)
    books = describe_books(quantizer, described, code[: len(described)], people[: len(described)])
    return Encoded(torch.cat(tables) if tables else torch.empty(0), code, books)


@torch.inference_mode()
def retrieve(
    tables: Tensor,
    codes: Tensor,
    query_people: NDArray[np.int64],
    gallery_people: NDArray[np.int64],
    *,
    t: int,
    leave_one_out: bool = False,
) -> Figures:
    """Rank the gallery by each query.

    Args:
        tables: (q, M, K) of the queries.
        codes: (n, M) of the gallery.
        t: T of precision at T.
        leave_one_out: queries and gallery are the same pictures in the same order, and none ranks
            itself.
    """
    device = tables.device
    query, gallery = (torch.from_numpy(p).to(device) for p in (query_people, gallery_people))
    n = len(codes)
    block = max(1, PAIRS_AT_ONCE // max(n, 1))
    ap, first, near, counted = (torch.zeros((), dtype=torch.float64, device=device) for _ in "abcd")
    for start in range(0, len(tables), block):
        scores = score_block(tables[start : start + block], codes)
        relevant = query[start : start + block, None] == gallery
        if leave_one_out:
            row = torch.arange(len(scores), device=device)
            scores[row, start + row] = -torch.inf
            relevant[row, start + row] = False
        if leave_one_out:  # the last place now holds the query itself
            ranked = ranked_by_chance(scores, relevant)[:, :, : n - 1]
        else:
            ranked = ranked_by_chance(scores, relevant)
        chance, precision = ranked
        has_match = relevant.any(1)
        matches = relevant.sum(1).clamp(min=1)
        ap += ((chance * precision).sum(1) / matches)[has_match].sum()
        first += chance[has_match, :1].sum()
        near += chance[has_match, :t].mean(1).sum() if chance.shape[1] else 0
        counted += has_match.sum()
    queries = int(counted)
    mean_ap, rank1, p_at = (float(v) / max(queries, 1) for v in (ap, first, near))
    return Figures(mean_ap, rank1, p_at, t, queries, len(tables) - queries, n)


@torch.inference_mode()
def pair_scores(
    tables: Tensor,
    codes: Tensor,
    query_people: NDArray[np.int64],
    gallery_people: NDArray[np.int64],
    *,
    leave_one_out: bool = False,
) -> tuple[Floats, Floats]:
    """Scores of pairs of one person, and of pairs of two people.

    All pairs of query and gallery; of more than `PAIRS_AT_ONCE` those of some queries, drawn with
    a fixed seed. The arguments are those of `retrieve`.
    """
    most = max(1, PAIRS_AT_ONCE // max(len(codes), 1))
    rows = np.arange(len(query_people))
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(0).permutation(rows)[:most])
    scores = score_block(tables[torch.from_numpy(rows).to(tables.device)], codes).cpu().numpy()
    is_same = query_people[rows, None] == gallery_people
    is_pair = np.ones_like(is_same)
    if leave_one_out:
        is_pair[np.arange(len(rows)), rows] = False
    return scores[is_same & is_pair], scores[~is_same & is_pair]


def ranked_by_chance(scores: Tensor, relevant: Tensor) -> Tensor:
    """Best first, each run of equal scores in random order: (q, n), (q, n) → (2, q, n) float64.

    [0] is the chance that the item in a place is relevant, [1] the precision expected there if it
    is: with s equal items, c of them relevant, behind B items of which R are relevant, in place
    i = 1 … s of the run, c / s and (R + 1 + (i - 1)(c - 1)/(s - 1)) / (B + i).
    """
    n = scores.shape[1]
    values, order = scores.sort(dim=1, descending=True)
    found = relevant.gather(1, order).cumsum(1)
    found = torch.nn.functional.pad(found, (1, 0))  # found[:, b]: relevant ones above place b
    place = torch.arange(n, device=scores.device).expand_as(values)
    is_new = torch.ones_like(relevant)
    is_new[:, 1:] = values[:, 1:] != values[:, :-1]
    start = torch.where(is_new, place, 0).cummax(1).values  # B
    ends = torch.where(is_new, place, n).flip(1).cummin(1).values.flip(1)  # next start, self incl.
    end = torch.nn.functional.pad(ends[:, 1:], (0, 1), value=n)
    above = found.gather(1, start)  # R
    size, hits = (end - start).double(), (found.gather(1, end) - above).double()
    share = torch.where(size > 1, (hits - 1) / (size - 1).clamp(min=1), 0.0)
    expected = (above + 1 + (place - start) * share) / (place + 1)
    return torch.stack([hits / size, expected])


def score_block(tables: Tensor, codes: Tensor) -> Tensor:
    """Σ_m table[q, m, codes[i, m]]: (q, M, K), (n, M) → (q, n) (Eq. 18)."""
    total = torch.zeros(len(tables), len(codes), device=tables.device)
    for m in range(codes.shape[1]):
        total += tables[:, m].index_select(1, codes[:, m])
    return total
