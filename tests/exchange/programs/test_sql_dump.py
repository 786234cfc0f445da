"""Rows out of backups: what each database escapes, and what stands between the rows."""

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opqn_app.exchange.programs.sql_dump import CutOff, rows_of_dump

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=30)


def read(path: Path, text: str) -> list[dict[str, str | None]]:
    path.write_text(text, encoding="utf-8", newline="\n")
    return [row for _, row in rows_of_dump(path, ("t",))]


@given(st.lists(st.tuples(TEXTS, st.none() | TEXTS), max_size=4))
def test_whatever_sqlite_writes(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str | None]]
) -> None:
    folder = tmp_path_factory.mktemp("dump")
    connection = sqlite3.connect(":memory:")
    connection.execute('CREATE TABLE "t" ("a" TEXT, b VARCHAR(2) DEFAULT (\',\'), CHECK (1))')
    connection.execute("CREATE TABLE other (a TEXT)")
    connection.executemany("INSERT INTO t VALUES (?, ?)", rows)
    connection.executemany("INSERT INTO other VALUES (?)", [(a,) for a, _ in rows])
    text = "\n".join(connection.iterdump())
    connection.close()
    assert read(folder / "x.sql", text) == [{"a": a, "b": b} for a, b in rows]


MARIADB = """/*M!999999\\- enable the sandbox mode */
-- MariaDB dump 10.19
CREATE TABLE `t` (
  `a` varchar(9) COLLATE utf8mb4_bin DEFAULT ';)',
  `b` decimal(5,2) DEFAULT NULL,
  PRIMARY KEY (`a`),
  UNIQUE KEY `b` (`b`)
) ENGINE=InnoDB;
INSERT INTO `u` VALUES ('x');
INSERT INTO `t` VALUES ('it\\'s; (a) \\"b\\" \\\\',1.50),('',NULL),
('\\n',-2);
INSERT INTO `t` (`b`, `a`) VALUES (3,'y');
"""


def test_what_mariadb_writes(tmp_path: Path) -> None:
    assert read(tmp_path / "x.sql", MARIADB) == [
        {"a": 'it\'s; (a) "b" \\', "b": "1.50"},
        {"a": "", "b": None},
        {"a": "\n", "b": "-2"},
        {"a": "y", "b": "3"},
    ]


def test_a_line_break_as_newer_sqlite_writes_it(tmp_path: Path) -> None:
    """It does no harm to the values beside it."""
    text = "CREATE TABLE t (a, b);\nINSERT INTO t VALUES(replace('x\\ny','\\n',char(10)),'z');\n"
    (row,) = read(tmp_path / "x.sql", text)
    assert row["b"] == "z"


@pytest.mark.parametrize(
    "text",
    [
        "COPY public.t (a, b) FROM stdin;\n1\t2\n",
        "COPY public.t (a, b) FROM stdin;\n1\n\\.\n",
        "CREATE TABLE t (a, b);\nINSERT INTO t VALUES (1, 2",
        "INSERT INTO t VALUES (1, 2);\n",
    ],
)
def test_what_is_not_whole(tmp_path: Path, text: str) -> None:
    with pytest.raises(CutOff):
        read(tmp_path / "x.sql", text)
