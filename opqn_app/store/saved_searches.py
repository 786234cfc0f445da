"""The searches that the user gave a name; what they ask is not known here."""

from dataclasses import dataclass

from opqn_app.store.connection import Connection

MAX_NAME = 100  # characters


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A row.

    Attributes:
        asked: the text it was saved with.
    """

    id: int
    name: str
    asked: str


class SavedSearches:
    """Rows of `saved_searches`."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def all(self) -> list[SavedSearch]:
        """By name."""
        rows = self._db.rows(
            "SELECT id, name, asked FROM saved_searches ORDER BY name COLLATE NOCASE, id"
        )
        return [SavedSearch(*row) for row in rows]

    def save(self, name: str, asked: str) -> SavedSearch:
        """Keep a search; one of the same name is replaced and keeps its id.

        Args:
            name: with a letter or digit; cut to MAX_NAME characters.
        """
        name = " ".join(name.split())[:MAX_NAME].strip()
        with self._db.transaction():
            self._db.run(
                "INSERT INTO saved_searches (name, asked) VALUES (?, ?) "
                "ON CONFLICT (name) DO UPDATE SET name = excluded.name, asked = excluded.asked",
                [name, asked],
            )
            row = self._db.row("SELECT id, name, asked FROM saved_searches WHERE name = ?", [name])
        assert row is not None, "it was just written"
        return SavedSearch(*row)

    def rename(self, search_id: int, name: str) -> bool:
        """Give a search another name; False where another one has it."""
        name = " ".join(name.split())[:MAX_NAME].strip()
        with self._db.transaction():
            other = self._db.value(
                "SELECT COUNT(*) FROM saved_searches WHERE name = ? AND id != ?", [name, search_id]
            )
            if not other:
                self._db.run("UPDATE saved_searches SET name = ? WHERE id = ?", [name, search_id])
        return not other

    def remove(self, name: str) -> SavedSearch | None:
        """Forget a search; what it was, None where there is none of that name."""
        with self._db.transaction():
            row = self._db.row("SELECT id, name, asked FROM saved_searches WHERE name = ?", [name])
            self._db.run("DELETE FROM saved_searches WHERE name = ?", [name])
        return None if row is None else SavedSearch(*row)
