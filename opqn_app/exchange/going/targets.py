"""Where an export may write: over nothing unasked, and over no photo at all."""

import os
from collections.abc import Iterable
from pathlib import Path

from opqn_app.core.files import real_path
from opqn_app.exchange.going.exports import ExportError
from opqn_app.vision.photo_folder import PHOTO_SUFFIXES

_HINT = "Or replace it: --force"


class InLibraryError(ExportError):
    """What goes out would become photos of the library; who means that says so."""


def refuse_library(
    folder: Path,
    roots: Iterable[Path],
    *,
    names: bool,
    force: bool,
    what: str = "every copy",
) -> None:
    """Look that what goes out does not go to where photos of the library lie.

    Args:
        roots: the folders of the library.
        names: XMP files get names there, which is never for originals.
        force: it may lie there, and is a photo of the library then.
        what: the words for it.

    Raises:
        ExportError: they may not. It is InLibraryError where `force` would help.
    """
    real = real_path(folder)
    if not any(real.is_relative_to(real_path(root)) for root in roots):
        return
    where = f"{folder} is in a folder of your library"
    if names:
        raise ExportError(
            f"{where}, where names would come beside your own photos. Choose one outside it."
        )
    if not force:
        raise InLibraryError(
            f"{where}, so {what} would be one more photo of it. Choose one outside it.",
            hint="Or go on all the same: --force",
        )


def refuse_sheet_in_library(sheet: Path, roots: Iterable[Path], *, force: bool) -> None:
    """Look that a sheet which is drawn is no photo of the library; a PDF never is.

    Raises:
        InLibraryError: it would be one, and `force` is not given.
    """
    if sheet.suffix.lower() in PHOTO_SUFFIXES:
        refuse_library(sheet.parent, roots, names=False, force=force, what="the sheet")


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
