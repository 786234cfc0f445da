"""Two programs on one library: one writes, the others wait in words or read what is there."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from opqn_app.core.errors import LibraryLocked
from opqn_app.core.settings import Settings
from opqn_app.ui.work.session import Session
from tests import writing_program
from tests.library_fakes import fake_engine

Run = Callable[..., tuple[int, dict[str, Any], str]]

pytestmark = pytest.mark.slow

N = 8  # photos
TIMEOUT = 300_000


class Writer:
    """A program that indexes, as far as it is let."""

    def __init__(self, library: Path, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, writing_program.__file__, str(library), str(folder)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        while not self._read().startswith("indexing"):
            self._let()

    def step(self) -> bool:
        """Let it store one more photo; False when it has ended."""
        self._let()
        return bool(self._read())

    def end(self) -> None:
        while self.step():
            pass
        self._process.communicate()
        assert self._process.returncode == 0

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    @property
    def pid(self) -> int:
        return self._process.pid

    def _let(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@pytest.fixture
def photos(tmp_path: Path, make_photo: Callable[..., Path]) -> Path:
    for number in range(N):
        make_photo(f"photos/{number}.png", seed=number)
    make_photo("other/0.png", seed=100)
    return tmp_path / "photos"


@pytest.fixture
def writer(photos: Path, run: Run, tmp_path: Path) -> Iterator[Writer]:
    assert run("index", tmp_path / "other")[0] == 0
    made = Writer(tmp_path / "library.sqlite", photos)
    yield made
    made.kill()


def test_who_wants_to_write_too_is_told_who_writes(
    run: Run, writer: Writer, photos: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    moved = tmp_path / "moved"
    moved.mkdir()
    for words in (
        ("index", photos),
        ("index", other),
        ("forget", other),
        ("forget", photos),
        ("relocate", other, moved),
    ):
        status, _, said = run(*words)
        assert status == 1, words
        assert f"process {writer.pid}" in said
        assert "Wait until it is done, or stop it." in said
    writer.end()
    assert run("index", photos, "--json")[1]["unchanged"] == N
    assert run("status", "--json")[1]["photos"] == N + 1
    assert run("forget", photos, "--json")[1]["photos"] == N


def test_searches_and_names_go_on_while_another_program_writes(
    run: Run, writer: Writer, tmp_path: Path
) -> None:
    query = tmp_path / "other" / "0.png"
    [face, _] = run("who", query, "--json")[1]["faces"]
    assert run("name", face["face_id"], "Anna")[0] == 0
    seen = []
    while writer.step():
        status, found, _ = run("search", query, "-k", 100, "--json")
        assert status == 0
        seen.append(found["faces_searched"])
        assert run("status")[0] == 0
    assert seen == sorted(seen)
    assert run("search", query, "-k", 100, "--json")[1]["faces_searched"] == 2 * (N + 1)
    assert run("find", "--with", "Anna", "--json")[0] == 0


def test_a_window_reads_while_the_command_line_writes_and_writes_after_it(
    writer: Writer, photos: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    session = Session(
        Settings(library=str(tmp_path / "library.sqlite")),
        engine_factory=lambda _model, _device: fake_engine(n_faces=2),
    )
    try:
        with qtbot.waitSignal(session.status_read, timeout=TIMEOUT):
            session.refresh_status()
        assert session.status.photos >= 1
        with qtbot.waitSignal(session.indexing_failed, timeout=TIMEOUT) as failed:
            session.index(photos)
        assert isinstance(failed.args[1], LibraryLocked)
        assert f"process {writer.pid}" in str(failed.args[1])
        writer.end()
        with qtbot.waitSignal(session.indexing_finished, timeout=TIMEOUT) as finished:
            session.index(photos)
        assert finished.args[1].unchanged == N
    finally:
        session.shut_down()
