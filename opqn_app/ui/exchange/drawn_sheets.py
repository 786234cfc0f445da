"""The one way out that Qt is needed for: photos as a contact sheet."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from opqn_app.core.progress import counted
from opqn_app.exchange.going.ways import Going, Gone, refuse_what_is_there

if TYPE_CHECKING:
    from opqn_app.exchange.going.selection import GoingPhoto


def draw_sheet(photos: "Sequence[GoingPhoto]", path: Path, title: str) -> Going:
    """Write a contact sheet; several files where a PNG does not hold all.

    Raises:
        ExportError: a file is there already, or can't be written.
    """
    from opqn_app.ui.kit.contact_sheet import paths_of, write_sheet

    paths = paths_of(path, len(photos))
    refuse_what_is_there(paths)
    drawn = yield from write_sheet(photos, path, title)
    return Gone(f"{counted(drawn.photos, 'photo')} drawn.", drawn.problems, paths[0])
