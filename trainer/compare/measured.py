"""What a run of a comparison reached: rankings of its test pictures, kept beside it.

The features of OPQN's network are also ranked as floats, and as codes of PQ and OPQ of the same
length. That tells what the method adds to the network it trained.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

from opqn_app.core.progress import finished
from opqn_app.core.types import Floats
from trainer.config import TrainConfig
from trainer.data.loading import TrainingData
from trainer.engine.finish import best_network
from trainer.engine.runs import RunDir
from trainer.engine.split_figures import SplitQueries, asked
from trainer.engine.state import load_state
from trainer.engine.validation import features_of
from trainer.evaluate.baselines import ControlUnavailable, train_pq
from trainer.evaluate.ranking import Ranking, rank, rank_cutoffs
from trainer.evaluate.scoring import CodeScorer, CosineScorer, Scorer, StoredTables
from trainer.method.objective import Objective

KEPT = "comparison.json"  # in the folder of a run
CONTROLS = ("float", "opq", "pq")


@dataclass(frozen=True, slots=True)
class Figures:
    """Of the test pictures of one run, or of one control of it.

    Attributes:
        map: mean average precision, equal scores in random order.
        rank1: chance that the best hit shows the same person.
        p_at: share of right hits among the best T.
        t: T.
        cutoffs, precision, recall: the curve by number of hits, means over queries.
        queries: that have a match.
        gallery: pictures searched.
    """

    map: float
    rank1: float
    p_at: float
    t: int
    cutoffs: tuple[int, ...]
    precision: tuple[float, ...]
    recall: tuple[float, ...]
    queries: int
    gallery: int

    @classmethod
    def of(cls, ranking: Ranking, t: int) -> "Figures":
        return cls(
            map=ranking.mean_ap or 0.0,
            rank1=ranking.rank1 or 0.0,
            p_at=ranking.precision_at(t) or 0.0,
            t=t,
            cutoffs=tuple(ranking.cutoffs.tolist()),
            precision=tuple(np.round(ranking.precision, 6).tolist()),
            recall=tuple(np.round(ranking.recall, 6).tolist()),
            queries=len(ranking.rows),
            gallery=ranking.gallery,
        )


def measure(run: RunDir, config: TrainConfig, data: TrainingData) -> dict[str, Figures]:
    """Figures of a finished run: its own by the method's name, and controls where it is OPQN.

    They are kept in the run's folder and read from there the next time.
    """
    kept = run.read(KEPT)
    if kept:
        return {name: Figures(**_tuples(values)) for name, values in kept["figures"].items()}
    objective = Objective(best_network(load_state(run.best)), len(data.classes))
    queries = asked(objective, data, config, "test", torch.device("cpu"))
    t = config.engine.p_at
    found = {config.method.name: _figures(queries, queries.scorer, t)}
    if config.method.name == "opqn":
        scorers = controls(objective, data, config)
        found |= {name: _figures(queries, scorer, t) for name, scorer in scorers.items()}
    run.write(KEPT, {"figures": {name: asdict(each) for name, each in found.items()}})
    return found


def controls(objective: Objective, data: TrainingData, config: TrainConfig) -> dict[str, Scorer]:
    """What ranks the features of a network without its words; what can't be made is left out."""
    split, size = data.split, config.method.input_size

    def features(rows: Any) -> Floats:
        return features_of(objective, data.pictures.images[rows], size=size)

    asking = features(split.test)
    searched = asking if split.is_leave_one_out else features(split.gallery)
    made: dict[str, Scorer] = {"float": CosineScorer(asking, searched)}
    bits = (config.method.n_words - 1).bit_length()
    for name in CONTROLS[1:]:
        try:
            pq = train_pq(features(split.train), config.method.n_books, bits, rotated=name == "opq")
        except ControlUnavailable:  # too few pictures; faiss missing is told
            continue
        made[name] = CodeScorer(StoredTables(pq.tables(asking)), pq.codes(searched))
    return made


def _figures(queries: SplitQueries, scorer: Scorer, t: int) -> Figures:
    own = np.arange(scorer.n_gallery) if queries.is_leave_one_out else None
    cutoffs = rank_cutoffs(scorer.n_gallery, (t,)).tolist()
    ranking = finished(rank(scorer, *queries.people, own=own, cutoffs=cutoffs))
    return Figures.of(ranking, t)


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
