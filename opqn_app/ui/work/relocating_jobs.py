"""What runs in the lanes when a folder of the library is elsewhere now."""

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the library is imported in the lanes, after the first paint
    from opqn_app.index.indexing import IndexProgress
    from opqn_app.index.relocating import Comparison


def compare_folder(
    path: Path, old: Path, new: Path
) -> Generator["IndexProgress", None, "Comparison"]:
    """Look how many of the photos of a folder are in another one; see index.relocating."""
    from opqn_app.index.relocating import compare
    from opqn_app.store.library import Library

    with Library.open(path) as library:
        return (yield from compare(library, old, new))


def relocate_folder(path: Path, found: "Comparison") -> None:
    """Let the library find a folder where it was compared; only for the "index" lane."""
    from opqn_app.index.relocating import relocate
    from opqn_app.store.library import Library

    with Library.written(path, make=False) as library:
        relocate(library, found)


def take_folder_back(path: Path, place: Path) -> Generator["IndexProgress", None, "Comparison"]:
    """Let a folder be where it was before it was relocated; only for the "index" lane."""
    from opqn_app.index.relocating import take_back
    from opqn_app.store.library import Library

    with Library.written(path, make=False) as library:
        return (yield from take_back(library, place))
