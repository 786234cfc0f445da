"""Turns what a job counts into progress with the time that is left."""

import time
from collections.abc import Generator
from typing import TypeVar

from opqn_app.core.progress import retold
from trainer.evaluate.results import EvalProgress

T = TypeVar("T")


def shown(job: Generator[int, None, T], phase: str, total: int) -> Generator[EvalProgress, None, T]:
    """Turn the counts of a job into progress; closing this closes the job."""
    began = time.perf_counter()

    def told(done: int) -> EvalProgress:
        spent = time.perf_counter() - began
        return EvalProgress(phase, done, total, spent / done * (total - done) if done else None)

    yield EvalProgress(phase, 0, total, None)
    return (yield from retold(job, told))
