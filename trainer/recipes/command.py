"""What the commands of recipes have in common."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path

from opqn_app.core.errors import DataError, OpqnError


def run_recipe(work: Callable[[], object]) -> int:
    """Do the work of a recipe; its log goes to stderr, as does the sentence of what went wrong.

    Returns:
        The exit status.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    try:
        work()
    except OpqnError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def make_run_folder(run: Path) -> None:
    """The folder in which a recipe keeps what it has done, made if missing.

    Raises:
        DataError: it can't be made.
    """
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(run, "the run folder can't be made there") from error
