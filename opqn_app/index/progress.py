"""What an indexing run tells while it works and when it is done."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from opqn_app.core.progress import RateMeter
from opqn_app.store.records import Failure, UnreachableFolder

Phase = Literal["scanning", "comparing", "indexing", "thorough"]


@dataclass(frozen=True, slots=True)
class IndexProgress:
    """Where a run stands.

    Attributes:
        phase: "thorough" while photos are searched again for more faces; done, total, rate and
            time left are then of this phase. "comparing" while contents are compared.
        done, total: photos to look at in this run, and known faces to encode for another model;
            total is 0 while scanning, where done counts the files found so far.
        faces, failures: found in this run.
        photos_per_s: over the last half minute of work, pauses left out.
        eta_s: seconds still to go; None while that is not known.
        current: relative path of the file or folder looked at last.
    """

    phase: Phase
    done: int
    total: int
    faces: int
    failures: int
    photos_per_s: float
    eta_s: float | None
    current: str


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What a run did.

    Attributes:
        added, changed, moved, removed: photos.
        edited: photos with the same picture and other metadata in the file; none of `changed`.
        returned: photos that were deleted or could not be reached, and are there again.
        unreachable: where photos lie that can't be reached now.
        unchanged: photos that needed nothing, or only a new file time.
        decoded: files whose picture was decoded, or could not be.
        faces: found in this run.
        searched: photos searched again thoroughly, where `more_faces` of `faces` were found.
        coded: faces known before that got a code of the model.
        failures: all files of the root that can't be read, without those the user ignores.
    """

    added: int
    changed: int
    moved: int
    removed: int
    unchanged: int
    decoded: int
    faces: int
    failures: tuple[Failure, ...]
    seconds: float
    searched: int = 0
    more_faces: int = 0
    coded: int = 0
    returned: int = 0
    unreachable: tuple[UnreachableFolder, ...] = ()
    edited: int = 0


@dataclass(slots=True)
class RunCounts:
    """What a run has done so far; see IndexReport and IndexProgress for the meaning."""

    added: int = 0
    changed: int = 0
    moved: int = 0
    removed: int = 0
    unchanged: int = 0
    decoded: int = 0
    faces: int = 0
    failures: int = 0
    searched: int = 0
    more_faces: int = 0
    coded: int = 0
    returned: int = 0
    edited: int = 0
    phase: Phase = "indexing"
    done: int = 0
    total: int = 0
    meter: RateMeter = field(default_factory=RateMeter)

    def begin(self, phase: Phase, total: int) -> None:
        """Start to count `total` photos of another phase, which has a pace of its own."""
        self.phase, self.done, self.total, self.meter = phase, 0, total, RateMeter()

    def step(self, done: int, current: str) -> Iterator[IndexProgress]:
        """Count `done` more photos and yield one progress; the clock stands while it is out."""
        self.done += done
        if done:
            self.meter.add(done)
        progress = IndexProgress(
            phase=self.phase,
            done=self.done,
            total=self.total,
            faces=self.faces,
            failures=self.failures,
            photos_per_s=self.meter.rate(),
            eta_s=self.meter.eta_s(self.total - self.done),
            current=current,
        )
        with self.meter.paused():
            yield progress

    def report(
        self,
        failures: tuple[Failure, ...],
        unreachable: tuple[UnreachableFolder, ...],
        seconds: float,
    ) -> IndexReport:
        return IndexReport(
            added=self.added,
            changed=self.changed,
            moved=self.moved,
            removed=self.removed,
            unchanged=self.unchanged,
            decoded=self.decoded,
            faces=self.faces,
            failures=failures,
            seconds=seconds,
            searched=self.searched,
            more_faces=self.more_faces,
            coded=self.coded,
            returned=self.returned,
            unreachable=unreachable,
            edited=self.edited,
        )
