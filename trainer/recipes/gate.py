"""What the shipped models must still do: figures on the packed AT&T crops, and a list of codes.

    python -m trainer.recipes.gate            # compares, exit status 1 when a model falls short
    python -m trainer.recipes.gate --write    # after a model was replaced: stores what it does now

Other processors and versions of torch round differently by about 1e-6, which moves a word of a
code where the two best are that close, and a figure by a query or two: hence the tolerance and the
share.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opqn_app.core.errors import DataError, OpqnError
from opqn_app.opqn.model_folder import bundled_models
from trainer.data.pictures import AlignedCrops
from trainer.evaluate.encoding import load_candidate
from trainer.evaluate.leave_one_out import leave_one_out
from trainer.evaluate.scoring import CodeScorer, StoredTables

FOLDER = Path("tests/data")
CROPS, STORED = "orl_crops.tar", "orl_gate.json"
TOLERANCE = 0.005  # a figure may be that much lower: two of 400 queries
WORD_SHARE = 0.01  # of the stored words that may differ
CODED_EVERY = 5  # of the 400 crops every fifth is among those whose codes are stored


@dataclass(frozen=True, slots=True)
class Measured:
    """One model on the 400 crops.

    Attributes:
        figures: "rank1", "map", "p_at_5", "tar_1e-3".
        codes: hex digits of the code of each listed crop.
    """

    model_id: str
    figures: dict[str, float]
    codes: dict[str, str]


def measure(name: str, crops: Path) -> Measured:
    """Encode as the app does, one crop at a time, and rank leave-one-out."""
    source = AlignedCrops(crops)
    model = load_candidate(name, "cpu")
    every = np.stack([source.crop(row) for row in range(len(source.files))])
    features = model.encoder.features(every)
    codes = model.encoder.codes_of(features)
    scorer = CodeScorer(StoredTables(model.encoder.tables_of(features)), codes)
    found = leave_one_out(scorer, source.people)
    figures = {
        "rank1": found.rank1,
        "map": found.mean_ap,
        "p_at_5": found.p_at_5,
        "tar_1e-3": found.tar[0] if found.tar else 0.0,
    }
    listed = range(0, len(codes), CODED_EVERY)
    return Measured(
        model.model_id,
        {key: round(value, 5) for key, value in figures.items()},
        {str(source.files[row]): codes[row].tobytes().hex() for row in listed},
    )


def shortfalls(stored: dict[str, Any], found: Measured) -> list[str]:
    """Plain sentences about what is worse or other than stored; none if all is well."""
    if stored["model_id"] != found.model_id:
        return ["the model was replaced; store its figures: python -m trainer.recipes.gate --write"]
    wrong = [
        f"{key} is {found.figures[key]:.4f}, stored {value:.4f}, tolerance {TOLERANCE}"
        for key, value in stored["figures"].items()
        if found.figures[key] < value - TOLERANCE
    ]
    if stored["codes"].keys() != found.codes.keys():
        return [*wrong, "the list of crops is another one"]
    differing = np.concatenate(
        [_words(code) != _words(found.codes[file]) for file, code in stored["codes"].items()]
    )
    if differing.mean() > WORD_SHARE:
        share = f"{differing.mean():.2%} of the stored code words differ"
        wrong.append(f"{share}, {WORD_SHARE:.0%} may")
    return wrong


def read_stored(folder: Path) -> dict[str, Any]:
    """Model name → what it did when it was stored.

    Raises:
        DataError: nothing is stored there.
    """
    try:
        stored: dict[str, Any] = json.loads((folder / STORED).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(folder / STORED, f"the stored figures can't be read ({error})") from error
    return stored


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(description="Hold the shipped models to stored figures.")
    parser.add_argument("--write", action="store_true", help="store what the models do now")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where crops and figures lie")
    arguments = parser.parse_args(argv)
    try:
        return _write(arguments.folder) if arguments.write else _compare(arguments.folder)
    except OpqnError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _write(folder: Path) -> int:
    found = {name: measure(name, folder / CROPS) for name in bundled_models()}
    values = {
        name: {"model_id": one.model_id, "figures": one.figures, "codes": one.codes}
        for name, one in found.items()
    }
    (folder / STORED).write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    for name, one in found.items():
        sys.stdout.write(f"{name}: {one.figures}\n")
    return 0


def _compare(folder: Path) -> int:
    stored, status = read_stored(folder), 0
    for name in bundled_models():
        if name not in stored:
            wrong = ["nothing is stored of it: python -m trainer.recipes.gate --write"]
        else:
            wrong = shortfalls(stored[name], measure(name, folder / CROPS))
        status |= bool(wrong)
        sys.stdout.write("".join(f"{name}: {line}\n" for line in wrong or ["as stored"]))
    return status


def _words(code: str) -> NDArray[np.uint8]:
    return np.frombuffer(bytes.fromhex(code), np.uint8)


if __name__ == "__main__":
    sys.exit(main())
