"""Every place this program writes to by itself: what lies there, and why it is kept.

`opqn privacy`, the window's page, `opqn verify` and the search for what forgetting left all ask
here. Who makes a new file of the program's own adds its place.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from glob import escape
from pathlib import Path

from opqn_app.core import crash_reports, paths


@dataclass(frozen=True, slots=True)
class Place:
    """Files of one purpose.

    Attributes:
        key: names it in JSON.
        title: names it for people.
        folder: what holds the files.
        patterns: of files and folders in `folder`; a folder counts with all below it.
        holds, why: a sentence or two for people.
        has_faces: pictures, codes or places of faces, or names, are kept in it.
        is_personal: others may not read it. They may read compiled code.
        if_deleted: what it means to delete it by itself; "" where that is not offered.
    """

    key: str
    title: str
    folder: Path
    patterns: tuple[str, ...]
    holds: str
    why: str
    has_faces: bool = False
    is_personal: bool = True
    if_deleted: str = ""

    def entries(self) -> Iterator[Path]:
        """Every file and folder of it; what vanishes meanwhile, or can't be listed, is left out."""
        for pattern in self.patterns:
            for found in sorted(self.folder.glob(pattern)):
                yield found
                if found.is_dir() and not found.is_symlink():
                    yield from sorted(found.rglob("*"))

    def files(self) -> Iterator[Path]:
        return (each for each in self.entries() if each.is_file() and not each.is_symlink())

    def size(self) -> int:
        """Bytes of its files."""
        return sum(_size(file) for file in self.files())

    def delete(self) -> None:
        """Delete all of it."""
        for entry in [each for pattern in self.patterns for each in self.folder.glob(pattern)]:
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink(missing_ok=True)


def places(library: Path) -> list[Place]:
    """All of them, for the library at this path; the first is the library itself."""
    return places_in(library, paths.data_dir(), paths.cache_dir(), paths.log_dir())


def places_in(library: Path, data: Path, cache: Path, log: Path) -> list[Place]:
    """`places` of a program that keeps its data, caches and logs in these folders."""
    name = escape(library.name)
    beside = tuple(f"{name}{end}" for end in _BESIDE)
    return [
        Place(
            "library",
            "The library",
            library.parent,
            beside,
            "Of each photo its path, size, dates and checksums. Of each face its place in the "
            "photo, a picture of 112 × 112 pixels and a code. What you said about who is who, and "
            "your saved searches.",
            "Searching compares the codes. The small pictures are shown while the photos are away, "
            "and give another model its codes. The photos are not in it.",
            has_faces=True,
        ),
        Place(
            "copies",
            "Copies before an update",
            library.parent,
            (f"{name}.before-*",),
            "The whole library, as it was before a new version changed its form.",
            "In case the change fails. Whenever something is forgotten, they are deleted.",
            has_faces=True,
            if_deleted="The library itself stays. What it was before the update is gone.",
        ),
        Place(
            "damaged",
            "Damaged libraries",
            library.parent,
            (f"{name}.damaged-*",),
            "A library that could not be read any more and was repaired, or that a backup took the "
            "place of: all that a library holds.",
            "In case something more can be saved from it. After 30 days, or when something is "
            "forgotten, it is deleted.",
            has_faces=True,
        ),
        Place(
            "backups",
            "Backups",
            library.parent,
            (f"{name}.backups",),
            "What you said about who is who, the names, the paths of your folders, and your saved "
            "searches. No pictures and no codes.",
            "In case the library is lost or damaged. One a day for a week, one a week for a month. "
            "What is forgotten is taken out of them.",
            has_faces=True,
        ),
        Place(
            "settings",
            "Settings",
            data,
            ("settings.json*", "window.ini*", "window.key"),
            "What you chose in the settings, the size of the window, the folders you last exported "
            "to, and a random key.",
            "So that you need not choose it again. By the key a second start finds the window that "
            "is open.",
        ),
        Place(
            "sidecars",
            "XMP files as they were",
            data,
            ("sidecars",),
            "XMP files beside your photos as they were before names were written to them, and "
            "where they lie.",
            "So that writing names can be undone. What is forgotten goes from here too.",
            has_faces=True,
        ),
        Place(
            "evaluations",
            "Reports of evaluations",
            data,
            ("evaluations",),
            "Figures, and pictures of faces of the photos that were evaluated.",
            "So that you can look at them again. Only the newest twenty are kept.",
            has_faces=True,
            if_deleted="The reports are gone. The photos that were evaluated are not touched.",
        ),
        Place(
            "crops",
            "Face crops to train on",
            data,
            ("crops",),
            "Faces cut out of the labelled photos you chose on the Train page, in a folder for "
            "each person.",
            "A model is trained on them.",
            has_faces=True,
            if_deleted="They have to be cut out again before a model is trained on them. The "
            "photos are not touched.",
        ),
        Place(
            "runs",
            "Training",
            data,
            ("runs", "models"),
            "Models that were trained or imported, with the figures of their training and the "
            "names of pictures that took no part.",
            "Searching uses the model you choose.",
        ),
        Place(
            "cache",
            "Compiled networks and loops",
            cache,
            ("networks", "numba"),
            "The program's networks and search loops, made ready for this processor. Nothing of "
            "your photos.",
            "The program starts faster. The folder may be emptied while the program does not run.",
            is_personal=False,
        ),
        Place(
            "temporary",
            "Temporary files",
            cache,
            ("opqn-*", "tmp*"),
            "What a run needs while it lasts, such as a copy of another program's database.",
            "They are deleted when the run ends. If it was killed, the next run deletes them.",
            has_faces=True,
        ),
        Place(
            "log",
            "Log",
            log,
            ("opqn.log*", "crash.log"),
            "When the program did what, and where in the program something went wrong. No names, "
            "no paths of photos, no faces.",
            "To find out why something went wrong. The program sends it to nobody.",
        ),
        Place(
            "crashes",
            "Reports of faults",
            log,
            (crash_reports.FOLDER,),
            "Where in the program a fault of its own was met. No names, no paths of photos, no "
            "faces. The newest ten are kept.",
            "You can read one, and pass it on if you like. The program sends it to nobody.",
            if_deleted="What is known of faults so far is gone.",
        ),
    ]


_BESIDE = ("", "-wal", "-shm", "-journal", ".lock", ".writer.json", ".new", ".new-*")


def written_files(library: Path) -> Iterator[Path]:
    """Every file in these places."""
    for place in places(library):
        yield from place.files()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
