"""A comparison of methods from its plan to its rows; begun again, it goes on where it stopped."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from opqn_app.core.files import replace_json
from trainer.compare.measured import CONTROLS, Figures, measure
from trainer.compare.plan import SPLITS, Comparison
from trainer.data.loading import TrainingData, load_data
from trainer.engine.runs import RunDir
from trainer.engine.session import Job, run_jobs
from trainer.methods import METHODS

TITLES = {"float": "OPQN's features, floats", "opq": "the same, OPQ", "pq": "the same, PQ"}
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Row:
    """One method, or control, at one length under one split; a figure for each seed.

    Attributes:
        kind: name of the method, or "float", "opq", "pq".
        bits: of a stored picture; 0 for floats.
        split: "single" (people who were trained on) or "unseen".
        rate: learning rate; 0 for controls.
        seconds: of training, each seed; empty for controls.
    """

    kind: str
    title: str
    bits: int
    split: str
    rate: float
    figures: tuple[Figures, ...]
    seconds: tuple[float, ...] = ()

    def spread(self, name: str) -> tuple[float, float]:
        """Mean and standard deviation over the seeds of "map", "rank1" or "p_at"."""
        values = [float(getattr(each, name)) for each in self.figures]
        return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else 0.0


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of it.

    Attributes:
        rates: validation mAP of each rate tried, method by method.
        chosen: the rate of each method.
    """

    rows: tuple[Row, ...]
    rates: dict[str, dict[float, float]]
    chosen: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        rates = {
            name: {f"{rate:g}": value for rate, value in found.items()}
            for name, found in self.rates.items()
        }
        return {
            "rates": rates,
            "chosen": self.chosen,
            "rows": [asdict(row) for row in self.rows],
        }


def compare(comparison: Comparison, say: Say) -> Compared:
    """Train what is missing, measure all of it; `comparison.json` is written.

    Raises:
        Stopped: on Ctrl-C or SIGTERM, after saving; the same again goes on.
        OpqnError: a run can't be trained.
    """
    rates, chosen = {}, {}
    searches = {method: comparison.searches(method) for method in comparison.methods}
    say(f"Choosing a learning rate for each of {len(searches)} methods.")
    tried = [job for found in searches.values() for _, job in found]
    run_jobs(tried, as_json=False, may_diverge=True)
    for method, found in searches.items():
        rates[method] = {rate: best_validation(job) for rate, job in found}
        chosen[method] = max(rates[method], key=lambda rate: rates[method][rate])
        say(f"{METHODS[method].title}: {chosen[method]:g}")
    rows: list[Row] = []
    for split in SPLITS:
        planned = list(comparison.runs(chosen, split))
        say(f"Training: {len(planned)} runs, {split}.")
        run_jobs([job for *_, job in planned], as_json=False)
        data = load_data(planned[0][-1].config)  # labels and split are the same for all of them
        rows += _rows(comparison, planned, split, chosen, data)
    compared = Compared(tuple(rows), rates, chosen)
    replace_json(comparison.folder / "comparison.json", compared.to_dict())
    return compared


def _rows(
    comparison: Comparison,
    planned: Sequence[tuple[str, int, int, Job]],
    split: str,
    chosen: dict[str, float],
    data: TrainingData,
) -> list[Row]:
    found: dict[tuple[str, int], list[Figures]] = {}
    seconds: dict[tuple[str, int], list[float]] = {}
    for method, bits, _, job in planned:
        run = RunDir.open(job.path)
        for kind, figures in measure(run, job.config, data).items():
            found.setdefault((kind, bits), []).append(figures)
        seconds.setdefault((method, bits), []).append(
            round(sum(line["seconds"] for line in run.metrics()), 1)
        )
    order = [*comparison.methods, *CONTROLS]
    return [
        Row(
            kind,
            METHODS[kind].title if kind in METHODS else TITLES[kind],
            bits,
            split,
            chosen.get(kind, 0.0),
            tuple(figures),
            tuple(seconds.get((kind, bits), ())),
        )
        for (kind, bits), figures in sorted(
            found.items(), key=lambda each: (order.index(each[0][0]), each[0][1])
        )
    ]


def best_validation(job: Job) -> float:
    """The best validation mAP of a run; one that never validated lost its numbers."""
    lines = RunDir.open(job.path).metrics()
    return max((line["validation"]["map"] for line in lines if line["validation"]), default=0.0)
