"""What a disk has changed is no answer: codes and crops that are not what was written."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from opqn_app.core.errors import CodesDamaged, CropsDamaged
from opqn_app.index.indexing import encode_library
from opqn_app.search.query import crop_of_face
from opqn_app.store import checking, code_store, schema
from opqn_app.store.connection import connect
from opqn_app.store.library import Library
from opqn_app.store.repairing import repair
from tests.library_fakes import RunIndex, WritePhoto, fake_engine, store_codes

MODEL = "fake-2"


def _flip(path: Path, table: str, column: str, row: int, byte: int) -> None:
    """Change one bit of a blob, as a disk does."""
    raw = sqlite3.connect(path)
    key = "face_id" if table == "crops" else "first_face_id" if "seg" in table else "face_id"
    sql = f"SELECT {key}, {column} FROM {table} ORDER BY {key} LIMIT 1 OFFSET {row}"
    where, blob = raw.execute(sql).fetchone()
    changed = bytearray(blob)
    changed[byte] ^= 4
    raw.execute(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", [bytes(changed), where])
    raw.commit()
    raw.close()


@pytest.fixture
def indexed(
    library_path: Path,
    write_photo: WritePhoto,
    run_index: RunIndex,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A library with four segments of five codes and a tail."""
    monkeypatch.setattr(code_store, "SEGMENT_SIZE", 5)
    for i in range(16):
        write_photo(f"{i:02}.png", seed=i)
    run_index()
    _encode(library_path)
    raw = sqlite3.connect(library_path)  # codes of crops alone: they can be made again
    raw.execute("PRAGMA foreign_keys = ON")
    raw.execute("DELETE FROM models WHERE model_id != ?", [MODEL])
    raw.commit()
    raw.close()
    return library_path


def _encode(path: Path) -> None:
    for _ in encode_library(path, fake_engine(MODEL)):
        pass


def _codes(path: Path) -> dict[int, bytes]:
    with Library.open(path) as library:
        return {
            int(i): code.tobytes()
            for s in library.code_segments(MODEL)
            for i, code, is_dead in zip(s.face_ids, s.codes, s.is_dead, strict=True)
            if not is_dead
        }


DAMAGE = [
    ("code_segments", "ids", 1, 1),
    ("code_segments", "codes", 0, 3),
    ("code_segments", "dead", 2, 0),
    ("code_tail", "code", 0, 2),
]


@pytest.mark.parametrize(("table", "column", "row", "byte"), DAMAGE)
def test_damaged_codes_are_refused_and_made_again(
    indexed: Path, table: str, column: str, row: int, byte: int
) -> None:
    before = _codes(indexed)
    _flip(indexed, table, column, row, byte)
    with pytest.raises(CodesDamaged, match="nothing was searched"):
        _codes(indexed)
    _encode(indexed)
    assert _codes(indexed) == before
    assert list(_codes(indexed)) == sorted(before)


@pytest.mark.parametrize(("table", "column", "row", "byte"), DAMAGE)
def test_damage_does_not_keep_anything_from_being_forgotten(
    indexed: Path, table: str, column: str, row: int, byte: int
) -> None:
    before = _codes(indexed)
    _flip(indexed, table, column, row, byte)
    with Library.open(indexed, write=True) as library:
        gone = library.photos(limit=9)
        faces = {face.id for photo in gone for face in library.faces_of(photo.id)}
        library.forget_photos([photo.id for photo in gone])
    _encode(indexed)
    now = _codes(indexed)
    assert not faces & now.keys()
    assert {i: now[i] for i in before.keys() - faces} == {
        i: code for i, code in before.items() if i not in faces
    }


def test_a_damaged_crop_is_named_and_gets_no_code(indexed: Path) -> None:
    _flip(indexed, "crops", "webp", 1, 40)
    with Library.open(indexed) as library:
        ids = library.code_store.faces_without_code("none").tolist()
        damaged = ids[1]
        photo = library.faces([damaged])[0].photo.path
        with pytest.raises(CropsDamaged, match=photo.name):
            crop_of_face(library, damaged)
    work = encode_library(indexed, fake_engine("fake-3"))
    with pytest.raises(CropsDamaged, match=photo.name):
        list(work)
    with Library.open(indexed) as library:
        assert library.code_store.faces_without_code("fake-3").tolist() == [damaged]


def test_what_was_written_before_there_were_checksums_gets_one(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    store_codes(path, np.arange(40, dtype=np.uint8).reshape(5, 8) % 16, 16)
    raw = sqlite3.connect(path)
    sql = "SELECT checksum, (SELECT group_concat(crop_sum) FROM faces) FROM code_tail"
    before = raw.execute(sql).fetchall()
    for table, column in (("faces", "crop_sum"), ("code_tail", "checksum")):
        raw.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    raw.execute("ALTER TABLE code_segments DROP COLUMN checksum")
    raw.execute("DELETE FROM _sqlite_migrations WHERE name = 'm0011_checksums'")
    raw.commit()
    db = connect(path, write=True)
    assert schema.migrate(db) is not None
    db.close()
    assert raw.execute(sql).fetchall() == before
    raw.close()


def test_a_lost_picture_comes_back_with_the_photo(indexed: Path, run_index: RunIndex) -> None:
    """The face keeps its id and its code; nothing else is changed."""
    before = _codes(indexed)
    with Library.open(indexed) as library:
        ids = library.code_store.faces_without_code("none").tolist()
        crops = library.face_table.crops(ids)
    _flip(indexed, "crops", "webp", 1, 40)
    repaired = repair(indexed)
    assert repaired.done == ("1 face lost their picture. " + checking.READ_AGAIN,)
    (fault,) = repaired.left
    assert (fault.words, fault.remedy) == ("faces without a picture", checking.READ_AGAIN)
    assert _codes(indexed) == before
    report = run_index(engine=fake_engine(MODEL, n_faces=2))
    assert report.more_faces == 0
    with Library.open(indexed) as library:
        assert library.face_table.crops(ids) == crops
        assert library.faults() == []
    assert _codes(indexed) == before
