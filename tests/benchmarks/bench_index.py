"""Photos a second while indexing, against what people run today, and the faces each finds.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.bench_index [--photos N] [--index N] [--source DIR]
        [--against CLONE [--runs N]]

Every method reads the same mixed photos (see mixed_photos) one after the other in this process,
with one thread; times are process CPU time, so other work on the machine counts little. Peers:
facenet-pytorch's README loop (MTCNN, then InceptionResnetV1 with random weights: the trained ones
are a download, and that changes no time), and face_recognition (dlib) where it is installed
(pip install dlib-bin face_recognition_models, then face_recognition --no-deps). Not measured:
deepface, which needs TensorFlow. The last line is one JSON object.

--against compares all that indexing does with a photo with an older build, which runs in its own
.venv if it has one: of the made photos and the portraits of the sample those in which both find a
face as they are. Each build is a process, they take turns, and a photo's time is the median of all
runs.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from opqn_app.core import paths
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


ROOT = Path(__file__).resolve().parents[2]
SAMPLES = 10  # portraits of the sample, beside the photos that are made
CHILD = """
import sys, time
from pathlib import Path
from opqn_app.engine import load_engine
from opqn_app.index.analysis import analyse
from opqn_app.index.plan import PendingFile
try:
    from opqn_app.vision.photo_folder import stat_photo
except ImportError:  # an older build
    from opqn_app.index.scan import stat_photo
engine = load_engine("bundled-64", "cpu", "mtcnn")
print("ready", flush=True)
for line in sys.stdin:
    path = Path(line[:-1])
    started = time.process_time()
    file = PendingFile(stat_photo(path.parent, path.name), None)
    photo = analyse(file, path.parent, engine).photo
    passed = time.process_time() - started
    print(passed, len(photo.faces) if photo else 0, flush=True)
"""


@contextmanager
def build(clone: Path) -> Iterator[Callable[[Path], tuple[float, int]]]:
    """CPU seconds and faces of a photo, by the code in `clone`, in a process of its own."""
    own = clone / ".venv" / "bin" / "python"
    python = str(own) if clone != ROOT and own.is_file() else sys.executable
    environment = os.environ | {"PYTHONPATH": str(clone), "OMP_NUM_THREADS": "1"}
    command, pipe = [python, "-W", "ignore", "-c", CHILD], subprocess.PIPE
    with subprocess.Popen(
        command, cwd=clone, env=environment, stdin=pipe, stdout=pipe, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise SystemExit(f"the build in {clone} does not run")

        def ask(path: Path) -> tuple[float, int]:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{path.resolve()}\n")
            process.stdin.flush()
            seconds, faces = process.stdout.readline().split()
            return float(seconds), int(faces)

        try:
            yield ask
        finally:
            process.communicate()


def against(clone: Path, photos: Sequence[Path], runs: int) -> dict[str, float]:
    """CPU ms of a photo in which both builds find a face, of either build, and their ratio."""
    sums, counted, same = np.zeros(2), 0, 0
    with ExitStack() as stack:
        builds = [stack.enter_context(build(each)) for each in (ROOT, clone)]
        for path in photos:
            taken: list[list[float]] = [[], []]
            faces = [ask(path)[1] for ask in builds]  # what a process does only once counts not
            for run in range(runs if min(faces) else 0):
                for which in (0, 1) if run % 2 else (1, 0):
                    taken[which].append(builds[which](path)[0])
            if min(faces):
                counted, same = counted + 1, same + (faces[0] == faces[1])
                sums += [median(row) for row in taken]
    now, before = (sums / max(1, counted) * 1e3).round(2).tolist()
    ratio = round(now / before, 3)
    return {"photos": counted, "same_faces": same, "ms": now, "ms_older": before, "ratio": ratio}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=8)
    parser.add_argument("--index", type=int, default=0, help="also index so many with 1, 2 workers")
    parser.add_argument("--source", type=Path, help="where made photos are kept for the next run")
    parser.add_argument("--against", type=Path, metavar="CLONE", help="compare with an older build")
    parser.add_argument("--runs", type=int, default=5, help="of each photo, with --against")
    arguments = parser.parse_args()
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(dir=arguments.source) as name:
        photos = make_photos(arguments.source or Path(name) / "made", arguments.photos)
        if arguments.against:
            sample = sorted((paths.resource("sample") / "photos").rglob("*.jpg"))[:SAMPLES]
            files = [*(photo.path for photo in photos if photo.boxes), *sample]
            print(json.dumps(against(arguments.against.resolve(), files, arguments.runs)))
            return
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
