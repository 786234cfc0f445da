"""CPU time of each stage of a mixed photo, and of an older build in the same run.

    python -m tests.benchmarks.bench_stages [--photos N] [--runs N] [--against CLONE]

Each build runs in a process of its own with one thread, and they take turns photo by photo. A
photo's time at a stage is the least of all runs, since other work on the machine only adds to it.
Shown is the mean over photos in ms. An older build encodes faces with torch, as it does where
OpenVINO is not installed. With --against, boxes of both builds are compared too. The last line is
one JSON object.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.mixed_photos import make_photos

STAGES = ("decode", "copy", "detect", "align", "encode")
ROOT = Path(__file__).resolve().parents[2]
CHILD = """
import json, sys, time
from pathlib import Path
import numpy as np
from opqn_app.engine import load_engine
from opqn_app.vision.align import align_face
from opqn_app.vision.copies import bounded_copy
from opqn_app.vision.images import read_photo
try:
    from opqn_app.core.depth import FAST
except ImportError:  # an older build
    from opqn_app.vision.depth import FAST

engine = load_engine("bundled-64", "cpu", "mtcnn")

def stages(path):
    data = path.read_bytes()
    at = [time.process_time()]
    image = read_photo(data, path.name).image
    at.append(time.process_time())
    copy = bounded_copy(image, FAST.pixels)
    at.append(time.process_time())
    faces = engine.detector.detect(copy)
    at.append(time.process_time())
    scale = np.array([image.width / copy.width, image.height / copy.height])
    crops = [align_face(image, (face.landmarks * scale).astype(np.float32)) for face in faces]
    at.append(time.process_time())
    if crops:
        engine.encoder.encode(np.stack(crops))
    at.append(time.process_time())
    boxes = [[f.box.left, f.box.top, f.box.right, f.box.bottom] for f in faces]
    return {"ms": (np.diff(at) * 1e3).tolist(), "boxes": sorted(boxes)}

print("ready", flush=True)
for line in sys.stdin:
    print(json.dumps(stages(Path(line.strip()))), flush=True)
"""


@contextmanager
def build(clone: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that runs the code in `clone`: a photo's path in, its stages and boxes out."""
    environment = os.environ | {"PYTHONPATH": str(clone), "OMP_NUM_THREADS": "1"}
    if clone != ROOT:
        environment["OPQN_ENCODER"] = "torch"
    command = [sys.executable, "-W", "ignore", "-c", CHILD]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=clone, env=environment, stdin=pipe, stdout=pipe, text=True
    ) as process:
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise SystemExit(f"the build in {clone} does not run")
        try:
            yield process
        finally:
            process.communicate()


def ask(process: "subprocess.Popen[str]", photo: Path) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{photo.resolve()}\n")
    process.stdin.flush()
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def apart(some: list[list[float]], other: list[list[float]]) -> float:
    """Largest difference of a side, in pixels of the copy; infinite if the numbers differ."""
    if len(some) != len(other):
        return float("inf")
    return float(np.abs(np.subtract(some, other)).max()) if some else 0.0


def measure(clones: list[Path], photos: list[Path], runs: int) -> dict[str, Any]:
    """Stages of each clone; of two, their ratio and how far boxes are apart."""
    least = np.full((len(clones), len(photos), len(STAGES)), np.inf)
    boxes: dict[tuple[int, int], list[list[float]]] = {}
    with build(clones[0]) as ours, build(clones[-1]) as other:
        processes = [ours, other][: len(clones)]
        for _ in range(runs):
            for number, photo in enumerate(photos):
                for which, process in enumerate(processes):
                    answer = ask(process, photo)
                    least[which, number] = np.minimum(least[which, number], answer["ms"])
                    boxes[which, number] = answer["boxes"]
    means = least.mean(axis=1)  # (clones, stages)
    result: dict[str, Any] = {"photos": len(photos)}
    for name, row in zip(("ms", "ms_older"), means, strict=False):
        result[name] = dict(zip(STAGES, row.round(2).tolist(), strict=True))
        result[f"{name}_sum"] = round(float(row.sum()), 2)
    if len(clones) == 2:
        result["ratio"] = round(float(means[0].sum() / means[1].sum()), 3)
        result["ratio_detect"] = round(float(means[0, 2] / means[1, 2]), 3)
        each = [apart(boxes[0, number], boxes[1, number]) for number in range(len(photos))]
        result["boxes_apart_px"] = max(each)
    result["faces"] = sum(len(boxes[0, number]) for number in range(len(photos)))
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=10)
    parser.add_argument("--runs", type=int, default=5, help="of each photo")
    parser.add_argument("--against", type=Path, help="clone of an older build")
    parser.add_argument("--source", type=Path, help="where made photos are kept for the next run")
    arguments = parser.parse_args()
    clones = [ROOT, *([arguments.against.resolve()] if arguments.against else [])]
    with tempfile.TemporaryDirectory() as name:
        made = make_photos(arguments.source or Path(name), arguments.photos)
        result = measure(clones, [photo.path for photo in made], arguments.runs)
    for which in ("ms", "ms_older"):
        if which in result:
            cells = "".join(f"{stage} {ms:.1f}  " for stage, ms in result[which].items())
            print(f"{which:9} {cells} sum {result[which + '_sum']:.1f}")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
