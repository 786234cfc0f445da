"""Names from Google Photos: the JSON that Takeout puts beside each photo. It holds no boxes."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from opqn_app.exchange.cleaned import gathered
from opqn_app.exchange.records import Found, Problem, Progress
from opqn_app.vision.photo_folder import PHOTO_SUFFIXES, is_left_out_folder

_JSON = ".json"
_METADATA = "supplemental-metadata"  # of which any part may be cut off
_CUT = 46  # characters that the name of a JSON has at most before ".json" and a counter
_COUNTER = re.compile(r"(.*)(\(\d+\))", re.DOTALL)
_EDITED = (  # what Takeout adds to the name of a photo that was edited, in the user's language
    *("-edited", "-effects", "-bearbeitet", "-modifié", "-editado", "-ha editado", "-editat"),
    *("-modificato", "-bewerkt", "-edytowane", "-redigerad", "-redigeret", "-redigert"),
    *("-upraveno", "-szerkesztett", "-düzenlendi", "-изменено", "-編集済み", "-已修改", "-수정됨"),
)


def names_of_takeout(place: Path, _folders: Sequence[Path] = ()) -> Iterator[Found]:
    """What Google Photos knows of the photos below an unpacked Takeout.

    An edited photo has no JSON of its own, and gets the names of the one that it was made of.
    """
    done = 0
    for folder, below, names in os.walk(place):
        inside = Path(folder).name
        below[:] = sorted(name for name in below if not is_left_out_folder(name, inside))
        yield from _names_in(Path(folder), sorted(names), done)
        done += sum(_suffix(name) in PHOTO_SUFFIXES for name in names)
        yield Progress(done)


def _names_in(folder: Path, names: Sequence[str], done: int) -> Iterator[Found]:
    photos = {name.casefold(): name for name in names if _suffix(name) in PHOTO_SUFFIXES}
    told: dict[str, list[object]] = {}
    with_own: set[str] = set()
    for name in names:
        if not name.lower().endswith(_JSON):
            continue
        path = folder / name
        yield Progress(done)
        try:
            told_here = json.loads(path.read_bytes())
        except OSError as error:
            yield Problem(path, f"It can't be read: {error.strerror}.")
            continue
        except (ValueError, RecursionError):
            yield Problem(path, "It is damaged, so what it tells of its photo is lost.")
            continue
        if not isinstance(told_here, dict):
            continue
        candidates = _photos_of(name, told_here, photos)
        with_own.update(candidates)
        people = _people(told_here)
        if not people:
            continue
        if len(candidates) > 1:
            yield Problem(path, f"It may belong to any of {_listed(candidates)}, so it is left.")
        elif candidates:
            told.setdefault(candidates[0], []).extend(people)
        elif _suffix(_target(name)) in PHOTO_SUFFIXES:
            told[_target(name)] = people  # its photo is not here
    for photo in (*told, *(photo for photo in photos.values() if photo not in told)):
        source = photo if photo in with_own or photo in told else _unedited(photo, photos)
        found = gathered(folder / photo, (), told.get(source or "", ()))
        if found is not None:
            yield found


def _photos_of(name: str, told: Mapping[str, Any], photos: Mapping[str, str]) -> list[str]:
    """The photos that a JSON may belong to; several only where names were cut alike."""
    target = _target(name).casefold()
    if target in photos:
        return [photos[target]]
    stem, counter = _without_counter(name[: -len(_JSON)])
    if len(stem) < _CUT:
        return []
    # Both names were cut, each at its own length.
    stem = stem.casefold()
    near = [
        photo
        for folded, photo in photos.items()
        if _plain(folded).startswith(stem) and _counter(folded) == counter
    ]
    if len(near) > 1 and isinstance(told.get("title"), str):
        title = told["title"].casefold()
        near = [p for p in near if title.startswith(Path(_plain(p.casefold())).stem)] or near
    return near


def _target(name: str) -> str:
    """The name of the photo that a JSON of that name tells of, unless it was cut."""
    stem, counter = _without_counter(name[: -len(_JSON)])
    before, dot, last = stem.rpartition(".")
    if dot and before and _METADATA.startswith(last):
        stem = before
    before, dot, suffix = stem.rpartition(".")
    return f"{before}{counter}.{suffix}" if dot else f"{stem}{counter}"


def _without_counter(stem: str) -> tuple[str, str]:
    found = _COUNTER.fullmatch(stem)
    return (found[1], found[2]) if found else (stem, "")


def _counter(photo: str) -> str:
    return _without_counter(photo.rpartition(".")[0])[1]


def _plain(photo: str) -> str:
    """The name of a photo without its counter."""
    stem, dot, suffix = photo.rpartition(".")
    return f"{_without_counter(stem)[0]}{dot}{suffix}"


def _unedited(photo: str, photos: Mapping[str, str]) -> str | None:
    """The photo that an edited one was made of, in the same folder."""
    stem, counter = _without_counter(photo.rpartition(".")[0])
    ending = next((each for each in _EDITED if stem.casefold().endswith(each)), None)
    if ending is None:
        return None
    source = f"{stem[: -len(ending)]}{counter}".casefold()
    return next((name for name in photos.values() if Path(name).stem.casefold() == source), None)


def _people(told: Mapping[str, Any]) -> list[object]:
    people = told.get("people")
    listed = people if isinstance(people, list) else []
    return [each.get("name") for each in listed if isinstance(each, dict)]


def _suffix(name: str) -> str:
    return Path(name).suffix.lower()


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
