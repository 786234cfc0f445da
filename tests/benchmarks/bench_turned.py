"""Faces of photos on their side and of tight ones: recall, false faces, cost, before and after.

    python -m tests.benchmarks.bench_turned [--detector NAME] [--textures DIR] [--json FILE]

"Before" is the detector that is asked, "after" what the app makes of it. The portraits are the 25
query photos of the bundled sample: each alone, at each turn and cut tight, and all on one page. A
face counts if it lies on the portrait's and is as upright as the portrait. --textures is a folder
of photos without people; a sheet of what is found there is written to --sheet, to be looked at.
Times are process CPU time with one thread, the least of --runs. The last line is one JSON object.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from opqn_app.core.depth import FAST
from opqn_app.core.types import Box, DetectedFace, FaceDetector
from opqn_app.vision.detect import make_detector
from tests.turned_scenes import is_up, page, portraits, tight, turned, turned_box

TIGHT = (0.0, 0.05, 0.08, 0.12)
TILE = 160  # px, of the sheet


def is_there(faces: list[DetectedFace], box: Box, turns: int) -> bool:
    """Whether one face has its centre in the middle of `box` and stands as it should."""
    for face in faces:
        x, y = (face.box.left + face.box.right) / 2, (face.box.top + face.box.bottom) / 2
        across, down = x - (box.left + box.right) / 2, y - (box.top + box.bottom) / 2
        near = abs(across) < box.width / 4 and abs(down) < box.height / 4
        if near and is_up(face, turns):
            return True
    return False


def recall(detectors: dict[str, FaceDetector]) -> dict[str, Any]:
    """Of 25: at each turn alone and on one page; tight; and faces found beside them."""
    pictures = portraits()
    seen = [detectors["before"].detect(picture, FAST.pixels) for picture in pictures]
    boxes = [max(faces, key=lambda face: face.confidence).box for faces in seen]
    whole, places = page(pictures, 200)
    table: dict[str, Any] = {}
    for name, detector in detectors.items():
        row = table[name] = {}
        for turns in range(4):
            found, false = 0, 0
            for picture, box in zip(pictures, boxes, strict=True):
                faces = detector.detect(turned(picture, turns), FAST.pixels)
                hit = is_there(faces, turned_box(box, picture.size, turns), turns)
                found, false = found + hit, false + len(faces) - hit
            row[f"alone, {90 * turns}°"] = {"found": found, "false": false}
            faces = detector.detect(turned(whole, turns), FAST.pixels)
            placed = [turned_box(box, whole.size, turns) for box in places]
            hits = sum(is_there(faces, box, turns) for box in placed)
            row[f"page, {90 * turns}°"] = {"found": hits, "false": len(faces) - hits}
        for share in TIGHT:
            cut = [tight(p, b, share) for p, b in zip(pictures, boxes, strict=True)]
            found = sum(
                is_there(detector.detect(c, FAST.pixels), Box(0.0, 0.0, *map(float, c.size)), 0)
                for c in cut
            )
            row[f"tight by {share:.0%} of the box"] = {"found": found}
    return table


def false_faces(
    detectors: dict[str, FaceDetector], folder: Path, sheet: Path | None
) -> dict[str, Any]:
    """Faces in photos that show none, and of what the app adds a sheet to judge by eye."""
    files = sorted(f for f in folder.rglob("*") if f.suffix.lower() in (".jpg", ".jpeg", ".png"))
    counts: dict[str, Any] = {"photos": len(files), "before": 0, "after": 0, "added": []}
    tiles = []
    for file in files:
        with Image.open(file) as opened:
            image = opened.convert("RGB")
        before = detectors["before"].detect(image, FAST.pixels)
        after = detectors["after"].detect(image, FAST.pixels)
        counts["before"] += len(before)
        counts["after"] += len(after)
        if len(after) > len(before):
            counts["added"].append(file.name)
        for face in after:
            sides = face.box.left, face.box.top, face.box.right, face.box.bottom
            tiles.append(image.crop(sides).resize((TILE, TILE)))
    if sheet is not None and tiles:
        page_of_tiles = Image.new("RGB", (TILE * 8, TILE * -(-len(tiles) // 8)))
        for i, tile in enumerate(tiles):
            page_of_tiles.paste(tile, (i % 8 * TILE, i // 8 * TILE))
        page_of_tiles.save(sheet)
    return counts


def cost(detectors: dict[str, FaceDetector], runs: int) -> dict[str, Any]:
    """CPU ms of a photo with upright faces, of one on its side, and of one without people."""
    whole, _ = page(portraits(), 200)
    noise = np.random.default_rng(1).integers(40, 220, (24, 32, 3), np.uint8)
    blank = Image.fromarray(noise).resize((1024, 768), Image.Resampling.BICUBIC)
    table: dict[str, Any] = {}
    photos = {"upright": whole, "on its side": turned(whole, 1), "without people": blank}
    for kind, photo in photos.items():
        least = dict.fromkeys(detectors, float("inf"))
        for _ in range(runs):
            for name, detector in detectors.items():
                started = time.process_time()
                detector.detect(photo, FAST.pixels)
                least[name] = min(least[name], (time.process_time() - started) * 1e3)
        table[kind] = {name: round(ms, 1) for name, ms in least.items()}
        table[kind]["ratio"] = round(least["after"] / least["before"], 3)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--detector", choices=("mtcnn", "yunet"), default="mtcnn")
    parser.add_argument("--textures", type=Path, help="folder of photos without people")
    parser.add_argument("--sheet", type=Path, help="where the false faces are drawn")
    parser.add_argument("--runs", type=int, default=7, help="of each timing")
    parser.add_argument("--json", type=Path, help="where the result is written, too")
    arguments = parser.parse_args()
    after = make_detector(arguments.detector)
    after.prepare()
    detectors: dict[str, FaceDetector] = {"before": after.asked, "after": after}
    result: dict[str, Any] = {"detector": arguments.detector, "recall": recall(detectors)}
    for kind, before in result["recall"]["before"].items():
        print(f"{kind:26} before {before}  after {result['recall']['after'][kind]}", flush=True)
    result["cost"] = cost(detectors, arguments.runs)
    for kind, row in result["cost"].items():
        print(f"CPU ms, {kind:18} {row}", flush=True)
    if arguments.textures is not None:
        result["false"] = false_faces(detectors, arguments.textures, arguments.sheet)
        print("false faces:", result["false"])
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(result, indent=1), encoding="utf-8")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
