"""What programs write as the product has it: names without odd blanks, boxes in the picture."""

from collections.abc import Iterable

from opqn_app.core.types import Box


def clean_name(said: object) -> str | None:
    """The name in one line; None for what is blank or no text."""
    return (" ".join(said.split()) or None) if isinstance(said, str) else None


def clean_names(said: Iterable[object], known: Iterable[str | None] = ()) -> tuple[str, ...]:
    """The names, each once, in their order, without those that are `known` already."""
    left_out = {None, *known}
    names = dict.fromkeys(clean_name(each) for each in said)
    return tuple(name for name in names if name is not None and name not in left_out)


def box_within(left: float, top: float, right: float, bottom: float) -> Box | None:
    """A box in fractions of the picture's sides, cut at them; None if nothing is left of it."""
    box = Box(max(left, 0.0), max(top, 0.0), min(right, 1.0), min(bottom, 1.0))
    return box if box.left < box.right and box.top < box.bottom else None
