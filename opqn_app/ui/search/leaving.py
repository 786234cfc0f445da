"""What the Search page offers to take out; no widget."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from opqn_app.core.progress import counted
from opqn_app.exchange.going.selection import Wanted
from opqn_app.ui.exchange.offers import Offer

if TYPE_CHECKING:
    from opqn_app.ui.search.result_model import ResultListModel


def leaving_results(selected: Sequence[int], model: "ResultListModel") -> list[Offer]:
    """Photos of several selected results, and of all that are likely."""
    offers = []
    for faces, noun in (
        (selected if len(selected) > 1 else (), "selected result"),
        (model.face_ids(range(model.n_likely)), "likely result"),
        (selected if len(selected) == 1 else (), "selected result"),
    ):
        if len(faces):
            chances = model.chances(faces)
            words = f"Photos of the {counted(len(faces), noun)}"
            offers.append(Offer(words, Wanted(faces=tuple(faces), chances=chances)))
    return offers
