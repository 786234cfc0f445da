"""MTCNN (ours, facenet-pytorch's) and YuNet: time, recall, false faces, landmarks, retrieval.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.bench_detect [--runs N] [--faces N] [--people N]

Times are process CPU time of one thread, medians of interleaved runs. Recall and retrieval need the
crops of ../shared/data (part val); without them only times and the sample's group photos are shown.
The last line is one JSON object.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from opqn_app.cli.demo import load_answers
from opqn_app.core import paths
from opqn_app.core.types import Box, DetectedFace, Floats
from opqn_app.opqn.lut import scores
from opqn_app.opqn.torch.encoder import TorchEncoder
from opqn_app.vision.align import TEMPLATE, align_face
from opqn_app.vision.detect import MIN_FACE, MtcnnDetector
from opqn_app.vision.images import open_photo
from opqn_app.vision.yunet import YunetDetector
from tests.benchmarks.bench_search import machine
from tests.benchmarks.detect_scenes import KINDS, Kind, make_scene

Detector = MtcnnDetector | YunetDetector
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
SIZES = ((768, 512), (1536, 1024), (2048, 1365))
PADDED = 250


def val_crops() -> tuple[NDArray[np.uint8], NDArray[np.str_]] | None:
    """(n, 124, 124, 3) crops and their people, or None without ../shared."""
    from trainer.data.picture_set import read_crops

    shards = sorted(SHARED.glob("faces_*.tar"))
    if not shards:
        return None
    found = read_crops(shards, part="val")
    return found.images, found.people


def cpu_ms(actions: dict[str, Callable[[], object]], runs: int) -> dict[str, float]:
    for action in actions.values():
        action()
    taken: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(runs):
        for name, action in actions.items():
            started = time.process_time()
            action()
            taken[name].append((time.process_time() - started) * 1e3)
    return {name: float(np.median(each)) for name, each in taken.items()}


def times(crops: NDArray[np.uint8], runs: int) -> list[dict[str, Any]]:
    """The networks on the whole picture, and the app's detectors, which search smaller copies."""
    from facenet_pytorch import MTCNN

    theirs = MTCNN(keep_all=True, min_face_size=MIN_FACE, device="cpu").eval()
    mtcnn, yunet = MtcnnDetector(), YunetDetector()
    network = mtcnn._network
    rows = []
    for size in SIZES:
        image = make_scene(crops, Kind(120), 0).image.resize(size, Image.Resampling.BILINEAR)
        pixels = np.asarray(image)
        actions: dict[str, Callable[[], object]] = {
            "facenet_pytorch": partial(theirs.detect, image, landmarks=True),
            "mtcnn_whole": partial(network.search, pixels),
            "yunet_whole": partial(yunet._search, image, image),
            "mtcnn": partial(mtcnn.detect, image),
            "yunet": partial(yunet.detect, image),
        }
        row: dict[str, Any] = {"size": size, "faces": len(mtcnn.detect(image))}
        row |= cpu_ms(actions, runs)
        row["ratio_facenet"] = row["facenet_pytorch"] / row["mtcnn_whole"]
        rows.append(row)
        print("  ".join(f"{k} {v:.1f}" if isinstance(v, float) else f"{v}" for k, v in row.items()))
    return rows


def matched(box: Box, faces: Sequence[DetectedFace]) -> DetectedFace | None:
    """The surest face that lies in the middle of `box` and is about as large."""
    fits = [
        face
        for face in faces
        if abs(face.box.left + face.box.right - box.left - box.right) < box.width / 1.5
        and abs(face.box.top + face.box.bottom - box.top - box.bottom) < box.height / 1.5
        and 0.4 < face.box.height / box.height < 1.6
    ]
    return max(fits, key=lambda face: face.confidence, default=None)


def error(found: Floats, true: Floats) -> float:
    """Mean distance of the five landmarks in distances between the eyes."""
    return float(np.linalg.norm(found - true, axis=1).mean() / np.linalg.norm(true[0] - true[1]))


def recall(crops: NDArray[np.uint8], detectors: dict[str, Detector], faces: int) -> Any:
    """For each kind of face: share found, faces that are none, landmark error."""
    middle = crops[:, 6:118, 6:118]
    rows = {}
    for n, kind in enumerate(KINDS):
        seen, first, scene_no = 0, n * 37, 0
        tally: dict[str, list[Any]] = {name: [0, 0, []] for name in detectors}
        while seen < faces and scene_no < faces // 6:
            scene = make_scene(middle[first % len(middle) :], kind, n * 100 + scene_no)
            first, seen, scene_no = first + len(scene.boxes), seen + len(scene.boxes), scene_no + 1
            for name, detector in detectors.items():
                found = detector.detect(scene.image)
                hits = [matched(box, found) for box in scene.boxes]
                tally[name][0] += sum(hit is not None for hit in hits)
                tally[name][1] += len(found) - sum(hit is not None for hit in hits)
                tally[name][2] += [
                    error(hit.landmarks, true)
                    for hit, true in zip(hits, scene.landmarks, strict=True)
                    if hit is not None
                ]
        rows[kind.name] = {
            name: {
                "recall": round(found / seen, 3),
                "false": false,
                "landmark_error": round(float(np.mean(errors)), 4) if errors else None,
            }
            for name, (found, false, errors) in tally.items()
        }
        print(f"{kind.name:26} {seen} faces:", rows[kind.name], flush=True)
    return rows


