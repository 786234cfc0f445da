"""What `opqn prepare` made: a folder of crops that records what became of each photo.

prepare.json      the finished record: settings, what was dropped and why, every photo
prepare.journal   while at work, or after a stop: a line for each photo as it is done
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from opqn_app.core import plain_json
from opqn_app.core.errors import DataError

RECORD, JOURNAL = "prepare.json", "prepare.journal"
TEMPLATE = 112  # px of each crop, in its middle, that are the app's
KINDS = {
    "no_face": "no face was found",
    "too_small": "the face is too small",
    "several_faces": "several faces",
    "unreadable": "can't be read",
    "copy": "exact copy of another picture of the person",
    "two_people": "the same picture under several people",
}
_HEAD = {"format": "opqn-prepared", "version": 1}


@dataclass(frozen=True, slots=True)
class PrepareSettings:
    """What decides a crop, apart from the photo.

    Attributes:
        side: px of the crop; its middle 112 × 112 is the app's.
        several: of a photo with several faces take the "largest", or "skip" the photo.
        min_side: px of the photo; smaller faces do not count.
        format: "webp" or "png", both without loss.
    """

    side: int = TEMPLATE
    several: str = "largest"
    min_side: int = 32
    format: str = "webp"


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one photo.

    Attributes:
        file: the photo, inside the source.
        size, mtime_ns: the photo's; the same while it is unchanged.
        crop: its crop inside the folder; "" if it was dropped.
        n_bytes: size of the crop's file.
        digest: of the crop's pixels.
        kind: of the reason it was dropped for, such as "no_face"; "" if it was not.
        reason: a plain clause.
        missing: a clause on what is missing of the photo; "" if it could be read in whole.
    """

    file: str
    size: int
    mtime_ns: int
    crop: str = ""
    n_bytes: int = 0
    digest: str = ""
    kind: str = ""
    reason: str = ""
    missing: str = ""


@dataclass(frozen=True, slots=True)
class PrepareReport:
    """What is there at the end.

    Attributes:
        photos: in the source, kept and dropped together.
        new: of them looked at in this run.
        people: with a crop.
        lost: people all of whose photos were dropped.
        dropped: (file, kind, reason) of each.
        partly: by file, what is missing of photos that could be read only in part, kept or dropped.
        loose: photos in no person's folder, which nobody looked at.
        unlisted: folders that can't be read.
        others: suffix → number of files that are no photos this program reads.
    """

    photos: int
    kept: int
    new: int
    people: int
    lost: tuple[str, ...]
    dropped: tuple[tuple[str, str, str], ...]
    partly: dict[str, str]
    loose: tuple[str, ...]
    unlisted: tuple[str, ...]
    others: dict[str, int]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        kinds = Counter(kind for _, kind, _ in self.dropped)
        return {
            "found": self.photos,
            "kept": self.kept,
            "people": self.people,
            "people_without_a_crop": list(self.lost),
            "dropped_by_kind": {kind: kinds[kind] for kind in KINDS if kinds[kind]},
            "dropped": [
                dict(zip(("file", "kind", "reason"), d, strict=True)) for d in self.dropped
            ],
            "read_in_part": self.partly,
            "in_no_persons_folder": list(self.loose),
            "folders_that_cannot_be_read": list(self.unlisted),
            "other_files": self.others,
        }


def read_state(folder: Path) -> tuple[PrepareSettings, list[Entry]] | None:
    """Settings and entries of the last run, finished or not; None if there was none.

    Raises:
        DataError: the record is damaged.
    """
    journal, record = folder / JOURNAL, folder / RECORD
    try:
        if journal.is_file():
            lines = journal.read_text(encoding="utf-8").split("\n")[:-1]  # no half-written line
            head, *rest = (plain_json.loads(line) for line in lines)
        elif record.is_file():
            head = plain_json.loads(record.read_text(encoding="utf-8"))
            rest = head["photos"]
        else:
            return None
        _check(head)
        return PrepareSettings(**head["settings"]), [Entry(**values) for values in rest]
    except (OSError, ValueError, KeyError, TypeError) as error:
        place = journal if journal.is_file() else record
        raise DataError(place, f"it is no record of `opqn prepare` ({error})") from error


def journal_head(settings: PrepareSettings, entries: Iterable[Entry]) -> str:
    """The text of a journal that begins with what is known already."""
    head = json.dumps(_HEAD | {"settings": asdict(settings)})
    return "".join(f"{line}\n" for line in (head, *map(journal_line, entries)))


def journal_line(entry: Entry) -> str:
    return json.dumps(asdict(entry))


def record_of(settings: PrepareSettings, entries: list[Entry], found: dict[str, Any]) -> str:
    """The text of a finished record; `found` is the summary that people read."""
    values = _HEAD | {"settings": asdict(settings)} | found
    return json.dumps(values | {"photos": [asdict(e) for e in entries]}, indent=1) + "\n"


def crops_of(folder: Path) -> PrepareSettings | None:
    """The settings if `opqn prepare` made this folder; None for any other.

    Raises:
        DataError: it has not finished.
    """
    if (folder / JOURNAL).is_file():
        raise DataError(folder, "`opqn prepare` has not finished; run it again first")
    state = read_state(folder)
    return None if state is None else state[0]


def cut_of(sources: Iterable[str]) -> dict[str, int]:
    """The `cut` and `template` of training that fit prepared folders; empty for other sources.

    Raises:
        DataError: a folder is unfinished, or they are cut differently.
    """
    folders = [Path(source).expanduser() for source in sources]
    sides = {found.side for folder in folders if (found := crops_of(folder)) is not None}
    if len(sides) > 1:
        both = " and ".join(f"{side} px" for side in sorted(sides))
        raise DataError(", ".join(map(str, folders)), f"their crops differ in size: {both}")
    return {"cut": side, "template": TEMPLATE} if (side := max(sides, default=0)) else {}


def _check(head: dict[str, Any]) -> None:
    if head["format"] != _HEAD["format"] or head["version"] != _HEAD["version"]:
        raise ValueError(f"it is {head['format']} {head['version']}")
