"""A folder of photos of which a part goes away and comes back, and looks at a library."""

import shutil
import sqlite3
from collections.abc import Generator
from pathlib import Path
from typing import Any

from opqn_app.index.indexing import IndexProgress, IndexReport
from tests.library_fakes import WritePhoto, columns

N_BELOW = 12  # photos of the part that goes away
DAY = 24 * 3600
NOW = 1_800_000_000.0


class Disk:
    """A folder of photos in which one part, or all, goes away and comes back."""

    def __init__(self, folder: Path, write_photo: WritePhoto) -> None:
        self.folder = folder
        self.away = folder.parent / "unplugged"
        for i in range(N_BELOW):
            write_photo(f"trip/{'day1' if i % 2 else 'day2'}/{i}.png", seed=i)
            write_photo(f"../target/{i}.png", seed=100 + i)
            write_photo(f"home/{i}.png", seed=200 + i)
        (folder / "trip" / "broken.jpg").write_bytes(b"no photo")
        (folder / "link").symlink_to(folder.parent / "target")

    def replace(self, part: str, *names: str) -> None:
        """Take a part away and leave a bare folder with files of these names in its place."""
        (self.folder / part).rename(self.away)
        (self.folder / part).mkdir()
        for name in names:
            path = self.folder / part / name
            path.mkdir() if name.endswith("+found") else path.write_bytes(b"")

    def restore(self, part: str) -> None:
        place = self.folder / part
        if place.is_symlink() or place.is_file():
            place.unlink()
        elif place.exists():
            shutil.rmtree(place)
        self.away.rename(place)


def everything(path: Path) -> dict[str, Any]:
    """All rows of photos, faces, crops, codes and failures, as `columns` has them."""
    tables = ("photos", "faces", "crops", "code_tail", "code_segments", "failures")
    found = {}
    with sqlite3.connect(path) as raw:
        for name in tables:
            found[name] = raw.execute(f"SELECT {columns(raw, name)} FROM {name}").fetchall()
    raw.close()
    return found


def run_to_end(run: Generator[IndexProgress, None, IndexReport]) -> IndexReport:
    while True:
        try:
            next(run)
        except StopIteration as end:
            report: IndexReport = end.value
            return report
