"""Small faces in photos of 12 megapixels: what the fast pass finds, and the thorough one after it.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.bench_thorough [--photos N] [--sides PX ...]
        [--max-side PX --pixels N]    # another depth than the app's

Each photo holds portraits of one height on a soft noisy background (see detect_scenes), saved as
JPEG, and goes through what indexing does with it: read, hash, decode, detect, align, encode. Times
are process CPU time of one thread. "alike" is the mean cosine of the trunk's features of a stored
crop and of the portrait as it was before. The portraits are those of ../shared/data (part val),
else of the sample. The last line is one JSON object.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from opqn_app.core import paths
from opqn_app.core.depth import FAST, THOROUGH, Depth
from opqn_app.core.types import DetectedFace
from opqn_app.engine import Engine, load_engine
from opqn_app.index.analysis import Analysed, analyse
from opqn_app.index.content import hash_file
from opqn_app.index.plan import PendingFile
from opqn_app.opqn.torch.encoder import TorchEncoder
from opqn_app.store.crops import crop_from_webp
from opqn_app.store.records import KnownPhoto, NewFace
from opqn_app.vision.photo_folder import PhotoFile
from tests.benchmarks.bench_detect import matched, val_crops
from tests.benchmarks.bench_search import machine
from tests.benchmarks.detect_scenes import Kind, Scene, make_scene
from tests.sample_crops import sample_crops

SIZE = (4032, 3024)
PORTRAITS = 24  # a photo


@dataclass(slots=True)
class Tally:
    """What one pass did with the photos of one kind; `found` counts for both after the second."""

    cpu_s: list[float] = field(default_factory=list)
    found: int = 0
    false: int = 0
    alike: list[float] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=4, help="of each height")
    parser.add_argument("--sides", type=int, nargs="+", default=[32, 40, 56, 80, 112, 240])
    parser.add_argument("--max-side", type=int, default=THOROUGH.max_side)
    parser.add_argument("--pixels", type=int, default=THOROUGH.pixels)
    arguments = parser.parse_args()
    depth = Depth(arguments.max_side, arguments.max_side * 15 // 16, arguments.pixels)
    torch.set_num_threads(1)
    engine = load_engine(str(paths.resource("models/bundled-256")), "cpu")
    read = val_crops()
    portraits = sample_crops() if read is None else read[0][:, 6:118, 6:118]
    print(machine(), "; portraits of", "the sample" if read is None else "part val")
    rows = {}
    for side in arguments.sides:
        rows[side] = measure(engine, portraits, side, arguments.photos, depth)
        print(f"{side:4d} px  " + "  ".join(f"{k} {v}" for k, v in rows[side].items()), flush=True)
    print(json.dumps({"machine": machine(), "depth": asdict(depth), "sides": rows}))


def measure(
    engine: Engine, portraits: NDArray[np.uint8], side: int, n_photos: int, depth: Depth
) -> dict[str, float]:
    """Both passes over photos with portraits of one height."""
    fast, both = Tally(), Tally()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for number in range(n_photos):
            first = (37 * side + PORTRAITS * number) % (len(portraits) - PORTRAITS)
            some = portraits[first : first + PORTRAITS]
            scene = make_scene(some, Kind(side), 100 * side + number, SIZE)
            scene.image.save(root / "a.jpg", quality=92)
            known = index(engine, root, fast)
            more = index(engine, root, both, known, depth)
            count(engine, scene, some, known, fast)
            count(engine, scene, some, [*known, *more], both)
    n = n_photos * len(scene.boxes)
    cpu_fast, cpu_thorough = float(np.median(fast.cpu_s)), float(np.median(both.cpu_s))
    return {
        "recall_fast": round(fast.found / n, 3),
        "recall_both": round(both.found / n, 3),
        "false_fast": fast.false,
        "false_both": both.false,
        "alike_fast": round(float(np.mean(fast.alike)), 3) if fast.alike else 0.0,
        "alike_both": round(float(np.mean(both.alike)), 3) if both.alike else 0.0,
        "cpu_s_fast": round(cpu_fast, 3),
        "cpu_s_thorough": round(cpu_thorough, 3),
        "ratio": round(cpu_thorough / cpu_fast, 1),
    }


def index(
    engine: Engine, root: Path, tally: Tally, known: Sequence[NewFace] = (), depth: Depth = FAST
) -> list[NewFace]:
    """The faces of root/a.jpg: by the fast pass, or those that a deeper one adds to `known`."""
    path = root / "a.jpg"
    file = PhotoFile("a.jpg", path.stat().st_size, path.stat().st_mtime_ns)
    item = PendingFile(file, None)
    if depth != FAST:
        photo = KnownPhoto(1, 1, "a.jpg", file.size, file.mtime_ns, hash_file(path) or b"")
        item = PendingFile(file, photo, depth, tuple(face.box for face in known))
    started = time.process_time()
    done: Analysed = analyse(item, root, engine)
    tally.cpu_s.append(time.process_time() - started)
    assert done.photo is not None
    return list(done.photo.faces)


def count(
    engine: Engine, scene: Scene, portraits: NDArray[np.uint8], faces: list[NewFace], tally: Tally
) -> None:
    """Which portraits were found, and how alike their stored crops are."""
    detected = [as_detected(face) for face in faces]
    stored = dict(zip(map(id, detected), faces, strict=True))
    hits = [matched(box, detected) for box in scene.boxes]
    pairs = [
        (crop_from_webp(stored[id(hit)].crop_webp), portrait)
        for hit, portrait in zip(hits, portraits, strict=False)
        if hit is not None
    ]
    tally.found += len(pairs)
    tally.false += len(faces) - len(pairs)
    if pairs:
        tally.alike += cosines(engine, *(np.stack(side) for side in zip(*pairs, strict=True)))


def as_detected(face: NewFace) -> DetectedFace:
    return DetectedFace(face.box, face.landmarks, face.quality.confidence)


def cosines(engine: Engine, some: NDArray[np.uint8], others: NDArray[np.uint8]) -> list[float]:
    assert isinstance(engine.encoder, TorchEncoder)
    features = [np.asarray(engine.encoder.features(crops)) for crops in (some, others)]
    one, two = (each / np.linalg.norm(each, axis=1, keepdims=True) for each in features)
    return [float(value) for value in (one * two).sum(axis=1)]


if __name__ == "__main__":
    main()
