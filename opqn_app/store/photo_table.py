"""Photos of the library as records: one SELECT for a page."""

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from opqn_app.core.depth import THOROUGH
from opqn_app.store.connection import Connection, chunks, marks
from opqn_app.store.photo_list import LISTED_COLUMNS, PhotoList, by_time, path_of
from opqn_app.store.records import KnownPhoto, PhotoRecord, name_from_db, name_to_db

PHOTO_COLUMNS = (
    "p.id, p.root_id, r.path, p.rel_path, p.size, p.width, p.height, p.taken_at, p.n_faces, "
    "p.sort_time"
)
SHOWN = "deleted_at IS NULL"  # the photos that the library has; the words of its indexes
# The same of photos that are found by their faces: the sign keeps SQLite from going through all
# shown photos and looking for each of them among the faces that are asked for.
SHOWN_OF_FACES = f"+p.{SHOWN}"
# The signs keep SQLite from the indexes of all shown photos, where there are small ones for these.
UNREACHABLE = f"missing_since IS NOT NULL AND +{SHOWN}"
DELETED = "deleted_at IS NOT NULL"
# Photos that the thorough search would show larger than they were searched; the words of an index.
UNSEARCHED = (
    f"searched_px < {THOROUGH.pixels} AND searched_px < width * height "
    f"AND +missing_since IS NULL AND +{SHOWN}"
)
# Those that no run has searched turned and with a border yet; likewise.
AWAITING = f"awaits_look AND +missing_since IS NULL AND +{SHOWN}"


def given_up(which: str) -> str:
    """Those of UNSEARCHED or AWAITING that the search could not read, until their file changes."""
    return (
        "SELECT p.id FROM failures x JOIN photos p ON p.root_id = x.root_id "
        "AND p.rel_path = x.rel_path AND p.size = x.size AND p.mtime_ns = x.mtime_ns "
        f"WHERE {which}"
    )


