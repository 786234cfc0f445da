"""Watch the folders of a library, and tell when a run over one would have something to do.

Events only say where to look. Whether something has changed, the comparison of disk and library
says; so an event that is lost or wrong costs time and no photo. All of it happens in one thread,
which sleeps until an event comes, and looks twice a minute whether each folder is still there.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path
from typing import Literal, Protocol

from opqn_app.core.errors import OpqnError
from opqn_app.core.machine import is_on_battery
from opqn_app.index.looking import Look, at_rest, look_at
from opqn_app.index.mounts import tells_of_changes
from opqn_app.index.unrest import MANY, REST_S, Unrest
from opqn_app.store.unreachable import is_available
from opqn_app.vision.photo_folder import PhotoFile, stat_photo

logger = logging.getLogger(__name__)

TICK_S = 30.0  # how often to see whether a folder is there, and on what power the machine runs
POLL_S = 300.0  # how often to look at a folder of which no events come
POLL_SHARE = 50  # a look that took a second is not repeated within so many
RETRY_S = 300.0  # after a run that failed, as when another program writes the library

# How a folder is watched: by the system's events; looked at now and then since it lies on a share,
# since the system allows no more watches, or since links in it lead to other places.
How = Literal["events", "share", "limit", "links"]


@dataclass(frozen=True, slots=True)
class Found:
    """A folder that differs from the library.

    Attributes:
        root, folder: of the library, and the part of it that a run has to go over.
        settled: the new and changed files that are not being written any more.
    """

    root: Path
    folder: Path
    settled: frozenset[PhotoFile]


class Events(Protocol):
    """See folder_events.FolderEvents."""

    def add(self, root: Path) -> None: ...
    def has_room(self) -> bool: ...
    def remove(self, root: Path) -> None: ...
    def close(self) -> None: ...


class Listener(Protocol):
    """Whoever is told; called on the thread of the watcher."""

    def found(self, found: Found) -> None:
        """A run should begin; until `Watcher.ended` its root is left alone."""

    def reach_changed(self) -> None:
        """A folder was taken away, or is there again."""

    def ways_changed(self) -> None:
        """`Watcher.ways` or `Watcher.is_resting` says something else."""


@dataclass(slots=True)
class _Place:
    """A root and what is known of it now."""

    root: Path
    way: How | None = None  # None: not connected yet
    identity: tuple[int, int, bool] | None = None
    unrest: Unrest = field(default_factory=Unrest)
    taken: Unrest = field(default_factory=Unrest)  # what `seen` is the answer to
    seen: Look | None = None
    seen_at: float = 0.0
    told: Look | None = None  # what the last run was begun for
    next_look: float = inf


class Watcher:
    """Watches folders, once `start` was called.

    Args:
        make_events: gets what notes an event; None takes the system's by watchdog.
        on_battery: whether the machine runs on its battery; then nothing is looked at.
    """

    def __init__(
        self,
        library_path: Path,
        listener: Listener,
        *,
        make_events: Callable[[Callable[[Path, str, bool], None]], Events] | None = None,
        clock: Callable[[], float] = time.monotonic,
        on_battery: Callable[[], bool] = is_on_battery,
    ) -> None:
        self._library, self._listener = library_path, listener
        self._make_events, self._clock, self._on_battery = make_events, clock, on_battery
        self._events: Events | None = None
        self._news = threading.Condition()  # guards what other threads change
        self._wanted: tuple[Path, ...] = ()
        self._excludes: tuple[str, ...] = ()
        self._places: dict[Path, _Place] = {}
        self._running: set[Path] = set()
        self._stopped: set[Path] = set()  # by the user: only they begin again
        self._was_told = False  # since the last step began
        self._next_tick = -inf
        self._is_ended = False
        self._thread: threading.Thread | None = None
        self.is_resting = False  # on battery

    # What others say, on any thread

    def watch(self, roots: Sequence[Path], excludes: Sequence[str] = ()) -> None:
        """Watch these folders and no others. Each that is new is looked at once."""
        with self._news:
            self._wanted, self._excludes = tuple(roots), tuple(excludes)
            self._wake()

    def begun(self, root: Path) -> None:
        """A run over a root has begun, whoever asked for it."""
        with self._news:
            self._running.add(root)
            self._stopped.discard(root)

    def ended(self, root: Path, *, failed: bool = False) -> None:
        """That run is over. What happened meanwhile is looked at now."""
        with self._news:
            self._running.discard(root)
            place = self._places.get(root)
            if place is not None and failed:
                place.told, place.next_look = None, self._clock() + RETRY_S
            self._wake()

    def stopped(self, root: Path) -> None:
        """The user has stopped a run over a root, or a wish for one: nothing begins it again."""
        with self._news:
            self._running.discard(root)
            self._stopped.add(root)

    def allowed(self, root: Path) -> None:
        """The user wants a root to be watched, though they have stopped a run over it."""
        with self._news:
            self._stopped.discard(root)
            self._wake()

    def ways(self) -> dict[Path, How]:
        """How each folder is watched, of those where that is known by now."""
        with self._news:
            return {root: each.way for root, each in self._places.items() if each.way is not None}

    def note(self, root: Path, folder: str, has_left: bool = False) -> None:
        """Something happened below a folder of a root, "" for the root itself."""
        with self._news:
            place = self._places.get(root)
            if place is not None:
                is_first = place.unrest.folder is None
                place.unrest.note(folder, self._clock(), has_left=has_left)
                if is_first:
                    self._wake()

    def _wake(self) -> None:
        self._was_told = True
        self._news.notify()

    # The thread

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="lane-watch", daemon=True)
        self._thread.start()

    def close(self, patience_s: float = 5.0) -> None:
        """End the thread; a share that does not answer is not waited for."""
        with self._news:
            self._is_ended = True
            self._wake()
        if self._thread is not None:
            self._thread.join(patience_s)

    def _run(self) -> None:
        try:
            while not self._is_ended:
                try:
                    wait_s = self.step()
                except Exception:
                    logger.exception("watching folders met a fault")
                    wait_s = TICK_S
                with self._news:
                    if not self._was_told:
                        self._news.wait(min(wait_s, TICK_S))
        finally:
            if self._events is not None:
                self._events.close()

    def step(self) -> float:
        """Do what is due.

        Returns:
            Seconds until more is due, if nothing is said meanwhile.
        """
        self._follow_wishes()
        now = self._clock()
        if now >= self._next_tick:
            self._next_tick = now + TICK_S
            self._tick(now)
        self._suspect_all()
        next_at = min((self._serve(place) for place in self._all()), default=inf)
        return max(0.0, min(next_at, self._next_tick) - self._clock())

    def _all(self) -> list[_Place]:
        with self._news:
            return list(self._places.values())

    def _follow_wishes(self) -> None:
        with self._news:
            self._was_told = False
            wanted = set(self._wanted)
            dropped = [root for root in self._places if root not in wanted]
            for root in dropped:
                del self._places[root]
            fresh = [_Place(root) for root in self._wanted if root not in self._places]
            self._places |= {place.root: place for place in fresh}
        for root in dropped:
            if self._events is not None:
                self._events.remove(root)
        for place in fresh:
            place.identity = _identity(place.root)
            self._connect(place)
            self._note_all(place)
        if dropped or fresh:
            self._listener.ways_changed()

    def _note_all(self, place: _Place) -> None:
        """All of a root is to be looked at, at once."""
        with self._news:
            place.unrest.note("", self._clock() - REST_S)
            place.unrest.count -= 1  # that was no event

    def _tick(self, now: float) -> None:
        is_resting = self._on_battery()
        if is_resting != self.is_resting:
            self.is_resting = is_resting
            self._listener.ways_changed()
        for place in self._all():
            if now >= place.next_look:
                place.next_look = inf
                self._note_all(place)
            identity = _identity(place.root)
            if identity != place.identity:
                place.identity = identity
                self._connect(place)
                self._note_all(place)
                self._listener.reach_changed()

    def _suspect_all(self) -> None:
        """After so many events that the system may have dropped some, of any folder."""
        with self._news:
            many = [place for place in self._places.values() if place.unrest.count >= MANY]
            for place in many:
                place.unrest.count = 0
            for place in self._places.values() if many else ():
                place.unrest.note("", self._clock())

    # Events

    def _connect(self, place: _Place) -> None:
        """Watch a root by events, anew if it is, or see that it is looked at now and then."""
        if self._events is None:
            self._events = self._made_events()
        if place.identity is None or tells_of_changes(place.root) is False:
            self._events.remove(place.root)
            if place.identity is not None:
                self._use_way(place, "share")
        elif place.way != "limit":
            self._use_way(place, self._add(place.root, place.way or "events"))

    def _made_events(self) -> Events:
        if self._make_events is not None:
            return self._make_events(self.note)
        from opqn_app.index.folder_events import FolderEvents

        return FolderEvents(self.note)

    def _add(self, root: Path, way: How) -> How:
        from opqn_app.index.folder_events import NoMoreWatches

        assert self._events is not None
        try:
            self._events.add(root)
        except NoMoreWatches:
            return "limit"
        except OSError as error:  # it has gone, or may not be read: the next tick says more
            logger.info("a folder can't be watched: %s", error.strerror)
        return "events" if way == "share" else way

    def _use_way(self, place: _Place, way: How) -> None:
        if way != place.way:
            place.way = way
            self._listener.ways_changed()

    def _check_way(self, place: _Place, look: Look, *, had_events: bool) -> None:
        """After a look: links lead where no events come from, and new folders need watches."""
        assert self._events is not None
        if place.way not in ("events", "links"):
            return
        is_greedy = look.n_folders > watches_of_one_folder()
        if is_greedy or (had_events and not self._events.has_room()):
            self._events.remove(place.root)
            self._use_way(place, "limit")
        elif look.folder == look.root:
            self._use_way(place, "links" if look.has_links else "events")

    # Looking

    def _serve(self, place: _Place) -> float:
        """Look at a place if it is due; returns when it is due again."""
        now = self._clock()
        if now >= place.next_look:
            place.next_look = inf
            self._note_all(place)
        if place.root in self._running | self._stopped or self.is_resting:
            if place.seen is not None:
                self._give_back(place)
            return inf
        if place.seen is None:
            if place.unrest.folder is None:
                return place.next_look
            if now < place.unrest.due_at:
                return place.unrest.due_at
            self._look(place, now)
            if place.seen is None:
                return place.next_look
        elif now >= place.seen_at + REST_S:
            self._look_again(place, now)
        return place.seen_at + REST_S if place.seen is not None else now

    def _look(self, place: _Place, now: float) -> None:
        """Compare with the library. New files are told of only after they have rested."""
        with self._news:
            taken, place.unrest = place.unrest, Unrest()
        if taken.has_left and place.way in ("events", "links"):
            self._connect(place)  # the watch would stay on the folder that has left
        began = self._clock()
        look = self._looked(place, taken)
        took = self._clock() - began
        if look is not None:
            self._check_way(place, look, had_events=taken.count > 0)
        if place.way != "events" or tells_of_changes(place.root) is None:
            place.next_look = self._clock() + max(POLL_S, POLL_SHARE * took)
        if look is None or not look.differs:
            place.told = None
        elif not look.says_same(place.told):  # a run that changes nothing is not repeated
            place.taken, place.seen, place.seen_at = taken, look, self._clock()
            if not look.pending:
                self._tell(place, look.pending)

    def _looked(self, place: _Place, taken: Unrest) -> Look | None:
        try:
            folder = place.root / (taken.folder or "")
            return look_at(
                self._library, place.root, folder, self._excludes, lambda: not self._is_ended
            )
        except (OpqnError, OSError) as error:
            logger.warning("a folder can't be compared with the library: %s", error)
            place.next_look = self._clock() + RETRY_S
            return None

    def _look_again(self, place: _Place, now: float) -> None:
        """At the files only: tell of the folder if they rest, or if it has not rested for long."""
        look = place.seen
        assert look is not None
        resting = at_rest(place.root, look.pending)
        has_news = place.unrest.folder is not None
        if place.taken.is_late(now) or (resting == look.pending and not has_news):
            self._tell(place, resting)
        elif has_news:
            self._give_back(place)
        else:  # still growing
            found = (stat_photo(place.root, file.rel_path) for file in look.pending)
            pending = frozenset(file for file in found if file is not None)
            place.seen, place.seen_at = replace(look, pending=pending), now

    def _give_back(self, place: _Place) -> None:
        """What was looked at is to be looked at again, together with what happened since."""
        taken = place.taken
        with self._news:
            since, place.unrest, place.seen = place.unrest, taken, None
            taken.has_left = False
            if since.folder is not None:
                taken.note(since.folder, since.last, has_left=since.has_left)

    def _tell(self, place: _Place, resting: frozenset[PhotoFile]) -> None:
        look, place.seen = place.seen, None
        assert look is not None
        left = look.pending - resting
        if left:
            with self._news:
                place.unrest.note(place.taken.folder or "", self._clock())
        if not (resting or look.others):
            return
        place.told = look
        with self._news:
            self._running.add(place.root)
        self._listener.found(Found(place.root, look.folder, resting))


def watches_of_one_folder() -> float:
    """How many folders below one root are watched at most: other programs need watches too."""
    from opqn_app.index.folder_events import WATCH_LIMIT

    try:
        return int(WATCH_LIMIT.read_text(encoding="ascii")) / 2
    except (OSError, ValueError):
        return inf


def _identity(root: Path) -> tuple[int, int, bool] | None:
    """Changes where a disk comes or goes, or another folder takes the place."""
    try:
        found = root.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, is_available(root, has_photos=True)
