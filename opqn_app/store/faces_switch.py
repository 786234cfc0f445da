"""The switch "remember no faces": while faces are not remembered, the file itself refuses them.

Triggers do it. They lie in the library and hold for every program that writes it, also one that
opened it before, or that is older than the switch.
"""

from opqn_app.core.errors import RemembersNoFaces
from opqn_app.store.connection import Connection

# No row of these can come in: what is known of faces, and photos, which are kept with their faces.
TABLES = (
    "photos",
    "faces",
    "crops",
    "code_tail",
    "code_segments",
    "guesses",
    "decisions",
    "decision_faces",
)
_NAME = "remember_no_faces_"


class FacesSwitch:
    """Whether a library remembers faces."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    @property
    def is_on(self) -> bool:
        """Faces are remembered, as they are where nobody said otherwise."""
        return not self._db.row(f"SELECT 1 FROM sqlite_master WHERE {IS_OFF} LIMIT 1")

    def refuse_if_off(self) -> None:
        """Raise RemembersNoFaces where no face can come in."""
        if not self.is_on:
            raise RemembersNoFaces(self._db.path)

    def turn_off(self) -> None:
        """Let no row of `TABLES` in; inside a transaction."""
        for table in TABLES:
            self._db.run(
                f"CREATE TRIGGER IF NOT EXISTS {_NAME}{table} BEFORE INSERT ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'this library remembers no faces'); END"
            )

    def turn_on(self) -> None:
        """Let faces in again; inside a transaction."""
        for table in TABLES:
            self._db.run(f"DROP TRIGGER IF EXISTS {_NAME}{table}")


IS_OFF = f"type = 'trigger' AND name GLOB '{_NAME}*'"  # of a row of sqlite_master
