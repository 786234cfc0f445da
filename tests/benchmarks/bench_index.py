"""Photos a second while indexing, against what people run today, and the faces each finds.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.bench_index [--photos N] [--index N] [--source DIR]

Every method reads the same mixed photos (see mixed_photos) one after the other in this process,
with one thread; times are process CPU time, so other work on the machine counts little. Peers:
facenet-pytorch's README loop (MTCNN, then InceptionResnetV1 with random weights: the trained ones
are a download, and that changes no time), and face_recognition (dlib) where it is installed
(pip install dlib-bin face_recognition_models, then face_recognition --no-deps). Not measured:
deepface, which needs TensorFlow. The last line is one JSON object.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from opqn_app.core.types import Box
from opqn_app.engine import load_engine
from opqn_app.index.analysis import analyse
from opqn_app.index.indexing import index_folder
from opqn_app.index.plan import PendingFile
from opqn_app.vision.photo_folder import stat_photo
from tests.benchmarks.mixed_photos import Known, make_photos, multiply

Method = Callable[[Path], list[Box]]


@dataclass(slots=True)
class Outcome:
    """What one method did with all photos."""

    cpu_s: float = 0.0
    photos: int = 0
    portraits: int = 0
    found: int = 0
    false: int = 0

    def add(self, photo: Known, boxes: list[Box], cpu_s: float) -> None:
        """A portrait is found if the centre of a face lies in it."""
        places = [[_is_centred(box, portrait) for portrait in photo.boxes] for box in boxes]
        self.cpu_s += cpu_s
        self.photos += 1
        self.portraits += len(photo.boxes)
        self.found += sum(any(column) for column in zip(*places, strict=True))
        self.false += sum(not any(row) for row in places)


def _is_centred(box: Box, portrait: Box) -> bool:
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    return portrait.left <= x <= portrait.right and portrait.top <= y <= portrait.bottom


def ours(detector: str) -> Method:
    engine = load_engine("bundled-64", "cpu", detector)

    def run(path: Path) -> list[Box]:
        file = stat_photo(path.parent, path.name)
        assert file is not None
        photo = analyse(PendingFile(file, None), path.parent, engine).photo
        assert photo is not None, path
        return [face.box for face in photo.faces]

    return run


def facenet_loop() -> Method:
    """The README of facenet-pytorch, with keep_all and upright photos, as a library needs."""
    import torch
    from facenet_pytorch import MTCNN, InceptionResnetV1

    torch.set_num_threads(1)
    detector = MTCNN(image_size=160, margin=0, keep_all=True)
    network = InceptionResnetV1(pretrained=None).eval()

    def run(path: Path) -> list[Box]:
        image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
        with torch.no_grad():
            boxes, _scores = detector.detect(image)
            if boxes is None:
                return []
            network(detector.extract(image, boxes, None))
        return [Box(*map(float, box)) for box in boxes]

    return run


def face_recognition_calls() -> Method:
    import face_recognition

    def run(path: Path) -> list[Box]:
        image = np.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
        places = face_recognition.face_locations(image)
        face_recognition.face_encodings(image, places)
        return [Box(left, top, right, bottom) for top, right, bottom, left in places]

    return run


METHODS: dict[str, Callable[[], Method]] = {
    "ours, MTCNN": lambda: ours("mtcnn"),
    "ours, YuNet": lambda: ours("yunet"),
    "facenet-pytorch README loop": facenet_loop,
    "face_recognition (dlib)": face_recognition_calls,
}


def compare(photos: list[Known]) -> Iterator[tuple[str, Outcome]]:
    """Methods take turns photo by photo, so that a busy moment hits all of them."""
    methods: dict[str, Method] = {}
    for name, make in METHODS.items():
        try:
            methods[name] = make()
        except ImportError as error:
            print(f"not measured: {name}: {error}")
    outcomes = {name: Outcome() for name in methods}
    warm = min(photos, key=lambda photo: photo.path.stat().st_size)
    for method in methods.values():
        method(warm.path)
    for photo in photos:
        for name, method in methods.items():
            started = time.process_time()
            boxes = method(photo.path)
            outcomes[name].add(photo, boxes, time.process_time() - started)
    yield from outcomes.items()


def index_wall(photos: list[Known], n: int, folder: Path) -> dict[str, float]:
    """Photos a second of whole runs with 1 and 2 workers, start included."""
    multiply(photos, folder / "photos", n)
    engine = load_engine("bundled-64", "cpu")
    rates = {}
    for workers in (1, 2):
        started = time.monotonic()
        library = folder / f"{workers}.sqlite"
        for _ in index_folder(library, folder / "photos", engine, workers=workers):
            pass
        rates[f"workers_{workers}_photos_per_s"] = round(n / (time.monotonic() - started), 2)
    return rates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=8)
    parser.add_argument("--index", type=int, default=0, help="also index so many with 1, 2 workers")
    parser.add_argument("--source", type=Path, help="where made photos are kept for the next run")
    arguments = parser.parse_args()
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(dir=arguments.source) as name:
        photos = make_photos(arguments.source or Path(name) / "made", arguments.photos)
        outcomes = dict(compare(photos))
        if arguments.index:
            result["index"] = index_wall(photos, arguments.index, Path(name))
    slowest = outcomes["facenet-pytorch README loop"].cpu_s
    print(f"{len(photos)} photos, {sum(len(photo.boxes) for photo in photos)} portraits")
    print(f"{'':30}{'CPU s a photo':>14}{'photos/s':>10}{'ratio':>8}{'recall':>8}{'false':>7}")
    for method, outcome in outcomes.items():
        each = outcome.cpu_s / outcome.photos
        ratio, recall = slowest / outcome.cpu_s, outcome.found / max(1, outcome.portraits)
        print(f"{method:30}{each:14.3f}{1 / each:10.2f}{ratio:8.1f}{recall:8.3f}{outcome.false:7}")
        result[method] = {**asdict(outcome), "ratio": round(ratio, 2), "recall": round(recall, 4)}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
