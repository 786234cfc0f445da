"""Where the self-test of `opqn verify` works, and with which photos."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from opqn_app.core import paths

N_PHOTOS = 48  # of the sample; enough for worker processes to start
NAME = "Quillfeather"
NOTES, SECRETS, OUT = "notes", "secrets.json", "out"


@dataclass(frozen=True, slots=True)
class Room:
    """The folders of a self-test."""

    place: Path

    @property
    def photos(self) -> Path:
        return self.place / "photos-of-the-self-test"

    @property
    def library(self) -> Path:
        return self.place / "data" / "library.sqlite"

    @property
    def folders(self) -> tuple[Path, Path, Path]:
        """For data, caches and logs."""
        return self.place / "data", self.place / "cache", self.place / "log"

    def variables(self) -> dict[str, str]:
        """Of the environment, which lead the program there."""
        names = ("OPQN_DATA_DIR", "OPQN_CACHE_DIR", "OPQN_LOG_DIR")
        return dict(zip(names, map(str, self.folders), strict=True))


def prepare(room: Room) -> None:
    """Copy photos of the sample there."""
    sample = sorted((paths.resource("sample") / "photos").rglob("*.jpg"))[:N_PHOTOS]
    room.photos.mkdir(mode=0o700)
    for number, photo in enumerate(sample):
        shutil.copyfile(photo, room.photos / f"self-test-{number:02}.jpg")
