"""Memory that stays: thirds of 20,000 photos, 1,000 searches in the window and 500 decisions.

    python -m tests.trust.rss --photos 20000 --searches 1000 --decisions 500

Each is a process of its own, with the processes that decode for it. Printed is the median of what
all of them hold (RSS) in each third; the last must be within 3 % of the first.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import psutil
from PIL import Image
from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication

from opqn_app.core.progress import finished
from opqn_app.core.settings import Settings
from opqn_app.index.indexing import index_folder
from opqn_app.people import gestures
from opqn_app.people.ledger import Ledger
from opqn_app.store.library import Library
from opqn_app.ui.search.search_page import SearchPage
from opqn_app.ui.work.session import Session
from tests.library_fakes import fake_engine
from tests.odd_files import encoded
from tests.trust.fuzz import photos as kinds
from tests.vision.test_damaged_files import damaged

MOST = 1.03
WORKS = ("photos", "searches", "decisions")


def write_photos(folder: Path, n: int) -> None:
    """Of every kind, no two alike, and one in ten damaged."""
    folder.mkdir()
    good, rng = list(kinds().items()), random.Random(1)
    for number in range(n):
        name, data = good[number % len(good)]
        content = damaged(data, rng) if number % 10 == 9 else data + number.to_bytes(4)
        (folder / f"{number:06}_{name}").write_bytes(content)


def of_photos(n: int, room: Path) -> Iterator[None]:
    write_photos(room / "album", n)
    # Without a builder one process detects, encodes and stores, and one beside it decodes.
    for step in index_folder(room / "l.sqlite", room / "album", fake_engine(n_faces=1)):
        if step.phase != "scanning":
            yield


def of_searches(n: int, room: Path) -> Iterator[None]:
    album = room / "album"
    album.mkdir()
    for number in range(60):
        noise = np.random.default_rng(number).integers(0, 255, (24, 32, 3), np.uint8)
        picture = Image.fromarray(noise).resize((640, 480))
        (album / f"{number}.jpg").write_bytes(encoded(picture, "JPEG"))
    finished(index_folder(room / "l.sqlite", album, fake_engine(n_faces=2)))
    app = QApplication([])
    settings = Settings(library=str(room / "l.sqlite"))
    session = Session(settings, engine_factory=lambda _model, _device: fake_engine(n_faces=1))
    page = SearchPage(session)
    page.resize(1000, 760)
    page.show()
    loop = QEventLoop()
    session.results_ready.connect(loop.quit)
    session.query_failed.connect(loop.quit)
    for number in range(n):
        session.open_query(album / f"{number % 60}.jpg")
        loop.exec()
        app.processEvents()
        yield
    page.close()
    session.shut_down()


def of_decisions(n: int, room: Path) -> Iterator[None]:
    album = room / "album"
    write_photos(album, 120)
    finished(index_folder(room / "l.sqlite", album, fake_engine(n_faces=2)))
    with Library.open_to_decide(room / "l.sqlite") as library:
        ledger = Ledger(library)
        faces = [face.id for face in library.decision_table.placed_faces()]
        for number in range(n):
            if number % 5 == 4:
                ledger.undo()
            else:
                face, name = faces[number % len(faces)], f"Person {number % 9}"
                gestures.name_faces(ledger, [face], name, is_twice=True)
            yield


def held_mb() -> float:
    here = psutil.Process()
    total: float = here.memory_info().rss
    for child in here.children(recursive=True):
        try:
            total += child.memory_info().rss
        except psutil.Error:  # it has just ended
            continue
    return total / (1 << 20)


def measure(work: str, n: int) -> bool:
    steps = {"photos": of_photos, "searches": of_searches, "decisions": of_decisions}[work]
    with tempfile.TemporaryDirectory(prefix="opqn-rss-") as room:
        held = [held_mb() for _ in steps(n, Path(room))]
    third = len(held) // 3
    parts = [held[:third], held[third : 2 * third], held[2 * third :]]
    thirds = [statistics.median(part) for part in parts]
    is_flat = thirds[2] <= MOST * thirds[0]
    told = " · ".join(f"{each:.0f}" for each in thirds)
    change = 100 * (thirds[2] / thirds[0] - 1)
    sys.stdout.write(f"{work}: {n:,}; RSS of thirds {told} MB ({change:+.1f} %)\n")
    return is_flat


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    for work, n in zip(WORKS, (20_000, 1000, 500), strict=True):
        parser.add_argument(f"--{work}", type=int, default=n)
    parser.add_argument("--only", choices=WORKS)
    asked = parser.parse_args(words)
    if asked.only:
        return 0 if measure(asked.only, getattr(asked, asked.only)) else 1
    found = [
        subprocess.run(
            [sys.executable, "-m", __spec__.name, "--only", work, f"--{work}", str(n)], check=False
        ).returncode
        for work, n in ((work, getattr(asked, work)) for work in WORKS)
    ]
    return max(found)


if __name__ == "__main__":
    sys.exit(main())
