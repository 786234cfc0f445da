"""Copy what can still be read of a damaged database: all rows but those on damaged pages."""

import heapq
import itertools
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from opqn_app.core.errors import LibraryError
from opqn_app.store.connection import Connection, marks

MOST_TRIES = 20_000  # ranges of one table that are looked at, the largest first
_FEWEST, _HIGHEST = 1000, 2**22  # the highest id of a small library; where the file does not tell
_SEQUENCE = "sqlite_sequence"


@dataclass(frozen=True, slots=True)
class Saved:
    """What came of a table.

    Attributes:
        rows: that are in the copy.
        of: how many there were, where an index or the table itself still tells.
        is_whole: every page could be read, and every row was taken.
    """

    table: str
    rows: int
    of: int | None
    is_whole: bool


def copy_tables(source: Connection, target: Connection) -> list[Saved]:
    """Make the tables of a database in an empty one and copy their rows; indexes come last.

    Raises:
        LibraryError: not even the names of the tables can be read.
    """
    statements = source.rows(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL "
        "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid"
    )
    tables = [name for kind, name, _ in statements if kind == "table"]
    for kind, _, sql in statements:
        if kind == "table":
            target.run(sql)
    highest = _highest_ids(source)
    saved = [_copy(source, target, table, highest) for table in tables]
    with suppress(LibraryError):  # a file without such a table has no ids to keep
        target.run_many(
            f"INSERT INTO {_SEQUENCE} (name, seq) SELECT ?, 0 WHERE NOT EXISTS "
            f"(SELECT 1 FROM {_SEQUENCE} WHERE name = ?)",
            [(name, name) for name in highest],
        )
        target.run_many(
            f"UPDATE {_SEQUENCE} SET seq = MAX(seq, ?) WHERE name = ?",
            [(seq, name) for name, seq in highest.items()],
        )
    for kind, _, sql in statements:
        if kind != "table":
            target.run(sql)
    return saved


def _highest_ids(source: Connection) -> dict[str, int]:
    """The highest id that each table ever gave; none is given twice."""
    try:
        rows = source.rows(f"SELECT name, seq FROM {_SEQUENCE}")
    except LibraryError:
        return {}
    return {name: seq for name, seq in rows if isinstance(name, str) and isinstance(seq, int)}


def _copy(source: Connection, target: Connection, table: str, highest: dict[str, int]) -> Saved:
    columns = target.rows(f"PRAGMA table_info({table})")
    names = [row[1] for row in columns]
    keys = [row[1] for row in sorted(columns, key=lambda row: row[5]) if row[5]]
    is_unique = len(keys) < 2
    key = keys[0] if keys and (len(keys) > 1 or _is_integer(columns, keys[0])) else "rowid"
    reading = _Reading(source, table, key, names, is_unique=is_unique)
    before = target.raw.total_changes
    # A value that a page had by damage may break a rule of the table; such a row is lost.
    target.run_many(
        f"INSERT OR IGNORE INTO {table} ({', '.join(names)}) VALUES ({marks(names)})",
        reading.rows(max([_FEWEST, *highest.values()]) if highest else _HIGHEST),
    )
    rows = target.raw.total_changes - before
    is_whole = not reading.is_broken and reading.n == rows
    return Saved(table, rows, rows if is_whole else _count(source, table), is_whole)


def _is_integer(columns: Sequence[tuple[Any, ...]], name: str) -> bool:
    return any(row[1] == name and str(row[2]).upper() == "INTEGER" for row in columns)


class _Reading:
    """The rows of one table, around pages that can't be read.

    A range of keys is read upwards until a page is damaged, then downwards. What lies between is
    cut in two.

    Attributes:
        is_broken: a page could not be read.
        n: how many rows were read.
    """

    def __init__(
        self, source: Connection, table: str, key: str, names: Sequence[str], *, is_unique: bool
    ) -> None:
        self._source, self._is_unique = source, is_unique
        self._sql = (
            f"SELECT {key}, {', '.join(names)} FROM {table} NOT INDEXED "
            f"WHERE {key} BETWEEN ? AND ? ORDER BY {key}"
        )
        self.is_broken = False
        self.n = 0

    def rows(self, highest: int) -> Iterator[tuple[Any, ...]]:
        order = itertools.count()
        ranges = [(-highest, next(order), 0, highest)]
        for _ in range(MOST_TRIES):
            if not ranges:
                return
            _, _, low, high = heapq.heappop(ranges)
            left = yield from self._read(low, high)
            for first, last in left:
                heapq.heappush(ranges, (first - last, next(order), first, last))

    def _read(self, low: int, high: int) -> Generator[tuple[Any, ...], None, list[tuple[int, int]]]:
        """Rows of a range; returns the ranges in it that are still to be read."""
        bottom, top = low, high
        for way, downwards in (("", False), (" DESC", True)):
            try:
                for row in self._source.stream(self._sql + way, [bottom, top]):
                    self.n += 1
                    yield row[1:]
                    # Of a key that is not unique there may be more rows.
                    if downwards:
                        top = row[0] - self._is_unique
                    else:
                        bottom = row[0] + self._is_unique
                return []
            except LibraryError:
                self.is_broken = True
        if bottom > top or low == high:
            return []
        if (bottom, top) == (low, high) or not self._is_unique:
            middle = (bottom + top) // 2
            return [(bottom, middle), (middle + 1, top)] if bottom < top else []
        return [(bottom, top)]


def _count(source: Connection, table: str) -> int | None:
    """How many rows a table had: the most that its own pages and its indexes tell."""
    ways = ["NOT INDEXED"]
    with suppress(LibraryError):
        ways += [
            f"INDEXED BY {name}"
            for _, name, _, origin, is_partial in source.rows(f"PRAGMA index_list({table})")
            if origin != "pk" and not is_partial
        ]
    found = []
    for way in ways:
        with suppress(LibraryError):
            found.append(int(source.value(f"SELECT COUNT(*) FROM {table} {way}")))
    return max(found, default=None)
