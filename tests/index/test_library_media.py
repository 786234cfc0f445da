"""Libraries on media that can't be written, of other programs, and with damaged schemas."""

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from opqn_app.core.errors import LibraryDamaged, LibraryError
from opqn_app.store import schema
from opqn_app.store.connection import Connection
from opqn_app.store.library import Library
from tests.library_fakes import bound_by_rights, store_codes

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="rights work differently there")


def _with_pending_wal(path: Path, source: Path) -> None:
    """A copy of a library, taken while its last change is still in the WAL alone."""
    stored = store_codes(source, np.zeros((5, 8), np.uint8), 16)
    with Library.open(stored.path, write=True) as library:
        library.add_root(source.parent / "more")
        for end in ("", "-wal"):
            shutil.copy(f"{source}{end}", f"{path}{end}")


def test_what_the_wal_holds_is_read_from_a_read_only_disk(
    open_folder: Path, tmp_path: Path
) -> None:
    path = open_folder / "library.sqlite"
    _with_pending_wal(path, tmp_path / "source.sqlite")
    files = sorted(open_folder.iterdir())
    for file in files:
        file.chmod(0o444)
    before = [file.read_bytes() for file in files]
    open_folder.chmod(0o555)
    try:
        with bound_by_rights(), Library.open(path) as library:
            assert tmp_path / "more" in {root.path for root in library.roots()}
    finally:
        open_folder.chmod(0o755)
    assert sorted(open_folder.iterdir()) == files
    assert [file.read_bytes() for file in files] == before


READ = """
import sys
from pathlib import Path
from opqn_app.store import schema
from opqn_app.store.connection import Connection
from opqn_app.store.library import Library
with Library.open(Path(sys.argv[1])) as library:
    print(library.status().faces)
"""


def _on_a_full_disk() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def test_a_full_disk_can_be_read(tmp_path: Path) -> None:
    stored = store_codes(tmp_path / "library.sqlite", np.zeros((5, 8), np.uint8), 16)
    done = subprocess.run(
        [sys.executable, "-B", "-c", READ, str(stored.path)],
        capture_output=True,
        text=True,
        preexec_fn=_on_a_full_disk,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "5\n", "")


@pytest.mark.parametrize("write", [False, True])
def test_a_database_that_only_holds_a_view_is_refused_untouched(
    tmp_path: Path, write: bool
) -> None:
    path = tmp_path / "other.sqlite"
    other = sqlite3.connect(path)
    other.execute("CREATE VIEW one AS SELECT 1")
    other.close()
    path.chmod(0o644)
    before = path.read_bytes()
    with pytest.raises(LibraryDamaged, match="another program"):
        Library.open(path, write=write)
    assert path.read_bytes() == before
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("old", [b"CREATE TABLE meta", b"code_tail"])
def test_a_schema_that_is_not_text_is_said_so(tmp_path: Path, old: bytes) -> None:
    path = tmp_path / "library.sqlite"
    Library.open(path, write=True).close()
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, b"\xff\xfe" * (len(old) // 2) + b"\xff" * (len(old) % 2)))
    with pytest.raises(LibraryDamaged), Library.open(path) as library:
        library.status()


def test_all_of_a_library_is_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "mine" / "library.sqlite"
    old_mask = os.umask(0)
    try:
        with Library.open(path, write=True) as library:
            library.add_root(tmp_path)
            modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    finally:
        os.umask(old_mask)
    assert modes == dict.fromkeys(modes, 0o600)
    assert {"library.sqlite", "library.sqlite-wal", "library.sqlite.writer.json"} <= modes.keys()
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("write", [False, True])
def test_a_library_that_others_may_read_is_closed_to_them(tmp_path: Path, write: bool) -> None:
    path = tmp_path / "library.sqlite"
    Library.open(path, write=True).close()
    copy = path.with_name("library.sqlite.before-m0002")
    copy.write_bytes(b"")
    path.chmod(0o644)
    copy.chmod(0o444)
    Library.open(path, write=write).close()
    assert path.stat().st_mode & 0o777 == 0o600
    assert copy.stat().st_mode & 0o777 == 0o400


@pytest.mark.parametrize("left", [b"", b"S"])
@pytest.mark.parametrize("write", [False, True])
def test_a_library_that_was_cut_off_is_not_started_over(
    tmp_path: Path, left: bytes, write: bool
) -> None:
    path = tmp_path / "library.sqlite"
    path.write_bytes(left)
    with pytest.raises(LibraryDamaged, match="cut off"):
        Library.open(path, write=write)
    assert path.read_bytes() == left


def test_a_library_is_whole_from_the_moment_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "library.sqlite"
    path.with_name("library.sqlite-wal").write_bytes(b"of one that was deleted")
    path.with_name("library.sqlite.new").write_bytes(b"of a run that was killed")

    def refuse(_connection: Connection) -> None:
        assert not path.exists()
        raise LibraryError("stopped")

    with monkeypatch.context() as during:
        during.setattr(schema, "migrate", refuse)
        with pytest.raises(LibraryError, match="stopped"):
            Library.open(path, write=True)
    assert {file.name for file in tmp_path.iterdir()} <= {
        "library.sqlite-wal",
        "library.sqlite.lock",
    }
    with Library.open(path, write=True) as library:
        assert library.status().photos == 0
