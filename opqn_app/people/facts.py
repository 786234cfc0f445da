"""What is known of people besides their faces, and who has which name."""

import unicodedata
from collections import UserDict
from dataclasses import dataclass
from functools import lru_cache

from opqn_app.store.decision_records import FaceKey


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a person besides the faces; a person need not have a name."""

    name: str | None
    is_hidden: bool = False
    picture: FaceKey | None = None


class PeopleFacts(UserDict[int, Facts]):
    """Facts by person. Who has a name is known without a look at everybody."""

    def __init__(self) -> None:
        self._of_name: dict[str, set[int]] = {}
        super().__init__()

    def called(self, name: str) -> list[int]:
        """The people of a name, in the order they were made; capitals do not count."""
        return sorted(self._of_name.get(folded(name), ()))

    def __setitem__(self, person: int, facts: Facts) -> None:
        self._forget_name(person)
        if facts.name:
            self._of_name.setdefault(folded(facts.name), set()).add(person)
        super().__setitem__(person, facts)

    def __delitem__(self, person: int) -> None:
        self._forget_name(person)
        super().__delitem__(person)

    def _forget_name(self, person: int) -> None:
        known = self.data.get(person)
        if known is None or not known.name:
            return
        name = folded(known.name)
        same = self._of_name[name]
        same.discard(person)
        if not same:
            del self._of_name[name]


@lru_cache(maxsize=1 << 16)  # names of a library are compared again and again
def folded(name: str) -> str:
    """What two names have in common that are the same to people, such as with other capitals."""
    folded = unicodedata.normalize("NFC", " ".join(name.split())).casefold()
    return without_joiners(folded) or folded


def without_joiners(name: str) -> str:
    """Without the signs that say how letters are joined, and are not seen themselves."""
    return name.replace("\u200c", "").replace("\u200d", "")
