"""The programs that names come from: how people call them, what to choose, and how it is read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opqn_app.exchange.records import Found

Reader = Callable[[Path, Sequence[Path]], Iterator["Found"]]


@dataclass(frozen=True, slots=True)
class Program:
    """A program that knows people on photos.

    Attributes:
        key: what `opqn import` calls it.
        name: what people call it; it stands in the ledger as the source of each name.
        is_file: a file is chosen, and no folder.
        how: what to choose, and how it is got out of the program; a sentence or two.
        read: what it knows, from the place chosen and the folders of photos in the library.
    """

    key: str
    name: str
    is_file: bool
    how: str
    read: Reader


def _xmp(place: Path, _folders: Sequence[Path]) -> Iterator["Found"]:
    from opqn_app.exchange.folder_names import names_below

    return names_below(place)


# In the order in which they are offered. A reader is imported when it reads: help is quick.
PROGRAMS = (
    Program(
        key="xmp",
        name="XMP",
        is_file=False,
        how="Choose the folder of photos. Names that a program wrote into them, or into the XMP "
        "files beside them, are read.",
        read=_xmp,
    ),
)
