"""Names from Immich: its backups, old and new, and answers of its interface."""

import gzip
import json
import os
from pathlib import Path

import pytest

from opqn_app.core.errors import OpqnError
from opqn_app.core.types import Box
from opqn_app.exchange.programs.immich import names_of_immich
from opqn_app.exchange.records import Frame, PhotoNames, Problem
from tests.exchange.program_files import Faces, immich_dump, postgres_copy, without_progress

ANN, BEN = Box(0.1, 0.2, 0.3, 0.4), Box(0.5, 0.25, 0.75, 0.5)
PATH = "/data/library/admin/2020/a.jpg"


def read(place: Path, *folders: Path) -> list[PhotoNames]:
    found = without_progress(names_of_immich(place, folders))
    assert not any(isinstance(each, Problem) for each in found)
    return [each for each in found if isinstance(each, PhotoNames)]


def sides(box: Box | None) -> list[float]:
    assert box is not None
    return [round(side, 3) for side in (box.left, box.top, box.right, box.bottom)]


@pytest.mark.parametrize("old_names", [False, True])
@pytest.mark.parametrize("is_packed", [False, True])
def test_the_newest_backup(tmp_path: Path, *, old_names: bool, is_packed: bool) -> None:
    """Names with tabs and backslashes; who is nobody; a video."""
    photos: dict[str, Faces] = {
        PATH: [("Ann\t\\ Lee", ANN), (None, BEN)],
        "/data/library/b.mp4": [("Ben", BEN)],
    }
    dump = immich_dump(photos, old_names=old_names).encode()
    folder = tmp_path / "backups"
    folder.mkdir()
    old = folder / "immich-db-backup-1700000000000.sql.gz"
    old.write_bytes(b"no dump")
    os.utime(old, (1, 1))
    new = "immich-db-backup-20251129T020000-v2.3.1-pg14.19.sql"
    (folder / (f"{new}.gz" if is_packed else new)).write_bytes(
        gzip.compress(dump) if is_packed else dump
    )
    (found,) = read(tmp_path)
    assert found.photo.as_posix() == PATH
    assert found.frame == Frame.UPRIGHT
    assert [(r.name, sides(r.box)) for r in found.regions] == [("Ann \\ Lee", [0.1, 0.2, 0.3, 0.4])]


def test_photos_are_found_on_this_machine(tmp_path: Path) -> None:
    here = tmp_path / "immich" / "library" / "admin" / "2020" / "a.jpg"
    here.parent.mkdir(parents=True)
    here.touch()
    dump = tmp_path / "dump.sql"
    dump.write_text(immich_dump({PATH: [("Ann", ANN)], "upload/library/x/b.jpg": [("Ann", ANN)]}))
    found, missing = read(dump, tmp_path / "immich" / "library")
    assert found.photo == here
    assert missing.photo == Path("upload/library/x/b.jpg")


def test_what_was_deleted_or_hidden_is_left(tmp_path: Path) -> None:
    columns = (
        *("assetId", "personGroupId", "imageWidth", "imageHeight"),
        *("boundingBoxX1", "boundingBoxY1", "boundingBoxX2", "boundingBoxY2"),
        *("deletedAt", "isVisible"),
    )
    numbers = ("100", "100", "10", "20", "30", "40")
    faces = [
        ("a", "1", *numbers, None, "t"),
        ("a", "1", *numbers, "2024-01-01", "t"),
        ("a", "1", *numbers, None, "f"),
        ("gone", "1", *numbers, None, "t"),
    ]
    assets = [("a", PATH, None), ("gone", "/data/gone.jpg", "2024-01-01")]
    dump = tmp_path / "dump.sql"
    dump.write_text(
        postgres_copy("asset", ("id", "originalPath", "deletedAt"), assets)
        + postgres_copy("asset_face", columns, faces)
        + postgres_copy("person", ("ownerId", "personGroupId", "name"), [("o", "1", "Ann")])
    )
    (found,) = read(dump)
    assert [(r.name, sides(r.box)) for r in found.regions] == [("Ann", [0.1, 0.2, 0.3, 0.4])]


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_backup_that_is_not_whole(tmp_path: Path, *, is_packed: bool) -> None:
    dump = immich_dump({PATH: [("Ann", ANN)]}).encode()
    path = tmp_path / "dump.sql"
    cut = gzip.compress(dump, mtime=0)[:-9] if is_packed else dump[: dump.rindex(b"\\.")]
    path.write_bytes(cut)
    found = without_progress(names_of_immich(path))
    assert isinstance(found[0], Problem)
    assert "not whole" in found[0].sentence


def test_what_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(OpqnError, match="There is no backup of Immich"):
        read(tmp_path)
    path = tmp_path / "dump.sql"
    path.write_text("-- nothing\n")
    with pytest.raises(OpqnError, match="is no backup of Immich"):
        read(path)


def test_answers_of_the_interface(tmp_path: Path) -> None:
    """One photo, or pages of a search; a person without a face in it, one without a name."""
    face = {"imageWidth": 1000, "imageHeight": 500, "boundingBoxX1": 100, "boundingBoxY1": 100}
    face |= {"boundingBoxX2": 300, "boundingBoxY2": 200}
    people = [{"name": "Ann", "faces": [face]}, {"name": "Ben"}, {"name": "", "faces": [face]}]
    photo = {"originalPath": PATH, "originalFileName": "a.jpg", "people": people}
    other = {"originalPath": "/data/b.jpg", "people": []}
    path = tmp_path / "answers.json"
    for told in (photo, {"albums": {}, "assets": {"total": 2, "items": [photo, other]}}):
        path.write_text(json.dumps(told))
        (found,) = read(path)
        (ann,) = found.regions
        assert (ann.name, sides(ann.box)) == ("Ann", [0.1, 0.2, 0.3, 0.4])
        assert found.people == ("Ben",)
    path.write_text("{")
    with pytest.raises(OpqnError, match="no JSON"):
        read(path)
