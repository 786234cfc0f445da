"""A watcher on a library of its own: with made events and a clock that a test turns, or real."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from opqn_app.engine import Engine
from opqn_app.index.folder_events import NoMoreWatches
from opqn_app.index.indexing import IndexReport, index_folder
from opqn_app.index.looking import nearest_folder
from opqn_app.index.watching import Found, Watcher
from tests.index.photo_disk import run_to_end
from tests.library_fakes import fake_engine


class MadeEvents:
    """Remembers what is watched; a test calls `Watcher.note` itself."""

    def __init__(self) -> None:
        self.added: list[Path] = []
        self.watched: set[Path] = set()
        self.room = True
        self.fits = True

    def add(self, root: Path) -> None:
        if not self.fits:
            raise NoMoreWatches
        self.added.append(root)
        self.watched.add(root)

    def has_room(self) -> bool:
        return self.room

    def remove(self, root: Path) -> None:
        self.watched.discard(root)

    def close(self) -> None:
        self.watched.clear()


class WatchRoom:
    """What is found is indexed by `run`, as the window would do it."""

    def __init__(self, library: Path, *roots: Path) -> None:
        self.library, self.roots = library, roots
        self.events, self.now, self.is_on_battery = MadeEvents(), 1000.0, False
        self.founds: list[Found] = []
        self.n_reach = self.n_ways = 0
        self.watcher = Watcher(
            library,
            self,
            make_events=lambda _note: self.events,
            clock=lambda: self.now,
            on_battery=lambda: self.is_on_battery,
        )
        self.watcher.watch(roots)

    def found(self, found: Found) -> None:
        self.founds.append(found)

    def reach_changed(self) -> None:
        self.n_reach += 1

    def ways_changed(self) -> None:
        self.n_ways += 1

    def wait(self, seconds: float) -> None:
        """Let time pass in steps of half a second, with a step of the watcher in each."""
        for _ in range(int(2 * seconds)):
            self.watcher.step()
            self.now += 0.5
        self.watcher.step()

    def note(self, path: Path, *, has_left: bool = False) -> None:
        """Something happened in a folder."""
        (root,) = [root for root in self.roots if path.is_relative_to(root)]
        place = path.relative_to(root).as_posix()
        self.watcher.note(root, "" if place == "." else place, has_left)

    def run(self, found: Found | None = None, *, engine: Engine | None = None) -> IndexReport:
        """The run that was asked for last."""
        found = found or self.founds[-1]
        report = index(self.library, found, engine or fake_engine(n_faces=1))
        self.watcher.ended(found.root)
        return report


class LiveRoom:
    """The real thing: threads, events of the system, and a run whenever one is asked for."""

    def __init__(self, library: Path, make_engine: Callable[[], Engine], *roots: Path) -> None:
        self.library, self._make_engine = library, make_engine
        self.runs: list[IndexReport] = []
        self.ended_at = 0.0  # the last of them
        self._rest = threading.Event()
        self.watcher = Watcher(library, self, on_battery=lambda: False)
        self.watcher.watch(roots)

    def __enter__(self) -> "LiveRoom":
        self.watcher.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.watcher.close()

    def found(self, found: Found) -> None:
        self.runs.append(index(self.library, found, self._make_engine()))
        self.ended_at = time.perf_counter()
        self.watcher.ended(found.root)

    def reach_changed(self) -> None:
        pass

    def ways_changed(self) -> None:
        pass

    def wait_for(self, is_so: Callable[[], bool], seconds: float = 60) -> None:
        """Until something is so; only a test that fails waits to the end."""
        for _ in range(int(20 * seconds)):
            if is_so():
                return
            self._rest.wait(0.05)
        raise AssertionError("it never became so")


def index(library: Path, found: Found, engine: Engine) -> IndexReport:
    folder = nearest_folder(found.root, found.folder)
    return run_to_end(index_folder(library, folder, engine, settled=found.settled))
