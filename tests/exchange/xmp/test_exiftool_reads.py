"""Sidecars as ExifTool reads them, which many programs use: boxes to the pixel, any name."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from opqn_app.core.progress import finished
from opqn_app.core.types import Box
from opqn_app.exchange.going.sidecar_writing import write_sidecars
from opqn_app.exchange.programs.xmp_files import names_of_photo
from opqn_app.exchange.records import PhotoNames
from opqn_app.vision.images import open_photo
from tests.exchange.going_photos import going, tree
from tests.exchange.test_frames import MARK, SIZE, SUFFIX, TURNS, marked, seen
from tests.exchange.xmp.test_text import ODD_NAMES
from tests.odd_files import dng, encoded, exif_bytes, turned

EXIFTOOL = shutil.which("exiftool")
FACE = Box(*map(float, MARK))
# What docs/pages/use.md tells those who want names within their photos.
INTO_PHOTOS = (
    "-overwrite_original_in_place -P -tagsfromfile %d%f.%e.xmp -XMP-mwg-rs:RegionInfo "
    "-XMP-MP:RegionInfoMP -XMP-iptcExt:PersonInImage -XMP-digiKam:TagsList "
    "-XMP-lr:HierarchicalSubject -XMP-dc:Subject"
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(EXIFTOOL is None, reason="exiftool is not installed"),
]


def exiftool(*arguments: str | Path) -> str:
    assert EXIFTOOL is not None
    done = subprocess.run(
        [EXIFTOOL, "-charset", "filename=utf8", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    return done.stdout


def told(*files: Path) -> dict[str, dict[str, Any]]:
    """What ExifTool reads, by file name."""
    rows = json.loads(exiftool("-j", "-struct", "-n", "-XMP:all", *files))
    return {Path(row["SourceFile"]).name: row for row in rows}


def corner_box(area: dict[str, float], size: dict[str, float]) -> Box:
    """An area by its centre, in pixels."""
    left, top = area["X"] - area["W"] / 2, area["Y"] - area["H"] / 2
    width, height = size["W"], size["H"]
    return Box(left * width, top * height, (left + area["W"]) * width, (top + area["H"]) * height)


def is_within_a_pixel(one: Box, other: Box) -> bool:
    sides = ("left", "top", "right", "bottom")
    return all(abs(getattr(one, side) - getattr(other, side)) <= 1 for side in sides)


def photo(folder: Path, kind: str, turn: int) -> Path:
    """A picture with a black box where the face is, lying as `turn` says."""
    lying = turned(marked(), turn)
    path = folder / f"{turn}{SUFFIX.get(kind, '.dng')}"
    if kind == "DNG":
        path.write_bytes(dng(encoded(lying, "JPEG"), turn))
        return path
    options = {"tiffinfo": {274: turn}} if kind == "TIFF" else {"exif": exif_bytes(turn)}
    path.write_bytes(encoded(lying, kind, **options))
    return path


@pytest.mark.parametrize("kind", [*SUFFIX, "DNG"])
def test_boxes_lie_where_the_faces_lie_in_the_file(kind: str, tmp_path: Path) -> None:
    """All ways that a picture can lie in its file, in both kinds of regions."""
    paths = [photo(tmp_path, kind, turn) for turn in TURNS]
    before = tree(tmp_path)
    report = finished(write_sidecars([going(path, [("Ann", FACE)], size=SIZE) for path in paths]))
    assert (len(report.written), report.problems) == (8, ())
    assert {name: each for name, each in tree(tmp_path).items() if name in before} == before
    rows = told(*(each.sidecar for each in report.written))
    for turn, path in zip(TURNS, paths, strict=True):
        row, lying = rows[f"{path.name}.xmp"], turned(marked(), turn)
        size = row["RegionInfo"]["AppliedToDimensions"]
        assert (size["W"], size["H"], size["Unit"]) == (*lying.size, "pixel")
        (region,) = row["RegionInfo"]["RegionList"]
        assert (region["Name"], region["Type"], region["Area"]["Unit"]) == (
            *("Ann", "Face", "normalized"),
        )
        face = seen(lying)
        pixels = Box(
            *(face.left * lying.width, face.top * lying.height),
            *(face.right * lying.width, face.bottom * lying.height),
        )
        assert is_within_a_pixel(corner_box(region["Area"], size), pixels)
        (region,) = row["RegionInfoMP"]["Regions"]
        left, top, width, height = map(float, region["Rectangle"].split(","))
        corner = {"X": left + width / 2, "Y": top + height / 2, "W": width, "H": height}
        assert is_within_a_pixel(corner_box(corner, size), pixels)
        (found,) = names_of_photo(path, [path.with_name(f"{path.name}.xmp")])
        assert isinstance(found, PhotoNames)
        (known,) = found.regions
        assert known.box is not None
        upright = known.box
        assert is_within_a_pixel(
            Box(
                *(upright.left * SIZE[0], upright.top * SIZE[1]),
                *(upright.right * SIZE[0], upright.bottom * SIZE[1]),
            ),
            FACE,
        )


@pytest.mark.parametrize("name", ODD_NAMES)
def test_any_name_is_read_as_it_is(name: str, tmp_path: Path) -> None:
    path = photo(tmp_path, "JPEG", 6)
    finished(write_sidecars([going(path, [(name, FACE)], size=SIZE)]))
    sidecar = tmp_path / "6.jpg.xmp"
    tags = ("RegionName", "RegionPersonDisplayName", "PersonInImage", "Subject")
    for tag in tags:
        assert exiftool("-s3", "-sep", "¦", f"-XMP:{tag}", sidecar) == f"{name}\n"
    row = told(sidecar)["6.jpg.xmp"]
    assert row.get("TagsList") == (None if "/" in name else [f"People/{name}"])
    assert row.get("HierarchicalSubject") == (None if "|" in name else [f"People|{name}"])


def test_names_come_into_photos_by_the_documented_command(tmp_path: Path) -> None:
    """The photo keeps its picture, size, format and time."""
    names = ["Smith, Ann & Co", "{42}|=[x]", "דוד"]
    boxes = [Box(10, 10, 60, 60), Box(100, 10, 160, 60), FACE]
    path = photo(tmp_path, "JPEG", 6)
    picture, time = open_photo(path).image.tobytes(), path.stat().st_mtime
    with Image.open(path) as image:
        kept = image.format, image.size
    album = [going(path, list(zip(names, boxes, strict=True)), size=SIZE)]
    finished(write_sidecars(album))
    exiftool(*INTO_PHOTOS.split(), path)
    assert open_photo(path).image.tobytes() == picture
    assert int(path.stat().st_mtime) == int(time)
    with Image.open(path) as image:
        assert (image.format, image.size) == kept
    (found,) = names_of_photo(path, [])
    assert isinstance(found, PhotoNames)
    assert [region.name for region in found.regions] == names
    for region, box in zip(found.regions, boxes, strict=True):
        assert region.box is not None
        sides = (region.box.left, region.box.right), (region.box.top, region.box.bottom)
        (left, right), (top, bottom) = (
            (a * side, b * side) for (a, b), side in zip(sides, SIZE, strict=True)
        )
        assert is_within_a_pixel(Box(left, top, right, bottom), box)
    page = Path(__file__).parents[3] / "docs" / "pages" / "use.md"
    assert INTO_PHOTOS in " ".join(page.read_text(encoding="utf-8").split())


def test_names_that_exiftool_wrote_itself_are_added_to(tmp_path: Path) -> None:
    """! ExifTool makes a region with a name and no area, and one with an area and no name."""
    path = photo(tmp_path, "JPEG", 1)
    sidecar = tmp_path / "1.jpg.xmp"
    rows: list[dict[str, Any]] = [
        {
            "SourceFile": str(sidecar),
            "XMP-mwg-rs:RegionInfo": {
                "AppliedToDimensions": {"W": SIZE[0], "H": SIZE[1], "Unit": "pixel"},
                "RegionList": [
                    {"Name": "Dan", "Type": "Face"},
                    {"Area": {"X": 0.8, "Y": 0.25, "W": 0.2, "H": 0.3, "Unit": "normalized"}},
                ],
            },
        }
    ]
    (tmp_path / "in.json").write_text(json.dumps(rows))
    exiftool(f"-json={tmp_path / 'in.json'}", sidecar)
    theirs = sidecar.read_bytes()
    finished(write_sidecars([going(path, [("Ann, 42", FACE)], size=SIZE)]))
    (dan, ann) = told(sidecar)["1.jpg.xmp"]["RegionInfo"]["RegionList"]
    assert (dan["Name"], "Area" in dan) == ("Dan", False)
    assert ann["Name"] == "Ann, 42"
    assert len(theirs) < sidecar.stat().st_size
