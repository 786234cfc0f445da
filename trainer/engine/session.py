"""One `opqn train` command: its runs one after another, told on a terminal or as JSON lines."""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from opqn_app.core.progress import ProgressLine, duration_in_words
from opqn_app.opqn.torch.device import pick_device
from trainer.config import DataConfig, TrainConfig, title_of
from trainer.data.loading import TrainingData, describe, load_data
from trainer.data.picture_files import left_out_in_words, partly_in_words
from trainer.engine.distributed import is_main_process, joined_world
from trainer.engine.finish import finish
from trainer.engine.reports import EpochReport, StepProgress, Stopped
from trainer.engine.resume import go_on
from trainer.engine.runs import RunDir, check_is_free
from trainer.engine.stopping import StopFlag, stop_requests
from trainer.engine.tensorboard import Curves
from trainer.engine.train import train
from trainer.engine.validation import Diverged
from trainer.presets import CodeLength


@dataclass(frozen=True, slots=True)
class Job:
    """One run of a command.

    Attributes:
        is_resumed: the folder holds a run that shall go on.
        is_finished: and nothing is left to do there.
    """

    path: Path
    config: TrainConfig
    is_resumed: bool = False
    is_finished: bool = False


class Voice:
    """Says how training goes: words and a progress line on stderr, or JSON lines on stdout.

    Silent in all but the main process.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._is_on = is_main_process()
        self._line = ProgressLine()

    def event(self, name: str, values: dict[str, Any], words: str = "") -> None:
        """One thing that happened."""
        if not self._is_on:
            return
        if self._as_json:
            sys.stdout.write(json.dumps({"event": name, **values}) + "\n")
            sys.stdout.flush()
        elif words:
            self._line.clear()
            sys.stderr.write(words + "\n")

    def step(self, progress: StepProgress) -> None:
        """Within an epoch."""
        if self._is_on and not self._as_json:
            self._line.show(step_in_words(progress))
        else:
            self.event("step", asdict(progress))

    def epoch(self, report: EpochReport) -> None:
        """After an epoch."""
        self.event("epoch", report.to_dict(), epoch_in_words(report))


def run_jobs(jobs: list[Job], *, as_json: bool, may_diverge: bool = False) -> list[dict[str, Any]]:
    """Train one run after another; returns their results, in order.

    Args:
        may_diverge: a run that loses its numbers is told and has no result; the others go on.

    Raises:
        Stopped: on Ctrl-C or SIGTERM, after saving.
        Diverged: a run lost its numbers.
    """
    voice = Voice(as_json=as_json)
    results = []
    loaded: tuple[DataConfig, int, TrainingData] | None = None
    device = pick_device(jobs[0].config.engine.device) if jobs else "cpu"
    if is_main_process():
        for job in jobs:
            if not job.is_resumed:
                check_is_free(job.path)  # before minutes of reading
    with stop_requests() as stop, joined_world(device) as world:
        for job in jobs:
            method = job.config.method
            if loaded is None or loaded[:2] != (job.config.data, method.stored_size):
                loaded = job.config.data, method.stored_size, _load(job, voice)
            data = loaded[2]
            try:
                results.append(_run_job(job, data, voice, stop))
            except Diverged as error:
                if not may_diverge:
                    raise
                voice.event("diverged", {"run": str(job.path), "text": str(error)}, str(error))
                results.append({})
            world.barrier()
    return results


def _run_job(job: Job, data: TrainingData, voice: Voice, stop: StopFlag) -> dict[str, Any]:
    run = RunDir(job.path)
    if job.is_finished:
        return {"run": str(run.path), **run.read("result.json")}
    if is_main_process():
        if job.is_resumed:
            go_on(run, job.config)
        else:
            run = RunDir.create(job.path, job.config)
    what = f"{run.path}: {title_of(job.config.method)}, {bits_of(job.config)} bit"
    voice.event("run", {"run": str(run.path), "config": job.config.to_dict()}, what)
    curves = Curves(run) if is_main_process() else None
    try:
        for report in train(
            job.config, run, data=data, is_resumed=job.is_resumed,
            should_stop=stop.is_set, on_step=voice.step,
        ):  # fmt: skip
            voice.epoch(report)
            if curves:
                curves.add(report)
    except Stopped as stopped:
        voice.event("stopped", {"run": str(run.path), "text": str(stopped)})
        raise
    finally:
        if curves:
            curves.close()
    if not is_main_process():
        return {}
    result = {"run": str(run.path)}
    result |= finish(job.config, run, data, pick_device(job.config.engine.device))
    lacks = result.get("not_exported") or result.get("not_calibrated")  # without one, no other
    voice.event("result", result, lacks or "")
    return result


def _load(job: Job, voice: Voice) -> TrainingData:
    recorded = job.path / "split.json"
    is_there = job.is_resumed and recorded.is_file()
    voice.event("loading", {"sources": list(job.config.data.sources)}, "Reading the pictures ...")
    data = load_data(job.config, split_file=recorded if is_there else None)
    split = data.split
    counts = {role: len(getattr(split, role)) for role in ("train", "val", "test", "gallery")}
    words = (
        f"{len(data.pictures):,} pictures; {counts['train']:,} of {len(data.classes):,} people "
        f"train, {counts['val']:,} choose, {counts['test']:,} ask, {counts['gallery']:,} are "
        "searched"
    )
    twins = describe(data)["duplicates_across"] if is_main_process() else 0
    if twins:
        words += f"\n{twins:,} of the asking pictures also train (the same pixels)"
    left_out, people = data.pictures.left_out, data.pictures.people
    rest = "; the run's environment.json names all"
    partly = data.pictures.partly
    lines = [*left_out_in_words(left_out, people, rest), *partly_in_words(partly, rest)]
    words = "\n".join([words, *lines])
    lost = {
        "left_out": len(left_out),
        "read_in_part": len(partly),
        "people_without_a_picture": data.without_a_picture,
    }
    told = {**counts, "people": len(data.classes), "duplicates": twins, **lost}
    voice.event("data", told, words)
    return data


def bits_of(config: TrainConfig) -> int:
    """Length of the codes of a run."""
    return CodeLength(config.method.n_books, config.method.n_words).bits


def step_in_words(progress: StepProgress) -> str:
    """ "epoch 3/200 · 120/407 · loss 21.31 · 812 images/s · 1 h 5 min left"."""
    return (
        f"epoch {progress.epoch}/{progress.epochs} · {progress.step}/{progress.steps} · "
        f"loss {progress.loss:.3f} · {progress.images_per_s:,.0f} images/s · "
        f"{duration_in_words(progress.eta_s)} left"
    )


def epoch_in_words(report: EpochReport) -> str:
    """ "epoch 5/200  loss 8.12 (feature 9.30, entropy 4.2)  912 images/s  val mAP 0.71 *"."""
    loss = report.loss
    terms = ", ".join(f"{k} {v:.3f}" for k, v in loss.items() if k != "total" and v)
    words = (
        f"epoch {report.epoch}/{report.epochs}  loss {loss['total']:.3f} "
        f"({terms})  "
        f"lr {report.lr:g}  {report.images_per_s:,.0f} images/s"
    )
    if report.validation:
        figures = report.validation
        words += f"  val mAP {figures.map:.4f} rank-1 {figures.rank1:.4f}"
    return words + (" *" if report.is_best else "")
