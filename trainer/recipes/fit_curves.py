"""Fit anew what the bundled models' percentages come from; weights, codes and ids stay as they are.

    python -m trainer.recipes.fit_curves --data ../shared/data

`trainer.recipes.bundled_head` fits the curve of a head when it makes it; this is for heads that are
there. The part of the card that says how true the percentages are is written anew too.
"""

import argparse
import logging
import sys
from pathlib import Path

from opqn_app.core.errors import DataError
from opqn_app.opqn.model_folder import bundled_folder
from opqn_app.opqn.torch.checkpoint import LoadedModel, store_calibration
from trainer.evaluate.calibration import MATCH_SHARE, reliability
from trainer.recipes.bundled_head import tables_and_codes
from trainer.recipes.command import make_run_folder, run_recipe
from trainer.recipes.embedded_crops import tuning_half, validation_people
from trainer.recipes.head_card import with_percentages
from trainer.recipes.head_curve import calibrate, pair_scores
from trainer.recipes.measure_models import models_in

logger = logging.getLogger(__name__)


def main(argv: list[str] | None = None) -> int:
    """Run the recipe; returns the exit status."""
    parser = argparse.ArgumentParser(description="Fit the percentages of models anew.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the face data")
    parser.add_argument("--models", type=Path, default=bundled_folder(), help="folder of models")
    parser.add_argument("--run", type=Path, default=Path("runs/bundled-head"), help="run folder")
    arguments = parser.parse_args(argv)
    return run_recipe(lambda: fit_curves(arguments.data, arguments.models, arguments.run))


def fit_curves(data: Path, models: Path, run: Path) -> None:
    """Embed the validation people, then fit and store each model's curve.

    Raises:
        DataError: a model has a card that was not written by these recipes; none is changed then.
    """
    make_run_folder(run)
    found = models_in(models)
    for loaded in found:
        _card_with(loaded, [])
    for loaded in found:
        validation = validation_people(loaded.model, data, run)
        is_tuning = tuning_half(validation, data / "faces.csv")
        tuning, held = validation.where(is_tuning), validation.where(~is_tuning)
        tuned, reported = (tables_and_codes(loaded.model, half) for half in (tuning, held))
        curve = calibrate(tuned.tables, tuned.codes, tuning.people)
        pairs = pair_scores(reported.tables, reported.codes, held.people, curve)
        card = _card_with(loaded, reliability(curve, *pairs))
        store_calibration(loaded.folder, curve, card)
        logger.info("%s: %s", loaded.name, curve)


def _card_with(loaded: LoadedModel, rows: list[tuple[float, float, float]]) -> str:
    path = loaded.folder / "README.md"
    try:
        return with_percentages(path.read_text(encoding="utf-8"), rows, MATCH_SHARE)
    except (OSError, ValueError) as error:
        raise DataError(path, "it is no card of these recipes") from error


if __name__ == "__main__":
    sys.exit(main())
