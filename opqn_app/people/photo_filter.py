"""What the user asks of photos, in chips: Anna and Ben, not Carl, alone, 2019, this folder.

It can be kept as JSON, for a search that is saved.
"""

import json
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from opqn_app.core import plain_json
from opqn_app.people.spans import Count, Span

if TYPE_CHECKING:  # a window that starts needs no decisions yet
    from opqn_app.people.ledger import Ledger
    from opqn_app.store.photo_list import PhotoList


@dataclass(frozen=True, slots=True)
class PhotoFilter:
    """Attributes:
    together: ids of people who are all on the photo.
    without: of people who are not on it.
    alone: nobody else is on it.
    under: a folder the photo lies in, however deep.
    dates: between which it was taken, else written.
    faces: how many were found on it.
    copies_of: id of a photo; only those of the same picture.
    """

    together: tuple[int, ...] = ()
    without: tuple[int, ...] = ()
    alone: bool = False
    under: Path | None = None
    dates: Span | None = None
    faces: Count | None = None
    copies_of: int | None = None

    @property
    def is_empty(self) -> bool:
        return self == PhotoFilter()

    def adding(self, person: int, *, is_without: bool = False) -> Self:
        """With a person, or without."""
        rest = self.leaving(person)
        if is_without:
            return replace(rest, without=(*rest.without, person))
        return replace(rest, together=(*rest.together, person))

    def leaving(self, person: int) -> Self:
        """Whether that person is on the photo is no matter."""
        return replace(
            self,
            together=tuple(each for each in self.together if each != person),
            without=tuple(each for each in self.without if each != person),
        )

    def turning(self, person: int) -> Self:
        """Without a person instead of with, or the other way round; the places stay."""
        return replace(
            self,
            together=(
                *(each for each in self.together if each != person),
                *((person,) if person in self.without else ()),
            ),
            without=(
                *(each for each in self.without if each != person),
                *((person,) if person in self.together else ()),
            ),
        )

    def find(self, ledger: "Ledger", within: Path | None = None) -> "PhotoList":
        """The photos, newest first; none where somebody who must be on them is unknown now.

        Args:
            within: a folder that they lie in besides.
        """
        from opqn_app.people.finding import find_photos
        from opqn_app.store.photo_list import PhotoList

        together = [ledger.state.current(person) for person in self.together]
        without = [ledger.state.current(person) for person in self.without]
        if None in together:
            return PhotoList()
        photos = find_photos(
            ledger,
            [person for person in together if person is not None],
            [person for person in without if person is not None],
            under=self.under,
            alone=self.alone,
            dates=self.dates,
            faces=self.faces,
            within=within,
        )
        if self.copies_of is None:
            return photos
        same = ledger.library.photo_table.listed_of([self.copies_of]).pictures()
        return photos.of_pictures(same)

    def as_json(self) -> str:
        """All of it as one JSON object; empty parts are left out."""
        found = {
            field.name: value
            for field in fields(self)
            if (value := getattr(self, field.name)) != field.default
        }
        for name in ("dates", "faces"):
            if name in found:
                found[name] = list(astuple(found[name]))
        if self.under is not None:
            found["under"] = str(self.under)
        return json.dumps(found)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `as_json` gave; parts that a newer version added are left out."""
        found = plain_json.loads(text)
        return cls(
            together=tuple(found.get("together", ())),
            without=tuple(found.get("without", ())),
            alone=found.get("alone", False),
            under=Path(found["under"]) if "under" in found else None,
            dates=Span(*found["dates"]) if "dates" in found else None,
            faces=Count(*found["faces"]) if "faces" in found else None,
            copies_of=found.get("copies_of"),
        )
