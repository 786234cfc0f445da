"""Retrieval figures of a network in training, with the tables and codes the app would use.

They are ranked by `trainer.evaluate.ranking`, as in `opqn evaluate`.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from opqn_app.core.errors import OpqnError
from opqn_app.core.progress import finished
from opqn_app.core.types import Codes, Floats
from opqn_app.opqn.torch.preprocess import centre_crop
from trainer.engine.diagnostics import BookReport, describe_books
from trainer.evaluate.ranking import rank
from trainer.evaluate.scoring import CodeScorer
from trainer.evaluate.tables_and_codes import codes_of, tables_of
from trainer.method.objective import Objective

DESCRIBED = 16384  # pictures the book report is made of
PAIRS_AT_ONCE = 1 << 24  # of query and gallery; bounds the memory of a block


class Diverged(OpqnError):
    """Training diverged; the sentence says what to change."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"Training has diverged: {what}. Lower engine.lr, or set engine.clip_norm; the last "
            "checkpoint is of the time before."
        )


@dataclass(frozen=True, slots=True)
class ValidationFigures:
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
class EncodedPictures:
    """Pictures as the app stores and asks them.

    Attributes:
        tables: (n, M, K) float32, snapped; None where nobody wants them.
        codes: (n, M).
        books: what the assignments look like, book by book.
    """

    tables: Floats | None
    codes: Codes
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
) -> EncodedPictures:
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
        codes.append(codes_of(quantizer, x))
        if wants_tables:
            tables.append(tables_of(quantizer, x))
    for module, was_training in modes:
        module.training = was_training
    code = np.concatenate(codes)
    described = torch.cat(features)
    words = torch.from_numpy(code[: len(described)].astype(np.int64)).to(described.device)
    books = describe_books(quantizer, described, words, people[: len(described)])
    return EncodedPictures(np.concatenate(tables) if tables else None, code, books)


@torch.inference_mode()
def features_of(
    objective: Objective, images: NDArray[np.uint8], *, size: int, batch_size: int = 256
) -> Floats:
    """Features (n, D) of stored pictures, as `encode` takes them; the network is set to evaluate.

    Args:
        images: (n, S, S, 3) uint8, S ≥ `size`; the centre is used.
    """
    objective.eval()
    found = []
    for start in range(0, len(images), batch_size):
        batch = torch.from_numpy(np.ascontiguousarray(images[start : start + batch_size]))
        cropped = centre_crop(batch.permute(0, 3, 1, 2), size).permute(0, 2, 3, 1)
        found.append(objective.features(cropped).numpy())
    return np.concatenate(found)


def retrieve(
    scorer: CodeScorer,
    query_people: NDArray[np.int64],
    gallery_people: NDArray[np.int64],
    *,
    t: int,
    leave_one_out: bool = False,
) -> ValidationFigures:
    """Rank the gallery by each query.

    Args:
        scorer: the queries against the codes of the gallery.
        t: T of precision at T.
        leave_one_out: queries and gallery are the same pictures in the same order, and none ranks
            itself.
    """
    own = np.arange(len(gallery_people)) if leave_one_out else None
    found = finished(rank(scorer, query_people, gallery_people, own=own, cutoffs=(t,)))
    return ValidationFigures(
        map=found.mean_ap or 0.0,
        rank1=found.rank1 or 0.0,
        p_at=found.precision_at(t) or 0.0,
        t=t,
        queries=len(found.rows),
        skipped=found.skipped,
        gallery=len(gallery_people),
    )


def pair_scores(
    scorer: CodeScorer,
    query_people: NDArray[np.int64],
    gallery_people: NDArray[np.int64],
    *,
    leave_one_out: bool = False,
) -> tuple[Floats, Floats]:
    """Scores of pairs of one person, and of pairs of two people.

    All pairs of query and gallery; of more than `PAIRS_AT_ONCE` those of some queries, drawn with
    a fixed seed. The arguments are those of `retrieve`.
    """
    most = max(1, PAIRS_AT_ONCE // max(len(gallery_people), 1))
    rows = np.arange(len(query_people))
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(0).permutation(rows)[:most])
    scores = scorer.scores_of(rows)
    is_same = query_people[rows, None] == gallery_people
    is_pair = np.ones_like(is_same)
    if leave_one_out:
        is_pair[np.arange(len(rows)), rows] = False
    return scores[is_same & is_pair], scores[~is_same & is_pair]
