"""Names are read from the sidecars of a folder of photos, and by exiftool in one call.

Run: python -m tests.benchmarks.bench_exchange [--photos 50000] [--exiftool 5000]
The last line is one JSON object; the goal is at least 5 times the photos per second of exiftool.
exiftool is given the first of the sidecars only, and no photos, which is in its favour.
"""

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from opqn_app.core.types import Box
from opqn_app.exchange.programs.xmp_files import names_below
from opqn_app.exchange.records import PhotoNames, Region
from tests.exchange.xmp_files import Fields, mp, mwg, packet, people
from tests.odd_files import encoded

PER_FOLDER = 200
TAGS = ("-RegionInfo", "-RegionInfoMP", "-PersonInImage", "-HierarchicalSubject", "-TagsList")


def make_folder(folder: Path, n: int) -> list[Path]:
    """`n` small photos, and sidecars of two people in both vocabularies, as digiKam writes them."""
    rng = np.random.default_rng(1)
    photo = encoded(Image.fromarray(rng.integers(0, 255, (48, 64, 3), np.uint8)), "JPEG")
    sidecars = []
    for i in range(n):
        path = folder / f"{i // PER_FOLDER:03}" / f"IMG_{i:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photo)
        corners = rng.uniform(0.0, 0.6, (2, 2)).tolist()
        regions = [
            Region(f"Person {(i + j) % 97}", Box(x, y, x + 0.25, y + 0.3))
            for j, (x, y) in enumerate(corners)
        ]
        names = [region.name or "" for region in regions]
        keywords: Fields = {"digiKam:TagsList": [f"People/{name}" for name in names]}
        said = packet(mwg(regions) | mp(regions) | people(*names) | keywords)
        sidecars.append(path.with_name(path.name + ".xmp"))
        sidecars[-1].write_bytes(said)
    return sidecars


def ours(folder: Path) -> Iterator[PhotoNames]:
    return (found for found in names_below(folder) if isinstance(found, PhotoNames))


def exiftool(sidecars: list[Path], listed: Path) -> int:
    """How many sidecars it told of, in one call."""
    listed.write_text("\n".join(map(str, sidecars)), encoding="utf-8")
    command = ["exiftool", "-json", "-struct", *TAGS, "-@", str(listed)]
    done = subprocess.run(command, capture_output=True, check=True)
    return len(json.loads(done.stdout))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=50_000)
    parser.add_argument("--exiftool", type=int, default=5000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "photos"
        sidecars = make_folder(folder, arguments.photos)
        started = time.perf_counter()
        n = sum(1 for _ in ours(folder))
        ours_s = time.perf_counter() - started
        assert n == arguments.photos
        some = sidecars[: arguments.exiftool]
        started = time.perf_counter()
        assert exiftool(some, Path(name) / "listed") == len(some)
        theirs_s = time.perf_counter() - started
    rate, their_rate = n / ours_s, len(some) / theirs_s
    result = {
        "photos": n,
        "seconds": round(ours_s, 2),
        "photos_per_s": round(rate),
        "exiftool_photos": len(some),
        "exiftool_photos_per_s": round(their_rate),
        "times": round(rate / their_rate, 1),
    }
    print(f"{n:,} photos: {rate:,.0f} a second; exiftool {their_rate:,.0f} a second")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
