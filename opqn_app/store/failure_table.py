"""Files that could not be read, as records."""

from opqn_app.store.connection import Connection
from opqn_app.store.photo_list import path_of
from opqn_app.store.photo_table import of_root
from opqn_app.store.records import Failure, KnownFailure, name_from_db


class FailureTable:
    """Rows of `failures`."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def failures(self, root_id: int | None) -> list[Failure]:
        """Those of a root, or of the whole library; ignored ones included."""
        where, params = of_root("x", root_id)
        rows = self._db.rows(
            "SELECT x.id, x.root_id, r.path, x.rel_path, x.reason, x.is_ignored "
            f"FROM failures x JOIN roots r ON r.id = x.root_id {where} ORDER BY x.id",
            params,
        )
        return [
            Failure(row[0], row[1], path_of(row[2], row[3]), row[4], bool(row[5])) for row in rows
        ]

    def known_failures(self, root_id: int) -> list[KnownFailure]:
        """Those of a root, as a plan compares them with its files."""
        rows = self._db.rows(
            "SELECT id, rel_path, size, mtime_ns, is_ignored FROM failures WHERE root_id = ?",
            [root_id],
        )
        return [
            KnownFailure(row[0], name_from_db(row[1]), row[2], row[3], bool(row[4])) for row in rows
        ]
