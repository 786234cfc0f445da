"""Check the fields of a config against their annotations, by msgspec, in sentences for people.

A field states what it takes once, in its annotation: `Annotated[int, between(1, 8)]`,
`Annotated[str, one_of(NAMES)]`, `bool`, `tuple[str, ...]`. msgspec does the check; this module
says what is allowed where it fails, as msgspec's own words are for programmers.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

COUNTS = ("no", "one", "two", "three", "four")
SINGULAR = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    bool: "true or false",
}
PLURAL = {int: "whole numbers", float: "numbers", str: "texts"}


def between(low: float, high: float) -> Meta:
    """For numbers: from `low` to `high`, both allowed."""
    return Meta(ge=low, le=high, extra={"allowed": f"from {low} to {high}"})


def above(low: float, high: float) -> Meta:
    """For numbers: above `low`, up to `high`."""
    return Meta(gt=low, le=high, extra={"allowed": f"above {low:g} and at most {high:g}"})


def one_of(names: Iterable[str]) -> Meta:
    """For texts: one of these names."""
    listed = tuple(names)
    pattern = "|".join(map(re.escape, listed))
    return Meta(pattern=f"^(?:{pattern})\\Z", extra={"choices": listed})


def kinds_of(config: type) -> Mapping[str, Any]:
    """Each field of a config class and its annotation."""
    return get_type_hints(config, include_extras=True)


def checked(value: object, kind: Any) -> Any:
    """`value` as `kind`: whole numbers may stand for floats and lists for tuples, no more.

    Raises:
        ValueError: it is not allowed; the message begins with "must be" and ends with the value.
    """
    if isinstance(value, float):
        value = float(value)  # NumPy's float64 is one too; msgspec knows Python's only
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise ValueError(f"must be {in_words(kind)}, not {value!r}") from error


def in_words(kind: Any) -> str:
    """What an annotation allows: "a whole number from 1 to 8", "one of rgb, bgr"."""
    limit = ""
    if get_origin(kind) is Annotated:
        kind, meta = get_args(kind)
        if "choices" in meta.extra:
            return f"one of {', '.join(meta.extra['choices'])}"
        limit = f" {meta.extra['allowed']}"
    if get_origin(kind) is tuple:
        return _tuple_in_words(get_args(kind))
    return SINGULAR[kind] + limit


def _tuple_in_words(items: tuple[Any, ...]) -> str:
    first, limit = items[0], ""
    if get_origin(first) is Annotated:
        first, meta = get_args(first)
        limit = f" {meta.extra['allowed']}"
    if items[-1] is Ellipsis:
        return f"a list of {PLURAL[first]}{limit}"
    return f"{COUNTS[len(items)]} {PLURAL[first]}{limit}"
