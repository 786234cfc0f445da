"""What the Library page offers to take out; no widget."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from opqn_app.core.progress import counted
from opqn_app.exchange.going.selection import Wanted
from opqn_app.ui.exchange.offers import Offer

if TYPE_CHECKING:
    from opqn_app.store.records import PhotoRecord


def leaving_photos(selected: "Sequence[PhotoRecord]") -> list[Offer]:
    """The selected photos."""
    if not selected:
        return []
    words = f"The {counted(len(selected), 'selected photo')}"
    return [Offer(words, Wanted(photos=tuple(photo.id for photo in selected)))]
