"""Names from Apple Photos: what `osxphotos` writes as JSON, beside photos or as one file."""

import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from opqn_app.core.progress import counted
from opqn_app.core.types import Box
from opqn_app.exchange.cleaned import box_of, clean_name, gathered, number
from opqn_app.exchange.programs.elsewhere import Elsewhere
from opqn_app.exchange.programs.folders import folders_below
from opqn_app.exchange.records import Found, PhotoNames, Problem, Progress, Region
from opqn_app.vision.photo_folder import PHOTO_SUFFIXES

_JSON = ".json"
_STEP = 500  # photos, after which progress is told
_CENTRE = ("RegionAreaX", "RegionAreaY", "RegionAreaW", "RegionAreaH")


def names_of_osxphotos(place: Path, folders: Sequence[Path] = ()) -> Iterator[Found]:
    """What Apple Photos knows of photos.

    Args:
        place: a file that `osxphotos query --json` or `osxphotos dump` wrote; or the folder of
            an export with `--sidecar json` or `--sidecar exiftool`.
        folders: where the photos may lie, if they are not where the file says.
    """
    elsewhere = Elsewhere(folders)
    if not place.is_dir():
        yield from _names_of_file(place, elsewhere)
        return
    done = 0
    for found in folders_below(place):
        if isinstance(found, Problem):
            yield found
            continue
        folder, names = found
        for name in names:
            if name.lower().endswith(_JSON):
                yield from _names_of_file(folder / name, elsewhere)
                done += 1
                yield Progress(done)


def _names_of_file(path: Path, elsewhere: Elsewhere) -> Iterator[Found]:
    try:
        # Numbers stay as they are written: exiftool takes the quotes from a name such as 42.
        told = json.loads(path.read_bytes(), parse_int=str, parse_float=str)
    except OSError as error:
        yield Problem(path, f"It can't be read: {error.strerror}.")
        return
    except (ValueError, RecursionError):
        yield Problem(path, "It is damaged, so what it tells of photos is lost.")
        return
    every = told if isinstance(told, list) else [told]
    absent = 0
    for done, one in enumerate(every):
        if done % _STEP == 0 and len(every) > 1:
            yield Progress(done, len(every))
        if not isinstance(one, dict):
            continue
        if "uuid" in one and "original_filename" in one:
            absent += yield from _names_of_photo(one, elsewhere)
        elif "SourceFile" in one:
            yield from _names_beside(one, path)
    if absent:
        yield Problem(
            path,
            f"The names of {counted(absent, 'photo')} are left, since iCloud alone has them. Let "
            "Photos download the originals, and write the file again.",
        )


def _names_of_photo(
    told: Mapping[str, Any], elsewhere: Elsewhere
) -> Generator[PhotoNames, None, bool]:
    """Of `query --json`; an edited photo's boxes hold for the edited one.

    Returns:
        Whether there are names, but no file.
    """
    faces = [face for face in _list(told, "faces") if isinstance(face, dict)]
    regions = [_region(face) for face in faces]
    people = _list(told, "persons")
    original, edited = told.get("path"), told.get("path_edited")
    if gathered(Path(), regions, people) is None:
        return False
    found = []
    if told.get("hasadjustments") is True:
        if isinstance(edited, str):
            found.append(gathered(elsewhere.find(edited), regions, people))
        regions = []  # the edited photo may be cut or turned: no box is sure for the original
    if isinstance(original, str):
        found.append(gathered(elsewhere.find(original), regions, people))
    yield from (names for names in found if names is not None)
    return not isinstance(original, str) and not isinstance(edited, str)


def _region(face: Mapping[str, Any]) -> Region:
    area = face.get("mwg_rs_area")  # `mpri_reg_rect` has its width and height exchanged
    sides = [area.get(side) for side in "xywh"] if isinstance(area, dict) else [None]
    return Region(_name(face.get("name")), _around(sides))


def _names_beside(told: Mapping[str, Any], path: Path) -> Iterator[Found]:
    """Of a sidecar; its lists tell of one region each, in one order."""
    plain = {key.rpartition(":")[2]: value for key, value in told.items()}
    names = [_name(name) for name in _list(plain, "RegionName")]
    sides = [_list(plain, key) for key in _CENTRE]
    photo = _photo_of(path, str(told["SourceFile"]))
    regions: list[Region] = []
    if all(len(each) == len(names) for each in sides):
        boxes = (_around(each) for each in zip(*sides, strict=True))
        regions = [Region(name, box) for name, box in zip(names, boxes, strict=True)]
    elif names:
        yield Problem(
            path, "Its names and boxes don't belong together one to one, so the boxes were left."
        )
    persons = [_name(name) for name in _list(plain, "PersonInImage")]
    found = gathered(photo, regions, (*names, *persons))
    if found is not None:
        yield found


def _photo_of(path: Path, source: str) -> Path:
    """The photo that a JSON of that path lies beside; `source` names it."""
    beside = path.with_name(path.name[: -len(_JSON)])  # photo.jpg.json
    if beside.suffix.lower() in PHOTO_SUFFIXES:
        return beside
    return path.with_name(source.replace("\\", "/").rpartition("/")[2] or beside.name)


def _around(sides: Sequence[Any]) -> Box | None:
    """The box of a centre, a width and a height, all in fractions of the photo as it is stored."""
    if len(sides) != 4:
        return None
    x, y, width, height = map(number, sides)
    return box_of(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def _name(said: Any) -> str | None:
    return clean_name(str(said) if isinstance(said, bool) else said)  # bare, as exiftool writes it


def _list(told: Mapping[str, Any], key: str) -> list[Any]:
    value = told.get(key)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
