"""What the user asks of photos, in chips: Anna and Ben, not Carl, alone, 2019, this folder."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:  # a window that starts needs no decisions yet
    from opqn_app.people.ledger import Ledger
    from opqn_app.store.records import PhotoRecord


@dataclass(frozen=True, slots=True)
class PhotoFilter:
    """Attributes:
    together: ids of people who are all on the photo.
    without: of people who are not on it.
    alone: nobody else is on it.
    year: of the time taken, else of the file.
    under: a folder the photo lies in, however deep.
    """

    together: tuple[int, ...] = ()
    without: tuple[int, ...] = ()
    alone: bool = False
    year: int | None = None
    under: Path | None = None

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

    def find(self, ledger: "Ledger", within: Path | None = None) -> "list[PhotoRecord]":
        """The photos, newest first; none where somebody who must be on them is unknown now.

        Args:
            within: a folder that they lie in besides.
        """
        from opqn_app.core.files import real_path
        from opqn_app.people.finding import find_photos

        together = [ledger.state.current(person) for person in self.together]
        without = [ledger.state.current(person) for person in self.without]
        photos = (
            find_photos(
                ledger,
                [person for person in together if person is not None],
                [person for person in without if person is not None],
                year=self.year,
                under=self.under,
                alone=self.alone,
            )
            if None not in together
            else []
        )
        if within is None:
            return photos
        folder = real_path(within)
        return [photo for photo in photos if photo.path.is_relative_to(folder)]