class PhotoTable:
    """Rows of `photos`, with the path of their root."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    def count(self, root_id: int | None) -> int:
        """How many photos a root has, or the whole library."""
        where, params = _shown_of_root(root_id)
        return int(self._db.value(f"SELECT COUNT(*) FROM photos p {where}", params))

    def page(self, root_id: int | None, offset: int, limit: int) -> list[PhotoRecord]:
        """Photos by the time they were taken (else their mtime), newest first."""
        where, params = _shown_of_root(root_id)
        # The inner SELECT skips `offset` rows inside an index; whole rows would be 60 times slower.
        rows = self._db.rows(
            f"SELECT {PHOTO_COLUMNS} FROM (SELECT p.id FROM photos p {where} "
            "ORDER BY p.sort_time DESC, p.id DESC LIMIT ? OFFSET ?) page "
            "JOIN photos p ON p.id = page.id JOIN roots r ON r.id = p.root_id "
            "ORDER BY p.sort_time DESC, p.id DESC",
            [*params, limit, offset],
        )
        return [photo_of_row(row) for row in rows]

    def at(self, root_id: int, rel_path: str) -> PhotoRecord | None:
        """The photo at a place below a root."""
        row = self._db.row(
            f"SELECT {PHOTO_COLUMNS} FROM photos p JOIN roots r ON r.id = p.root_id "
            "WHERE p.root_id = ? AND p.rel_path = ?",
            [root_id, name_to_db(rel_path)],
        )
        return None if row is None else photo_of_row(row)

    def of_ids(self, photo_ids: Sequence[int]) -> list[PhotoRecord]:
        """Photos by the time they were taken, newest first; unknown ids are left out."""
        return list(self.listed_of(photo_ids))

    def listed(
        self, root_id: int | None = None, scope: str = "", limit: int | None = None
    ) -> PhotoList:
        """All photos of a root or of the library by their time, newest first.

        Args:
            scope: only those below this folder of the root.
            limit: how many at most are looked at, for whoever can't wait for all.
        """
        where, params = _shown_of_root(root_id)
        rows = self._db.rows(
            f"SELECT {LISTED_COLUMNS} FROM photos p {where} ORDER BY p.sort_time DESC, p.id DESC "
            "LIMIT ?",
            [*params, -1 if limit is None else limit],
        )
        photos = PhotoList(self._root_names(), rows)
        return photos.below(scope) if scope else photos

    def listed_of(self, photo_ids: Sequence[int]) -> PhotoList:
        """Some photos by their time, newest first; unknown ids are left out."""
        rows: list[Any] = []
        for chunk in chunks(photo_ids):
            rows += self._db.rows(
                f"SELECT {LISTED_COLUMNS} FROM photos p WHERE p.id IN ({marks(chunk)})", chunk
            )
        return PhotoList(self._root_names(), sorted(rows, key=by_time, reverse=True))

    def folders(self) -> dict[int, Counter[str]]:
        """Root → folder below it, "" for the root itself → photos that lie in just this one."""
        found: dict[int, Counter[str]] = defaultdict(Counter)
        for root_id, name in self._db.rows(f"SELECT root_id, rel_path FROM photos WHERE {SHOWN}"):
            found[root_id][name_from_db(name).rpartition("/")[0]] += 1
        return found

    def _root_names(self) -> dict[int, str | bytes]:
        return dict(self._db.rows("SELECT id, path FROM roots"))

    def known_photos(self, root_id: int, folder: str = "") -> list[KnownPhoto]:
        """All photos of a root, or those below a folder of it."""
        if not folder:
            return self._known(f"root_id = ? AND {SHOWN}", [root_id])
        # "0" follows "/". A name that is no valid text is stored as bytes, in an order of its own.
        first, end = f"{folder}/", f"{folder}0"
        spans = {(name_to_db(first), name_to_db(end)), (os.fsencode(first), os.fsencode(end))}
        below = f"root_id = ? AND +{SHOWN} AND rel_path >= ? AND rel_path < ?"
        return [photo for span in spans for photo in self._known(below, [root_id, *span])]

    def photos_to_search(self, root_id: int, which: str) -> list[KnownPhoto]:
        """Those of a root that await a search, UNSEARCHED or AWAITING, and were not given up."""
        return self._known(f"root_id = ? AND {which} AND id NOT IN ({given_up(which)})", [root_id])

    def deleted_photos(self) -> list[KnownPhoto]:
        """Those of all roots that come back with their faces if their file does."""
        return self._known(DELETED)

    def deleted_before(self, moment: int) -> list[KnownPhoto]:
        """Those of them that were deleted before a moment, in seconds since 1970."""
        return self._known(f"{DELETED} AND deleted_at < ?", [moment])

    def has_unreachable(self, root_id: int) -> bool:
        """True if the file of some photo of a root can't be reached."""
        sql = f"SELECT EXISTS (SELECT 1 FROM photos WHERE root_id = ? AND {UNREACHABLE})"
        return bool(self._db.value(sql, [root_id]))

    def missing_times(self, root_id: int) -> list[tuple[str, int | None]]:
        """rel_path and missing_since of all photos of a root."""
        rows = self._db.rows(
            f"SELECT rel_path, missing_since FROM photos WHERE root_id = ? AND {SHOWN}", [root_id]
        )
        return [(name_from_db(name), since) for name, since in rows]

    def _known(self, condition: str, params: Sequence[Any] = ()) -> list[KnownPhoto]:
        rows = self._db.rows(
            "SELECT id, root_id, rel_path, size, mtime_ns, content_hash, missing_since, "
            f"picture_hash FROM photos WHERE {condition}",
            params,
        )
        return [KnownPhoto(row[0], row[1], name_from_db(row[2]), *row[3:]) for row in rows]


def _shown_of_root(root_id: int | None) -> tuple[str, list[int]]:
    where, params = of_root("p", root_id)
    return (f"{where} AND p.{SHOWN}" if where else f"WHERE p.{SHOWN}"), params


def of_root(alias: str, root_id: int | None) -> tuple[str, list[int]]:
    """WHERE clause and parameters for the rows of one root; of all roots with None."""
    return ("", []) if root_id is None else (f"WHERE {alias}.root_id = ?", [root_id])


def photo_of_row(row: Sequence[Any]) -> PhotoRecord:
    """The record of a row of PHOTO_COLUMNS."""
    photo_id, root_id, root, rel_path, size, width, height, taken_at, n_faces, sort_time = row
    return PhotoRecord(
        id=photo_id,
        root_id=root_id,
        path=path_of(root, rel_path),
        rel_path=name_from_db(rel_path),
        size=size,
        width=width,
        height=height,
        taken_at=taken_at,
        n_faces=n_faces,
        sort_time=sort_time,
    )
