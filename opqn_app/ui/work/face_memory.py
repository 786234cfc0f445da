"""Whether faces are remembered, and what is done when that changes or everything is forgotten."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, Signal

from opqn_app.ui.work import jobs

if TYPE_CHECKING:
    from opqn_app.people.no_faces import KeptOfFaces
    from opqn_app.store.library import Library
    from opqn_app.store.records import LibraryStatus
    from opqn_app.ui.work.tasks import Task, TaskRunner


class MemoryHost(Protocol):
    """What has to be known of the session."""

    runner: "TaskRunner"
    library_path: Path

    @property
    def status_read(self) -> Any: ...
    def read(self, job: Any) -> "Task": ...
    def write(self, job: Any) -> "Task": ...
    def index(self, root: Path) -> None: ...
    def cancel_indexing(self) -> None: ...
    def drop_query(self) -> None: ...
    def mark_changed(self) -> None: ...


@dataclass(frozen=True, slots=True)
class KeptNow:
    """What is kept because of faces; pictures: bytes of them that lie outside the library."""

    of_faces: "KeptOfFaces"
    pictures: int


class FaceMemory(QObject):
    """The switch "remember no faces", and forgetting everything. It runs behind what writes now.

    Args:
        searcher: has codes in memory.

    Signals:
        changed: whether faces are remembered (bool), when that was read and is another than before.
        told: what was done, in lines of words (list).
        failed: why it was not done, or not all of it, an exception.

    Attributes:
        is_on: faces are remembered, as far as is known.
    """

    changed = Signal(bool)
    told = Signal(object)
    failed = Signal(object)

    def __init__(self, session: MemoryHost, searcher: jobs.Searcher, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._searcher = session, searcher
        self.is_on = True
        session.status_read.connect(self._on_status)

    def refusal(self, what: str) -> str:
        """Why nothing that keeps pictures of faces is done now, in words; "" where it may be.

        Args:
            what: would keep them: "A report".
        """
        if self.is_on:
            return ""
        return (
            f"{what} would keep pictures of faces, and none are remembered, as you chose. "
            'Settings, "What this program keeps", lets it again.'
        )

    def ask(self, then: Callable[[KeptNow], None]) -> None:
        """Give `then` what would be deleted."""
        task = self._session.read(kept_now)
        task.succeeded.connect(then)
        task.failed.connect(self.failed)

    def turn_off(self) -> None:
        """Delete every face, and let none in; what runs and waits is stopped."""
        self._forget(_turn_off)

    def turn_on(self) -> None:
        """Let faces in, and read the folders from the start."""
        task = self._session.write(_turn_on)
        task.succeeded.connect(self._on_turned_on)
        task.failed.connect(self.failed)

    def forget_everything(self) -> None:
        """Delete all that the library knows; what runs and waits is stopped."""
        self._forget(_forget_everything)

    def _forget(self, job: "Callable[[Library], list[str]]") -> None:
        session = self._session
        session.cancel_indexing()
        session.drop_query()
        task = session.write(job)
        task.succeeded.connect(self.told)
        task.failed.connect(self.failed)
        task.failed.connect(lambda _error: session.mark_changed())  # it may have left traces only
        task.finished.connect(self._drop_codes)

    def _drop_codes(self) -> None:
        if not self._session.runner.is_shut_down:
            self._session.runner.start("query", self._searcher.forget)

    def _on_turned_on(self, roots: list[Path]) -> None:
        self.told.emit(["Faces are remembered again."])
        for root in roots:
            self._session.index(root)

    def _on_status(self, status: "LibraryStatus") -> None:
        if status.remembers_faces != self.is_on:
            self.is_on = status.remembers_faces
            self.changed.emit(self.is_on)


def kept_now(library: "Library") -> KeptNow:
    from opqn_app.exchange.going.no_faces import pictures_outside
    from opqn_app.people.no_faces import kept_of_faces

    pictures = sum(place.size() for place in pictures_outside(library.path))
    return KeptNow(kept_of_faces(library), pictures)


def _turn_off(library: "Library") -> list[str]:
    from opqn_app.exchange.going.faces_in_words import forgotten_in_words
    from opqn_app.exchange.going.no_faces import remember_no_faces

    return forgotten_in_words(remember_no_faces(library))


def _turn_on(library: "Library") -> list[Path]:
    from opqn_app.people.no_faces import remember_faces

    remember_faces(library)
    return [root for root in library.watched_roots() if root.is_dir()]


def _forget_everything(library: "Library") -> list[str]:
    from opqn_app.exchange.going.forgotten_sidecars import forget_everything
    from opqn_app.index.in_words import everything_in_words

    return [everything_in_words(forget_everything(library))]
