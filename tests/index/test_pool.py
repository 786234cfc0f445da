"""The pool's scheduling, with workers that are only names."""

from collections.abc import Iterator, Sequence

import pytest

from opqn_app.core.errors import OpqnError
from opqn_app.index.analysis import Analysed
from opqn_app.index.plan import PendingFile
from opqn_app.index.pool import Died, Pool, Ready, Worker
from opqn_app.vision.photo_folder import PhotoFile


class Names:
    """A crew: worker 0 is never ready, worker n dies of the photos in `kills`."""

    max_tries = 2
    max_photos = 100
    cannot_start = "none of them starts"

    def __init__(self, *, gives_early: bool, kills: tuple[int, ...] = (), stuck: int = 1) -> None:
        self.gives_early, self._kills, self._stuck = gives_early, kills, stuck
        self.started: list[int] = []
        self.given: dict[int, list[PendingFile]] = {}

    def start(self) -> int:
        self.started.append(len(self.started))
        self.given[self.started[-1]] = []
        return self.started[-1]

    def give(self, worker: Worker, item: PendingFile) -> None:
        self.given[worker.handle].append(item)

    def listen(self, workers: Sequence[Worker]) -> Iterator[tuple[Worker, Ready | Analysed | Died]]:
        able = [worker for worker in workers if worker.handle >= self._stuck]
        assert able, "it would wait for good"
        for worker in able:
            if not worker.is_ready:
                yield worker, Ready()
                return
            if worker.jobs:
                number = worker.jobs[0].item.file.size
                yield worker, Died("it died") if number in self._kills else Analysed()
                return
        raise AssertionError("it would wait for good")

    def end(self, worker: Worker) -> None:
        self.given.pop(worker.handle)


def items(n: int) -> Iterator[PendingFile]:
    for number in range(n):
        yield PendingFile(PhotoFile(f"{number}.png", size=number, mtime_ns=0), None)


def numbers(crew: Names, n: int, n_workers: int = 2) -> list[int]:
    return [item.file.size for item, _ in Pool(crew, n_workers, max_ahead=8).run(items(n))]


def test_a_worker_that_never_starts_keeps_no_photo_where_photos_are_not_given_early() -> None:
    crew = Names(gives_early=False)
    assert numbers(crew, 20) == list(range(20))
    assert crew.given[0] == []
    assert len(crew.given[1]) == 20


def test_results_keep_their_order_and_a_photo_that_kills_costs_itself() -> None:
    crew = Names(gives_early=True, kills=(3,), stuck=0)
    done = list(Pool(crew, 2, max_ahead=8).run(items(12)))
    assert [item.file.size for item, _ in done] == list(range(12))
    assert [item.file.size for item, result in done if result.failure is not None] == [3]
    assert len(crew.started) == 4  # it killed two


def test_workers_that_end_before_they_are_ready_end_the_run() -> None:
    class Dead(Names):
        def listen(
            self, workers: Sequence[Worker]
        ) -> Iterator[tuple[Worker, Ready | Analysed | Died]]:
            yield workers[0], Died("at once")

    with pytest.raises(OpqnError, match="none of them starts"):
        numbers(Dead(gives_early=True), 3)
