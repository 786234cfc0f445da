"""Rows of tables in the text that a database is backed up as: PostgreSQL, MariaDB, SQLite."""

import gzip
import io
import re
import zlib
from collections.abc import Container, Iterator
from pathlib import Path
from typing import TextIO

Row = dict[str, str | None]

_COPY = re.compile(r'COPY (?:"?\w+"?\.)?"?(\w+)"? \((.*)\) FROM stdin;\s*')
_STATEMENT = re.compile(
    r'(CREATE TABLE|INSERT INTO)\s+(?:IF NOT EXISTS\s+)?[`"]?(\w+)[`"]?\s*(\(.*\)|VALUES.*)',
    re.DOTALL | re.IGNORECASE,
)
_BEGINNINGS = ("CREATE TABLE", "INSERT INTO")
_NAMES_AND_VALUES = re.compile(r"\(([^()']*)\)\s*(VALUES.*)", re.DOTALL | re.IGNORECASE)
_MARIADB = re.compile(r"-- (MariaDB|MySQL) dump|/\*[M!]")
_PARTS = {  # is_mariadb → the pieces of a list of values; only there a backslash escapes
    True: re.compile(r"[(),;]|'[^'\\]*(?:(?:\\.|'')[^'\\]*)*'|[^(),;']+", re.DOTALL),
    False: re.compile(r"[(),;]|'[^']*(?:''[^']*)*'|[^(),;']+", re.DOTALL),
}
_NO_COLUMN = re.compile(
    r"(PRIMARY|UNIQUE|FULLTEXT|SPATIAL|FOREIGN|CONSTRAINT|CHECK|KEY|INDEX)\b", re.IGNORECASE
)
_BINARY = "_binary"  # before the values of such columns, in which PhotoPrism keeps paths
_HEXADECIMAL = re.compile(r"0x((?:[0-9a-f]{2})+)|x'((?:[0-9a-f]{2})*)'", re.IGNORECASE)
_SIGNS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "0": "\0", "Z": "\x1a", "f": "\f", "v": "\v"}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class CutOff(Exception):
    """The file ends too early or is damaged; the rows before it are right."""


def rows_of_dump(path: Path, tables: Container[str]) -> Iterator[tuple[str, Row]]:
    """Name of the table and the row's values by column, for all rows of `tables`.

    Args:
        path: text, or text packed by gzip.

    Raises:
        OSError: the file can't be read.
        CutOff: it is damaged, or not whole.
    """
    with path.open("rb") as file:
        is_packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        unpacked = gzip.GzipFile(fileobj=file) if is_packed else file
        text = io.TextIOWrapper(unpacked, encoding="utf-8", errors="replace", newline="\n")
        try:
            yield from _rows(text, tables)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise CutOff from error


def _rows(text: TextIO, tables: Container[str]) -> Iterator[tuple[str, Row]]:
    columns: dict[str, list[str]] = {}
    is_mariadb = False
    for line in text:
        if line.startswith("COPY "):
            found = _COPY.match(line)
            if found:
                wanted = found[1] in tables
                names = [_bare(name) for name in found[2].split(",")]
                for row in _copied(text, names, wanted=wanted):
                    yield found[1], row
        elif line.startswith(_BEGINNINGS):
            found = _STATEMENT.match(_whole_statement(line, text, is_mariadb=is_mariadb))
            if found is None or found[2] not in tables:
                continue
            table, rest = found[2], found[3]
            if found[1].upper() == "CREATE TABLE":
                columns[table] = _columns(rest, is_mariadb=is_mariadb)
                continue
            named = _NAMES_AND_VALUES.match(rest)
            names = [_bare(n) for n in named[1].split(",")] if named else columns.get(table, [])
            for values in _tuples(named[2] if named else rest, is_mariadb=is_mariadb):
                if len(values) != len(names):
                    raise CutOff
                yield table, dict(zip(names, values, strict=True))
        else:
            is_mariadb = is_mariadb or _MARIADB.match(line) is not None


def _copied(text: TextIO, names: list[str], *, wanted: bool) -> Iterator[Row]:
    """The rows of one table as PostgreSQL copies them: a line each, tabs between."""
    for line in text:
        if line.rstrip("\r\n") == "\\.":
            return
        if wanted:
            values = line.rstrip("\r\n").split("\t")
            if len(values) != len(names):
                raise CutOff
            yield dict(zip(names, map(_copied_value, values), strict=True))
    raise CutOff


def _copied_value(value: str) -> str | None:
    if value == "\\N":
        return None
    return _unescaped(value)


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: _SIGNS.get(found[1], found[1]), text)


def _whole_statement(line: str, text: TextIO, *, is_mariadb: bool) -> str:
    """A statement to its end. MariaDB has no line break within a text, SQLite may."""
    lines = [line]
    quotes = line.count("'")
    while not (line.rstrip().endswith(";") and (is_mariadb or quotes % 2 == 0)):
        line = text.readline()
        if not line:
            raise CutOff
        quotes += line.count("'")
        lines.append(line)
    return "".join(lines)


def _columns(rest: str, *, is_mariadb: bool) -> list[str]:
    parts = next(_tuples(rest, is_mariadb=is_mariadb, is_raw=True), [])
    return [_bare(part) for part in parts if part is not None and not _NO_COLUMN.match(part)]


def _bare(name: str) -> str:
    """The name that a column's definition begins with, without quotes."""
    name = name.strip()
    quote = name[:1]
    return name[1:].partition(quote)[0] if quote in ('"', "`") else name.split()[0]


def _tuples(text: str, *, is_mariadb: bool, is_raw: bool = False) -> Iterator[list[str | None]]:
    """The values of each outermost pair of brackets."""
    depth = 0
    values: list[str | None] = []
    pieces: list[str] = []
    for found in _PARTS[is_mariadb].finditer(text):
        piece = found[0]
        if piece == "(":
            depth += 1
            if depth == 1:
                values, pieces = [], []
                continue
        elif piece == ")":
            depth -= 1
        if (depth == 1 and piece == ",") or (depth == 0 and piece == ")"):
            whole = "".join(pieces).strip()
            values.append(whole if is_raw else _value(whole, is_mariadb=is_mariadb))
            pieces = []
            if depth == 0:
                yield values
        elif depth:
            pieces.append(piece)


def _value(text: str, *, is_mariadb: bool) -> str | None:
    if text.upper() == "NULL":
        return None
    text = text.removeprefix(_BINARY).lstrip()
    digits = _HEXADECIMAL.fullmatch(text)
    if digits:
        return bytes.fromhex(digits[1] or digits[2]).decode("utf-8", errors="replace")
    if not (text.startswith("'") and text.endswith("'") and len(text) > 1):
        return text
    inner = text[1:-1].replace("''", "'")
    return _unescaped(inner) if is_mariadb else inner
