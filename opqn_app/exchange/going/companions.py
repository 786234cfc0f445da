"""The XMP files that go along with a photo, and what they are called and hold beside its copy."""

from dataclasses import dataclass
from pathlib import Path

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.exchange.going.selection import GoingPhoto
from opqn_app.exchange.going.sidecar_writing import names_of, with_names
from opqn_app.exchange.records import Problem
from opqn_app.exchange.sidecars import SUFFIX, Sidecars
from opqn_app.exchange.xmp.tree import NotXmpError
from opqn_app.vision import reasons


@dataclass(frozen=True, slots=True)
class Companion:
    """An XMP file that is to lie beside the copy of a photo.

    Attributes:
        source: what it is a copy of; None for one that holds our names alone.
        is_named: it gets our names.
    """

    going: GoingPhoto
    source: Path | None
    is_named: bool = False

    def name(self, photo: str) -> str:
        """Its name beside a copy of the photo that is called so."""
        if self.source is None:
            return photo + SUFFIX
        if self.source.stem.lower() == self.going.photo.path.name.lower():
            return photo + self.source.suffix
        return Path(photo).stem + self.source.suffix

    def content(self, there: bytes | None, problems: list[Problem]) -> bytes | None:
        """What it is to hold; None where there is nothing to write.

        Args:
            there: what lies in its place already, which stays but for our names.
            problems: what is wrong is added here.
        """
        photo = self.going.photo.path
        former = there
        try:
            if former is None and self.source is not None:
                former = self.source.read_bytes()
            if self.is_named:
                return with_names(former, photo, names_of(self.going)).content
        except NotXmpError as error:
            problems.append(Problem(self.source or photo, f"{self._words()}: {error}."))
        except PhotoUnreadable as error:
            problems.append(Problem(photo, f"{self._words()}: {error.reason}."))
        except OSError as error:
            reason = reasons.file_system(self.source or photo, error)
            problems.append(Problem(self.source or photo, f"{self._words()}: {reason}."))
        return None if there is not None else former

    def _words(self) -> str:
        photo = self.going.photo.path
        return f"The XMP file of {photo} goes along without the names of the library"


class Companions:
    """Finds the companions of photos; a folder is listed once.

    Args:
        names: the names of people on the photo are written into them, and into a new one where
            there is none.
    """

    def __init__(self, *, names: bool) -> None:
        self._names = names
        self._beside: dict[Path, Sidecars] = {}

    def of(self, going: GoingPhoto) -> list[Companion]:
        path = going.photo.path
        if path.parent not in self._beside:
            self._beside[path.parent] = Sidecars.beside(path)
        is_named = self._names and bool(going.names)
        found = [Companion(going, source) for source in self._beside[path.parent].of(path.name)]
        if is_named:
            first = found[0].source if found else None
            found[:1] = [Companion(going, first, is_named=True)]
        return found
