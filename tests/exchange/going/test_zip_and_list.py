"""A zip and lists: whole or not there, and nothing in them that harms who opens them."""

import csv
import errno
import io
import json
import os
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from opqn_app.core.progress import finished
from opqn_app.core.types import Box
from opqn_app.exchange.going import copying, zipping
from opqn_app.exchange.going.exports import ExportError
from opqn_app.exchange.going.listing import COLUMNS, write_csv, write_json
from opqn_app.exchange.going.placing import Layout
from opqn_app.exchange.going.selection import GoingFace, GoingPhoto
from opqn_app.exchange.going.zipping import zip_photos
from tests.exchange.going_photos import going, stopped_at, tree, write_photo

BOX = Box(1, 2.04, 20, 21.96)
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "＝1"]


@pytest.fixture
def album(tmp_path: Path) -> list[GoingPhoto]:
    found = []
    for number, name in enumerate(["a.png", "A.PNG", "c.png"]):
        path = write_photo(tmp_path / "photos" / str(number) / name, seed=number)
        found.append(going(path, [("Ann", BOX)] if number else [], number=number + 1))
    return found


def test_a_zip_holds_the_photos_as_they_are(album: list[GoingPhoto], tmp_path: Path) -> None:
    before = tree(tmp_path / "photos")
    path = album[0].photo.path
    os.utime(path, (1_500_000_000, 1_500_000_000))
    os.utime(album[1].photo.path, (0, 0))  # before zips begin
    report = finished(zip_photos(album, tmp_path / "out.zip"))
    assert (report.photos, report.renamed, report.problems) == (3, 1, ())
    assert report.size == (tmp_path / "out.zip").stat().st_size
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["a.png", "A (2).PNG", "c.png"]
        assert archive.read("a.png") == path.read_bytes()
        first, second, _ = archive.infolist()
        assert abs(datetime(*first.date_time) - datetime.fromtimestamp(1_500_000_000)).seconds < 2
        assert second.date_time[0] == 1980
    assert {name: each[0] for name, each in tree(tmp_path / "photos").items()} == {
        name: each[0] for name, each in before.items()
    }


def test_a_zip_with_a_folder_a_person(album: list[GoingPhoto], tmp_path: Path) -> None:
    finished(zip_photos(album, tmp_path / "out.zip", layout=Layout.PEOPLE))
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert archive.namelist() == ["No name/a.png", "Ann/A.PNG", "Ann/c.png"]


def test_a_zip_that_is_stopped_is_not_there(album: list[GoingPhoto], tmp_path: Path) -> None:
    (tmp_path / "out.zip").write_bytes(b"an older one")
    for step in range(1, 30):
        if stopped_at(zip_photos(album, tmp_path / "out.zip", force=True), step):
            break
        assert (tmp_path / "out.zip").read_bytes() == b"an older one"
        assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["out.zip"]
    assert zipfile.is_zipfile(tmp_path / "out.zip")


