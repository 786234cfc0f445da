"""How smoothly the Library page scrolls and filters a library of 50,000 photos.

    QT_QPA_PLATFORM=offscreen python -m tests.benchmarks.bench_library_page [--photos N]

The library is made: photos over twenty years in 400 folders, one in ten of them a copy, with 0 to 4
faces each. Their files are not there; the pictures are drawn in memory, as large as thumbnails are.
Measured is the processor time of all threads: of drawing a step of a scroll (a third of a tile),
of a jump to another place, and from a chip until the grid shows its photos. The last line is one
JSON object. It runs on a tree without headings too, where the same is asked of the grid of then;
the goal is no more than twice its time a step, and a filter within 0.5 s.
"""

import argparse
import hashlib
import json
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QEventLoop
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication

from opqn_app.core.settings import Settings
from opqn_app.core.types import Box, FaceQuality
from opqn_app.people.photo_filter import PhotoFilter
from opqn_app.store.library import Library
from opqn_app.store.records import ModelInfo, NewFace, NewPhoto
from opqn_app.ui.kit import theme
from opqn_app.ui.library.library_page import LibraryPage
from opqn_app.ui.work.session import Session
from tests.library_fakes import CROP_WEBP

STEPS, JUMPS, FILTERS = 150, 40, 5
FOLDERS, YEARS = 400, 20
BATCH = 2000


def make_library(path: Path, n_photos: int) -> None:
    """Fill a library without any file."""
    drawn = random.Random(0)
    model = ModelInfo("bench", "bench", 4, 16)
    with Library.open(path, write=True) as library:
        root = library.add_root(path.parent / "photos").id
        for start in range(0, n_photos, BATCH):
            numbers = range(start, min(start + BATCH, n_photos))
            library.writer.save_batch(root, model, [_photo(i, drawn) for i in numbers])


def _photo(number: int, drawn: random.Random) -> NewPhoto:
    picture = number if drawn.random() > 0.1 else drawn.randrange(number + 1)
    taken = time.gmtime(1_000_000_000 + drawn.randrange(YEARS * 365 * 86_400))
    faces = tuple(_face(place) for place in range(drawn.randrange(5)))
    return NewPhoto(
        rel_path=f"folder {number % FOLDERS}/photo {number}.jpg",
        size=1,
        mtime_ns=1,
        content_hash=hashlib.blake2b(b"%d" % number, digest_size=20).digest(),
        width=4000,
        height=3000,
        taken_at=time.strftime("%Y-%m-%dT%H:%M:%S", taken),
        faces=faces,
        picture_hash=hashlib.blake2b(b"picture %d" % picture, digest_size=20).digest(),
    )


def _face(place: int) -> NewFace:
    left = 100.0 + 600 * place
    box = Box(left, 100, left + 500, 600)
    quality = FaceQuality(500, 0.99, 50)
    landmarks = np.full((5, 2), left + 200, np.float32)
    return NewFace(box, landmarks, quality, CROP_WEBP, np.zeros(4, np.uint8))


def picture() -> QImage:
    """What stands for every thumbnail."""
    image = QImage(384, 288, QImage.Format.Format_RGB888)
    for x in range(384):
        for y in range(288):
            image.setPixelColor(x, y, QColor((x * 5) % 256, (y * 7) % 256, (x * y) % 256))
    return image


def wait(is_so: Callable[[], bool]) -> None:
    while not is_so():
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)


def scrolled(page: LibraryPage, places: list[int], *, is_warm: bool) -> float:
    """Milliseconds of processor time a step.

    Args:
        is_warm: the pictures have been read; else the time of asking for them counts too.
    """
    bar, spent = page.grid.verticalScrollBar(), []
    for place in places if is_warm else ():
        bar.setValue(place)
        QApplication.processEvents()
        wait(lambda: not page._session.runner._tasks)
    bar.setValue(places[0])
    QApplication.processEvents()
    for place in places[1:]:
        begun = time.process_time()
        bar.setValue(place)
        QApplication.processEvents()
        if not is_warm:
            wait(lambda: not page._session.runner._tasks)
        spent.append(time.process_time() - begun)
    return 1000 * float(np.median(spent))


def filtered(page: LibraryPage, asked: Any) -> float:
    """Seconds of processor time from a chip until its photos are shown."""
    spent = []
    for _ in range(FILTERS):
        page.chips.line.take(PhotoFilter())
        wait(lambda: not page._session.runner._tasks)
        begun = time.process_time()
        page.chips.line.take(asked)
        wait(lambda: bool(page.chips.line.note) and not page._session.runner._tasks)
        spent.append(time.process_time() - begun)
    page.chips.line.take(PhotoFilter())
    wait(lambda: not page._session.runner._tasks)
    return float(np.median(spent))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=50_000)
    arguments = parser.parse_args()
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme.apply_theme(app, "light")
    with tempfile.TemporaryDirectory() as room:
        path = Path(room) / "library.sqlite"
        make_library(path, arguments.photos)
        session = Session(Settings(library=str(path)))
        page = LibraryPage(session)
        thumbnail = picture()
        page.thumbs._load = lambda photos: dict.fromkeys(photos, thumbnail)
        page.resize(1150, 760)
        begun = time.perf_counter()
        page.show()
        session.refresh_status()
        wait(lambda: page.grid.model().rowCount() > 0)
        found: dict[str, Any] = {"photos": arguments.photos}
        found["shown_after_s"] = round(time.perf_counter() - begun, 2)
        wait(lambda: session.people.view is not None and not session.runner._tasks)
        bar = page.grid.verticalScrollBar()
        steps = [50 * step for step in range(min(STEPS, bar.maximum() // 50))]
        found["scroll_step_ms"] = round(scrolled(page, steps, is_warm=True), 2)
        places = np.linspace(0, bar.maximum(), JUMPS).astype(int).tolist()
        found["jump_ms"] = round(scrolled(page, places, is_warm=False), 2)
        found["alone_s"] = round(filtered(page, PhotoFilter(alone=True)), 2)
        folder = PhotoFilter(under=path.parent / "photos" / "folder 7")
        found["folder_s"] = round(filtered(page, folder), 2)
        print(json.dumps(found))
        session.shut_down()


if __name__ == "__main__":
    main()
