"""The folders of a library: adding one, absorbing its sub-folders, moving and forgetting one."""

from collections.abc import Callable
from pathlib import Path

from opqn_app.core.errors import LibraryError
from opqn_app.store.code_store import CodeStore
from opqn_app.store.connection import Connection
from opqn_app.store.photo_table import SHOWN, UNREACHABLE, UNSEARCHED, given_up
from opqn_app.store.records import (
    ForgetReport,
    Root,
    name_before_deletion,
    name_from_db,
    name_of_deleted,
    name_to_db,
)
from opqn_app.store.unreachable import is_available


class RootTable:
    """Rows of `roots`; write calls run inside a transaction."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def all(self) -> list[Root]:
        """Every root, in the order they were added."""
        rows = self._db.rows(
            "SELECT r.id, r.path, r.moved_from, "
            f"(SELECT COUNT(*) FROM photos p WHERE p.root_id = r.id AND {SHOWN}), "
            "(SELECT COALESCE(SUM(p.n_faces), 0) FROM photos p "
            f"WHERE p.root_id = r.id AND {SHOWN}), "
            "(SELECT COUNT(*) FROM failures x WHERE x.root_id = r.id AND NOT x.is_ignored), "
            f"(SELECT COUNT(*) FROM photos p WHERE p.root_id = r.id AND {UNSEARCHED}) - "
            f"(SELECT COUNT(*) FROM ({given_up(UNSEARCHED)} AND p.root_id = r.id)), "
            f"(SELECT COUNT(*) FROM photos p WHERE p.root_id = r.id AND {UNREACHABLE}) "
            "FROM roots r ORDER BY r.id"
        )
        return [_root(*row) for row in rows]

    def paths(self) -> dict[int, Path]:
        rows = self._db.rows("SELECT id, path FROM roots ORDER BY id")
        return {row[0]: Path(name_from_db(row[1])) for row in rows}

    def watched(self) -> dict[Path, bool]:
        """Of each root whether it is looked at by itself; counts nothing, so it is quick."""
        rows = self._db.rows("SELECT path, is_watched FROM roots ORDER BY id")
        return {Path(name_from_db(path)): bool(is_watched) for path, is_watched in rows}

    def watch(self, path: Path, *, is_watched: bool) -> None:
        """Say whether a root is looked at by itself."""
        self._db.run(
            "UPDATE roots SET is_watched = ? WHERE path = ?", [is_watched, name_to_db(str(path))]
        )

    def covering(self, path: Path) -> int | None:
        """The innermost root that is `path` or holds it."""
        covering = [(root, i) for i, root in self.paths().items() if path.is_relative_to(root)]
        return max(covering, key=lambda pair: len(pair[0].parts))[1] if covering else None

    def is_settled(self, path: Path) -> bool:
        """True if `add` would change nothing."""
        root_id = self.covering(path)
        return root_id is not None and not self._inner(self.paths()[root_id])

    def add(self, path: Path) -> int:
        """The root that covers `path`, made if there is none.

        It takes over the roots inside it, ids and all; but not one whose folder is missing now,
        since its photos would seem deleted.
        """
        root_id = self.covering(path)
        if root_id is None:
            root_id = self._db.insert(
                "INSERT INTO roots (path) VALUES (?)", [name_to_db(str(path))]
            )
        outer = self.paths()[root_id]
        for inner in self._inner(outer):
            self._absorb(inner.id, root_id, inner.path.relative_to(outer).as_posix())
        return root_id

    def move(self, old: Path, new: Path) -> None:
        """Say that a root, or a folder below one, lies elsewhere now, with all that is known of it.

        Args:
            old: a root keeps its id. A folder below one becomes a root.
            new: below no root, or a folder below one that holds nothing; there it becomes a part.
        """
        root_id = self.covering(old)
        assert root_id is not None, "it is known"
        root = self.paths()[root_id]
        heir = self.covering(new)
        if old != root:
            scope = f"{old.relative_to(root).as_posix()}/"
            heir = self._db.insert(
                "INSERT INTO roots (path, is_watched, moved_from) "
                "SELECT ?, is_watched, ? FROM roots WHERE id = ?",
                [name_to_db(str(new)), name_to_db(str(old)), root_id],
            )
            self._hand_over(root_id, heir, lambda name: _after(scope, name))
        elif heir is None or heir == root_id:
            self._db.run(
                "UPDATE roots SET path = ?, moved_from = ? WHERE id = ?",
                [name_to_db(str(new)), name_to_db(str(old)), root_id],
            )
        else:
            self._absorb(root_id, heir, new.relative_to(self.paths()[heir]).as_posix())

    def settle(self, path: Path) -> None:
        """Forget where a root was before."""
        self._db.run("UPDATE roots SET moved_from = NULL WHERE path = ?", [name_to_db(str(path))])

    def forget(self, path: Path, codes: CodeStore) -> ForgetReport:
        """Delete a root with its photos, faces, crops, codes and failures.

        Raises:
            LibraryError: `path` is not a root.
        """
        root_id = next((i for i, root in self.paths().items() if root == path), None)
        if root_id is None:
            raise LibraryError(self._not_a_root(path))
        photos = self._db.value("SELECT COUNT(*) FROM photos WHERE root_id = ?", [root_id])
        faces = self._db.rows(
            "SELECT f.id FROM faces f JOIN photos p ON p.id = f.photo_id WHERE p.root_id = ?",
            [root_id],
        )
        codes.bury([row[0] for row in faces])
        self._db.run("DELETE FROM roots WHERE id = ?", [root_id])
        for root in self.all():  # one that was a folder of it keeps no trace of its name
            if root.moved_from is not None and root.moved_from.is_relative_to(path):
                self.settle(root.path)
        codes.purge()
        return ForgetReport(photos=photos, faces=len(faces))

    def forget_name(self, path: Path) -> bool:
        """Delete the row of a root that has no photos, as in a backup; whether there was one."""
        return self._db.run("DELETE FROM roots WHERE path = ?", [name_to_db(str(path))]) > 0

    def _inner(self, outer: Path) -> list[Root]:
        return [root for root in self.all() if outer in root.path.parents and root.is_available]

    def _absorb(self, inner_id: int, root_id: int, prefix: str) -> None:
        self._hand_over(inner_id, root_id, lambda name: f"{prefix}/{name}")
        self._db.run("DELETE FROM roots WHERE id = ?", [inner_id])

    def _hand_over(self, giver: int, heir: int, name_there: Callable[[str], str | None]) -> None:
        """Make photos and failures of one root those of another.

        Args:
            name_there: relative path → the one that it has below the heir; None if it stays.
        """
        for table in ("photos", "failures"):
            rows = self._db.rows(f"SELECT id, rel_path FROM {table} WHERE root_id = ?", [giver])
            given = [(row_id, _renamed(row_id, name_from_db(n), name_there)) for row_id, n in rows]
            self._db.run_many(
                f"UPDATE {table} SET root_id = ?, rel_path = ? WHERE id = ?",
                [(heir, name_to_db(name), row_id) for row_id, name in given if name is not None],
            )

    def _not_a_root(self, path: Path) -> str:
        known = ", ".join(str(root) for root in self.paths().values())
        hint = f"Its folders are: {known}." if known else "It has no folders."
        return f"{path} is not a folder of the library {self._db.path}. {hint}"


def _after(start: str, name: str) -> str | None:
    """What follows `start`; None for a name that begins otherwise."""
    return name.removeprefix(start) if name.startswith(start) else None


def _renamed(photo_id: int, rel_path: str, name_there: Callable[[str], str | None]) -> str | None:
    """The new name of a row, also of a deleted photo."""
    if not rel_path.startswith("/"):
        return name_there(rel_path)
    name = name_there(name_before_deletion(rel_path))
    return None if name is None else name_of_deleted(photo_id, name)


def _root(
    root_id: int,
    path: str | bytes,
    moved_from: str | bytes | None,
    photos: int,
    faces: int,
    failures: int,
    unsearched: int,
    unreachable: int,
) -> Root:
    folder = Path(name_from_db(path))
    return Root(
        id=root_id,
        path=folder,
        photos=photos,
        faces=faces,
        failures=failures,
        is_available=is_available(folder, has_photos=photos > 0),
        unsearched=unsearched,
        unreachable=unreachable,
        moved_from=None if moved_from is None else Path(name_from_db(moved_from)),
    )
