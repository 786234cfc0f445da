"""What an evaluation was asked for, how far it is, and all that it measured."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.data.picture_files import Dropped
from trainer.evaluate.protocols import QuerySplit
from trainer.evaluate.ranking import Ranking
from trainer.evaluate.subspace_maps import SubSpaceMap
from trainer.evaluate.verification import PairHistogram

FARS = (1e-2, 1e-3, 1e-4)
PRECISIONS = (0.9, 0.95, 0.99, 0.999)
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class EvalSettings:
    """What is evaluated, apart from the pictures.

    Attributes:
        models: names, folders or files.
        device: "cpu" or "cuda".
        cutoffs: the T of the P@T that are reported.
        controls: also the float features, PQ and OPQ.
        wants_map: also a map of a sub-space of each model.
        seed: of the ranked lists that are shown.
    """

    models: tuple[str, ...]
    device: str = "cpu"
    cutoffs: tuple[int, ...] = (1, 5, 10, 50)
    controls: bool = False
    wants_map: bool = False
    seed: int = 0


@dataclass(frozen=True, slots=True)
class EvalProgress:
    """Where the evaluation stands.

    Attributes:
        phase: what is done now, of which `done` of `total` are through.
        eta_s: seconds until all phases are through; None until it can be told.
        share: of all phases, 0 to 1; it never goes back.
    """

    phase: str
    done: int
    total: int
    eta_s: float | None = None
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class RankedList:
    """The head of one ranking, as the app would show it (equal scores by position).

    Attributes:
        query: row of the listing.
        hits: rows of the best ones.
        is_same: whether each shows the same person.
        scores: of each.
        ap: average precision of the whole ranking.
        is_worst: whether it is shown as one of the worst; else it was drawn.
    """

    query: int
    hits: tuple[int, ...]
    is_same: tuple[bool, ...]
    scores: tuple[float, ...]
    ap: float
    is_worst: bool


@dataclass(frozen=True, slots=True, eq=False)
class MethodResult:
    """One way of searching the pictures.

    Attributes:
        label: for tables and charts.
        model: name of the model whose features these are.
        kind: "opqn", "float", "pq" or "opq".
        bits: of information in a stored picture.
        bytes: one stored picture takes.
        ranking: None when only listed pairs were compared.
        pairs: scores of the pairs.
        n_pairs: how many were compared.
        accuracy: mean and standard deviation over the folds of listed pairs.
        query_rows: rows of the listing that asked, as `ranking.rows` counts them.
        lists: rankings to look at.
        angles: (181,) pairs of codewords by whole degrees between them; None without codewords.
        ms_per_query: time to score and rank one query for the figures, in milliseconds.
    """

    label: str
    model: str
    kind: str
    bits: int
    bytes: int
    ranking: Ranking | None
    pairs: PairHistogram
    n_pairs: int
    accuracy: tuple[float, float] | None
    query_rows: Rows
    lists: tuple[RankedList, ...]
    angles: NDArray[np.int64] | None
    ms_per_query: float


@dataclass(frozen=True, slots=True, eq=False)
class ModelInfo:
    """A model that was evaluated."""

    name: str
    model_id: str
    given_as: str
    n_books: int
    n_words: int
    feature_dim: int
    bits: int
    bytes: int
    ms_per_picture: float


@dataclass(frozen=True, slots=True, eq=False)
class EvalReport:
    """All that was measured.

    Attributes:
        results: the models in the order they were named, each followed by its controls.
        queries, gallery: pictures that asked and that were searched, after what was dropped.
        skipped: queries without a match in the gallery, or listed pairs that lost a picture.
        maps: one for each model, if they were asked for.
        notes: what could not be done, in sentences.
    """

    settings: EvalSettings
    query_split: QuerySplit
    models: tuple[ModelInfo, ...]
    results: tuple[MethodResult, ...]
    dropped: tuple[Dropped, ...]
    people: int
    pictures: int
    queries: int
    gallery: int
    skipped: int
    maps: tuple[SubSpaceMap, ...]
    notes: tuple[str, ...]
    seconds: float

    def of_models(self) -> list[MethodResult]:
        """The results without the controls."""
        return [r for r in self.results if r.kind == "opqn"]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON: the first model's figures at the top, then everything."""
        first = self.of_models()[0]
        return {
            **figures_of(first, self.settings.cutoffs),
            "queries": self.queries,
            "gallery": self.gallery,
            "skipped": self.skipped,
            "model": first.label,
            "protocol": {
                "name": self.query_split.protocol,
                "rule": self.query_split.rule,
                "seed": self.query_split.seed,
                "queries_per_person": self.query_split.queries_per_person,
                "ties": "expected value with equal scores in random order",
            },
            "data": {
                "people": self.people,
                "pictures": self.pictures,
                "dropped": len(self.dropped),
                "dropped_files": [[d.file, d.reason] for d in self.dropped],
            },
            "models": [asdict(model) for model in self.models],
            "results": [self._result(result) for result in self.results],
            "device": self.settings.device,
            "notes": list(self.notes),
            "seconds": round(self.seconds, 1),
        }

    def _result(self, result: MethodResult) -> dict[str, Any]:
        named = {"label": result.label, "model": result.model, "kind": result.kind}
        sizes = {"bits": result.bits, "bytes": result.bytes}
        return named | sizes | figures_of(result, self.settings.cutoffs)


def figures_of(result: MethodResult, cutoffs: tuple[int, ...]) -> dict[str, Any]:
    """The figures of one row, rounded to six places; None where there is nothing to measure."""
    ranking, pairs = result.ranking, result.pairs
    values: dict[str, Any] = {"rank1": None, "map": None, "p_at": {}}
    if ranking is not None:
        values = {
            "rank1": _rounded(ranking.rank1),
            "map": _rounded(ranking.mean_ap),
            "p_at": {str(t): _rounded(ranking.precision_at(t)) for t in cutoffs},
            "map_ties": [_rounded(v) for v in ranking.ap_span] if len(ranking.rows) else None,
        }
    has_both = bool(pairs.same.any() and pairs.other.any())
    rates = {f"{far:g}": pairs.tar_at_far(far)[0] if has_both else None for far in FARS}
    points = [pairs.operating_point(p) for p in PRECISIONS]
    accuracy = result.accuracy
    return values | {
        "tar_at_far": {far: _rounded(rate) for far, rate in rates.items()},
        "pairs": result.n_pairs,
        "auc": _rounded(pairs.area_under_roc()),
        "eer": _rounded(pairs.equal_error_rate()),
        "accuracy": [_rounded(v) for v in accuracy] if accuracy else None,
        "operating_points": [
            {"wanted_precision": wanted}
            | {key: float(f"{value:.6g}") for key, value in asdict(point).items()}
            for wanted, point in zip(PRECISIONS, points, strict=True)
            if point is not None
        ],
        "ms_per_query": round(result.ms_per_query, 3),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
