"""What a desktop reads of the program: entries, description, icons."""

import argparse
import configparser
import mimetypes
import shlex
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import about
import pytest
import share
from icons import drawn

from opqn_app.cli import commands
from opqn_app.ui.shell.app import DESKTOP_FILE
from opqn_app.vision.photo_folder import PHOTO_SUFFIXES

ENTRIES = sorted(about.LINUX.glob("*.desktop"))
by_entry = pytest.mark.parametrize("file", ENTRIES, ids=lambda file: file.name)


def entry(file: Path) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, delimiters="=", strict=True)
    parser.optionxform = str  # type: ignore[method-assign, assignment]
    parser.read_string(file.read_text(encoding="utf-8"))
    assert parser.sections() == ["Desktop Entry"]
    return parser["Desktop Entry"]


def parsed(command: str) -> argparse.Namespace:
    program, *words = shlex.split(command)
    assert program == about.COMMAND
    return commands.build_parser().parse_args(words)


def test_there_is_one_for_the_menu_and_one_for_photos() -> None:
    assert [file.name for file in ENTRIES] == [
        f"{about.APP_ID}.desktop",
        f"{about.APP_ID}.find.desktop",
    ]
    assert about.APP_ID == DESKTOP_FILE


@by_entry
def test_an_entry_is_whole(file: Path) -> None:
    values = entry(file)
    assert values["Type"] == "Application"
    assert {"Name", "Comment", "Exec", "Icon", "Categories"} <= set(values)
    assert values["Icon"] == about.APP_ID
    lists = [key for key in values if key.partition("[")[0] in ("Categories", "Keywords")]
    assert all(values[key].endswith(";") for key in lists)
    if shutil.which("desktop-file-validate"):
        done = subprocess.run(
            ["desktop-file-validate", str(file)], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (0, "")


def test_the_menu_opens_the_window() -> None:
    arguments = parsed(entry(ENTRIES[0])["Exec"])
    assert (arguments.command, arguments.find) == ("gui", None)


def test_a_photo_is_searched_with() -> None:
    values = entry(ENTRIES[1])
    arguments = parsed(values["Exec"].replace("%f", "'/a b/photo.jpg'"))
    assert (arguments.command, arguments.find) == ("gui", Path("/a b/photo.jpg"))
    assert values["NoDisplay"] == "true"


def test_the_kinds_of_photos_that_are_read_are_offered_it() -> None:
    offered = entry(ENTRIES[1])["MimeType"].rstrip(";").split(";")
    assert len(offered) == len(set(offered))
    known = {mimetypes.guess_type(f"x{suffix}")[0] for suffix in PHOTO_SUFFIXES} - {None}
    assert {"image/jpeg", "image/png", "image/tiff", "image/webp"} <= known
    assert {each for each in known if each in mimetypes.types_map.values()} <= {
        *offered,
        "image/jxl",  # the build reads none
    }


def test_the_description_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    share.write_share(tmp_path, None)
    file = tmp_path / "metainfo" / f"{about.APP_ID}.metainfo.xml"
    text = file.read_text(encoding="utf-8")
    assert "@" not in text
    root = ElementTree.fromstring(text)
    assert root.get("type") == "desktop-application"
    assert root.findtext("id") == about.APP_ID
    assert root.findtext("summary") == about.SUMMARY
    launchable = root.findtext("launchable") or ""
    assert (tmp_path / "applications" / launchable).is_file()
    release = root.find("releases/release")
    assert release is not None
    assert (release.get("version"), release.get("date")) == (about.version(), "2023-11-14")
    shots = [image.text or "" for image in root.iter("image")]
    assert len(shots) == 3
    doc = tmp_path / "doc" / about.NAME / "screenshots"
    assert all((doc / shot.rpartition("/")[2]).is_file() for shot in shots)
    if shutil.which("appstreamcli"):
        words = ["appstreamcli", "validate", "--no-net", "--no-color", str(file)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("side", about.ICON_SIZES)
def test_the_icon_is_drawn_in_every_size(side: int) -> None:
    image = drawn(side)
    assert (image.width(), image.height()) == (side, side)
    assert image == drawn(side)
    middle, corner = image.pixelColor(side // 2, side // 2), image.pixelColor(0, 0)
    assert middle.alpha() == 255
    assert corner.alpha() == 0
