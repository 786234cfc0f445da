"""Names from PhotoPrism: its database, its backups of two kinds, pictures made of photos."""

import sqlite3
from pathlib import Path

import pytest

from opqn_app.core.errors import OpqnError
from opqn_app.core.types import Box
from opqn_app.exchange.programs.photoprism import names_of_photoprism
from opqn_app.exchange.records import Frame, PhotoNames, Problem
from tests.exchange.program_files import (
    mariadb_dump,
    photoprism_database,
    photoprism_tables,
    without_progress,
)

ANN, BEN = Box(0.1, 0.2, 0.3, 0.4), Box(0.5, 0.25, 0.75, 0.5)
ODD = 'O\'Neil, "B" \\ (x); y'
KINDS = ("index.db", "sqlite.sql", "mariadb.sql", "mysql.sql", "hexadecimal.sql")
BINARY = {"mariadb.sql": "", "mysql.sql": "_binary ", "hexadecimal.sql": "0x"}

Rows = dict[str, list[tuple[object, ...]]]


def written(folder: Path, kind: str, rows: Rows) -> Path:
    path = folder / kind
    if kind in BINARY:
        path.write_text(mariadb_dump(rows, binary=BINARY[kind]), encoding="utf-8")
    else:
        photoprism_database(folder / "index.db", rows)
    if kind == "sqlite.sql":
        connection = sqlite3.connect(folder / "index.db")
        path.write_text("\n".join(connection.iterdump()), encoding="utf-8")
        connection.close()
    return path


def read(place: Path, *folders: Path) -> dict[str, PhotoNames]:
    found = without_progress(names_of_photoprism(place, folders))
    assert not any(isinstance(each, Problem) for each in found)
    return {each.photo.as_posix(): each for each in found if isinstance(each, PhotoNames)}


def sides(box: Box | None) -> list[float]:
    assert box is not None
    return [round(side, 3) for side in (box.left, box.top, box.right, box.bottom)]


@pytest.mark.parametrize("kind", KINDS)
def test_faces(tmp_path: Path, kind: str) -> None:
    rows = photoprism_tables({"2020/a.jpg": [(ODD, ANN), (None, BEN)], "b.jpg": []})
    (found,) = read(written(tmp_path, kind, rows)).values()
    assert found.photo == Path("2020/a.jpg")
    assert found.frame == Frame.UPRIGHT
    assert [(r.name, sides(r.box)) for r in found.regions] == [(ODD, [0.1, 0.2, 0.3, 0.4])]


def test_a_marker_without_a_subject_has_the_name_it_was_given(tmp_path: Path) -> None:
    rows = photoprism_tables({"a.jpg": [("Ann", ANN)]})
    rows["subjects"] = []
    assert [r.name for r in read(written(tmp_path, "index.db", rows))["a.jpg"].regions] == ["Ann"]


def test_what_is_no_face_is_left(tmp_path: Path) -> None:
    rows = photoprism_tables({"a.jpg": [("Ann", ANN), ("Ben", BEN), ("Cy", BEN)]})
    first, second, third = rows["markers"]
    no_face = (*second[:4], 1, *second[5:])
    label = (*third[:2], "label", *third[3:])
    rows["markers"] = [first, no_face, label]
    assert [r.name for r in read(written(tmp_path, "index.db", rows))["a.jpg"].regions] == ["Ann"]


def test_faces_of_a_picture_made_of_a_photo_are_the_photos(tmp_path: Path) -> None:
    """PhotoPrism looks at a JPEG that it makes of HEIC and RAW."""
    rows = photoprism_tables({"2020/a.HEIC.jpg": [("Ann", ANN)], "2020/b.CR2.jpg": [("Ben", BEN)]})
    made = [(*row[:4], "sidecar", *row[5:]) for row in rows["files"]]
    photos = [
        (10, "ps0", "fs10", "2020/a.HEIC", "/", 0, None, 6),
        (11, "ps0", "fs11", "2020/a.mov", "/", 0, None, 1),
        (12, "ps1", "fs12", "2020/b.CR2", "/", 0, None, 1),
        (13, "ps1", "fs13", "2020/b.dng", "/", 0, None, 1),
    ]
    rows["files"] = [*made, *photos]
    found = read(written(tmp_path, "index.db", rows))
    assert {photo: each.regions[0].name for photo, each in found.items()} == {
        "2020/a.HEIC": "Ann",
        "2020/b.CR2": "Ben",
    }


def test_photos_are_found_among_the_originals(tmp_path: Path) -> None:
    (tmp_path / "originals" / "2020").mkdir(parents=True)
    for name in ("2020/a.jpg", "b.jpg"):
        (tmp_path / "originals" / name).touch()
    rows = photoprism_tables({"2020/a.jpg": [("Ann", ANN)], "b.jpg": [("Ann", ANN)]})
    found = read(written(tmp_path, "index.db", rows), tmp_path / "originals")
    assert sorted(found) == [
        (tmp_path / "originals" / n).as_posix() for n in ("2020/a.jpg", "b.jpg")
    ]


def test_the_newest_in_the_folder_of_photoprism(tmp_path: Path) -> None:
    folder = tmp_path / "backup" / "mysql"
    folder.mkdir(parents=True)
    (folder / "2025-01-02.sql").write_text(mariadb_dump(photoprism_tables({"a.jpg": [("A", ANN)]})))
    assert list(read(tmp_path)) == ["a.jpg"]


def test_yaml_holds_no_people(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("TakenAt: 2020-01-01T12:00:00Z\nFaces: 2\n")
    with pytest.raises(OpqnError, match="YAML files hold no people"):
        read(tmp_path / "a.yml")
    with pytest.raises(OpqnError, match="There is no backup of PhotoPrism"):
        read(tmp_path)


def test_a_backup_that_is_not_whole(tmp_path: Path) -> None:
    dump = mariadb_dump(photoprism_tables({"a.jpg": [("Ann", ANN)]}))
    path = tmp_path / "cut.sql"
    path.write_text(dump[: dump.rindex(";")])
    (problem,) = without_progress(names_of_photoprism(path))
    assert isinstance(problem, Problem)
    path.write_text("-- MariaDB dump\n")
    with pytest.raises(OpqnError, match="is no backup of PhotoPrism"):
        read(path)
