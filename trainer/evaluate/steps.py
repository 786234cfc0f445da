"""Turns what a job counts into progress with the time that is left."""

import time
from collections.abc import Generator
from typing import TypeVar

from trainer.evaluate.results import EvalProgress

T = TypeVar("T")


def shown(job: Generator[int, None, T], phase: str, total: int) -> Generator[EvalProgress, None, T]:
    """Turn the counts of a job into progress; closing this closes the job."""
    began = time.perf_counter()
    yield EvalProgress(phase, 0, total, None)
    try:
        while True:
            try:
                done = next(job)
            except StopIteration as stop:
                found: T = stop.value
                return found
            spent = time.perf_counter() - began
            yield EvalProgress(phase, done, total, spent / done * (total - done) if done else None)
    finally:
        job.close()
