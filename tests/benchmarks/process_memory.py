"""Memory of a process and all it has started, sampled while it runs."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Sample:
    """At `seconds` after the start: megabytes of the whole family, and of its largest member.

    Attributes:
        pss: pages that n processes share count 1/n in each, so the sum is what the family takes;
            the sum of RSS where the system does not tell.
        rss: the sum of RSS, in which shared pages count in full for each.
    """

    seconds: float
    pss: float
    rss: float
    largest: float
    processes: int


def sample_family(pid: int, *, every_s: float = 0.25) -> Iterator[Sample]:
    """Samples until the process `pid` has ended."""
    start = time.monotonic()
    parent = psutil.Process(pid)
    while parent.is_running() and parent.status() != psutil.STATUS_ZOMBIE:
        try:
            family = [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        sizes = [size for process in family if (size := _size(process)) is not None]
        if sizes:
            pss, rss = [size[0] for size in sizes], [size[1] for size in sizes]
            seconds = time.monotonic() - start
            yield Sample(seconds, sum(pss), sum(rss), max(pss), len(sizes))
        time.sleep(every_s)


def _size(process: psutil.Process) -> tuple[float, float] | None:
    try:
        rss = process.memory_info().rss / MB
        rollup = Path(f"/proc/{process.pid}/smaps_rollup")
        if not rollup.exists():
            return rss, rss
        for line in rollup.read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024, rss
    except (psutil.Error, OSError):
        pass  # it has just ended
    return None
