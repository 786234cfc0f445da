"""What a program says of a photo, as the product has it."""

import os
from collections.abc import Iterable
from pathlib import Path

from opqn_app.exchange.records import Frame, PhotoNames, Region
from opqn_app.exchange.xmp.names import clean_name, folded


def name_of(said: object) -> str | None:
    """A name out of JSON or a table; None for what is no text, blank, or stands for nobody."""
    return clean_name(said) if isinstance(said, str) else None


def gathered(
    photo: Path,
    regions: Iterable[Region],
    people: Iterable[object] = (),
    *,
    frame: Frame = Frame.STORED,
) -> PhotoNames | None:
    """The names of a photo; None where there is nothing, or no file can be called so.

    A name whose region has no place is one of a person on the photo. Each such name stands once,
    and not beside a region of that name.
    """
    every = list(regions)
    placed = tuple(region for region in every if region.box is not None)
    without = [*(region.name for region in every if region.box is None), *people]
    known = {folded(region.name) for region in placed if region.name is not None}
    once: dict[str, str] = {}
    for said in without:
        name = name_of(said)
        if name is not None and folded(name) not in known:
            once.setdefault(folded(name), name)
    if not (placed or once) or not _is_path(photo):
        return None
    return PhotoNames(photo, placed, tuple(once.values()), frame)


def _is_path(path: Path) -> bool:
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:  # half a sign, as JSON may hold it
        return False
