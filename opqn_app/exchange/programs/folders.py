"""The folders in which programs leave what they know beside the photos."""

import os
from collections.abc import Iterator
from pathlib import Path

from opqn_app.exchange.records import Problem
from opqn_app.vision import reasons
from opqn_app.vision.photo_folder import FolderScan


def folders_below(place: Path) -> Iterator[tuple[Path, list[str]] | Problem]:
    """Each folder that indexing looks at, with the sorted names of all that lies in it.

    Raises:
        FolderUnavailable: `place` can't be listed.
    """
    scan = FolderScan(place)
    for rel_path in scan.steps():
        folder = place / rel_path
        try:
            names = sorted(os.listdir(folder))  # noqa: PTH208 - a Path for each takes long
        except OSError as error:  # gone, or locked, since the scan has listed it
            yield Problem(folder, f"It could not be listed: {reasons.file_system(folder, error)}.")
        else:
            yield folder, names
    for rel_path in scan.result().unreadable:
        yield Problem(place / rel_path, "It could not be listed, so what lies in it is left out.")
