"""Which people complete a name that is being typed; no widget."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from opqn_app.core.progress import counted

if TYPE_CHECKING:
    from opqn_app.people.people import Person
    from opqn_app.ui.work.people_jobs import PeopleView

MOST = 7  # people that are offered at once


@dataclass(frozen=True, slots=True)
class Offer:
    """A row of the list: a person, or another one of that name.

    Attributes:
        person: None for somebody new.
        note: how many photos, or how likely it is.
    """

    person: int | None
    name: str
    words: str
    note: str
    picture: int | None


@lru_cache(maxsize=1 << 16)  # with each letter that is typed, all names are compared
def folded(name: str) -> str:
    """A name as it is compared: without capitals, accents and spaces around it."""
    plain = unicodedata.normalize("NFKD", " ".join(name.split()))
    return "".join(mark for mark in plain if not unicodedata.combining(mark)).casefold()


def offers_for(
    text: str, view: "PeopleView", hints: Sequence[tuple[int, float]] = ()
) -> list[Offer]:
    """What completes `text`: names that begin with it, then names with a word that does.

    A name that somebody has is asked about: the same person, or another one?

    Args:
        hints: people whom the faces resemble, with probability; offered while nothing is typed.
    """
    needle = folded(text)
    if not needle:
        likely = [(view.by_id[i], p) for i, p in hints if i in view.by_id and view.by_id[i].name]
        return [_offer(view, each, f"{min(round(100 * p), 99)} %") for each, p in likely[:MOST]]
    known = [(folded(p.name), p) for p in view.persons if p.name and not p.is_hidden]
    same = [p for name, p in known if name == needle]
    begins = [p for name, p in known if name.startswith(needle) and name != needle]
    inside = [p for name, p in known if f" {needle}" in name and not name.startswith(needle)]
    for some in (same, begins, inside):
        some.sort(key=lambda p: -view.n_photos.get(p.id, 0))
    offers = [_offer(view, p, words=f"The same {p.name}?") for p in same]
    room = MOST - bool(same)
    offers = [*offers, *(_offer(view, p) for p in (*begins, *inside)[:room])][:room]
    if same:
        name = " ".join(text.split())
        offers.insert(len(same), Offer(None, name, f"Another {name}", "", None))
    return offers


def _offer(view: "PeopleView", person: "Person", note: str = "", words: str = "") -> Offer:
    photos = counted(view.n_photos.get(person.id, 0), "photo")
    name = person.name or ""
    return Offer(person.id, name, words or name, note or photos, view.pictures.get(person.id))
