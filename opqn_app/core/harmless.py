"""Names of files and people as a terminal may show them: they hold whatever somebody wrote."""

import re
from collections.abc import Iterable

# What moves the cursor, colours, ends a line or turns the direction of reading.
_SIGNS = "\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
# A stretch that is set apart (`core.bidi`) turns nothing around it.
_ACTIVE = re.compile(f"(\u2068[^{_SIGNS}]*\u2069)|[{_SIGNS}]")


def in_line(text: str) -> str:
    """A text of one line; what would act on a terminal is shown as an escape, "\\x1b"."""
    return _ACTIVE.sub(
        lambda found: found[1] or found[0].encode("unicode_escape").decode("ascii"), text
    )


def in_lines(lines: Iterable[str]) -> str:
    """Lines as one text; a line that holds an end of line stays one."""
    return "\n".join(in_line(line) for line in lines)


def in_text(text: str) -> str:
    """A text of several lines."""
    return in_lines(text.split("\n"))
