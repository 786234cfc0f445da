"""When a folder in which things happen is to be looked at, and how much of it; no files, no time.

Bursts are gathered: a folder is looked at when nothing has happened for a moment. Where it never
rests, it is looked at now and then all the same.
"""

from dataclasses import dataclass

REST_S = 2.0  # so long nothing happens before a folder is looked at, or a new file is read
PATIENCE_S = 60.0  # so long a folder without rest waits at most
MANY = 4096  # events; of so many the system has perhaps lost some


@dataclass(slots=True)
class Unrest:
    """What happened below one folder since it was last found as it should be.

    Attributes:
        folder: what holds all that happened, a path from the root; None while nothing has.
        first, last: when it began, and the newest; in seconds of any clock.
        count: how many events.
        has_left: a folder is not where it was.
    """

    folder: str | None = None
    first: float = 0.0
    last: float = 0.0
    count: int = 0
    has_left: bool = False

    def note(self, folder: str, now: float, *, has_left: bool = False) -> None:
        """Something has happened below a folder, "" for the root."""
        if self.folder is None:
            self.folder, self.first = folder, now
        else:
            self.folder = common_folder(self.folder, folder)
        self.last = now
        self.count += 1
        self.has_left |= has_left

    @property
    def due_at(self) -> float:
        """When to look, if nothing else happens."""
        return min(self.last + REST_S, self.first + PATIENCE_S)

    def is_late(self, now: float) -> bool:
        """It did not rest for so long that one has to look all the same."""
        return now >= self.first + PATIENCE_S


def common_folder(one: str, other: str) -> str:
    """The innermost folder that holds both, as paths from the root."""
    shared = []
    for a, b in zip(one.split("/"), other.split("/"), strict=False):
        if a != b:
            break
        shared.append(a)
    return "/".join(shared)
