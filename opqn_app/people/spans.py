"""Dates and numbers from one to another, as people type them: "March 2019", "2015-2018", "3+"."""

import re
from calendar import month_abbr, month_name
from dataclasses import dataclass

_DATE = r"\d{4}(?:-\d\d(?:-\d\d)?)?"
_ONE_DATE = re.compile(rf"({_DATE})")
_DATES = re.compile(rf"({_DATE})?\s*(?:\.\.|–|-|to)\s*({_DATE})?")
_SINCE = re.compile(rf"(?:since|from)\s+({_DATE})")
_BEFORE = re.compile(rf"(?:until|till|to)\s+({_DATE})")
_MONTH = re.compile(r"([^\W\d]+)\s+(\d{4})")
_FACES = re.compile(
    r"(no|one|two|three|four|five|\d{1,4})?\s*"
    r"(?:(\.\.|–|-|to|\+|or more)\s*(\d{1,4})?)?\s*faces?"
)
_NUMBERS = {"no": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5}


@dataclass(frozen=True, slots=True)
class Span:
    """From one date to another, both included: "2019", "2019-03" or "2019-03-14"; "" for any."""

    first: str = ""
    last: str = ""

    def has(self, time: str) -> bool:
        """Whether an ISO time lies in it; "" lies in none."""
        is_over = bool(self.last) and time[: len(self.last)] > self.last
        return bool(time) and time >= self.first and not is_over

    def __str__(self) -> str:
        if self.first == self.last:
            return _in_words(self.first)
        if not self.last:
            return f"since {_in_words(self.first)}"
        if not self.first:
            return f"until {_in_words(self.last)}"
        return f"{_in_words(self.first)} to {_in_words(self.last)}"


@dataclass(frozen=True, slots=True)
class Count:
    """From `least` to `most`, both included; None: as many as there are."""

    least: int = 0
    most: int | None = None

    def has(self, number: int) -> bool:
        """Whether a number lies in it."""
        return number >= self.least and (self.most is None or number <= self.most)

    def __str__(self) -> str:
        if self.most == 0:
            return "no face"
        if self.most is None:
            return f"{self.least} faces or more"
        if self.least == self.most:
            return "1 face" if self.least == 1 else f"{self.least} faces"
        return f"{self.least} to {self.most} faces"


def span_of(text: str) -> Span | None:
    """The dates that words mean; None if they mean none."""
    words = text.strip().casefold()
    month = _MONTH.fullmatch(words)
    if month is not None and (number := _month_number(month[1])):
        return Span(*[f"{month[2]}-{number:02}"] * 2)
    if (one := _ONE_DATE.fullmatch(words)) is not None:
        return _checked(one[1], one[1])
    if (since := _SINCE.fullmatch(words)) is not None:
        return _checked(since[1], "")
    if (before := _BEFORE.fullmatch(words)) is not None:
        return _checked("", before[1])
    several = _DATES.fullmatch(words)
    if several is None or not (several[1] or several[2]):
        return None
    return _checked(several[1] or "", several[2] or "")


def count_of(text: str) -> Count | None:
    """The number of faces that words mean, such as "2 faces", "3+ faces", "no face"."""
    found = _FACES.fullmatch(text.strip().casefold())
    if found is None or not (found[1] or found[3]):
        return None
    least = _NUMBERS.get(found[1] or "")
    least = int(found[1] or 0) if least is None else least
    if not found[2]:
        return Count(least, least)
    most = int(found[3]) if found[3] else None
    return None if most is not None and most < least else Count(least, most)


def _checked(first: str, last: str) -> Span | None:
    """None where the second date is before the first, or a month or day can't be."""
    for date in (first, last):
        _, *rest = date.split("-")
        if any(not 1 <= int(part) <= most for part, most in zip(rest, (12, 31), strict=False)):
            return None
    if first and last and last < first[: len(last)]:
        return None
    return Span(first, last)


def _month_number(word: str) -> int:
    """1 to 12; 0 where no month is meant. English names count in every language."""
    for names in (month_name, month_abbr, _ENGLISH):
        for number, name in enumerate(names):
            if name and name.casefold().rstrip(".") == word.rstrip("."):
                return number
    return _ENGLISH_SHORT.get(word[:3], 0) if len(word) == 3 else 0


_ENGLISH = (
    *("", "January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_ENGLISH_SHORT = {name[:3].casefold(): number for number, name in enumerate(_ENGLISH) if name}


def _in_words(date: str) -> str:
    """ "March 2019" of "2019-03"."""
    year, *rest = date.split("-")
    words = [year, *(_ENGLISH[int(part)] for part in rest[:1]), *(str(int(d)) for d in rest[1:])]
    return " ".join(reversed(words))
