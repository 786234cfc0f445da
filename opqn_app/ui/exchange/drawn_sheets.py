"""The one way out that Qt is needed for: photos as a contact sheet."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from opqn_app.exchange.going.ways import Going, Gone

if TYPE_CHECKING:
    from opqn_app.exchange.going.selection import GoingPhoto


def draw_sheet(
    photos: "Sequence[GoingPhoto]", path: Path, title: str, roots: Sequence[Path], *, force: bool
) -> Going:
    """Write a contact sheet; several files where a PNG does not hold all.

    Args:
        roots: the folders of the library.
        force: a picture may lie there.

    Raises:
        ExportError: a file is there already, or can't be written.
    """
    from opqn_app.exchange.going.words import drawn
    from opqn_app.ui.kit.contact_sheet import write_sheet

    # A PDF that is there stays: the window never replaces what it writes.
    is_picture = path.suffix.lower() != ".pdf"
    report = yield from write_sheet(photos, path, title, roots=roots, force=force and is_picture)
    return Gone(drawn(report.photos, report.paths), report.problems, report.paths[0])
