"""Names from Google Photos: the JSON that Takeout puts beside each photo. It holds no boxes."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from opqn_app.exchange.cleaned import gathered
from opqn_app.exchange.programs.folders import folders_below
from opqn_app.exchange.records import Found, Problem, Progress
from opqn_app.vision.photo_folder import PHOTO_SUFFIXES

_JSON = ".json"
_METADATA = "supplemental-metadata"  # of which any part may be cut off
_CUT = 46  # characters that the name of a JSON has at most before ".json" and a counter
_COUNTER = re.compile(r"(.*)(\(\d+\))", re.DOTALL)
_REPLACED = re.compile(r"[\\/:*?\"<>|&%#']")  # signs that Takeout writes as "_" in names of files
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
    for found in folders_below(place):
        if isinstance(found, Problem):
            yield found
            continue
        folder, names = found
        photos = _Photos(name for name in names if _is_photo(name))
        yield from _names_in(folder, names, photos, done)
        done += len(photos.names)
        yield Progress(done)


class _Photos:
    """The photos of a folder, by all that a JSON may be called after."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = list(names)
        self._alike: defaultdict[str, list[str]] = defaultdict(list)
        self._cut: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self._stems: dict[str, str] = {}
        for name in self.names:
            self._alike[name.casefold()].append(name)
            self._cut[_plain(name).casefold()[:_CUT], _counter(name)].append(name)
            self._stems.setdefault(Path(name).stem.casefold(), name)

    def called(self, name: str) -> str | None:
        """The photo of that name; its capitals may differ if that leaves no doubt."""
        alike = self._alike.get(name.casefold(), [])
        if name in alike:
            return name
        return alike[0] if len(alike) == 1 else None

    def cut(self, json_name: str, title: object) -> list[str]:
        """The photos whose name a JSON's may be the beginning of: both were cut, each otherwise.

        Where there is none, the one that is called as in Google Photos.
        """
        stem, counter = _without_counter(json_name[: -len(_JSON)])
        stem = stem.casefold()
        near = self._cut.get((stem[:_CUT], counter), []) if len(stem) >= _CUT else []
        near = [name for name in near if _plain(name).casefold().startswith(stem)]
        if len(near) > 1 and isinstance(title, str):
            whole = title.casefold()
            near = [n for n in near if whole.startswith(Path(_plain(n)).stem.casefold())] or near
        if not near and isinstance(title, str):
            photo = self.called(_with_counter(_REPLACED.sub("_", title), counter))
            near = [] if photo is None else [photo]
        return near

    def unedited(self, name: str) -> str | None:
        """The photo that an edited one was made of."""
        stem, counter = _without_counter(name.rpartition(".")[0])
        source, dash, word = stem.rpartition("-")
        ending = f"{dash}{word}".casefold()
        may_be_cut = len(stem) >= _CUT and word != ""
        if ending in _EDITED or (may_be_cut and any(e.startswith(ending) for e in _EDITED)):
            return self._stems.get(f"{source}{counter}".casefold())
        return None


def _names_in(folder: Path, names: Sequence[str], photos: _Photos, done: int) -> Iterator[Found]:
    told: defaultdict[str, list[object]] = defaultdict(list)
    with_own: set[str] = set()
    cut: list[tuple[str, Mapping[str, Any]]] = []
    for name in names:
        if not name.lower().endswith(_JSON):
            continue
        yield Progress(done)
        read = _read(folder / name)
        if isinstance(read, Problem):
            yield read
            continue
        called = (photos.called(target) for target in _targets(name))
        photo = next((each for each in called if each is not None), None)
        if photo is None:
            cut.append((name, read))
        else:
            with_own.add(photo)
            told[photo] += _people(read)
    for name, read in cut:
        near = [n for n in photos.cut(name, read.get("title")) if n not in with_own]
        if len(near) > 1 and _people(read):
            which = f"{', '.join(near[:-1])} and {near[-1]}"
            yield Problem(folder / name, f"It may belong to any of {which}, so it is left.")
        elif near:
            with_own.update(near)
            told[near[0]] += _people(read)
        elif _is_photo(target := _targets(name)[0]):
            told[target] += _people(read)  # its photo is not here
    yield from _told(folder, photos, told, with_own)


def _told(
    folder: Path, photos: _Photos, told: Mapping[str, Sequence[object]], with_own: set[str]
) -> Iterator[Found]:
    for photo in dict.fromkeys((*told, *photos.names)):
        is_source = photo in with_own or photo in told
        source = photo if is_source else photos.unedited(photo)
        found = gathered(folder / photo, (), told.get(source or "", ()))
        if found is not None:
            yield found


def _read(path: Path) -> Mapping[str, Any] | Problem:
    try:
        told = json.loads(path.read_bytes())
    except OSError as error:
        return Problem(path, f"It can't be read: {error.strerror}.")
    except (ValueError, RecursionError):
        return Problem(path, "It is damaged, so what it tells of its photo is lost.")
    return told if isinstance(told, dict) else {}


def _targets(json_name: str) -> list[str]:
    """How the photo of a JSON is called, the likeliest first, unless its name was cut."""
    stem, counter = _without_counter(json_name[: -len(_JSON)])
    before, dot, last = stem.rpartition(".")
    if dot and before and _METADATA.startswith(last):
        stem = before
    names = [_with_counter(stem, counter)]
    if counter and _counter(stem) == counter:
        names.append(stem)  # IMG(1).jpg.supplemental-metadata(1).json
    return names


def _with_counter(name: str, counter: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}{counter}.{suffix}" if dot else f"{name}{counter}"


def _without_counter(stem: str) -> tuple[str, str]:
    found = _COUNTER.fullmatch(stem)
    return (found[1], found[2]) if found else (stem, "")


def _counter(photo: str) -> str:
    return _without_counter(photo.rpartition(".")[0])[1]


def _plain(photo: str) -> str:
    """The name of a photo without its counter."""
    stem, dot, suffix = photo.rpartition(".")
    return f"{_without_counter(stem)[0]}{dot}{suffix}"


def _people(told: Mapping[str, Any]) -> list[object]:
    people = told.get("people")
    listed = people if isinstance(people, list) else []
    return [each.get("name") for each in listed if isinstance(each, dict)]


def _is_photo(name: str) -> bool:
    return Path(name).suffix.lower() in PHOTO_SUFFIXES