def test_what_can_not_be_read_is_not_in_the_zip(
    album: list[GoingPhoto], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One breaks off in the middle, one is away."""
    album[0].photo.path.unlink()
    real = copying.pieces

    def pieces(source: Path, into: Any) -> Any:
        yield from real(source, into)
        if source == album[1].photo.path:
            raise copying.SourceError("it has changed while it was read")

    monkeypatch.setattr(zipping, "pieces", pieces)
    report = finished(zip_photos(album, tmp_path / "out.zip"))
    assert [problem.path for problem in report.problems] == [
        going.photo.path for going in album[:2]
    ]
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["c.png"]
    album[2].photo.path.unlink()
    with pytest.raises(ExportError, match="None of the photos"):
        finished(zip_photos(album, tmp_path / "none.zip"))
    assert not (tmp_path / "none.zip").exists()


def test_a_full_disk_leaves_no_zip(
    album: list[GoingPhoto], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pieces(source: Path, into: Any) -> Any:
        into.write(b"half")
        yield 4
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(zipping, "pieces", pieces)
    with pytest.raises(ExportError, match="can't be written: No space"):
        finished(zip_photos(album, tmp_path / "out.zip"))
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]
    with pytest.raises(ExportError, match="no folder"):
        finished(zip_photos(album, tmp_path / "nowhere" / "out.zip"))


def test_a_list_has_a_row_a_face(album: list[GoingPhoto], tmp_path: Path) -> None:
    known = GoingFace(9, BOX, None, None, 0.75)
    album[2] = GoingPhoto(album[2].photo, (*album[2].faces, known))
    assert finished(write_csv(album, tmp_path / "out.csv")) == 3
    text = (tmp_path / "out.csv").read_bytes().decode("utf-8-sig")
    assert tuple(text.splitlines()[0].split(",")) == COLUMNS
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["person"], row["probability"], row["face_id"]) for row in rows] == [
        *(("", "", ""), ("Ann", "", "200")),
        *(("Ann", "", "300"), ("", "0.75", "9")),
    ]
    assert [rows[1][side] for side in ("left", "top", "right", "bottom")] == [
        *("1", "2.0", "20", "22.0"),
    ]
    assert rows[0]["photo"] == str(album[0].photo.path)
    assert {(row["date"], row["photo_width"]) for row in rows} == {("2019-08-24T17:05:33", "80")}
    assert finished(write_json(album, tmp_path / "out.json")) == 3
    photos = json.loads((tmp_path / "out.json").read_bytes())["photos"]
    assert [len(photo["faces"]) for photo in photos] == [0, 1, 2]
    assert photos[2]["faces"][1] == {
        "face_id": 9,
        "person": None,
        "person_id": None,
        "probability": 0.75,
        "box": [1, 2.0, 20, 22.0],
    }
    finished(write_json([], tmp_path / "none.json"))
    assert json.loads((tmp_path / "none.json").read_bytes()) == {"photos": []}


@pytest.mark.parametrize("name", FORMULAS)
def test_no_cell_of_a_list_is_a_formula(tmp_path: Path, name: str) -> None:
    photo = going(tmp_path / "a.png", [(name, BOX)])
    finished(write_csv([photo], tmp_path / "out.csv"))
    text = (tmp_path / "out.csv").read_bytes().decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["person"] == f"'{name}"
    finished(write_json([photo], tmp_path / "out.json"))
    (row,) = json.loads((tmp_path / "out.json").read_bytes())["photos"]
    assert row["faces"][0]["person"] == name  # no program runs what stands in JSON


def test_names_of_any_script_and_paths_that_are_no_text(tmp_path: Path) -> None:
    name = 'Zoë, "דוד"\n医'
    photo = going(tmp_path / "\udcff.png", [(name, BOX)])
    finished(write_csv([photo], tmp_path / "out.csv"))
    text = (tmp_path / "out.csv").read_bytes().decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["person"] == name
    assert row["photo"].endswith("\\udcff.png")
    finished(write_json([photo], tmp_path / "out.json"))
    (row,) = json.loads((tmp_path / "out.json").read_bytes())["photos"]
    assert row["photo"] == str(photo.photo.path)


@pytest.mark.parametrize("write", [write_csv, write_json])
def test_a_list_that_can_not_be_written_is_one_sentence(tmp_path: Path, write: Any) -> None:
    with pytest.raises(ExportError, match=f"no folder {tmp_path}/nowhere. Make it"):
        finished(write([], tmp_path / "nowhere" / "out"))
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match="file is not a folder"):
        finished(write([], tmp_path / "file" / "out"))


@pytest.mark.parametrize("write", [write_csv, write_json])
def test_a_full_disk_leaves_no_list(
    tmp_path: Path, write: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ExportError, match="out can't be written: No space left"):
        finished(write([], tmp_path / "out"))
    assert list(tmp_path.iterdir()) == []
