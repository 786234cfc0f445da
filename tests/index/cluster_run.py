"""Index a folder on a local Ray cluster of two: LIBRARY FOLDER. Writes the report as JSON."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from opqn_app.index.cluster import Cluster
from opqn_app.index.indexing import index_folder
from tests.index import worker_fakes

if __name__ == "__main__":
    engine = worker_fakes.build()
    cluster = Cluster("local:2", worker_fakes.build, engine.encoder.model_id)
    run = index_folder(Path(sys.argv[1]), Path(sys.argv[2]), engine, elsewhere=cluster)
    try:
        while True:
            next(run)
    except StopIteration as end:
        sys.stdout.write(json.dumps(asdict(end.value), default=str) + "\n")
