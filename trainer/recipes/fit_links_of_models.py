"""Learn anew by what the bundled models group faces; weights, codes and ids stay as they are.

    python -m trainer.recipes.fit_links_of_models --data ../shared/data

The links are learned from the validation people on whom choices are made. So is the
probability from which groups are joined, but for `KEPT`.
"""

import argparse
import logging
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from opqn_app.core.progress import finished
from opqn_app.opqn.model_folder import bundled_folder, bundled_models, store_links
from opqn_app.people.word_sums import WordSums
from trainer.data.pictures import AlignedCrops, JoinedPictures
from trainer.evaluate.encoding import encode, load_candidate
from trainer.evaluate.links import fit_links
from trainer.recipes.command import run_recipe
from trainer.recipes.face_data import face_shards, families, is_tuning

logger = logging.getLogger(__name__)

# At the 0.3 that costs these people the fewest clicks, 3.6 % of the groups on LFW are wrong. Of
# this model no more than 2 % are allowed.
KEPT = {"bundled-256": 0.5}


def main(argv: list[str] | None = None) -> int:
    """Run the recipe; returns the exit status."""
    parser = argparse.ArgumentParser(description="Learn anew how models group faces.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the face data")
    parser.add_argument("--model", action="append", help="name of a bundled model (default: all)")
    arguments = parser.parse_args(argv)
    return run_recipe(lambda: fit_all(arguments.data, arguments.model or bundled_models()))


def fit_all(data: Path, models: list[str]) -> None:
    """Encode the validation people of the tuning half, then learn and store each model's links."""
    source = JoinedPictures([AlignedCrops(shard) for shard in face_shards(data)])
    is_validation = np.array([file.split("/")[1] == "val" for file in source.files.tolist()])
    rows = np.flatnonzero(is_validation)
    rows = rows[is_tuning(source.people[rows], families(data / "faces.csv"))]
    with threadpool_limits(limits=1, user_api="blas"):
        for name in models:
            model = load_candidate(name, "cpu")
            found = finished(encode(model, source, rows, asking=rows[:0]))
            sums = WordSums(model.encoder.words, is_joint=model.config.joint_words)
            links = finished(fit_links(found.codes, source.people[found.rows], sums))
            links = replace(links, joins_from=KEPT.get(name, links.joins_from))
            store_links(bundled_folder() / name, links)
            logger.info("%s: %s", name, links)


if __name__ == "__main__":
    sys.exit(main())
