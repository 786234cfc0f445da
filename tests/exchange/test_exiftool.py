"""What ExifTool writes into photos of every kind, lying in all eight ways, is read back."""

import json
import shutil
import subprocess
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from opqn_app.core.types import Box
from opqn_app.exchange.frames import stored, stored_size
from opqn_app.exchange.programs.xmp_files import names_below
from opqn_app.exchange.records import PhotoNames
from opqn_app.vision.images import open_photo
from tests.odd_files import dng, encoded, exif_bytes, turned

EXIFTOOL = shutil.which("exiftool")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(EXIFTOOL is None, reason="ExifTool is not installed"),
]

SIZE = (300, 200)
BOX = Box(0.7, 0.1, 0.9, 0.4)  # upright
KINDS = {".jpg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".tif": "TIFF"} | {
    ".heic": "HEIF",
    ".avif": "AVIF",
    ".dng": "DNG",
}
NAMES = ("Smith, Ann", "Tom & Ben", '"Cid"', "42", "True", "1e5", "דנה", "N" * 300)


def photo(path: Path, turn: int) -> None:
    picture = turned(Image.new("RGB", SIZE, (200, 180, 160)), turn)
    kind = KINDS[path.suffix]
    if kind == "DNG":
        path.write_bytes(dng(encoded(picture, "JPEG"), turn))
    elif kind == "TIFF":
        path.write_bytes(encoded(picture, kind, tiffinfo={274: turn}))
    else:
        path.write_bytes(encoded(picture, kind, exif=exif_bytes(turn)))


def region(box: Box, name: str) -> dict[str, Any]:
    area = {
        "X": (box.left + box.right) / 2,
        "Y": (box.top + box.bottom) / 2,
        "W": box.width,
        "H": box.height,
        "Unit": "normalized",
    }
    return {"Area": area, "Name": name, "Type": "Face"}


def write(folder: Path, said: dict[str, dict[str, Any]]) -> None:
    """Let ExifTool write tags into photos, all in one call."""
    listed = folder.parent / "said.json"
    entries = [{"SourceFile": str(folder / name), **tags} for name, tags in said.items()]
    listed.write_text(json.dumps(entries), encoding="utf-8")
    names = [str(folder / name) for name in said]
    command = [str(EXIFTOOL), "-q", "-overwrite_original", f"-json={listed}", *names]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def found(folder: Path) -> dict[str, PhotoNames]:
    return {n.photo.name: n for n in names_below(folder) if isinstance(n, PhotoNames)}


def test_boxes_in_all_kinds_of_photos_that_lie_in_all_ways(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    said = {}
    for suffix in KINDS:
        for turn in range(1, 9):
            name = f"{turn}{suffix}"
            photo(folder / name, turn)
            width, height = stored_size(SIZE, turn)
            said[name] = {
                "RegionInfo": {
                    "AppliedToDimensions": {"W": width, "H": height, "Unit": "pixel"},
                    "RegionList": [region(stored(BOX, turn), "Ann")],
                }
            }
    write(folder, said)
    names = found(folder)
    assert names.keys() == said.keys()
    for name in said:
        (marked,) = names[name].regions
        assert marked.name == "Ann"
        assert marked.box is not None
        off = [
            abs(side - wanted) * size
            for side, wanted, size in zip(astuple(marked.box), astuple(BOX), SIZE * 2, strict=True)
        ]
        assert max(off) < 1, name
        if not name.endswith(".dng"):
            opened = open_photo(folder / name)
            assert (opened.width, opened.height) == SIZE, name


def test_names_of_all_kinds(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    said = {}
    for number, name in enumerate(NAMES):
        photo(folder / f"{number}.jpg", 1)
        said[f"{number}.jpg"] = {
            "RegionInfo": {"RegionList": [region(BOX, name)]},
            "PersonInImage": [name, f"{name} the Second"],
        }
    write(folder, said)
    names = found(folder)
    for number, name in enumerate(NAMES):
        assert names[f"{number}.jpg"].regions[0].name == name
        assert names[f"{number}.jpg"].people == (f"{name} the Second",)


def test_a_name_that_was_added_has_no_area(tmp_path: Path) -> None:
    """`+=` makes a region with a name alone; `=` gives a name to the one that has an area."""
    folder = tmp_path / "photos"
    folder.mkdir()
    photo(folder / "1.jpg", 1)
    write(folder, {"1.jpg": {"RegionInfo": {"RegionList": [region(BOX, "Ann")]}}})
    command = [str(EXIFTOOL), "-q", "-overwrite_original", "-RegionName+=Ben"]
    subprocess.run([*command, str(folder / "1.jpg")], check=True, capture_output=True)
    (names,) = found(folder).values()
    assert [region.name for region in names.regions] == ["Ann"]
    assert names.people == ("Ben",)
