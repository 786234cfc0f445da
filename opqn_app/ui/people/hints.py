"""Who an unnamed group resembles, and how many faces wait for a person: asked for what is seen."""

from collections import OrderedDict
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from opqn_app.ui.people.tiles import Tile
from opqn_app.ui.work.people_desk import PeopleDesk

if TYPE_CHECKING:
    from opqn_app.people.guesses import Guesses
    from opqn_app.people.ledger import Ledger

LIKELY = 0.5  # from which a group's tile asks "Anna?"
AT_ONCE = 6  # tiles a job, at most
ENOUGH_S = 0.02  # of a job, so that an answer does not wait long behind it
KEPT = 2000
WAITING = 200  # tiles; the ones asked for longest ago are dropped

Guess = tuple[int, float]  # a person and the probability


class Hints(QObject):
    """What guesses say of tiles. What was known last is shown until it is asked for anew.

    Signals:
        ready: some tiles have other hints now.
    """

    ready = Signal()

    def __init__(self, desk: PeopleDesk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._known: OrderedDict[int, tuple[int, tuple[Guess, ...]]] = OrderedDict()
        self._waiting: OrderedDict[int, tuple[int, ...]] = OrderedDict()
        self._is_asking = False
        self._turn = 0  # what was asked for in an earlier one may be out of date
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self._ask)
        desk.changed.connect(self._on_changed)

    def guesses(self, tile: Tile) -> tuple[Guess, ...]:
        """People whom a group resembles, likeliest first."""
        return self._get(tile.faces[0], tile.faces) if tile.can_be_named and tile.faces else ()

    def guess(self, tile: Tile) -> int | None:
        """The person that a group likely is, None if it is not said."""
        for person, chance in self.guesses(tile)[:1]:
            if chance >= LIKELY:
                return person
        return None

    def n_waiting(self, tile: Tile) -> int:
        """How many faces may be a person and wait for an answer."""
        if tile.person is None or tile.name is None or tile.fate:
            return 0
        found = self._get(-tile.person, ())
        return int(found[0][1]) if found else 0

    def forget(self, tile: Tile) -> None:
        """It was answered: don't show the same again until it is known what is left."""
        if tile.faces:
            self._known[tile.faces[0]] = -1, ()

    def _get(self, key: int, faces: tuple[int, ...]) -> tuple[Guess, ...]:
        known = self._known.get(key)
        if known is None or known[0] != self._turn:
            self._waiting[key] = faces
            self._waiting.move_to_end(key)
            while len(self._waiting) > WAITING:
                self._waiting.popitem(last=False)
            if not self._is_asking and not self._timer.isActive():
                self._timer.start()
        return () if known is None else known[1]

    def _on_changed(self, _view: object) -> None:
        self._turn += 1  # what is drawn after this change asks again

    def _ask(self) -> None:
        few = [self._waiting.popitem(last=True) for _ in range(min(AT_ONCE, len(self._waiting)))]
        if not few:
            return
        self._is_asking, turn = True, self._turn

        def look(ledger: "Ledger", guesses: "Guesses") -> dict[int, tuple[Guess, ...]]:
            until, found = perf_counter() + ENOUGH_S, {}
            for key, faces in few:
                found[key] = _look(ledger, guesses, key, faces)
                if perf_counter() > until:
                    break
            return found

        def keep(found: dict[int, tuple[Guess, ...]]) -> None:
            for key, faces in few:
                if key not in found and turn == self._turn:  # there was no time for it
                    self._waiting.setdefault(key, faces)
            self._keep(found, turn)

        task = self._desk.ask(look, keep)
        task.finished.connect(self._on_finished)

    def _keep(self, found: dict[int, tuple[Guess, ...]], turn: int) -> None:
        is_new = False
        for key, guesses in found.items():
            is_new |= key not in self._known or self._known[key][1] != guesses
            self._known[key] = turn, guesses
            self._known.move_to_end(key)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        if is_new:
            self.ready.emit()

    def _on_finished(self) -> None:
        self._is_asking = False
        if self._waiting:
            self._timer.start()


def _look(
    ledger: "Ledger", guesses: "Guesses", key: int, faces: Sequence[int]
) -> tuple[Guess, ...]:
    if key > 0:
        named = [each for each in guesses.resembles(ledger, faces) if _is_named(ledger, each[0])]
        return tuple(named)
    number = sum(len(each.faces) for each in guesses.suggestions(ledger, -key))
    return ((-key, float(number)),) if number else ()


def _is_named(ledger: "Ledger", person: int) -> bool:
    facts = ledger.state.facts.get(person)
    return facts is not None and facts.name is not None and not facts.is_hidden
