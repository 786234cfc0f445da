"""Commands where what they need can't be written, or was left half done by a killed writer."""

import shutil
import sys
from pathlib import Path

import pytest

from opqn_app.cli import commands
from opqn_app.core import logs
from opqn_app.store.library import Library
from tests.index.conftest import open_folder
from tests.library_fakes import bound_by_rights, fake_engine
from tests.odd_files import corners, encoded

__all__ = ["open_folder"]  # a fixture

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="rights work differently there")


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library of three photos, on a disk that is about to be one that can't be written."""
    monkeypatch.setattr("opqn_app.engine.load_engine", lambda *_, **__: fake_engine(n_faces=1))
    album = tmp_path / "album"
    album.mkdir()
    for i in range(3):
        (album / f"{i}.jpg").write_bytes(encoded(corners((96, 64 + i)), "JPEG"))
    path = tmp_path / "library.sqlite"
    assert commands.run(["index", str(album), "--library", str(path)]) == 0
    return path


@pytest.mark.parametrize("command", ["status", "people", "find", "history"])
def test_what_a_killed_writer_left_counts_on_a_read_only_disk(
    open_folder: Path,
    library: Path,
    command: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The WAL holds the third folder, and there is no -shm: it used to be left out silently."""
    disk = open_folder / "disk"
    disk.mkdir()
    with Library.open(library, write=True) as writing:
        writing.add_root(library.parent / "third")
        for end in ("", "-wal"):
            shutil.copy(f"{library}{end}", disk / f"library.sqlite{end}")
    before = {file.name: file.read_bytes() for file in disk.iterdir()}
    assert before["library.sqlite-wal"]
    for file in disk.iterdir():
        file.chmod(0o444)
    disk.chmod(0o555)
    own = open_folder / "own"
    own.mkdir()
    own.chmod(0o777)
    for name in ("DATA", "CACHE", "LOG"):
        monkeypatch.setenv(f"OPQN_{name}_DIR", str(own / name))
    capsys.readouterr()
    words = ["--faces", "1"] if command == "find" else []
    asked = [command, "--library", str(disk / "library.sqlite"), *words]
    try:
        with bound_by_rights():
            status = commands.run(asked)
    finally:
        disk.chmod(0o755)
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    assert status == 0, told.err
    assert command != "status" or "third" in told.out + told.err
    assert {file.name: file.read_bytes() for file in disk.iterdir()} == before


def test_a_log_folder_that_can_not_be_is_a_sentence(
    tmp_path: Path,
    library: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    blocked = tmp_path / "log"
    shutil.rmtree(blocked, ignore_errors=True)
    blocked.write_bytes(b"a file where the folder should be")
    monkeypatch.setenv("OPQN_LOG_DIR", str(blocked))
    logs.configure()
    capsys.readouterr()
    assert commands.run(["status", "--library", str(library)]) == 1
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    assert "Set OPQN_LOG_DIR" in told.err
    assert told.err.count("\n") == 1
    assert blocked.read_bytes() == b"a file where the folder should be"
