"""The models a page offers, with what can be told of each without loading it."""

from dataclasses import dataclass

from opqn_app.opqn.calibration import Calibration


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A bundled or imported model.

    Attributes:
        name: what Settings.model and `--model` take.
        calibration: raw score → probability; None if the model has none.
    """

    name: str
    model_id: str
    n_books: int
    calibration: Calibration | None


def list_models() -> list[ModelChoice]:
    """Bundled models, then imported ones; reads their folders, so call it in a lane."""
    from opqn_app.core.errors import ModelError
    from opqn_app.opqn.model_folder import (
        bundled_models,
        calibration_from_dict,
        find_model,
        imported_models,
    )
    from opqn_app.opqn.model_folder import read_description as read

    found = []
    for name in dict.fromkeys([*bundled_models(), *imported_models()]):
        try:
            folder = find_model(name)
            values = read(folder)
            calibration = calibration_from_dict(values.get("calibration"), folder)
            books = int(values["config"]["n_books"])
            found.append(ModelChoice(name, str(values["model_id"]), books, calibration))
        except (ModelError, KeyError, TypeError, ValueError):  # damaged: loading it says how
            continue
    return found
