"""Where an export may write: over nothing unasked, and over no photo at all."""

import os
from collections.abc import Iterable
from pathlib import Path

from opqn_app.core.files import real_path
from opqn_app.exchange.going.exports import ExportError
from opqn_app.vision.photo_folder import PHOTO_SUFFIXES

_HINT = "Or replace it: --force"


def refuse_what_is_there(paths: Iterable[Path], *, force: bool = False) -> None:
    """Look that nothing is lost by writing files.

    Args:
        force: what is there may be replaced, unless it is called as photos are.

    Raises:
        ExportError: one of `paths` is there already.
    """
    for path in paths:
        if not os.path.lexists(path):
            continue
        if {path.suffix.lower(), real_path(path).suffix.lower()} & PHOTO_SUFFIXES:
            raise ExportError(
                f"{path} is there already, and no picture is ever replaced. Choose another name."
            )
        if not force or path.is_dir():
            raise ExportError(f"{path} is there already. Choose another name.", hint=_HINT)

