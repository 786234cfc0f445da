"""What the system tells of changes below folders, by the package watchdog.

An event says where to look, and no more: some are late, and some are lost. So events of the same
kind, and those of names that no scan would look at, are passed over here.
"""

import errno
import logging
import sys
from collections.abc import Callable
from pathlib import Path

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from opqn_app.core.scratch import scratch_folder
from opqn_app.vision.photo_folder import PHOTO_SUFFIXES, SKIP_MARKERS, is_left_out_folder

logger = logging.getLogger(__name__)

WATCH_LIMIT = Path("/proc/sys/fs/inotify/max_user_watches")

# Linux tells when a file that was written is closed, and of each write: the first is enough. That
# a file was opened and read is never asked for: a run would hear of itself.
_KINDS: list[type[FileSystemEvent]] = [
    *(FileCreatedEvent, FileClosedEvent, FileMovedEvent, FileDeletedEvent),
    *(DirCreatedEvent, DirMovedEvent, DirDeletedEvent),
]
if not sys.platform.startswith("linux"):
    _KINDS.append(FileModifiedEvent)


class NoMoreWatches(Exception):
    """The system lets this user watch no more folders."""


Note = Callable[[Path, str, bool], None]


class FolderEvents:
    """Watches folders with all that is below them, links not followed.

    Args:
        note: is called on a thread of watchdog with the root, the folder to look at as a path from
            it, and whether a folder has left its place.
    """

    def __init__(self, note: Note) -> None:
        self._note = note
        self._observer: BaseObserver | None = None
        self._watches: dict[Path, ObservedWatch] = {}

    def add(self, root: Path) -> None:
        """Watch a folder, anew if it is watched already.

        Raises:
            NoMoreWatches: not all of it can be watched; then none of it is.
            OSError: the folder can't be watched at all.
        """
        self.remove(root)
        try:
            observer = self._started()
            handler = _Handler(root, self._note)
            self._watches[root] = _schedule(observer, handler, root, is_recursive=True)
            # Where the limit is reached below the root, watchdog says nothing.
            self._try_one_more(observer)
        except OSError as error:
            self.remove(root)
            if error.errno in (errno.ENOSPC, errno.EMFILE):
                raise NoMoreWatches from error
            raise

    def has_room(self) -> bool:
        """Whether one more folder can be watched, so that new ones are seen."""
        try:
            self._try_one_more(self._started())
        except OSError:
            return False
        return True

    def remove(self, root: Path) -> None:
        """Watch a folder no longer; nothing for one that is not watched."""
        watch = self._watches.pop(root, None)
        if watch is not None and self._observer is not None:
            self._observer.unschedule(watch)

    def close(self) -> None:
        """Watch nothing any more, and end all threads."""
        observer, self._observer = self._observer, None
        self._watches.clear()
        if observer is not None:
            observer.stop()
            observer.join()

    def _started(self) -> BaseObserver:
        if self._observer is None:
            observer = Observer()
            observer.start()
            self._observer = observer
        return self._observer

    def _try_one_more(self, observer: BaseObserver) -> None:
        with scratch_folder() as folder:
            watch = _schedule(observer, FileSystemEventHandler(), folder, is_recursive=False)
            observer.unschedule(watch)


def _schedule(
    observer: BaseObserver, handler: FileSystemEventHandler, folder: Path, *, is_recursive: bool
) -> ObservedWatch:
    return observer.schedule(handler, str(folder), recursive=is_recursive, event_filter=_KINDS)


class _Handler(FileSystemEventHandler):
    def __init__(self, root: Path, note: Note) -> None:
        self._root, self._note = root, note

    def on_any_event(self, event: FileSystemEvent) -> None:
        is_gone = event.is_directory and isinstance(event, (DirDeletedEvent, DirMovedEvent))
        for path in (event.src_path, event.dest_path):
            text = path if isinstance(path, str) else bytes(path).decode(errors="surrogateescape")
            place = place_of(self._root, text, is_folder=event.is_directory) if text else None
            if place is not None:
                self._note(self._root, place, is_gone)


def place_of(root: Path, text: str, *, is_folder: bool) -> str | None:
    """The folder to look at for an event, as a path from the root; None for no scan's business."""
    path = Path(text)
    if not path.is_relative_to(root):
        return None
    parts = path.relative_to(root).parts
    above = parts if is_folder else parts[:-1]
    if any(map(is_left_out_folder, above, (root.name, *above))):
        return None
    if is_folder:
        return "/".join(above[:-1])
    name = path.name
    is_photo = not name.startswith(".") and path.suffix.lower() in PHOTO_SUFFIXES
    return "/".join(above) if is_photo or name in SKIP_MARKERS else None
