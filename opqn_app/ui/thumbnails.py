"""Pictures for grids: decoded off the GUI thread, newest request first, the recent ones kept."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap

from opqn_app.ui.jobs import read_library
from opqn_app.ui.tasks import TaskRunner

BATCH = 24  # pictures a job: one read connection for many, and still quick to change course
WAITING = 600  # older requests are dropped; a picture still on screen asks again
BUSY_JOBS = 2


class ThumbnailCache(QObject):
    """A bounded cache of pixmaps, filled from the "thumbs" lane.

    Args:
        load: keys → QImages, run in the lane; a key that is left out has no picture.
        capacity: pixmaps to keep.

    Signals:
        ready: the set of keys whose pictures arrived (or are known to be missing).
    """

    ready = Signal(object)

    def __init__(
        self,
        runner: TaskRunner,
        load: Callable[[Sequence[Any]], Mapping[Any, QImage]],
        *,
        capacity: int = 1500,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._runner = runner
        self._load = load
        self._capacity = capacity
        self._pixmaps: OrderedDict[Hashable, QPixmap] = OrderedDict()
        self._waiting: OrderedDict[Hashable, None] = OrderedDict()
        self._in_work: set[Hashable] = set()
        self._jobs = 0
        self._round = 0
        # One start a turn of the event loop: a paint asks for a whole screen of pictures.
        self._start_timer = QTimer(self, singleShot=True, interval=0)
        self._start_timer.timeout.connect(self._start_jobs)

    def pixmap(self, key: Hashable) -> QPixmap | None:
        """The picture, or None and a `ready` later; a null pixmap means there is none."""
        held = self._pixmaps.get(key)
        if held is not None:
            self._pixmaps.move_to_end(key)
            return held
        self._request(key)
        return None

    def clear(self) -> None:
        """Forget every picture, e.g. since the library changed."""
        self._round += 1
        self._pixmaps.clear()
        self._waiting.clear()
        self._in_work.clear()

    def _request(self, key: Hashable) -> None:
        if key in self._in_work:
            return
        self._waiting[key] = None
        self._waiting.move_to_end(key)
        while len(self._waiting) > WAITING:
            self._waiting.popitem(last=False)
        if not self._start_timer.isActive():
            self._start_timer.start()

    def _start_jobs(self) -> None:
        while self._waiting and self._jobs < BUSY_JOBS:
            count = min(BATCH, len(self._waiting))
            keys = [self._waiting.popitem(last=True)[0] for _ in range(count)]
            self._start_job(keys)

    def _start_job(self, keys: list[Hashable]) -> None:
        self._in_work.update(keys)
        self._jobs += 1
        begun = self._round
        task = self._runner.start("thumbs", self._load, keys)
        task.succeeded.connect(lambda images: self._keep(keys, images, begun))
        task.failed.connect(lambda _error: self._keep(keys, {}, begun))
        task.finished.connect(self._end_job)

    def _end_job(self) -> None:
        self._jobs -= 1
        self._start_jobs()

    def _keep(self, keys: list[Hashable], images: Mapping[Any, QImage], begun: int) -> None:
        if begun != self._round:
            return
        for key in keys:
            image = images.get(key)
            self._pixmaps[key] = QPixmap() if image is None else QPixmap.fromImage(image)
            self._in_work.discard(key)
        while len(self._pixmaps) > self._capacity:
            self._pixmaps.popitem(last=False)
        self.ready.emit(set(keys))


def load_face_crops(library_path: Path, face_ids: Sequence[int]) -> dict[int, QImage]:
    """The stored crops of faces; runs in the "thumbs" lane."""
    stored = read_library(library_path, lambda library: {i: library.crop(i) for i in face_ids})
    images = {i: QImage.fromData(data) for i, data in stored.items() if data}
    return {i: image for i, image in images.items() if not image.isNull()}


def image_of_array(pixels: NDArray[np.uint8]) -> QImage:
    """A QImage with its own copy of (height, width, 3) RGB pixels."""
    rgb = np.ascontiguousarray(pixels)
    height, width, _ = rgb.shape
    return QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def image_of_picture(picture: Any, max_side: int) -> QImage:
    """A QImage of a PIL picture, at most `max_side` pixels on its longer side."""
    small = picture.convert("RGB")
    small.thumbnail((max_side, max_side))
    return image_of_array(np.asarray(small, dtype=np.uint8))
