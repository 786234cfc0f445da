"""How long the window takes for each click and key: from the event until what it changed is drawn.

Two ends are taken of each. `seen` is when the thread that draws has taken the event and drawn; an
answer has then gone on to the next tile or taken its tile. `done` is when what came of an answer,
which a lane makes, is drawn too. Beside the clock stands the processor time of the thread that
draws and of the lane: on a machine that does other things it says what the clock would say.
"""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

COLUMNS = ("kind", "n", "seen ms", "done ms", "drawing ms", "lane ms")


@dataclass(frozen=True, slots=True)
class Click:
    """One click or key, in seconds.

    Attributes:
        seen: until the thread that draws has drawn what the event itself changes.
        done: until all is drawn; the same as `seen` for what asks no lane.
        drawing: processor time of the thread that draws, until `done`.
        lane: processor time of the lane, until `done`.
    """

    kind: str
    seen: float
    done: float
    drawing: float
    lane: float


class ClickTimes:
    """Times clicks; they stand in `clicks`, in order.

    Args:
        draw: lets the window draw all that waits to be drawn.
        wait: lets things happen until what it is given says so.
        lane: first letters of the name of the lane's thread.
    """

    def __init__(
        self,
        draw: Callable[[], None],
        wait: Callable[[Callable[[], bool]], None],
        lane: str = "lane-people",
    ) -> None:
        self._draw, self._wait, self._lane = draw, wait, lane
        self.clicks: list[Click] = []

    def time(
        self, kind: str, act: Callable[[], object], is_done: Callable[[], bool] | None = None
    ) -> None:
        """Do it, and wait until it is drawn."""
        begun, drawing, lane = time.perf_counter(), time.thread_time(), self._lane_time()
        act()
        self._draw()
        seen = time.perf_counter()
        if is_done is not None:
            self._wait(is_done)
            self._draw()
        done = time.perf_counter() if is_done is not None else seen
        self.clicks.append(
            Click(
                kind,
                seen - begun,
                done - begun,
                time.thread_time() - drawing,
                self._lane_time() - lane,
            )
        )

    def _lane_time(self) -> float:
        threads = (t for t in threading.enumerate() if t.name.startswith(self._lane))
        clocks = (time.pthread_getcpuclockid(t.ident) for t in threads if t.ident is not None)
        return sum(map(time.clock_gettime, clocks))


def figures(clicks: Iterable[Click]) -> dict[str, dict[str, float | list[float]]]:
    """Of each kind: the number, and of each time the median, the 95th percentile and the most."""
    by_kind: dict[str, list[Click]] = {}
    for click in clicks:
        by_kind.setdefault(click.kind, []).append(click)
    return {
        kind: {
            "n": len(some),
            **{
                f"{name}_ms": _three([getattr(click, name) for click in some])
                for name in ("seen", "done", "drawing", "lane")
            },
        }
        for kind, some in by_kind.items()
    }


def table(clicks: Iterable[Click]) -> str:
    """The same for people: median, 95 % and most of each time."""
    lines = [COLUMNS]
    for kind, known in figures(clicks).items():
        times = [known[f"{name}_ms"] for name in ("seen", "done", "drawing", "lane")]
        shown = [" ".join(f"{each:5.0f}" for each in some) for some in times]  # type: ignore[union-attr]
        lines.append((kind, str(known["n"]), *shown))  # type: ignore[arg-type]
    widths = [max(len(line[i]) for line in lines) for i in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(
            word.ljust(width) if i == 0 else word.rjust(width)
            for i, (word, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


def _three(seconds: list[float]) -> list[float]:
    ms = 1000 * np.array(seconds)
    return [round(float(each), 1) for each in (np.median(ms), np.quantile(ms, 0.95), ms.max())]
