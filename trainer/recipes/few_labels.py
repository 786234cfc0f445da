"""Do pictures without a label help GPQ? The same network, trained with them and without.

    python -m trainer.recipes.few_labels DATA --out DIR --labels 3

Each seed draws its own labelled pictures, and all ways train on the same ones. Of each way, the
learning rate is the one with the highest mean validation mAP over the seeds; test pictures choose
nothing. Begun again, it goes on where it stopped.
"""

import argparse
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trainer.compare.compare import best_validation
from trainer.compare.plan import job_at
from trainer.config import TrainConfig, Values, parse_assignment
from trainer.engine.runs import RunDir
from trainer.engine.session import Job, run_jobs
from trainer.methods import METHODS
from trainer.presets import code_length, code_values, merge, preset
from trainer.recipes.command import run_recipe

RATES = (3e-4, 1e-3, 3e-3)
WEIGHTS = (0.0, 1e-6, 0.1, 1.0)  # of the subspace entropy; the published one is 0.1
WAYS = {0.0: "labelled part alone", 1e-6: "with the others in the batch, no term of theirs"}
FIGURES = ("map", "rank1", "p_at")


@dataclass(frozen=True, slots=True)
class Way:
    """What one weight of the entropy reached at its best rate.

    Attributes:
        weight: λ1; 0 trains on labelled pictures alone.
        rate: chosen by validation.
        validation: mean mAP of each rate that was tried.
        test: figures of each seed at the chosen rate.
    """

    weight: float
    rate: float
    validation: dict[float, float]
    test: tuple[dict[str, float], ...]

    def cells(self) -> list[str]:
        """A row of the table: mean ± standard deviation over the seeds."""
        name = WAYS.get(self.weight, f"GPQ, weight of the entropy {self.weight:g}")
        figures = [[run[key] for run in self.test] for key in FIGURES]
        spread = [f"{statistics.fmean(v):.3f} ± {statistics.stdev(v):.3f}" for v in figures]
        return [name, f"{self.rate:g}", f"{self.validation[self.rate]:.3f}", *spread]


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(description="Compare GPQ with its labelled part alone.")
    parser.add_argument("data", nargs="+", help="folders, tar files or packs of CLASS/picture")
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--labels", type=int, required=True, help="labelled pictures of each class")
    parser.add_argument("--bits", type=int, default=24)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=3, help="at least 2")
    parser.add_argument("--rates", type=float, nargs="+", default=list(RATES))
    parser.add_argument("--weights", type=float, nargs="+", default=list(WEIGHTS))
    parser.add_argument("--set", action="append", default=[], dest="assignments")
    arguments = parser.parse_args(argv)
    given = merge(*(parse_assignment(text) for text in arguments.assignments))
    base = base_config(arguments.data, arguments.labels, arguments.bits, arguments.epochs, given)

    def work() -> None:
        seeds = range(1, arguments.seeds + 1)
        ways = compare(base, arguments.out, arguments.weights, arguments.rates, seeds)
        sys.stdout.write(table(ways, base.engine.p_at))

    return run_recipe(work)


def base_config(
    sources: Sequence[str], labels: int, bits: int, epochs: int, given: Values
) -> TrainConfig:
    """GPQ on the small network; the rate is halved five times on the way."""
    own: Values = {
        "data": {"sources": list(sources), "labelled_per_person": labels},
        "method": {"name": "gpq", **code_values(code_length(bits, 32), 32)},
        "engine": {
            "epochs": epochs, "lr_step": max(1, epochs // 5), "lr_decay": 0.5,
            "eval_every": max(1, epochs // 5),
        },
    }  # fmt: skip
    return preset("quick").with_values(merge(METHODS["gpq"].settings, own, given))


def compare(
    base: TrainConfig,
    out: Path,
    weights: Sequence[float],
    rates: Sequence[float],
    seeds: Sequence[int],
) -> list[Way]:
    """Train what is missing; a `Way` for each weight.

    Raises:
        Stopped: on Ctrl-C or SIGTERM, after saving.
        OpqnError: a run can't be trained.
    """
    jobs = {
        (weight, rate, seed): _job(base, out, weight, rate, seed)
        for seed in seeds  # the pictures change by seed only, so each set is read once
        for weight in weights
        for rate in rates
    }
    run_jobs(list(jobs.values()), as_json=False)
    ways = []
    for weight in weights:
        means = {
            rate: statistics.fmean(best_validation(jobs[weight, rate, seed]) for seed in seeds)
            for rate in rates
        }
        best = max(means, key=lambda rate: means[rate])
        test = tuple(_test(jobs[weight, best, seed]) for seed in seeds)
        ways.append(Way(weight, best, means, test))
    return ways


def table(ways: Sequence[Way], t: int) -> str:
    """Markdown: a row for each way, then the validation mAP of every rate that was tried."""
    heads = ["trained", "rate", "val mAP", "test mAP", "rank-1", f"P@{t}"]
    rows = [heads, ["---"] * len(heads), *(way.cells() for way in ways)]
    tried = [
        f"{way.cells()[0]}: {', '.join(f'{r:g} {v:.3f}' for r, v in way.validation.items())}"
        for way in ways
    ]
    return "\n".join([*(f"| {' | '.join(row)} |" for row in rows), "", *tried]) + "\n"


def _job(base: TrainConfig, out: Path, weight: float, rate: float, seed: int) -> Job:
    config = base.with_values(
        {
            "data": {"split_seed": seed},
            "method": {"entropy_weight": weight},
            "engine": {"lr": rate, "seed": seed},
        }
    )
    return job_at(out / f"weight{weight:g}-rate{rate:g}-s{seed}", config)


def _test(job: Job) -> dict[str, float]:
    found: dict[str, float] = RunDir.open(job.path).read("result.json")["test"]
    return found


if __name__ == "__main__":
    sys.exit(main())
