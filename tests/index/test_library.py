"""Opening, refusing, reading and forgetting, on real files."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlite_utils import Database

from opqn_app.core.errors import (
    LibraryDamaged,
    LibraryError,
    LibraryLocked,
    LibraryReadOnly,
    LibraryTooNew,
)
from opqn_app.store import code_store, schema
from opqn_app.store.connection import Connection, connect
from opqn_app.store.library import Library
from tests.library_fakes import (
    RunIndex,
    StoredLibrary,
    WritePhoto,
    bound_by_rights,
    fake_engine,
    store_codes,
)


def test_reading_a_missing_library_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="Index a folder"):
        Library.open(tmp_path / "none.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_writing_makes_the_parent_folder(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "library.sqlite"
    Library.open(path, write=True).close()
    with Library.open(path) as library:
        assert library.status().model_id is None
        assert library.revision == 0


def test_a_parent_that_is_a_file_is_a_plain_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LibraryError, match="can't be made"):
        Library.open(tmp_path / "file" / "library.sqlite", write=True)


@pytest.mark.parametrize("write", [False, True])
def test_a_file_that_is_no_database_is_damaged(tmp_path: Path, write: bool) -> None:
    path = tmp_path / "library.sqlite"
    path.write_bytes(b"these are not the bytes of a database " * 100)
    with pytest.raises(LibraryDamaged, match="your photos are not touched"):
        Library.open(path, write=write)
    assert path.read_bytes().startswith(b"these")


@pytest.mark.parametrize("write", [False, True])
def test_the_database_of_another_program_is_left_alone(tmp_path: Path, write: bool) -> None:
    path = tmp_path / "places.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(LibraryDamaged, match="another program"):
        Library.open(path, write=write)
    assert path.read_bytes() == before


def test_pages_overwritten_in_the_middle_are_damage(tmp_path: Path) -> None:
    stored = store_codes(tmp_path / "library.sqlite", np.zeros((3000, 8), np.uint8), 16)
    with stored.path.open("r+b") as file:
        file.seek(3 * 4096)
        file.write(os.urandom(40 * 4096))
    with pytest.raises(LibraryDamaged):
        _read_everything(stored)


def _read_everything(stored: StoredLibrary) -> None:
    with Library.open(stored.path) as library:
        library.status()
        library.photos(limit=5000)
        library.faces(stored.face_ids.tolist())
        list(library.code_segments(stored.model.model_id))


@pytest.mark.parametrize("write", [False, True])
def test_a_library_with_an_unknown_migration_is_too_new(tmp_path: Path, write: bool) -> None:
    path = tmp_path / "library.sqlite"
    Library.open(path, write=True).close()
    with sqlite3.connect(path) as raw:
        raw.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) "
            "VALUES ('opqn_library', 'm0099_from_the_future', 'then')"
        )
    raw.close()
    with pytest.raises(LibraryTooNew, match="m0099_from_the_future"):
        Library.open(path, write=write)


def m0002_test(db: Database) -> None:
    db.execute("ALTER TABLE photos ADD COLUMN note TEXT")


def m0002_fails(db: Database) -> None:
    m0002_test(db)
    raise RuntimeError("the disk went away")


def test_a_copy_is_made_before_an_old_library_is_changed(tmp_path: Path) -> None:
    stored = store_codes(tmp_path / "library.sqlite", np.zeros((5, 8), np.uint8), 16)
    db = connect(stored.path, write=True)
    copy = schema.migrate(db, (*schema.CHANGES, m0002_test))
    assert schema.migrate(db, (*schema.CHANGES, m0002_test)) is None
    assert "note" in {row[1] for row in db.rows("PRAGMA table_info(photos)")}
    db.close()
    assert copy == tmp_path / "library.sqlite.before-m0002_test"
    with Library.open(copy) as library:
        assert library.status().faces == 5
    with pytest.raises(LibraryTooNew):
        Library.open(stored.path)


def test_a_library_from_before_the_second_detector_was_searched_by_mtcnn(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    db = connect(path, write=True)
    schema.migrate(db, schema.CHANGES[:1])
    db.run("INSERT INTO roots (path) VALUES ('/photos')")
    db.run(
        "INSERT INTO photos (root_id, rel_path, size, mtime_ns, content_hash, width, height, "
        "sort_time, n_faces) VALUES (1, 'a.jpg', 1, 1, x'00', 1, 1, '2020', 0)"
    )
    db.close()
    with Library.open(path) as library:
        assert library.detectors() == {"mtcnn": 1}


def test_a_failed_migration_leaves_the_library_as_it_was(tmp_path: Path) -> None:
    stored = store_codes(tmp_path / "library.sqlite", np.zeros((5, 8), np.uint8), 16)
    db = connect(stored.path, write=True)
    with pytest.raises(RuntimeError):
        schema.migrate(db, (*schema.CHANGES, m0002_fails))
    db.close()
    with Library.open(stored.path) as library:
        assert library.status().faces == 5


def test_a_new_library_needs_no_copy(tmp_path: Path) -> None:
    Library.open(tmp_path / "library.sqlite", write=True).close()
    assert schema.backups(tmp_path / "library.sqlite") == []


_HOLD = """
import sys, time
from pathlib import Path
from typing import Any
from opqn_app.store.library import Library
with Library.open(Path(sys.argv[1]), write=True):
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other_writer(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that holds the library open for writing."""
    script = tmp_path / "other_writer.py"
    script.write_text(_HOLD)
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "library.sqlite")],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == b"ready"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_writer_is_told_who_holds_the_library(
    other_writer: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    with pytest.raises(LibraryLocked) as caught:
        Library.open(tmp_path / "library.sqlite", write=True)
    assert "other_writer.py" in caught.value.holder
    assert str(other_writer.pid) in caught.value.holder


def test_readers_need_no_lock(other_writer: subprocess.Popen[bytes], tmp_path: Path) -> None:
    with Library.open(tmp_path / "library.sqlite") as library:
        assert library.status().photos == 0


def test_the_lock_of_a_killed_writer_blocks_nobody(
    other_writer: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    other_writer.kill()
    other_writer.wait()
    note = tmp_path / "library.sqlite.writer.json"
    assert json.loads(note.read_text())["pid"] == other_writer.pid
    with Library.open(tmp_path / "library.sqlite", write=True):
        assert json.loads(note.read_text())["pid"] == os.getpid()
    assert not note.exists()


def test_two_writers_in_one_process_exclude_each_other(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    with Library.open(path, write=True), pytest.raises(LibraryLocked, match=str(os.getpid())):
        Library.open(path, write=True)
    Library.open(path, write=True).close()


def test_an_unreadable_note_still_gives_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    with Library.open(path, write=True):
        (tmp_path / "library.sqlite.writer.json").write_text("{")
        with pytest.raises(LibraryLocked, match="another program"):
            Library.open(path, write=True)


def test_a_reader_can_not_write(tmp_path: Path) -> None:
    Library.open(tmp_path / "library.sqlite", write=True).close()
    with (
        Library.open(tmp_path / "library.sqlite") as library,
        pytest.raises(LibraryReadOnly, match="can't be written"),
    ):
        library.ignore_failures([1])


@pytest.mark.skipif(sys.platform == "win32", reason="rights of folders work differently there")
def test_a_library_in_a_folder_that_may_not_be_written_opens(open_folder: Path) -> None:
    """As on a read-only disk: the index file of WAL mode can't be made there."""
    stored = store_codes(open_folder / "library.sqlite", np.zeros((5, 8), np.uint8), 16)
    stored.path.chmod(0o444)
    open_folder.chmod(0o555)
    try:
        with bound_by_rights(), Library.open(stored.path) as library:
            assert [face.id for face in library.faces([1, 2, 3])] == [1, 2, 3]
    finally:
        open_folder.chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="rights of folders work differently there")
