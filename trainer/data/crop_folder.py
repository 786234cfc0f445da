"""The folder `opqn prepare` fills: crops, each written in one step, and what became of each photo.

A crop is written beside its place and moved there, then its line goes into the journal: a kill at
any moment leaves whole crops only, and costs the photos that were under way.
"""

import hashlib
import shutil
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import TextIO

from filelock import FileLock, Timeout
from PIL import Image

from opqn_app.core.errors import DataError, NoFaceFound, PhotoUnreadable
from opqn_app.core.files import remove_unfinished, replace_text, replacing
from opqn_app.core.types import Crops, FaceDetector
from trainer.data.photo_faces import FaceRefused, FaceWish, face_of
from trainer.data.picture_files import Dropped, PictureFiles, without_pictures
from trainer.data.prepared import (
    JOURNAL,
    RECORD,
    Entry,
    PrepareReport,
    PrepareSettings,
    journal_head,
    journal_line,
    read_state,
    record_of,
)

ROOM = ".unfinished"  # crops before they are moved to their place
LOCK = "prepare.lock"
_OWN = (JOURNAL, LOCK, ROOM)  # what a kill at the very start may leave


class CropFolder:
    """The entries of a folder that is being made, and its files."""

    def __init__(self, photos: PictureFiles, target: Path, settings: PrepareSettings) -> None:
        self._photos = photos
        self._target = target
        self._settings = settings
        self._names = [str(file) for file in photos.files]
        self._crops = crop_names(self._names, settings.format)
        self._entries: dict[str, Entry] = {}
        self._journal: TextIO | None = None
        self._room = target / ROOM
        self._lock = FileLock(target / LOCK, timeout=0)

    def begin(self) -> None:
        """Read what is known, remove crops that no photo stands behind any more."""
        _check_target(self._target)
        self._target.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except Timeout as error:
            raise DataError(self._target, "another `opqn prepare` is writing there") from error
        before = read_state(self._target)
        settings, known = before or (self._settings, [])
        if known and not {entry.file for entry in known} & set(self._names):
            raise DataError(self._target, "it holds crops of other photos; name a new folder")
        is_same = settings == self._settings
        by_file = {entry.file: entry for entry in known} if is_same else {}
        for row, name in enumerate(self._names):
            entry = by_file.get(name)
            if entry is not None and self._is_fresh(entry, row):
                self._entries[name] = entry
        self._remove({e.crop for e in known} - {e.crop for e in self._entries.values()})
        replace_text(self._target / JOURNAL, journal_head(self._settings, self._entries.values()))
        (self._target / RECORD).unlink(missing_ok=True)
        shutil.rmtree(self._room, ignore_errors=True)
        remove_unfinished(self._target)
        self._room.mkdir()
        self._journal = (self._target / JOURNAL).open("a", encoding="utf-8")

    def missing(self) -> list[int]:
        """Rows that are not known yet, or whose crop is not there."""
        dropped = self._copies()
        return [
            row
            for row, name in enumerate(self._names)
            if name not in self._entries
            or (name not in dropped and not self._is_there(self._entries[name]))
        ]

    def look(self, row: int, detector: FaceDetector) -> Entry:
        """Read one photo and write its crop; on any thread."""
        name, wish = self._names[row], self._settings
        size, mtime_ns, kind, reason = -1, 0, "", ""
        partly: dict[str, str] = {}
        try:
            size, mtime_ns = self._photos.stamp(row)
            choice = FaceWish(wish.several, wish.min_side, wish.side)
            crop = face_of(self._photos.read(row), name, detector, choice, partly)
        except PhotoUnreadable as failure:
            kind, reason = "unreadable", failure.reason
        except NoFaceFound:
            kind, reason = "no_face", "no face was found"
        except FaceRefused as failure:
            kind, reason = failure.kind, failure.reason
        else:
            n_bytes = self._write(crop, row)
            digest = hashlib.blake2b(crop.tobytes(), digest_size=16).hexdigest()
            missing = partly.get(name, "")
            return Entry(name, size, mtime_ns, self._crops[row], n_bytes, digest, missing=missing)
        missing = partly.get(name, "")
        return Entry(name, size, mtime_ns, kind=kind, reason=reason, missing=missing)

    def keep(self, entries: list[Entry]) -> None:
        """Put them on record."""
        assert self._journal is not None
        for entry in entries:
            self._entries[entry.file] = entry
            self._journal.write(journal_line(entry) + "\n")
        self._journal.flush()

    def finish(self, new: int, began: float) -> PrepareReport:
        """Remove the crops of copies, write the record."""
        copies = self._copies()
        entries = [self._entries[name] for name in self._names]
        self._remove(self._entries[name].crop for name in copies)
        dropped = [
            (e.file, *copies.get(e.file, (e.kind, e.reason)))
            for e in entries
            if e.kind or e.file in copies
        ]
        gone = [Dropped(file, reason) for file, _, reason in dropped]
        names = {entry.file for entry in gone}
        kept = {_person(e.file) for e in entries if e.file not in names}
        report = PrepareReport(
            photos=len(entries),
            kept=len(entries) - len(dropped),
            new=new,
            people=len(kept),
            lost=tuple(without_pictures([*gone, *self._photos.unlisted], kept)),
            dropped=tuple(dropped),
            partly={entry.file: entry.missing for entry in entries if entry.missing},
            loose=tuple(entry.file for entry in self._photos.loose),
            unlisted=tuple(entry.file for entry in self._photos.unlisted),
            others=dict(self._photos.others),
            seconds=time.monotonic() - began,
        )
        text = record_of(self._settings, entries, report.to_dict())
        replace_text(self._target / RECORD, text)
        (self._target / JOURNAL).unlink()
        return report

    def close(self) -> None:
        """Nothing of a run stays open; what is journalled stays."""
        if self._journal is not None:
            self._journal.close()
            shutil.rmtree(self._room, ignore_errors=True)
        if self._lock.is_locked:
            self._lock.release()
            (self._target / LOCK).unlink(missing_ok=True)

    def _is_fresh(self, entry: Entry, row: int) -> bool:
        """Whether the photo is as it was, and its crop has the name it would get now.

        What could not be read is tried again: a disk may be back, a permission given.
        """
        try:
            same = (entry.size, entry.mtime_ns) == self._photos.stamp(row)
        except PhotoUnreadable:
            return False
        return same and entry.kind != "unreadable" and entry.crop in ("", self._crops[row])

    def _is_there(self, entry: Entry) -> bool:
        if not entry.crop:
            return True
        try:
            return (self._target / entry.crop).stat().st_size == entry.n_bytes
        except OSError:
            return False

    def _write(self, crop: Crops, row: int) -> int:
        """Size of the written file."""
        place = self._target / self._crops[row]
        place.parent.mkdir(parents=True, exist_ok=True)
        with replacing(place, durable=False, room=self._room) as file:
            Image.fromarray(crop).save(file, self._settings.format.upper(), lossless=True)
        return place.stat().st_size

    def _copies(self) -> dict[str, tuple[str, str]]:
        """Photo → why it is dropped as a copy: of one person the first stays, of several none."""
        same: dict[str, list[str]] = {}
        for name in self._names:
            entry = self._entries.get(name)
            if entry is not None and entry.digest:
                same.setdefault(entry.digest, []).append(name)
        found: dict[str, tuple[str, str]] = {}
        for names in same.values():
            if len({_person(name) for name in names}) > 1:
                for name in names:
                    other = next(n for n in names if _person(n) != _person(name))
                    found[name] = "two_people", f"{other} is the same picture"
            else:
                for name in names[1:]:
                    found[name] = "copy", f"{names[0]} is the same picture"
        return found

    def _remove(self, crops: Iterable[str]) -> None:
        """Delete crops, and folders that are empty then."""
        for crop in crops:
            place = self._target / crop
            if not crop or not place.is_file():
                continue
            place.unlink()
            for folder in place.relative_to(self._target).parents[:-1]:
                if any((self._target / folder).iterdir()):
                    break
                (self._target / folder).rmdir()


