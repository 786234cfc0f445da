"""The programs that names come from: how people call them, what to choose, and how it is read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from opqn_app.exchange.folder_names import names_below
from opqn_app.exchange.records import Found

Reader = Callable[[Path, Sequence[Path]], Iterator[Found]]


@dataclass(frozen=True, slots=True)
class Program:
    """A program that knows people on photos.

    Attributes:
        key: what `opqn import` calls it.
        name: what people call it; it stands in the ledger as the source of each name.
        is_file: a file is chosen, and no folder.
        how: one sentence: what to choose, and how it is got out of the program.
        read: what it knows, from the place chosen and the folders of photos that are known here.
    """

    key: str
    name: str
    is_file: bool
    how: str
    read: Reader


PROGRAMS = (
    Program(
        key="xmp",
        name="XMP",
        is_file=False,
        how="Choose the folder of photos: names that a program wrote into them, or into the XMP "
        "files beside them, are read from there.",
        read=names_below,
    ),
)


def program(key: str) -> Program:
    """The program of a key.

    Raises:
        KeyError: there is none.
    """
    return {each.key: each for each in PROGRAMS}[key]
