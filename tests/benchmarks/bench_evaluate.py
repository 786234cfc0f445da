"""How long a full ranking takes, and how much memory, at the size of the VGGFace2 subset.

`python tests/benchmarks/bench_evaluate.py [--gallery 700000] [--queries 200]` ranks random codes by
random tables and prints a line; queries beyond these cost the same again, since nothing but a few
sums is kept between blocks. Processor time is that of all threads together.
"""

import argparse
import resource
import time

import numpy as np

from opqn_app.core.progress import finished
from opqn_app.opqn import lut
from trainer.evaluate.ranking import rank, rank_cutoffs
from trainer.evaluate.scoring import CodeScorer, StoredTables

PEOPLE = 2787
ALL_QUERIES = 139_350


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gallery", type=int, default=700_000)
    parser.add_argument("--queries", type=int, default=200)
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 256, (arguments.gallery, 8), dtype=np.uint8)
    tables = lut.snap(rng.dirichlet(np.ones(256), (arguments.queries, 8)))
    gallery, queries = (rng.integers(0, PEOPLE, n) for n in (arguments.gallery, arguments.queries))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, worked = time.perf_counter(), time.process_time()
    scorer = CodeScorer(StoredTables(tables), codes)
    finished(rank(scorer, queries, gallery, cutoffs=rank_cutoffs(arguments.gallery).tolist()))
    spent, worked = time.perf_counter() - began, time.process_time() - worked
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    each = spent / arguments.queries
    print(
        f"{arguments.queries:,} queries, {arguments.gallery:,} codes of 8 bytes: "
        f"{1e3 * each:.1f} ms a query ({1e3 * worked / arguments.queries:.1f} ms of processor "
        f"time), {ALL_QUERIES * each / 60:.0f} min for "
        f"all {ALL_QUERIES:,}; memory {before / 1024:,.0f} MB before, "
        f"{after / 1024:,.0f} MB at most"
    )


if __name__ == "__main__":
    main()