def sample_recall(detectors: dict[str, Detector]) -> dict[str, Any]:
    """Group photos and single photos of the bundled sample: portraits found, other faces."""
    sample = paths.resource("sample")
    answers = load_answers(sample)
    tally = {name: {"found": 0, "portraits": 0, "other": 0} for name in detectors}
    for photo, entries in answers.groups.items():
        opened = open_photo(sample / "photos" / photo)
        scale = opened.image.width / opened.width
        for name, detector in detectors.items():
            found = detector.detect(opened.image)
            centred = 0
            for _, portrait in entries:
                centred += any(_is_centred(face.box, portrait.scaled(scale)) for face in found)
            tally[name]["found"] += centred
            tally[name]["portraits"] += len(entries)
            tally[name]["other"] += len(found) - centred
    print("sample:", tally)
    return tally


def _is_centred(face: Box, portrait: Box) -> bool:
    x, y = (face.left + face.right) / 2, (face.top + face.bottom) / 2
    return portrait.left <= x <= portrait.right and portrait.top <= y <= portrait.bottom


def retrieval(
    crops: NDArray[np.uint8],
    people: NDArray[np.str_],
    detectors: dict[str, Detector],
    n_people: int,
) -> dict[str, Any]:
    """Rank-1 and mAP of the bundled model when each detector aligns; the given crops beside."""
    chosen = [p for p in np.unique(people) if (people == p).sum() >= 3][:n_people]
    rows = np.concatenate([np.flatnonzero(people == p)[:4] for p in chosen])
    encoder = TorchEncoder.load(paths.resource("models/bundled-64"))
    given = crops[rows][:, 6:118, 6:118]
    rim = (PADDED - crops.shape[1]) // 2
    wide = np.pad(crops[rows], ((0, 0), (rim, rim), (rim, rim), (0, 0)), mode="edge")
    table = {"given": rates(encoder, given, people[rows]) | {"missed": 0}}
    true = TEMPLATE.astype(np.float32) + rim + 6
    for name, detector in detectors.items():
        aligned, missed, errors = given.copy(), 0, []
        for i, picture in enumerate(wide):
            image = Image.fromarray(picture)
            face = matched(Box(rim, rim, PADDED - rim, PADDED - rim), detector.detect(image))
            if face is None:
                missed += 1
                continue
            aligned[i] = align_face(image, face.landmarks)
            errors.append(error(face.landmarks, true))
        table[name] = rates(encoder, aligned, people[rows]) | {
            "missed": missed,
            "landmark_error": float(np.mean(errors)),
        }
        print(f"retrieval, {len(rows)} crops of {len(chosen)} people, {name}: {table[name]}")
    print("retrieval, given crops:", table["given"])
    return table


def rates(
    encoder: TorchEncoder, crops: NDArray[np.uint8], people: NDArray[np.str_]
) -> dict[str, float]:
    """Each crop against all others."""
    codes, tables = encoder.encode(crops), encoder.luts(crops)
    first, precision = [], []
    for i, table in enumerate(tables):
        order = np.argsort(-scores(table, codes), kind="stable")
        right = people[order[order != i]] == people[i]
        first.append(right[0])
        at = np.flatnonzero(right)
        precision.append(((np.arange(len(at)) + 1) / (at + 1)).mean())
    return {"rank1": float(np.mean(first)), "map": float(np.mean(precision))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=7, help="of each timing")
    parser.add_argument("--faces", type=int, default=120, help="of each kind, at least")
    parser.add_argument("--people", type=int, default=250, help="whose crops are realigned")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    detectors: dict[str, Detector] = {"mtcnn": MtcnnDetector(), "yunet": YunetDetector()}
    found = val_crops()
    print(machine(), "" if found else "; no ../shared/data: times and sample only")
    report: dict[str, Any] = {"machine": machine(), "sample": sample_recall(detectors)}
    if found:
        crops, people = found
        report["recall"] = recall(crops, detectors, arguments.faces)
        report["retrieval"] = retrieval(crops, people, detectors, arguments.people)
        report["times"] = times(crops[:, 6:118, 6:118], arguments.runs)
    else:
        from tests.sample_crops import sample_crops

        report["times"] = times(sample_crops(), arguments.runs)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
