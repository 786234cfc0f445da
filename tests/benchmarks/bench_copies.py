"""How well faces in large photos are found again, by the copy of the photo that they are cut from.

    python -m tests.benchmarks.bench_copies [--against CLONE] [--widths PX ...] [--sides PX ...]
        [--faces N] [--min-side PX] [--model NAME]

Portraits of people whom no bundled model has seen (../shared/data/lfw_unseen.tar) are pasted into
photos, saved as JPEG, and read as indexing does, by this build and by an older one, each in a
process of its own. They are cut out where they were pasted, so no detector has a say. Another
portrait of each person asks for them, as it is. --min-side reads them a third time, on copies that
may be as small as that. The last line is one JSON object.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from opqn_app.core.progress import finished
from opqn_app.core.types import Codes, Crops
from opqn_app.opqn.face_encoder import FaceEncoder
from opqn_app.opqn.load import load_encoder
from opqn_app.opqn.model_folder import find_model
from tests.benchmarks.bench_encode import SHARED
from tests.benchmarks.detect_scenes import Kind, make_scene
from trainer.data.picture_set import read_crops
from trainer.evaluate.ranking import rank
from trainer.evaluate.scoring import CodeScorer, StoredTables

ROOT = Path(__file__).resolve().parents[2]
AT_ONCE = 50
_CUT = """
import sys
from pathlib import Path
import numpy as np
from opqn_app.vision.align import align_face
from opqn_app.vision.images import read_photo
room, limits = Path(sys.argv[1]), eval(sys.argv[2])
crops = []
for path in sorted(room.glob("*.jpg")):
    photo = read_photo(path.read_bytes(), path.name, **limits)
    scale = photo.image.width / photo.width
    places = np.load(path.with_suffix(".npy")) * scale
    crops += [align_face(photo.image, place.astype(np.float32)) for place in places]
np.save(room / "crops", np.stack(crops))
print(photo.image.width)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--against", type=Path, metavar="CLONE", help="an older build")
    parser.add_argument("--widths", type=int, nargs="+", default=[2560, 3264], help="of the photos")
    parser.add_argument("--sides", type=int, nargs="+", default=[40, 56, 80, 112], help="of faces")
    parser.add_argument("--faces", type=int, default=600)
    parser.add_argument("--min-side", type=int, help="a third way: copies of no more than this")
    parser.add_argument("--model", default="bundled-256")
    arguments = parser.parse_args()
    threadpool_limits(1)
    ways: dict[str, tuple[Path, dict[str, int]]] = {"this build": (ROOT, {})}
    if arguments.against:
        ways["older build"] = arguments.against.resolve(), {}
    if arguments.min_side:
        ways[f"from {arguments.min_side} px"] = ROOT, {"min_side": arguments.min_side}
    asking, pasted, people = portraits(arguments.faces)
    encoder = load_encoder(find_model(arguments.model))
    scorer_of = Asked(encoder, asking)
    rows = []
    for width in arguments.widths:
        for side in arguments.sides:
            with tempfile.TemporaryDirectory() as name:
                paste(Path(name), pasted, width, side)
                for way, (folder, limits) in ways.items():
                    copy, crops = read(Path(name), folder, limits)
                    mean_ap, rank1 = scorer_of.figures(crops, people)
                    rows.append([width, side, way, copy, round(mean_ap, 4), round(rank1, 4)])
                    print(
                        "{:5} px, faces of {:3} px, {:12} {:5} px  mAP {}  rank-1 {}".format(
                            *rows[-1]
                        )
                    )
    print(json.dumps({"model": arguments.model, "faces": len(people), "rows": rows}))


def portraits(n: int) -> tuple[Crops, Crops, NDArray[np.str_]]:
    """Of n people: a portrait that asks, one that is pasted, and who they are."""
    found = read_crops([SHARED / "lfw_unseen.tar"])
    images = np.ascontiguousarray(found.images[:, 6:118, 6:118])
    people, first, count = np.unique(found.people, return_index=True, return_counts=True)
    chosen = np.random.default_rng(0).permutation(np.flatnonzero(count > 1))[:n]
    return images[first[chosen]], images[first[chosen] + 1], people[chosen]


def paste(room: Path, crops: Crops, width: int, side: int) -> None:
    """Photos with all portraits, and beside each the landmarks of its faces: (n, 5, 2) pixels."""
    done = 0
    while done < len(crops):
        scene = make_scene(crops[done:], Kind(side), seed=done, size=(width, width * 3 // 4))
        path = room / f"{done:06}.jpg"
        scene.image.save(path, quality=92)
        np.save(path.with_suffix(".npy"), np.stack(scene.landmarks))
        done += len(scene.landmarks)


def read(room: Path, folder: Path, limits: dict[str, int]) -> tuple[int, Crops]:
    """The width of the copies that a build makes of the photos, and the faces cut from them."""
    command = [sys.executable, "-c", _CUT, str(room), repr(limits)]
    paths = {"PYTHONPATH": str(folder)}
    run = subprocess.run(
        command, cwd=folder, env={**os.environ, **paths}, stdout=subprocess.PIPE, check=True
    )
    return int(run.stdout), np.load(room / "crops.npy")


class Asked:
    """People who are asked for, by one portrait of each."""

    def __init__(self, encoder: FaceEncoder, asking: Crops) -> None:
        self._encoder = encoder
        parts = [encoder.luts(asking[i : i + AT_ONCE]) for i in range(0, len(asking), AT_ONCE)]
        self._tables = StoredTables(np.concatenate(parts))

    def figures(self, crops: Crops, people: NDArray[np.str_]) -> tuple[float, float]:
        """mAP and rank-1 where `crops` are the library: one of each person, in the same order."""
        scorer = CodeScorer(self._tables, self._codes(crops))
        ranking = finished(rank(scorer, people, people))
        assert ranking.mean_ap is not None
        assert ranking.rank1 is not None
        return ranking.mean_ap, ranking.rank1

    def _codes(self, crops: Crops) -> Codes:
        parts = [
            self._encoder.encode(crops[i : i + AT_ONCE]) for i in range(0, len(crops), AT_ONCE)
        ]
        return np.concatenate(parts)


if __name__ == "__main__":
    main()
