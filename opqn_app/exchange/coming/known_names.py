"""Whom a name of another program means, by what the library knows."""

import unicodedata

from opqn_app.people.facts import folded
from opqn_app.people.gestures import MAX_NAME, named
from opqn_app.people.kinds import Kind
from opqn_app.people.ledger import Ledger

_JOINERS = "\u200c\u200d"  # letters of some scripts are written with them


def usable_name(name: str) -> str | None:
    """The name as the library can hold it, without what is not seen; None where it can't be.

    Marks that say in which direction letters run are left out. So do the letters by themselves.
    """
    kept = "".join(c for c in name if c.isprintable() or c.isspace() or c in _JOINERS)
    line = unicodedata.normalize("NFC", " ".join(kept.split()))
    is_seen = bool(line.strip(_JOINERS + " "))
    return line if is_seen and len(line) <= MAX_NAME else None


class KnownNames:
    """People by the names that a program has for them."""

    def __init__(self, ledger: Ledger, source: str) -> None:
        """Look through what was taken in before.

        Args:
            source: the program.
        """
        self._ledger = ledger
        self._before: dict[str, int] = {}
        self._found: dict[str, int | None] = {}
        rows = {row.id: row for about in ledger.state.about.values() for row in about}
        for _, row in sorted(rows.items()):
            if row.kind == Kind.IMPORTED_FROM and row.source == source and row.name is not None:
                person = ledger.state.current(row.id if row.person is None else row.person)
                if person is not None:
                    self._before[folded(row.name)] = person

    def person(self, name: str) -> int | None:
        """Who is meant; None for somebody new.

        That is whoever has the name. Where nobody has it, or several people, it is whom an earlier
        import took it for, who may be called otherwise by now.
        """
        key = folded(name)
        if key not in self._found:
            have = named(self._ledger, name)
            before = self._before.get(key)
            self._found[key] = have[0] if len(have) == 1 else before
        return self._found[key]
