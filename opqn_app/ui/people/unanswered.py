"""Names that were typed, and wait for an answer to the question they led to; no widget."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from opqn_app.ui.people.tiles import Tile

if TYPE_CHECKING:
    from opqn_app.ui.work.people_jobs import Answer

NOT_YET = "not named yet"


class Unanswered:
    """By tile: a name stays in its place until the question is answered."""

    def __init__(self, changed: Callable[[Tile | None], None]) -> None:
        """Args:
        changed: called with the tile whose name has to wait now, or None when one waits no more.
        """
        self._changed = changed
        self._names: dict[int, tuple[str, tuple[Any, ...]]] = {}

    def name(self, tile: Tile) -> str:
        """What was typed for a tile; "" where nothing waits."""
        return self._names[tile.key][0] if not tile.fate and tile.key in self._names else ""

    def keep(self, tiles: Sequence[Tile], name: str, answer: "Answer") -> None:
        """A name was given to tiles: keep it if something is asked first."""
        if answer.doubt is not None and tiles:
            gestures = tuple(gesture for _, gesture in answer.doubt.choices)
            self._names[tiles[0].key] = name, gestures
            self._changed(tiles[0])
        elif any(self._names.pop(tile.key, None) for tile in tiles):
            self._changed(None)

    def take(self, answer: "Answer") -> None:
        """Forget the name whose question a gesture has answered."""
        if answer.doubt is None:
            done = [
                key
                for key, (_, gestures) in self._names.items()
                if any(each is answer.gesture for each in gestures)
            ]
            for key in done:
                del self._names[key]
            if done:
                self._changed(None)

    def forget(self) -> None:
        """The user went elsewhere."""
        self._names.clear()
