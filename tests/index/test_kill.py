"""A run killed at any moment is resumed to the library one clean run would have made."""

import hashlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from opqn_app.core.depth import THOROUGH
from opqn_app.index.indexing import IndexProgress, IndexReport, index_folder
from opqn_app.store import code_store
from tests import library_kill
from tests.library_fakes import WritePhoto, calls_of, columns, layered_engine

TRIALS = 20


def content(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table but for the revision, the library's name and when it was made.

    Columns as in `columns`.
    """
    raw = sqlite3.connect(path)
    try:
        tables = [
            row[0] for row in raw.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        rows = {t: raw.execute(f"SELECT {columns(raw, t)} FROM {t}").fetchall() for t in tables}
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
    finally:
        raw.close()
    del rows["meta"], rows["_sqlite_migrations"]
    return rows


def n_searched(path: Path) -> int:
    """Photos that a killed run had searched thoroughly."""
    if not path.exists():
        return 0
    raw = sqlite3.connect(path)
    try:
        has_column = raw.execute(
            "SELECT 1 FROM pragma_table_info('photos') WHERE name = 'searched_px'"
        ).fetchone()
        query = f"SELECT COUNT(*) FROM photos WHERE searched_px = {THOROUGH.pixels}"
        return int(raw.execute(query).fetchone()[0]) if has_column else 0
    finally:
        raw.close()


def tree(folder: Path) -> list[tuple[str, int, str]]:
    return [
        (str(path), path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
@pytest.mark.parametrize("thorough", [False, True])
def test_killed_anywhere_and_resumed_is_one_clean_run(
    tmp_path: Path,
    folder: Path,
    write_photo: WritePhoto,
    monkeypatch: pytest.MonkeyPatch,
    thorough: bool,
) -> None:
    for i in range(60):
        write_photo(f"{i % 4}/{i}.png", seed=i, scale=35 if thorough and i % 4 == 0 else 1)
    (folder / "1" / "broken.jpg").write_bytes(b"no picture")
    (folder / "3" / "empty.png").touch()
    before = tree(folder)
    library = tmp_path / "data" / "library.sqlite"
    tests = Path(library_kill.__file__).parent
    words = [str(library), str(folder), "4", str(TRIALS), *["thorough"] * thorough]
    stored = subprocess.run(
        [sys.executable, library_kill.__file__, *words],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent)])},
    )
    moments = [int(line) for line in stored.stdout.split()]
    assert len(moments) == TRIALS
    assert any(0 < n < 60 for n in moments), "no kill fell into the middle of a run"
    searched = [n_searched(library.with_name(f"{library.name}-{i}")) for i in range(TRIALS)]
    assert any(0 < n < 15 for n in searched) == thorough
    monkeypatch.setattr(code_store, "SEGMENT_SIZE", library_kill.SEGMENT_SIZE)
    clean = tmp_path / "clean.sqlite"
    library_kill.index(clean, folder, thorough=thorough)
    expected = content(clean)
    assert (len(expected["faces"]) > 120) == thorough
    for i in range(TRIALS):
        resumed = library.with_name(f"{library.name}-{i}")
        library_kill.index(resumed, folder, thorough=thorough)
        assert content(resumed) == expected
        engine = layered_engine()
        list(index_folder(resumed, folder, engine, thorough=thorough))
        assert calls_of(engine) == 0
    assert tree(folder) == before


@pytest.mark.slow
@pytest.mark.parametrize("thorough", [False, True])
def test_closing_the_generator_at_any_yield_keeps_a_library_that_resumes(
    tmp_path: Path, folder: Path, write_photo: WritePhoto, thorough: bool
) -> None:
    """Closing also gives the lock back: the next open for writing would raise otherwise."""
    for i in range(12):
        write_photo(f"{i}.png", seed=i, scale=35 if thorough and i % 3 else 1)

    def start(path: Path) -> Generator[IndexProgress, None, IndexReport]:
        return index_folder(path, folder, layered_engine(), batch_size=3, thorough=thorough)

    clean = tmp_path / "clean.sqlite"
    library_kill.index(clean, folder, thorough=thorough)
    n_yields = len(list(start(tmp_path / "n.sqlite")))
    assert n_yields >= 5
    for stop in range(n_yields):
        path = tmp_path / f"{stop}.sqlite"
        run = start(path)
        for _ in range(stop + 1):
            next(run)
        run.close()
        list(start(path))
        assert content(path) == content(clean)
        assert not path.with_name(f"{path.name}.writer.json").exists()
