"""Photos in an order, as rows of the library: a record is made when one is asked for.

A library of 50,000 photos is listed in a tenth of the time that making all records takes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any, overload

from opqn_app.store.records import PhotoRecord, name_from_db

LISTED_COLUMNS = (
    "p.id, p.root_id, p.rel_path, p.size, p.width, p.height, p.taken_at IS NOT NULL, p.n_faces, "
    "p.sort_time, p.picture_hash, p.missing_since IS NOT NULL"
)
ID, ROOT, NAME, IS_DATED, N_FACES, TIME, PICTURE, IS_MISSING = 0, 1, 2, 6, 7, 8, 9, 10  # places

by_time = itemgetter(TIME, ID)


class PhotoList(Sequence[PhotoRecord]):
    """A frozen sequence of records.

    Args:
        roots: id → path as stored.
        rows: of LISTED_COLUMNS.
    """

    __slots__ = ("_roots", "rows")

    def __init__(
        self, roots: Mapping[int, str | bytes] | None = None, rows: Sequence[Any] = ()
    ) -> None:
        self._roots = roots or {}
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, place: int) -> PhotoRecord: ...
    @overload
    def __getitem__(self, place: slice) -> "PhotoList": ...
    def __getitem__(self, place: int | slice) -> "PhotoRecord | PhotoList":
        if isinstance(place, slice):
            return PhotoList(self._roots, self.rows[place])
        return self._record(self.rows[place])

    def __iter__(self) -> Iterator[PhotoRecord]:
        return map(self._record, self.rows)

    def ids(self) -> list[int]:
        """The id of each."""
        return [row[ID] for row in self.rows]

    def times(self) -> list[str]:
        """The `sort_time` of each."""
        return [row[TIME] for row in self.rows]

    def pictures(self) -> list[bytes]:
        """What each is known by; equal for copies of one picture."""
        return [row[PICTURE] for row in self.rows]

    def folders(self) -> list[tuple[int, str]]:
        """Root and folder below it of each, "" for the root itself."""
        return [(row[ROOT], name_from_db(row[NAME]).rpartition("/")[0]) for row in self.rows]

    def root_path(self, root_id: int) -> Path:
        """Where a root lies."""
        return Path(name_from_db(self._roots[root_id]))

    def chosen(self, rows: Iterable[Any]) -> "PhotoList":
        """A list of some of `rows`, in the order given."""
        return PhotoList(self._roots, list(rows))

    def below(self, scope: str) -> "PhotoList":
        """Those below a folder of their root."""
        start = f"{scope}/"
        return self.chosen(row for row in self.rows if name_from_db(row[NAME]).startswith(start))

    def under(self, folder: Path) -> "PhotoList":
        """Those that lie below a folder, wherever their roots are."""
        starts: dict[int, str | None] = {}  # None: nothing of that root lies there
        for root_id in self._roots:
            root = self.root_path(root_id)
            if root.is_relative_to(folder):
                starts[root_id] = ""
            elif folder.is_relative_to(root):
                starts[root_id] = f"{folder.relative_to(root).as_posix()}/"
            else:
                starts[root_id] = None
        return self.chosen(
            row
            for row in self.rows
            if (start := starts[row[ROOT]]) is not None
            and name_from_db(row[NAME]).startswith(start)
        )

    def of_pictures(self, pictures: Iterable[bytes]) -> "PhotoList":
        """Those of some pictures."""
        wanted = set(pictures)
        return self.chosen(row for row in self.rows if row[PICTURE] in wanted)

    def _record(self, row: Sequence[Any]) -> PhotoRecord:
        photo_id, root_id, name, size, width, height, is_dated, n_faces, time, _, _ = row
        return PhotoRecord(
            id=photo_id,
            root_id=root_id,
            path=path_of(self._roots[root_id], name),
            rel_path=name_from_db(name),
            size=size,
            width=width,
            height=height,
            taken_at=time if is_dated else None,  # as IndexWriter stores it
            n_faces=n_faces,
            sort_time=time,
        )


def path_of(root: str | bytes, rel_path: str | bytes) -> Path:
    """The path of a photo, of two columns as they are stored."""
    return Path(name_from_db(root)) / name_from_db(rel_path)
