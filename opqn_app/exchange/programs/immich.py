"""Names from Immich: its own backups of its database, or answers of its interface kept as JSON."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from opqn_app.core.errors import OpqnError
from opqn_app.core.types import Box
from opqn_app.exchange.cleaned import box_of, clean_name, gathered, number
from opqn_app.exchange.programs.elsewhere import Elsewhere
from opqn_app.exchange.programs.sql_dump import CutOff, rows_of_dump
from opqn_app.exchange.records import Found, Frame, PhotoNames, Problem, Progress, Region
from opqn_app.vision.photo_folder import PHOTO_SUFFIXES

_BACKUPS = ("immich-db-backup-*.sql.gz", "immich-db-backup-*.sql", "dump.sql.gz", "dump.sql")
# Their names have changed: each is of some years.
_ASSETS, _FACES, _PEOPLE = ("asset", "assets"), ("asset_face", "asset_faces"), ("person",)
_PERSON_OF_FACE = ("personId", "personGroupId", "faceClusterId")
_STEP = 500  # rows or photos, after which progress is told
_SIDES = ("boundingBoxX1", "boundingBoxY1", "boundingBoxX2", "boundingBoxY2")


def names_of_immich(place: Path, folders: Sequence[Path] = ()) -> Iterator[Found]:
    """What Immich knows of its photos.

    Args:
        place: a backup of its database, the folder of such backups, of which the newest is read,
            or a JSON file with photos as its interface gives them, people included.
        folders: where the photos lie; Immich knows them by the paths within its container.

    Raises:
        OpqnError: there is no such thing.
    """
    path = _newest(place) if place.is_dir() else place
    if path is None or not path.is_file():
        raise OpqnError(
            f"There is no backup of Immich in {place}. Immich writes one a day into the folder "
            "'backups' beside its 'library'; its name begins with immich-db-backup."
        )
    elsewhere = Elsewhere(folders)
    if path.suffix.lower() == ".json":
        yield from _names_of_json(path, elsewhere)
    else:
        yield from _names_of_backup(path, elsewhere)


def _newest(place: Path) -> Path | None:
    below = (place, place / "backups")
    found = [path for each in below for pattern in _BACKUPS for path in each.glob(pattern)]
    return max(found, key=lambda path: (path.stat().st_mtime_ns, path.name), default=None)


def _names_of_backup(path: Path, elsewhere: Elsewhere) -> Iterator[Found]:
    assets: dict[str, str] = {}
    faces: defaultdict[str, list[tuple[str, Box | None]]] = defaultdict(list)
    people: dict[str, str | None] = {}
    seen = set()
    try:
        rows = rows_of_dump(path, (*_ASSETS, *_FACES, *_PEOPLE))
        for n_rows, (table, row) in enumerate(rows):
            if n_rows % _STEP == 0:
                yield Progress(0)
            seen.add(table)
            if table in _ASSETS:
                if row.get("deletedAt") is None and row.get("id") and row.get("originalPath"):
                    assets[str(row["id"])] = str(row["originalPath"])
            elif table in _FACES:
                person = next((row[key] for key in _PERSON_OF_FACE if row.get(key)), None)
                if person and row.get("deletedAt") is None and row.get("isVisible") != "f":
                    faces[str(row.get("assetId"))].append((person, _box(row)))
            else:
                name = clean_name(row.get("name"))
                for key in ("id", *_PERSON_OF_FACE):
                    if row.get(key):
                        people[str(row[key])] = name
    except OSError as error:
        raise OpqnError(f"{path} can't be read: {error.strerror}.") from error
    except CutOff:
        yield Problem(path, "The backup is damaged or not whole, so some names may be missing.")
    if not seen:
        raise OpqnError(f"{path} is no backup of Immich, or nobody has a face in it.")
    for done, (asset, found) in enumerate(faces.items()):
        if done % _STEP == 0:
            yield Progress(done, len(faces))
        named = [Region(people[who], box) for who, box in found if people.get(who)]
        photo = assets.get(asset)
        if photo is not None and named and _is_photo(photo):
            yield from _names(photo, named, elsewhere)


def _names(photo: str, regions: Sequence[Region], elsewhere: Elsewhere) -> Iterator[PhotoNames]:
    names = gathered(elsewhere.find(photo), regions, frame=Frame.UPRIGHT)
    if names is not None:
        yield names


def _box(row: Mapping[str, Any]) -> Box | None:
    """In pixels of the preview that Immich looked at, which is upright."""
    try:
        left, top, right, bottom = (number(row[side]) for side in _SIDES)
        width, height = number(row["imageWidth"]), number(row["imageHeight"])
        return box_of(left / width, top / height, right / width, bottom / height)
    except (LookupError, ZeroDivisionError):
        return None


def _names_of_json(path: Path, elsewhere: Elsewhere) -> Iterator[Found]:
    try:
        told = json.loads(path.read_bytes())
    except OSError as error:
        raise OpqnError(f"{path} can't be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise OpqnError(f"{path} is damaged: it is no JSON.") from error
    for asset in _assets(told):
        regions = []
        people = [each for each in asset["people"] if isinstance(each, dict)]
        for person in people:
            name = clean_name(person.get("name"))
            faces = person.get("faces")
            listed = faces if isinstance(faces, list) else []
            boxes = [_box(face) for face in listed if isinstance(face, dict)]
            if name is not None:
                regions += [Region(name, box) for box in boxes or [None]]
        if regions and _is_photo(asset["originalPath"]):
            yield from _names(asset["originalPath"], regions, elsewhere)


def _assets(told: Any) -> Iterator[dict[str, Any]]:
    """Photos at any depth: answers hold them one by one, or in lists and pages."""
    waiting = [told]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            waiting.extend(reversed(each))
        elif isinstance(each, dict):
            is_asset = isinstance(each.get("originalPath"), str)
            if is_asset and isinstance(each.get("people"), list):
                yield each
            elif not is_asset:
                waiting.extend(reversed(each.values()))


def _is_photo(path: str) -> bool:
    return Path(path).suffix.lower() in PHOTO_SUFFIXES
