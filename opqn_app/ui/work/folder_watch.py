"""Keeps the folders of the library up to date while the window is open; see index.watching."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, Signal

from opqn_app.core.settings import Settings

if TYPE_CHECKING:
    from opqn_app.index.watching import Found, How, Watcher
    from opqn_app.store.library import Library
    from opqn_app.ui.work.tasks import Task, TaskRunner


class WatchHost(Protocol):
    """What the watch has to know of the session."""

    settings: Settings
    library_path: Path
    runner: "TaskRunner"

    @property
    def indexing_root(self) -> Path | None: ...
    @property
    def is_unasked(self) -> bool: ...
    @property
    def status_read(self) -> Any: ...
    @property
    def settings_changed(self) -> Any: ...
    @property
    def engine_ready(self) -> Any: ...
    @property
    def indexing_started(self) -> Any: ...
    @property
    def indexing_finished(self) -> Any: ...
    @property
    def indexing_cancelled(self) -> Any: ...
    @property
    def indexing_failed(self) -> Any: ...
    def read(self, job: Any) -> "Task": ...
    def index_found(self, found: "Found") -> None: ...
    def mark_changed(self) -> None: ...


class _Ear(QObject):
    """Takes what the thread of the watcher says to the thread of the window."""

    heard = Signal(object)
    reached = Signal()
    altered = Signal()

    def found(self, found: "Found") -> None:
        self.heard.emit(found)

    def reach_changed(self) -> None:
        self.reached.emit()

    def ways_changed(self) -> None:
        self.altered.emit()


class FolderWatch(QObject):
    """Begins a run where photos came, changed or went, by the folder's own switch.

    Signals:
        changed: a folder is watched in another way, or no longer.
        failed: why a switch holds for this time only, an exception.

    Attributes:
        is_resting: nothing is looked at, since the computer runs on its battery.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(self, session: WatchHost, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._watcher: Watcher | None = None
        self._is_wanted = False
        self._switches: dict[Path, bool] = {}
        self._unwritten: dict[Path, bool] = {}  # of them: the library does not say so, or not yet
        self._ways: dict[Path, How] = {}
        self._by_itself: set[Path] = set()
        self._stopped: set[Path] = set()  # by the user, perhaps before there was a watcher
        self.is_resting = False
        session.status_read.connect(lambda _status: self._read())
        session.settings_changed.connect(lambda _settings: self._follow())
        session.engine_ready.connect(lambda _engine: self._begin())
        session.indexing_started.connect(self._on_started)
        session.indexing_finished.connect(lambda root, _report: self._on_ended(root))
        session.indexing_failed.connect(lambda root, _error: self._on_ended(root, failed=True))
        session.indexing_cancelled.connect(lambda root: self.stop_for([root]))

    def start(self) -> None:
        """Watch from now on, as soon as there is an engine; each folder is looked at first."""
        self._is_wanted = True

    def switch(self, root: Path, *, is_on: bool) -> None:
        """Watch a folder or not, now and after the next start."""
        self._switches[root] = is_on
        self._stopped.discard(root)
        if is_on and self._watcher is not None:
            self._watcher.allowed(root)
        self._follow()
        self.changed.emit()
        self._unwritten[root] = is_on
        task = self._session.runner.start(
            "read", keep_switch, self._session.library_path, root, is_on=is_on
        )
        task.failed.connect(self.failed)
        task.succeeded.connect(lambda _done: self._on_written(root, is_on))

    def is_on(self, root: Path) -> bool:
        """Whether a folder is to be watched."""
        return self._switches.get(root, True)

    def ways(self) -> dict[Path, "How"]:
        """How each folder is watched now, of those that are."""
        return {root: way for root, way in self._ways.items() if self.is_on(root)}

    def way_of(self, root: Path) -> "How | None":
        """How a folder is watched now; None where it is not, or not yet."""
        return self.ways().get(root)

    def began(self, root: Path) -> bool:
        """Whether the run over a root, now or the last one, was begun by this and nobody else."""
        return root in self._by_itself

    def stop_for(self, roots: Iterable[Path]) -> None:
        """The user has stopped runs over these, or no longer wants them."""
        for root in roots:
            self._stopped.add(root)
            if self._watcher is not None:
                self._watcher.stopped(root)

    def shut_down(self) -> None:
        self._is_wanted = False
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.close()

    def _begin(self) -> None:
        if self._watcher is not None or not self._is_wanted:
            return
        from opqn_app.index.watching import Watcher

        self._ear = _Ear(self)
        self._ear.heard.connect(self._on_found)
        self._ear.reached.connect(self._session.mark_changed)
        self._ear.altered.connect(self._on_ways)
        self._watcher = Watcher(self._session.library_path, self._ear)
        for root in self._stopped:
            self._watcher.stopped(root)
        if self._session.indexing_root is not None:
            self._watcher.begun(self._session.indexing_root)
        self._follow()
        self._watcher.start()

    def _read(self) -> None:
        if self._is_wanted:
            task = self._session.read(switches_of)
            task.succeeded.connect(self._on_switches)

    def _on_written(self, root: Path, is_on: bool) -> None:
        if self._unwritten.get(root) is is_on:
            del self._unwritten[root]
        self._session.mark_changed()

    def _on_switches(self, switches: dict[Path, bool]) -> None:
        switches |= {root: on for root, on in self._unwritten.items() if root in switches}
        if switches != self._switches:
            self._switches = switches
            self._follow()
            self.changed.emit()

    def _follow(self) -> None:
        if self._watcher is not None:
            roots = [root for root, is_on in self._switches.items() if is_on]
            self._watcher.watch(roots, self._session.settings.excludes)

    def _on_ways(self) -> None:
        if self._watcher is not None:
            self._ways, self.is_resting = self._watcher.ways(), self._watcher.is_resting
            self.changed.emit()

    def _on_found(self, found: "Found") -> None:
        if self._watcher is None:
            return
        if self.is_on(found.root):
            self._session.index_found(found)
        else:  # it was switched off meanwhile
            self._watcher.ended(found.root)

    def _on_started(self, root: Path) -> None:
        (self._by_itself.add if self._session.is_unasked else self._by_itself.discard)(root)
        self._stopped.discard(root)
        if self._watcher is not None:
            self._watcher.begun(root)

    def _on_ended(self, root: Path, *, failed: bool = False) -> None:
        if self._watcher is not None:
            self._watcher.ended(root, failed=failed)


def switches_of(library: "Library") -> dict[Path, bool]:
    """Of each folder whether it is watched; none is where no faces are remembered."""
    return library.watched_roots() if library.faces_switch.is_on else {}


def keep_switch(path: Path, root: Path, *, is_on: bool) -> None:
    """Write down whether a folder is watched; a run that writes meanwhile is not waited for."""
    from opqn_app.store.library import Library

    with Library.open_to_decide(path) as library:
        library.watch_root(root, is_watched=is_on)
