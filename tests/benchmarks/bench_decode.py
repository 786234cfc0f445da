"""CPU time of decoding a folder of photos as the index does it, against pyvips and an older build.

    python -m tests.benchmarks.bench_decode [--source DIR ...] [--photos N] [--runs N]
        [--against CLONE] [--bound] [--json]

Each way is a process of its own that is handed one file after the other, and all get a file before
any gets the next. pyvips opens each at full size (pip install pyvips-binary pyvips). A file that
one of the ways can't read counts for none; how many those are is printed. A file's time is the
median of all runs. Without --source the photos are those of `mixed_photos`. Of those below --source
as many are drawn, one after the other by a fixed seed, until --photos of them count. The goal is
half the CPU seconds of pyvips, and not more than an older build.

--bound adds what no reader by these libraries can go below: a JPEG at an eighth of its size, where
nearly all that is left is to read its codes one after the other; of a PNG its pixels inflated and
nothing else; of other formats what their decoder takes; and of all the hash of the file.
"""

import argparse
import importlib.util
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from opqn_app.vision.photo_folder import PHOTO_SUFFIXES
from tests.benchmarks.mixed_photos import make_photos

ROOT = Path(__file__).resolve().parents[2]
WARM_UP = 3  # files that are read once before, for what a process does only once
OURS, VIPS, OLDER, BOUND = "this build", "pyvips", "older build", "bound"

# What a process runs: a path a line comes in, CPU seconds or -1 go out.
_LOOP = """
import sys, time
from pathlib import Path
answers = sys.stdout
sys.stdout = sys.stderr
for line in sys.stdin:
    path = Path(line[:-1])
    start = time.process_time()
    try:
        decode(path)
        passed = time.process_time() - start
    except Exception:  # an older build may know of no name for what is wrong with a file
        passed = -1.0
    print(passed, file=answers, flush=True)
"""
_OLDER = """
from opqn_app.index.content import read_content
from opqn_app.vision.images import read_photo
def decode(path):
    read_photo(read_content(path).data, path.name)
"""
_OURS = _OLDER.replace("path.name)", "path.name, hashed=True)")  # older builds hash no picture
_VIPS = """
import pyvips
def decode(path):
    pyvips.Image.new_from_buffer(path.read_bytes(), "").write_to_memory()
"""
_BOUND = """
import io, zlib
from opqn_app.index.content import read_content
from opqn_app.vision import decoders
def decode(path):
    data = read_content(path).data
    image = decoders.opened(io.BytesIO(data), path, data[:4096])
    if image.format in ("JPEG", "MPO"):
        image.draft(None, (1, 1))
        image.decodermaxblock = len(data)
        image.load()
    elif image.format == "PNG":
        inflate(data)
    else:
        image.load()
def inflate(data):
    pixels, at = zlib.decompressobj(), 8
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4])
        if data[at + 4 : at + 8] == b"IDAT":
            pixels.decompress(data[at + 8 : at + 8 + size])
        at += size + 12
"""


