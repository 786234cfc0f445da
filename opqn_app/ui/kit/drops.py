"""What was dropped or pasted: photos, folders, or bare pixels from a browser."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QImage


@dataclass(frozen=True, slots=True, eq=False)
class Dropped:
    """Attributes:
    photos: local files; whether they can be read shows when they are opened.
    folders: local folders.
    image: pixels, if there is no local file.
    n_elsewhere: addresses that are not on this computer; they are never fetched.
    """

    photos: tuple[Path, ...] = ()
    folders: tuple[Path, ...] = ()
    image: QImage | None = None
    n_elsewhere: int = 0

    @property
    def has_query(self) -> bool:
        return bool(self.photos) or self.image is not None


def can_take(data: QMimeData) -> bool:
    """Whether a drag is worth accepting; cheap, called while the mouse moves."""
    return data.hasUrls() or data.hasImage()


def read(data: QMimeData) -> Dropped:
    """Sort out a drop or the clipboard; a file goes before pixels, since it has more detail."""
    local = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    elsewhere = sum(not url.isLocalFile() for url in data.urls())
    folders = tuple(path for path in local if path.is_dir())
    photos = tuple(path for path in local if not path.is_dir())
    image = None
    if not local and data.hasImage():
        candidate = QImage(data.imageData())
        image = None if candidate.isNull() else candidate
    return Dropped(photos, folders, image, 0 if image is not None else elsewhere)


def hint(data: QMimeData, *, has_query: bool) -> str:
    """What a drop on the window would do."""
    dropped = read(data) if data.hasUrls() else None
    if dropped is not None and dropped.folders and not dropped.photos:
        return "Drop to add this folder to your library"
    if has_query:
        return "Drop to search for this face\nHold Ctrl to add it to the search"
    return "Drop to search for this face"
