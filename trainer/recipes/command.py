"""What the commands of recipes have in common."""

import logging
import sys
from collections.abc import Callable

from opqn_app.errors import OpqnError


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