@dataclass(slots=True)
class Way:
    """A process that decodes files."""

    name: str
    start: Callable[[], subprocess.Popen[str]]
    process: subprocess.Popen[str]

    def seconds(self, path: Path) -> float | None:
        """CPU seconds for a file; None if this way can't read it, or its process ends by it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            print(f"{self.name}: the process ended with {self.process.wait()} at {path}")
            self.process = self.start()
        return float(answer) if answer and not answer.startswith("-") else None


@contextmanager
def way(name: str, decode: str, folder: Path) -> Iterator[Way]:
    """Start a way; `folder` is the clone whose code it runs."""
    one_thread = {"VIPS_CONCURRENCY": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(folder)}

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", decode + _LOOP],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=folder,
            env={**os.environ, **one_thread},
        )

    started = Way(name, start, start())
    yield started
    started.process.communicate()


def measure(
    files: Sequence[Path], ways: Sequence[Way], runs: int, wanted: int
) -> tuple[dict[str, dict[str, float]], int, int]:
    """Suffix → way → CPU seconds; how many files count, at most `wanted`; and how many were tried.

    The ways take turns in being first.
    """
    names = [each.name for each in ways]
    sums: defaultdict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(names, 0.0))
    counted = tried = 0
    for path in files[:WARM_UP]:
        for each in ways:
            each.seconds(path)
    for i, path in enumerate(files):
        if counted == wanted:
            break
        tried += 1
        found: dict[str, list[float | None]] = {name: [] for name in names}
        for turn in range(i, i + runs):
            first = turn % len(ways)
            for each in (*ways[first:], *ways[:first]):
                found[each.name].append(each.seconds(path))
        taken = {name: [s for s in row if s is not None] for name, row in found.items()}
        if any(len(row) < runs for row in taken.values()):
            continue
        counted += 1
        for name, row in taken.items():
            sums[path.suffix.lower()][name] += median(row)
    return dict(sums), counted, tried


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=Path, nargs="+", help="folders of photos")
    parser.add_argument("--photos", type=int, help="how many; 40 are made without --source")
    parser.add_argument("--runs", type=int, default=1, help="of each file")
    parser.add_argument("--against", type=Path, metavar="CLONE", help="an older build")
    parser.add_argument("--bound", action="store_true", help="what the libraries take at the least")
    parser.add_argument("--json", action="store_true", help="print one JSON object only")
    arguments = parser.parse_args()
    if importlib.util.find_spec("pyvips") is None:
        parser.error("this comparison needs pyvips (pip install pyvips-binary pyvips)")
    with ExitStack() as stack:
        folders = arguments.source
        if folders is None:
            folders = [Path(stack.enter_context(tempfile.TemporaryDirectory()))]
            make_photos(folders[0], arguments.photos or 40)
        found = sorted(path.resolve() for folder in folders for path in folder.rglob("*"))
        files = [path for path in found if path.suffix.lower() in PHOTO_SUFFIXES]
        files = [path for path in files if path.is_file() and "\n" not in str(path)]
        random.Random(0).shuffle(files)
        decoders = {OURS: (_OURS, ROOT), VIPS: (_VIPS, ROOT)}
        if arguments.against:
            decoders[OLDER] = (_OLDER, arguments.against.resolve())
        if arguments.bound:
            decoders[BOUND] = (_BOUND, ROOT)
        ways = [stack.enter_context(way(name, *decode)) for name, decode in decoders.items()]
        wanted = arguments.photos or len(files)
        sums, counted, tried = measure(files, ways, arguments.runs, wanted)
    report(sums, counted, tried, as_json=arguments.json)


def report(
    sums: dict[str, dict[str, float]], counted: int, all_files: int, *, as_json: bool
) -> None:
    """Print the table, or the totals and ratios as JSON."""
    names = list(next(iter(sums.values()), {}))
    totals = {name: sum(row[name] for row in sums.values()) for name in names}
    ratios = {f"{name} / {OURS}": totals[name] / totals[OURS] for name in names[1:]}
    if BOUND in totals:
        ratios[f"{VIPS} / {BOUND}"] = totals[VIPS] / totals[BOUND]
    if as_json:
        rounded = {name: round(seconds, 2) for name, seconds in totals.items()}
        shares = {name: round(ratio, 3) for name, ratio in ratios.items()}
        print(json.dumps({"files": counted, "of": all_files, "cpu_s": rounded, "ratios": shares}))
        return
    print(f"{counted:,} of {all_files:,} files are read by all; CPU seconds:")
    print(f"{'':8}" + "".join(f"{name:>14}" for name in names))
    for suffix, row in sorted(sums.items()):
        print(f"{suffix:8}" + "".join(f"{row[name]:14.2f}" for name in names))
    print(f"{'all':8}" + "".join(f"{totals[name]:14.2f}" for name in names))
    for name, ratio in ratios.items():
        print(f"{name}: {ratio:.2f}")


if __name__ == "__main__":
    main()
