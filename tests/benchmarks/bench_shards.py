"""Sharded search over actors of a local Ray cluster against one process: equality, and wall time.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.bench_shards [--n 1e7] [--shards 4] [--json]

Codes and tables are those of `bench_search`. Where there are fewer cores than shards, wall times
say what the calls cost, not what more machines would gain.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from opqn_app.core.errors import OpqnError
from opqn_app.opqn import lut as lut_scoring
from tests.benchmarks.bench_search import machine
from tests.benchmarks.search_data import EMBEDDINGS, load_data
from tests.sharded_run import measure


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=float, default=1e6, help="faces")
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--synthetic", action="store_true", help="draw codes and tables")
    parser.add_argument("--embeddings", type=Path, default=EMBEDDINGS, help="of real faces")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    arguments = parser.parse_args()
    data = load_data(synthetic=arguments.synthetic, embeddings=arguments.embeddings)
    codes, tables = data.gallery(int(arguments.n))
    with tempfile.TemporaryDirectory() as folder:
        try:
            said = measure(codes, lut_scoring.snap(tables), Path(folder), arguments.shards)
        except OpqnError as error:
            print(f"not measured: {error}")
            return 0 if "install" in str(error) else 1
    print(
        f"{machine()}; {said['n']:,} faces, {data.label}: {said['shards']} actors "
        f"{said['ms']:.1f} ms wall a query, one process {said['ms_one']:.1f}; "
        f"exact: {said['exact']}"
    )
    if arguments.json:
        print(json.dumps(said))
    return 0 if said["exact"] else 1


if __name__ == "__main__":
    sys.exit(main())
