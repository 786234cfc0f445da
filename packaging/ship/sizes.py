"""How large things are, and whether one has grown by more than a tenth since it was looked at."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

STORED = Path(__file__).with_name("sizes.toml")
MOST_GROWTH = 1.10


def megabytes(folder: Path) -> float:
    """What the files of a folder take, in millions of bytes; what is linked counts once."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files) / 1e6


def grown(sizes: Mapping[str, float], stored: Path = STORED) -> list[str]:
    """A sentence for each size that is more than a tenth above the stored one.

    Args:
        sizes: in MB, by the names that stand in `stored`.

    Raises:
        KeyError: nobody has stored that size yet.
    """
    known = tomllib.loads(stored.read_text(encoding="utf-8"))
    return [
        f"The {kind} has grown from {known[kind]} to {size:.1f} MB, by more than a tenth. Find out "
        f"why. If it has to be so, write the new size into {stored.name}."
        for kind, size in sizes.items()
        if size > known[kind] * MOST_GROWTH
    ]
