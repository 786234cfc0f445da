"""What a program says of a photo, as the product has it."""

import math
import os
from collections.abc import Iterable
from pathlib import Path

from opqn_app.core.types import Box
from opqn_app.exchange.records import Frame, PhotoNames, Region

NOBODY = frozenset({"_unknown_"})  # what programs write for a face that nobody named


def clean_name(said: object) -> str | None:
    """A name on one line; None for what is no text, blank, or stands for nobody."""
    name = " ".join(said.split()) if isinstance(said, str) else ""
    return None if not name or name.casefold() in NOBODY else name


def folded(name: str) -> str:
    """Equal for names that differ in capitals only."""
    return " ".join(name.split()).casefold()


def number(said: object) -> float:
    """A number out of text, JSON or a table; NaN for what is none, or far too large."""
    try:
        return float(said) if isinstance(said, str | int | float) else math.nan
    except (ValueError, OverflowError):
        return math.nan


def box_of(left: float, top: float, right: float, bottom: float) -> Box | None:
    """A box in fractions of a picture, without what lies outside of it; None for what is none."""
    if not all(map(math.isfinite, (left, top, right, bottom))):
        return None
    left, top, right, bottom = (min(max(side, 0.0), 1.0) for side in (left, top, right, bottom))
    return Box(left, top, right, bottom) if left < right and top < bottom else None


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
        name = clean_name(said)
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
