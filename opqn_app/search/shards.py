"""One index over many processes or machines: ranges of segments, and a ranking that is the ranking.

A search asks twice. First every shard ranks a share of its faces, its head; the `limit`-th best of
all heads is a floor for everybody. Then each ranks the rest above that floor, and the answers are
merged. Scores are the same bits everywhere and ties go by face id, so this is what one index of
all faces gives.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from opqn_app.core.ray_cluster import connected
from opqn_app.core.types import Codes, Ids, Lut
from opqn_app.search.code_index import CodeIndex
from opqn_app.search.loading import load_part, of_codes, of_segments
from opqn_app.search.ranking import Best, Ranking
from opqn_app.search.segment import Segment
from opqn_app.store.library import Library

HEAD = 16  # a head is one in so many segments, at least one


class Shard:
    """The faces of one process."""

    def __init__(self, model_id: str, segments: Sequence[Segment]) -> None:
        n_head = -(-len(segments) // HEAD)
        self._parts = {
            "head": CodeIndex(model_id, of_segments(segments[:n_head])),
            "rest": CodeIndex(model_id, of_segments(segments[n_head:])),
        }
        for part in self._parts.values():
            part.prepare()

    @classmethod
    def load(cls, library_path: Path, model_id: str, number: int, n_shards: int) -> "Shard":
        """Shard `number`, from 0, of a library file that all machines see."""
        with Library.open(library_path) as library:
            return cls(model_id, load_part(library, model_id, number, n_shards))

    @classmethod
    def of_codes(cls, model_id: str, face_ids: Ids, codes: Codes) -> "Shard":
        """Codes (n, M) of faces, ids (n,) ascending."""
        return cls(model_id, of_codes(face_ids, codes).segments)

    def __len__(self) -> int:
        return sum(map(len, self._parts.values()))

    def rank(self, part: str, lut: Lut, limit: int, floor: float) -> Ranking:
        """The best faces of at least `floor` in the "head" or the "rest"."""
        return self._parts[part].search(lut, limit=limit, min_score=floor)


class Ask(Protocol):
    """Calls a method of every shard at once; the answers in the order of the shards."""

    def __call__(self, method: str, *arguments: Any) -> list[Any]: ...


@dataclass(frozen=True, slots=True)
class ShardedIndex:
    """Searches shards wherever they are."""

    ask: Ask

    def __len__(self) -> int:
        return sum(self.ask("__len__"))

    def search(self, lut: Lut, limit: int) -> Ranking:
        """`CodeIndex.search` over the faces of all shards.

        Args:
            lut: (M, K), snapped; or (Q, M, K), as for one index.
            limit: at most so many faces.
        """
        best = Best(limit)
        for part in ("head", "rest"):
            for found in self.ask("rank", part, lut, limit, float(best.floor)):
                kept = found.scores >= best.floor
                best.offer(found.face_ids[kept], found.scores[kept])
            best.settle()
        return best.ranking()


@contextmanager
def on_cluster(address: str, make: Callable[[int], Shard], n_shards: int) -> Iterator[ShardedIndex]:
    """Shards in actors of a Ray cluster, see `core.ray_cluster` for addresses.

    Args:
        make: picklable; builds a shard from its number, on the machine where it will live.

    Raises:
        OpqnError: Ray is missing or can't be reached.
    """
    with connected(address) as ray:
        actors = [ray.remote(_Actor).options(num_cpus=1).remote(make, i) for i in range(n_shards)]

        def ask(method: str, *arguments: Any) -> list[Any]:
            shared = [ray.put(a) if isinstance(a, np.ndarray) else a for a in arguments]
            answers: list[Any] = ray.get([a.call.remote(method, *shared) for a in actors])
            return answers

        yield ShardedIndex(ask)


class _Actor:
    def __init__(self, make: Callable[[int], Shard], number: int) -> None:
        self._shard = make(number)

    def call(self, method: str, *arguments: Any) -> Any:
        return getattr(self._shard, method)(*arguments)
