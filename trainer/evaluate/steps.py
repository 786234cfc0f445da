"""Turns what jobs count into progress of the whole evaluation: one bar, one time left."""

import time
from collections.abc import Callable, Generator
from dataclasses import replace
from typing import TypeVar

from opqn_app.core.progress import RateMeter, retold
from trainer.evaluate.results import EvalProgress

T = TypeVar("T")

READING = 0.9  # of the whole bar; the rest is what is done with the codes of each model


def shown(job: Generator[int, None, T], phase: str, total: int) -> Generator[EvalProgress, None, T]:
    """Turn the counts of a job into progress; closing this closes the job."""
    yield EvalProgress(phase, 0, total)
    return (yield from retold(job, lambda done: EvalProgress(phase, done, total)))


class Whole:
    """Reading and encoding the pictures for all models, then what follows for one after the other.

    Args:
        n_pictures: read in all.
        n_models: each has the same share of what follows.
    """

    def __init__(
        self, n_pictures: int, n_models: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._n_pictures, self._n_models = n_pictures, n_models
        self._clock = clock
        self._meter = RateMeter(clock)
        self._read = 0
        self._began = self._encoded = clock()
        self._through = 0

    def reading(
        self, job: Generator[int, None, T], phase: str, total: int
    ) -> Generator[EvalProgress, None, T]:
        """Count pictures of a job; several jobs follow one another."""
        before = self._read

        def told(progress: EvalProgress) -> EvalProgress:
            new = before + progress.done - self._read
            self._read += new
            if new:
                self._meter.add(new)
            left = self._meter.eta_s(self._n_pictures - self._read)
            if left is not None:
                left += self._expected_afterwards(self._clock() - self._began + left)
            share = READING * self._read / max(self._n_pictures, 1)
            return replace(progress, eta_s=left, share=share)

        found = yield from retold(shown(job, phase, total), told)
        self._encoded = self._clock()
        return found

    def following(self, job: Generator[EvalProgress, None, T]) -> Generator[EvalProgress, None, T]:
        """What is done with the codes of one model, in phases of its own."""
        began = self._clock()
        if self._through:
            each = (began - self._encoded) / self._through
        else:
            each = self._expected_afterwards(began - self._began) / self._n_models
        share = READING + (1 - READING) * self._through / self._n_models

        def told(progress: EvalProgress) -> EvalProgress:
            here = max(0.0, each - (self._clock() - began))
            left = here + each * (self._n_models - self._through - 1)
            return replace(progress, eta_s=left if here else None, share=share)

        found = yield from retold(job, told)
        self._through += 1
        return found

    def _expected_afterwards(self, reading_s: float) -> float:
        """Seconds for what follows the reading, before any of it was timed."""
        return reading_s * (1 - READING) / READING
