"""Photos of the sample, copied to a folder of their own under names that are nowhere else."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from opqn_app.core import paths


def copy_sample(folder: Path, which: Iterable[int]) -> list[Path]:
    """Copy photos of the sample by their place in the list of all."""
    photos = sorted((paths.resource("sample") / "photos").rglob("*.jpg"))
    folder.mkdir(parents=True)
    made = []
    for number in which:
        target = folder / f"{folder.name}-photo-{number}.jpg"
        shutil.copy(photos[number], target)
        made.append(target)
    return made
