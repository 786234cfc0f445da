"""Memory of the whole app while it indexes mixed photos of up to 50 megapixels.

Run: python -m tests.benchmarks.bench_index_memory [--photos 5000] [--workers 2] [--json]
The files are hard links to a few made ones, each decoded as often as it has names. With --loaded
the process that starts the workers holds the engine as well, as the window does.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.mixed_photos import make_photos, multiply
from tests.benchmarks.process_memory import Sample, sample_family

LIMIT_MB = 600
INDEX = """
import sys
from pathlib import Path
from opqn_app.engine import load_engine
from opqn_app.index.indexing import index_folder
library, folder, workers, is_loaded = sys.argv[1:]
engine = load_engine("bundled-64", "cpu", is_lazy=is_loaded != "True")
for progress in index_folder(Path(library), Path(folder), engine, workers=int(workers)):
    pass
"""


def thirds(samples: list[Sample]) -> tuple[float, float]:
    """The highest PSS in the first and in the last third of the time."""
    n = max(1, len(samples) // 3)
    return max(s.pss for s in samples[:n]), max(s.pss for s in samples[-n:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--made", type=int, default=40)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--loaded", action="store_true")
    parser.add_argument("--source", type=Path, help="where made photos are kept for the next run")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.source) as name:
        folder = Path(name)
        photos = make_photos(arguments.source or folder / "made", arguments.made)
        multiply(photos, folder / "photos", arguments.photos)
        words = [folder / "library.sqlite", folder / "photos", arguments.workers, arguments.loaded]
        child = subprocess.Popen([sys.executable, "-c", INDEX, *map(str, words)])
        samples = list(sample_family(child.pid))
        assert child.wait() == 0
    first, last = thirds(samples)
    result = {
        "photos": arguments.photos,
        "workers": arguments.workers,
        "parent_has_engine": arguments.loaded,
        "seconds": round(samples[-1].seconds, 1),
        "peak_pss_mb": round(max(s.pss for s in samples)),
        "peak_rss_sum_mb": round(max(s.rss for s in samples)),
        "peak_largest_process_mb": round(max(s.largest for s in samples)),
        "median_pss_mb": round(sorted(s.pss for s in samples)[len(samples) // 2]),
        "first_third_mb": round(first),
        "last_third_mb": round(last),
        "limit_mb": LIMIT_MB,
        "is_below": max(s.pss for s in samples) < LIMIT_MB,
    }
    if not arguments.json:
        for key, value in result.items():
            print(f"{key:24} {value}")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
