"""`opqn import PROGRAM`, as typed: what each program knows becomes people, and goes by one undo."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image

from opqn_app.core.types import Box
from tests.exchange.program_files import (
    DigikamDatabase,
    Faces,
    apple_photo,
    immich_dump,
    mariadb_dump,
    photoprism_database,
    photoprism_tables,
    picasa_ini,
    takeout_json,
)

RunCommand = Callable[..., tuple[int, dict[str, Any], str]]

SIZE = (320, 240)  # upright
TURN = 6  # EXIF value of one photo
GONE = "2020/gone.jpg"
Photos = dict[str, Faces]  # path below the folder of photos → who is where, upright


@dataclass(frozen=True)
class Known:
    """A photo in the library, and its faces from left to right."""

    path: Path
    ids: list[int]
    boxes: list[Box]


@pytest.fixture
def run(run: RunCommand) -> RunCommand:
    """As the usual one, with --json."""
    return lambda *words: run(*words, "--json")


@pytest.fixture
def pictures(tmp_path: Path, run: RunCommand) -> dict[str, Known]:
    """Three photos with two faces each; one lies on its side in its file."""
    folder = tmp_path / "Pictures"
    for seed, name in enumerate(("2020/a.jpg", "2020/turned.jpg", "2021/b.jpg")):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        blocks = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
        image = Image.fromarray(blocks).resize(SIZE, Image.Resampling.NEAREST)
        exif = Image.Exif()
        if "turned" in name:
            image = image.transpose(Image.Transpose.ROTATE_90)  # 6 says: turn it back to the right
            exif[ExifTags.Base.Orientation] = TURN
        image.save(path, exif=exif, quality=95)
    assert run("index", folder)[0] == 0
    return {
        path.relative_to(folder).as_posix(): known(run, path)
        for path in sorted(folder.rglob("*.jpg"))
    }


def known(run: RunCommand, path: Path) -> Known:
    faces = run("who", path)[1]["faces"]
    boxes = []
    for face in faces:
        left, top, right, bottom = face["box"]
        boxes.append(Box(left / SIZE[0], top / SIZE[1], right / SIZE[0], bottom / SIZE[1]))
    return Known(path, [face["face_id"] for face in faces], boxes)


def as_stored(name: str, faces: Faces) -> Faces:
    """The same boxes in the picture as it lies in the file."""
    if "turned" not in name:
        return faces
    moved = []
    for who, box in faces:
        assert box is not None
        moved.append((who, Box(box.top, 1 - box.right, box.bottom, 1 - box.left)))
    return moved


def picasa(folder: Path, photos: Photos) -> Path:
    root = folder / "Pictures"
    for below in sorted({Path(name).parent for name in photos}):
        here = {
            Path(name).name: as_stored(name, faces)
            for name, faces in photos.items()
            if Path(name).parent == below
        }
        (root / below / ".picasa.ini").write_text(picasa_ini(here), encoding="utf-8")
    return root


def digikam(folder: Path, photos: Photos) -> Path:
    made = DigikamDatabase(folder / "digikam4.db", folder / "Pictures")
    for name, faces in photos.items():
        is_turned = "turned" in name
        size = SIZE[::-1] if is_turned else SIZE
        made.photo(name, faces, size, orientation=TURN if is_turned else 1)
    made.close()
    return folder / "digikam4.db"


def apple(folder: Path, photos: Photos) -> Path:
    told = [
        apple_photo(folder / "Pictures" / name, as_stored(name, faces))
        for name, faces in photos.items()
    ]
    path = folder / "photos.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    return path


def immich(folder: Path, photos: Photos) -> Path:
    """Its photos lie elsewhere in its container."""
    dump = immich_dump({f"/data/library/admin/{name}": faces for name, faces in photos.items()})
    path = folder / "immich-db-backup-1.sql"
    path.write_text(dump, encoding="utf-8")
    return path


def photoprism(folder: Path, photos: Photos) -> Path:
    path = folder / "2025-11-29.sql"
    path.write_text(mariadb_dump(photoprism_tables(photos)), encoding="utf-8")
    return path


def photoprism_index(folder: Path, photos: Photos) -> Path:
    """The folder of the database, in place of the database."""
    photoprism_database(folder / "index.db", photoprism_tables(photos))
    return folder


WRITERS = {
    "picasa": picasa,
    "digikam": digikam,
    "apple": apple,
    "immich": immich,
    "photoprism": photoprism,
    "photoprism index.db": photoprism_index,
}


def free_corner(boxes: list[Box]) -> Box:
    """A box where no face was found."""
    corners = [Box(x, y, x + 0.15, y + 0.2) for x in (0.01, 0.42, 0.84) for y in (0.01, 0.4, 0.78)]
    return next(c for c in corners if all(c.overlap(box) == 0 for box in boxes))


def people(run: RunCommand) -> dict[str, set[int]]:
    return {row["name"]: set(row["faces"]) for row in run("people")[1]["people"]}


def all_files(folder: Path) -> dict[str, tuple[str, int]]:
    return {
        path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith("library.sqlite")
    }


@pytest.mark.parametrize("writer", WRITERS)
def test_boxes_become_people_and_go_by_one_undo(
    tmp_path: Path, run: RunCommand, pictures: dict[str, Known], writer: str
) -> None:
    program, write = writer.partition(" ")[0], WRITERS[writer]
    a, turned, b = (pictures[n] for n in ("2020/a.jpg", "2020/turned.jpg", "2021/b.jpg"))
    corner = free_corner(turned.boxes)
    place = write(
        tmp_path,
        {
            "2020/a.jpg": [("Ann O'Hara", a.boxes[0]), ("Ben & Co", a.boxes[1])],
            "2020/turned.jpg": [
                ("Ann O'Hara", turned.boxes[1]),
                (None, turned.boxes[0]),
                ("Cid", corner),
            ],
            "2021/b.jpg": [("Ann O'Hara", b.boxes[0]), ("Ben & Co", b.boxes[1])],
            GONE: [("Dora", Box(0.1, 0.1, 0.2, 0.2))],
        },
    )
    assert run("name", b.ids[0], "Zoe")[0] == 0
    before, said = all_files(tmp_path), people(run)

    status, plan, _ = run("import", program, place, "--dry-run")
    assert status == 0
    assert people(run) == said == {"Zoe": {b.ids[0]}}

    status, report, _ = run("import", program, place)
    assert status == 0
    taken = {name["name"]: name["faces"] for name in report["taken"]}
    assert taken == {"Ann O'Hara": 2, "Ben & Co": 2, "Cid": 1}
    assert (report["drawn"], report["waiting"]) == (1, 0)
    assert [(clash["name"], clash["said"]) for clash in report["clashes"]] == [
        ("Ann O'Hara", "Zoe")
    ]
    assert [left["name"] for left in report["left"]] == ["Dora"]
    assert report["problems"] == plan["problems"] == []
    now = people(run)
    assert now["Ann O'Hara"] == {a.ids[0], turned.ids[1]}
    assert now["Ben & Co"] == {a.ids[1], b.ids[1]}
    assert now["Zoe"] == {b.ids[0]}
    (drawn,) = [f for f in run("who", turned.path)[1]["faces"] if f["face_id"] in now["Cid"]]
    wanted = [corner.left * 320, corner.top * 240, corner.right * 320, corner.bottom * 240]
    assert drawn["box"] == pytest.approx(wanted, abs=1)

    again = run("import", program, place)[1]
    assert (again["taken"], again["drawn"], people(run)) == ([], 0, now)
    assert all_files(tmp_path) == before

    run("undo")
    assert people(run) == said
    assert {n["name"] for n in run("import", program, place)[1]["taken"]} == set(taken)


def test_names_without_boxes_are_asked_for_where_they_are_not_sure(
    tmp_path: Path, run: RunCommand, pictures: dict[str, Known]
) -> None:
    """Google tells none: one name and one face that are left belong together, no others."""
    a, b = pictures["2020/a.jpg"], pictures["2021/b.jpg"]
    takeout_json(a.path.parent, "a.jpg.supplemental-metadata.json", "a.jpg", ["Ann", "Ben"])
    takeout_json(b.path.parent, "b.jpg.supplemental-meta.json", "b.jpg", ["Zoe", "Ben"])
    takeout_json(b.path.parent, "gone.jpg.json", "gone.jpg", ["Dora"])
    run("name", b.ids[0], "Zoe")
    folder = tmp_path / "Pictures"
    report = run("import", "takeout", folder)[1]
    assert {name["name"]: name["faces"] for name in report["taken"]} == {"Ben": 1}
    assert [(Path(each["photo"]), each["names"]) for each in report["asked"]] == [
        (a.path, ["Ann", "Ben"])
    ]
    assert [left["name"] for left in report["left"]] == ["Dora"]
    assert people(run) == {"Zoe": {b.ids[0]}, "Ben": {b.ids[1]}}
    assert run("import", "takeout", folder)[1]["taken"] == []
    run("undo")
    assert people(run) == {"Zoe": {b.ids[0]}}


def test_the_program_is_named_as_the_source(
    tmp_path: Path, run: RunCommand, pictures: dict[str, Known]
) -> None:
    a = pictures["2020/a.jpg"]
    place = picasa(tmp_path, {"2020/a.jpg": [("Ann", a.boxes[0])]})
    run("import", "picasa", place)
    assert "Picasa" in json.dumps(run("who", a.path, "--why")[1])


def test_contacts_that_are_missing_are_told(
    tmp_path: Path, run: RunCommand, pictures: dict[str, Known]
) -> None:
    a = pictures["2020/a.jpg"]
    ini = picasa_ini({"a.jpg": [("Ann", a.boxes[0])]}, contacts=False)
    (a.path.parent / ".picasa.ini").write_text(ini)
    (problem,) = run("import", "picasa", tmp_path / "Pictures")[1]["problems"]
    assert "contacts.xml" in problem["sentence"]
    assert people(run) == {}


@pytest.mark.parametrize("program", ["digikam", "immich", "photoprism"])
def test_a_folder_without_its_file_is_told(
    tmp_path: Path, run: RunCommand, pictures: dict[str, Known], program: str
) -> None:
    status, _, said = run("import", program, tmp_path / "Pictures")
    assert status == 1
    assert "There is no" in said
    assert pictures
