"""Whatever the files of a program hold, its reader says what it can, and raises plain sentences."""

import copy
import gzip
import json
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opqn_app.core.errors import OpqnError
from opqn_app.core.types import Box
from opqn_app.exchange.programs.listed import PROGRAMS
from opqn_app.exchange.records import PhotoNames, Problem
from tests.exchange.program_files import (
    DigikamDatabase,
    Faces,
    apple_photo,
    immich_dump,
    mariadb_dump,
    photoprism_database,
    photoprism_tables,
    picasa_ini,
)

FACES: Faces = [("Ann", Box(0.1, 0.2, 0.3, 0.4)), (None, Box(0.5, 0.5, 0.7, 0.7))]
PHOTOS: dict[str, Faces] = {"a.jpg": FACES, "2020/b.heic": FACES}
READ = {program.key: program.read for program in PROGRAMS}


def digikam_file(path: Path) -> bytes:
    path.unlink(missing_ok=True)
    made = DigikamDatabase(path, Path("/photos"))
    made.photo("a.jpg", FACES, (400, 300))
    made.close()
    return path.read_bytes()


def photoprism_file(path: Path) -> bytes:
    path.unlink(missing_ok=True)
    photoprism_database(path, photoprism_tables(PHOTOS))
    return path.read_bytes()


FILES: dict[str, tuple[str, Callable[[Path], bytes]]] = {
    ".picasa.ini": ("picasa", lambda _: picasa_ini(PHOTOS).encode()),
    "contacts.xml": ("picasa", lambda _: b'<contacts><contact id="1" name="A"/></contacts>'),
    "a.jpg.json": ("takeout", lambda _: b'{"title": "a.jpg", "people": [{"name": "Ann"}]}'),
    "all.json": ("apple", lambda _: json.dumps([apple_photo(Path("/a.jpg"), FACES)]).encode()),
    "dump.sql": ("immich", lambda _: immich_dump(PHOTOS).encode()),
    "dump.sql.gz": ("immich", lambda _: gzip.compress(immich_dump(PHOTOS).encode())),
    "backup.sql": ("photoprism", lambda _: mariadb_dump(photoprism_tables(PHOTOS)).encode()),
    "index.db": ("photoprism", photoprism_file),
    "digikam4.db": ("digikam", digikam_file),
}


def check(program: str, place: Path) -> None:
    try:
        for found in READ[program](place, [place]):
            if isinstance(found, PhotoNames):
                assert found.regions or found.people
                assert all(r.box and 0 <= r.box.left < r.box.right <= 1 for r in found.regions)
                found.photo.exists()
            elif isinstance(found, Problem):
                assert found.sentence.endswith(".")
    except OpqnError as error:
        assert str(error).endswith(".")  # noqa: PT017 - not every damage is one


@pytest.mark.parametrize("name", FILES)
def test_bytes_that_are_changed_or_cut_off(tmp_path: Path, name: str) -> None:
    program, write = FILES[name]
    path = tmp_path / name
    whole = write(path)
    chance = random.Random(name)
    for n in range(150):
        data = bytearray(whole)
        for _ in range(chance.choice((0, 1, 1, 5, 40))):
            data[chance.randrange(len(data))] = chance.choice((0, 10, 34, 39, 92, 255, 40, 65))
        if n % 3 == 0:
            del data[chance.randrange(len(data)) :]
        path.write_bytes(data)
        check(program, tmp_path if program in ("picasa", "takeout") else path)


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None), max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=3,
)
TOLD: dict[str, Any] = {
    "takeout": {"title": "a.jpg", "people": [{"name": "Ann"}, {"name": "Ben"}]},
    "apple": [apple_photo(Path("/a.jpg"), FACES, path_edited="/b.jpg", hasadjustments=True)],
    "apple sidecar": [
        {
            "SourceFile": "a.jpg",
            "XMP:PersonInImage": ["Ann"],
            **{f"XMP:RegionArea{side}": [0.5] for side in "XYWH"},
            "XMP:RegionName": ["Ann"],
        }
    ],
    "immich": {
        "originalPath": "/a.jpg",
        "people": [
            {
                "name": "Ann",
                "faces": [
                    {f"boundingBox{side}": 5 for side in ("X1", "Y1")}
                    | {f"boundingBox{side}": 9 for side in ("X2", "Y2")}
                    | {"imageWidth": 10, "imageHeight": 10}
                ],
            }
        ],
    },
}


def places_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys = (
        list(value)
        if isinstance(value, dict)
        else range(len(value) if isinstance(value, list) else 0)
    )
    return [path, *(place for key in keys for place in places_in(value[key], (*path, key)))]


@pytest.mark.parametrize("told", TOLD)
@given(st.data())
def test_json_of_another_shape(
    tmp_path_factory: pytest.TempPathFactory, told: str, data: st.DataObject
) -> None:
    value = copy.deepcopy(TOLD[told])
    for _ in range(data.draw(st.integers(1, 2))):
        *way, last = data.draw(st.sampled_from(places_in(value)[1:] or [("title",)]))
        at = value
        for key in way:
            at = at[key]
        at[last] = data.draw(ODD)
    path = tmp_path_factory.mktemp("told", numbered=True) / "a.jpg.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    program = told.partition(" ")[0]
    check(program, path if program in ("apple", "immich") else path.parent)


@pytest.mark.parametrize("odd", [None, "", "x", b"\xff\x00", 1.5, -1, 2**60])
@pytest.mark.parametrize(
    ("name", "column"),
    [
        *(("digikam4.db", f"AlbumRoots.{c}") for c in ("identifier", "specificPath")),
        *(("digikam4.db", f"ImageInformation.{c}") for c in ("width", "height", "orientation")),
        ("digikam4.db", "Albums.relativePath"),
        ("digikam4.db", "Images.name"),
        ("digikam4.db", "Tags.name"),
        ("digikam4.db", "TagProperties.value"),
        ("digikam4.db", "ImageTagProperties.value"),
        *(("index.db", f"files.{c}") for c in ("file_uid", "file_name", "file_root", "photo_uid")),
        *(("index.db", f"markers.{c}") for c in ("x", "w", "subj_uid", "marker_name", "file_uid")),
        ("index.db", "subjects.subj_name"),
    ],
)
def test_odd_values_in_a_database(tmp_path: Path, name: str, column: str, odd: object) -> None:
    program, write = FILES[name]
    write(tmp_path / name)
    table, _, field = column.partition(".")
    connection = sqlite3.connect(tmp_path / name)
    try:
        with connection:
            connection.execute(f"UPDATE {table} SET {field} = ?", (odd,))
    except sqlite3.IntegrityError:
        return  # the program's own table can't hold it
    finally:
        connection.close()
    check(program, tmp_path)