def crop_names(files: list[str], suffix: str) -> list[str]:
    """Where the crop of each photo lies: the same folders and name, another suffix.

    Photos that differ in suffix or case only keep their suffix as well: "a.jpg.webp". So do those
    whose crop would bear the name of a folder.
    """
    paths = [PurePosixPath(file) for file in files]
    stems = Counter(str(path.with_suffix("")).casefold() for path in paths)
    folders = {str(folder).casefold() for path in paths for folder in path.parents}

    def name(path: PurePosixPath) -> str:
        crop = str(path.with_suffix(f".{suffix}"))
        if stems[str(path.with_suffix("")).casefold()] > 1 or crop.casefold() in folders:
            crop = f"{path}.{suffix}"
        while crop.casefold() in folders:
            crop += f".{suffix}"
        return crop

    return [name(path) for path in paths]


def _person(file: str) -> str:
    return PurePosixPath(file).parent.name


def _check_target(target: Path) -> None:
    """Nothing of others may be written over.

    Raises:
        DataError: it is no folder, or one with other files in it.
    """
    if target.exists() and not target.is_dir():
        raise DataError(target, "it is a file; name a folder for the crops")
    if read_state(target) is None and target.is_dir():
        others = [p.name for p in target.iterdir() if not p.name.startswith(_OWN)]
        if others:
            reason = f"it holds other files ({others[0]}); name a new folder for the crops"
            raise DataError(target, reason)
