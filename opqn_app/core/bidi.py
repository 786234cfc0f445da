"""Names and paths that are written from right to left, inside sentences that are not."""

import unicodedata

from opqn_app.core.harmless import in_line

_FIRST, _LAST = "\u2068", "\u2069"  # first strong isolate, and its end
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN", "RLE", "RLO", "RLI"})


def isolated(text: object) -> str:
    """A name or path that leaves the words around it where they are.

    Text without a right-to-left letter comes back as it is.
    """
    said = in_line(str(text))
    if said.isascii() or not any(unicodedata.bidirectional(c) in _RIGHT_TO_LEFT for c in said):
        return said
    return f"{_FIRST}{said}{_LAST}"