@pytest.mark.parametrize("is_folder", [False, True])
def test_who_can_not_write_is_told_what_to_do(open_folder: Path, is_folder: bool) -> None:
    path = open_folder / "library.sqlite"
    Library.open(path, write=True).close()
    open_folder.chmod(0o555 if is_folder else 0o777)
    path.chmod(0o444)
    path.with_name("library.sqlite.lock").unlink(missing_ok=True)
    try:
        with bound_by_rights(), pytest.raises(LibraryReadOnly, match="or copy the file to"):
            Library.open(path, write=True)
    finally:
        open_folder.chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="rights of folders work differently there")
def test_a_library_that_can_not_be_made_is_not_to_be_copied(open_folder: Path) -> None:
    open_folder.chmod(0o555)
    try:
        with bound_by_rights(), pytest.raises(LibraryError, match="in another place"):
            Library.open(open_folder / "library.sqlite", write=True)
    finally:
        open_folder.chmod(0o755)


def test_readers_in_other_threads_see_each_committed_batch(
    folder: Path, library_path: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    run_index()
    for i in range(40):
        write_photo(f"{i}.png", seed=i)
    counts: list[int] = []
    stop = threading.Event()

    def read() -> None:
        is_last = False
        while not is_last:
            is_last = stop.is_set()
            with Library.open(library_path) as library, library.snapshot():
                faces = library.status().faces
                codes = sum(len(s.face_ids) for s in library.code_segments("fake-1"))
                assert faces == codes
                counts.append(faces)

    thread = threading.Thread(target=read)
    thread.start()
    run_index(batch_size=4)
    stop.set()
    thread.join()
    assert counts == sorted(counts)
    assert counts[-1] == 80


def test_photos_come_newest_first_in_pages(tmp_path: Path) -> None:
    stored = store_codes(tmp_path / "library.sqlite", np.zeros((10, 8), np.uint8), 16)
    with Library.open(stored.path, write=True) as library:
        root_id = library.roots()[0].id
        old = library.photos()[-1]
        library.writer._db.run(
            "UPDATE photos SET taken_at = '2031-05-06T07:08:09', "
            "sort_time = '2031-05-06T07:08:09' WHERE id = ?",
            [old.id],
        )
        pages = [library.photos(root_id, offset=i, limit=4) for i in (0, 4, 8)]
        assert library.photo_count() == library.photo_count(root_id) == 10
        assert library.photo_count(root_id + 1) == 0
    assert [len(page) for page in pages] == [4, 4, 2]
    assert pages[0][0].id == old.id
    assert pages[0][0].n_faces == 1
    assert pages[0][1].path == stored.root / pages[0][1].rel_path


def test_faces_keep_the_order_asked_for_and_leave_out_unknown_ids(tmp_path: Path) -> None:
    stored = store_codes(tmp_path / "library.sqlite", np.zeros((30, 8), np.uint8), 16)
    wanted = [17, 3, 999, 3, 30, 1]
    with Library.open(stored.path) as library:
        assert [face.id for face in library.faces(wanted)] == [17, 3, 3, 30, 1]


def test_more_faces_than_one_statement_can_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from opqn_app.store import connection

    monkeypatch.setattr(connection, "MAX_PARAMS", 7)
    stored = store_codes(tmp_path / "library.sqlite", np.zeros((30, 8), np.uint8), 16)
    with Library.open(stored.path) as library:
        assert len(library.faces(stored.face_ids[::-1].tolist())) == 30


def _all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


@pytest.mark.slow
def test_nothing_of_a_forgotten_folder_is_left_in_any_file(
    tmp_path: Path,
    folder: Path,
    library_path: Path,
    write_photo: WritePhoto,
    run_index: RunIndex,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Codes in sealed segments, in the tail and of two models, crops and names, by byte search."""
    monkeypatch.setattr(code_store, "SEGMENT_SIZE", 32)
    kept = tmp_path / "kept"
    for i in range(60):
        write_photo(f"secret-name-{i}.png", seed=i)
    run_index()
    for i in range(10):
        (kept / "k").mkdir(parents=True, exist_ok=True)
        write_photo(f"../kept/k/{i}.png", seed=1000 + i)
    for model in ("fake-1", "fake-2"):
        run_index(kept, engine=fake_engine(model, n_faces=2))
    with Library.open(library_path, write=True) as library:
        doomed = {face.id for p in library.photos(1) for face in library.faces_of(p.id)}
        spared = {face.id for p in library.photos(2) for face in library.faces_of(p.id)}
        secrets, others = _secrets(library, doomed), _secrets(library, spared)
        (library_path.parent / f"{library_path.name}.before-m0002").write_bytes(secrets[0])
        assert len(secrets) == 120 * 3
        report = library.forget_root(folder)
        assert (report.photos, report.faces) == (60, 120)
        while_open = _all_bytes(library_path.parent)
    for everything in (while_open, _all_bytes(library_path.parent)):
        assert [s for s in secrets if s in everything] == []
        assert b"secret-name" not in everything
        assert all(secret in everything for secret in others)
    with Library.open(library_path) as library:
        assert library.status().faces == 20
        assert [root.path for root in library.roots()] == [kept]


def _secrets(library: Library, face_ids: set[int]) -> list[bytes]:
    found = []
    for model in ("fake-1", "fake-2"):
        for segment in library.code_segments(model):
            mine = np.isin(segment.face_ids, list(face_ids)) & ~segment.is_dead
            found += [code.tobytes() for code in segment.codes[mine]]
    crops = library.face_table.crops(sorted(face_ids))
    return found + [webp[40:90] for webp in crops.values()]


def test_forgetting_gives_the_space_back(tmp_path: Path) -> None:
    stored = store_codes(tmp_path / "library.sqlite", np.zeros((3000, 8), np.uint8), 16)
    before = stored.path.stat().st_size
    with Library.open(stored.path, write=True) as library:
        library.forget_root(stored.root)
    assert stored.path.stat().st_size < before / 5


def test_forgetting_a_folder_that_is_no_root_names_the_roots(
    folder: Path, library_path: Path, run_index: RunIndex
) -> None:
    run_index()
    with (
        Library.open(library_path, write=True) as library,
        pytest.raises(LibraryError, match=str(folder)),
    ):
        library.forget_root(folder / "sub")


def test_faces_are_fetched_by_their_ids_and_not_by_going_through_all_photos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of results, a name for many faces: their cost is that of the faces asked for."""
    stored = store_codes(tmp_path / "library.sqlite", np.zeros((40, 4), np.uint8), 4)
    plans: list[str] = []
    rows = Connection.rows

    def explained(db: Connection, sql: str, params: Any = ()) -> list[Any]:
        plans.extend(row[3] for row in rows(db, f"EXPLAIN QUERY PLAN {sql}", params))
        return rows(db, sql, params)

    with Library.open(stored.path) as library:
        monkeypatch.setattr(Connection, "rows", explained)
        ids = stored.face_ids.tolist()
        assert len(library.faces(ids)) == 40
        assert len(library.decision_table.faces_by_id(ids)) == 40
        assert len(library.faces_of(stored.photo_ids[3])) == 1
    assert plans
    assert [step for step in plans if "photos_newest" in step or step.startswith("SCAN")] == []
