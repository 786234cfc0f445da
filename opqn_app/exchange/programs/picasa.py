"""Names from Picasa: `.picasa.ini` beside the photos, and its contacts."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from opqn_app.core.progress import counted
from opqn_app.core.types import Box
from opqn_app.exchange.cleaned import box_of, clean_name, gathered
from opqn_app.exchange.programs.folders import folders_below
from opqn_app.exchange.records import Found, Frame, Problem, Progress, Region
from opqn_app.vision.raw import RAW_SUFFIXES

INI_NAMES = frozenset({".picasa.ini", "picasa.ini"})  # the second is of the first versions
CONTACTS_NAME = "contacts.xml"
_KEPT_IN = (  # where Picasa keeps its contacts, below the user's folder
    "AppData/Local/Google/Picasa2/contacts",
    "AppData/Local/PicasaData/Google/Picasa2/contacts",
    "Local Settings/Application Data/Google/Picasa2/contacts",
    "Library/Application Support/Google/Picasa3/contacts",
)
_FACE = re.compile(r"\s*rect64\(([0-9a-f]{1,16})\)\s*(?:,\s*([0-9a-f]{1,16}))?\s*", re.IGNORECASE)
_SIDE = 65535
NOBODY = "f" * 16

Contacts = dict[str, str]  # id, of 16 digits → name


@dataclass(slots=True)
class _Ini:
    """One file: what it says of faces, and of who the contacts are.

    Attributes:
        faces: name of a photo → (four sides, contact's id or None) each.
        subjects: id of a contact → the id that the user's account has for it.
    """

    path: Path
    faces: dict[str, list[tuple[Box, str | None]]] = field(default_factory=dict)
    contacts: Contacts = field(default_factory=dict)
    subjects: dict[str, str] = field(default_factory=dict)
    unread: int = 0


def names_of_picasa(
    place: Path, _folders: Sequence[Path] = (), *, home: Path | None = None
) -> Iterator[Found]:
    """What Picasa knows of the photos below a folder.

    Boxes of RAW photos are upright, those of all others lie as the file does; Picasa is like that.

    Args:
        place: with `.picasa.ini` in it or below; `contacts.xml` may lie there too.
        home: the user's folder, in which Picasa keeps its contacts.
    """
    inis: list[_Ini] = []
    lists = [
        (home or Path.home()) / kept / CONTACTS_NAME for kept in _KEPT_IN
    ]  # those in `place` are newer, or the user would not have put them there
    for found in folders_below(place):
        yield Progress(0)
        if isinstance(found, Problem):
            yield found
            continue
        folder, names = found
        for name in names:
            path = folder / name
            if name.lower() == CONTACTS_NAME:
                lists.append(path)
            elif name.lower() in INI_NAMES:
                try:
                    inis.append(_read_ini(path))
                except OSError as error:
                    yield Problem(path, f"It can't be read: {error.strerror}.")
    listed: Contacts = {}
    for path in lists:
        problem = _read_contacts(path, listed)
        if problem is not None:
            yield problem
    inis.sort(key=lambda ini: ini.path)
    everywhere: Contacts = {}
    for ini in inis:
        everywhere = ini.contacts | everywhere
    done, total = 0, sum(len(ini.faces) for ini in inis)
    for ini in inis:
        yield from _names_of(ini, (listed, ini.contacts, everywhere))
        done += len(ini.faces)
        yield Progress(done, total)


def _names_of(ini: _Ini, contacts: Sequence[Contacts]) -> Iterator[Found]:
    here = _Names(ini.path.parent)
    unknown = 0
    for name, faces in ini.faces.items():
        regions = []
        for box, contact in faces:
            who = None if contact is None else _name(contact, contacts, ini.subjects)
            unknown += contact is not None and who is None
            regions.append(Region(who, box))
        path = ini.path.parent / here.found(name)
        is_raw = path.suffix.lower() in RAW_SUFFIXES
        names = gathered(path, regions, frame=Frame.UPRIGHT if is_raw else Frame.STORED)
        if names is not None:
            yield names
    if unknown:
        yield Problem(
            ini.path,
            f"{counted(unknown, 'face')} in it came without a name, which only Picasa's "
            f"{CONTACTS_NAME} has. If you have that file, put a copy of it into the folder and "
            "import again.",
        )
    if ini.unread:
        yield Problem(ini.path, f"{counted(ini.unread, 'face')} in it could not be read.")


def _name(contact: str, contacts: Sequence[Contacts], subjects: Mapping[str, str]) -> str | None:
    ids = (contact, subjects.get(contact, contact))
    return next((known[one] for one in ids for known in contacts if known.get(one)), None)


class _Names:
    """The files in a folder, of whose names Picasa may know capitals or accents otherwise."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._others: dict[str, list[str]] | None = None

    def found(self, name: str) -> str:
        if (self._folder / name).exists():
            return name
        if self._others is None:
            self._others = defaultdict(list)
            for other in self._folder.iterdir():
                self._others[_alike(other.name)].append(other.name)
        others = self._others.get(_alike(name), [])
        return others[0] if len(others) == 1 else name


def _alike(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _read_ini(path: Path) -> _Ini:
    ini = _Ini(path)
    section = ""
    for line in _text(path.read_bytes()).splitlines():
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
            continue
        key, equals, value = line.partition("=")
        if not equals:
            continue
        if section == "Contacts2":
            _add(ini.contacts, key, value.split(";")[0])
        elif section == "Contacts":
            _, comma, subject = value.partition(",")
            if comma and _is_id(key) and _is_id(subject):
                ini.subjects[_whole(key)] = _whole(subject)
        elif key.strip() == "faces" and _is_file_name(section):
            ini.faces.setdefault(section, []).extend(_faces(value, ini))
    return ini


def _is_file_name(section: str) -> bool:
    return bool(section) and section not in (".", "..") and not re.search(r"[/\\\0]", section)


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:  # old versions on Windows wrote as the system did
        return data.decode("cp1252", errors="replace")


def _faces(value: str, ini: _Ini) -> Iterator[tuple[Box, str | None]]:
    for face in value.split(";"):
        if not face.strip():
            continue
        found = _FACE.fullmatch(face)
        box = None if found is None else _box(found[1])
        if found is None or box is None:
            ini.unread += 1
            continue
        contact = None if found[2] is None else _whole(found[2])
        yield box, None if contact == NOBODY else contact


def _box(rect64: str) -> Box | None:
    """Four numbers of four digits; the first may have lost its zeros."""
    sides = rect64.rjust(16, "0")
    left, top, right, bottom = (int(sides[i : i + 4], 16) / _SIDE for i in range(0, 16, 4))
    return box_of(left, top, right, bottom)


def _is_id(text: str) -> bool:
    return re.fullmatch(r"\s*[0-9a-fA-F]{1,16}\s*", text) is not None


def _whole(contact: str) -> str:
    return contact.strip().lower().rjust(16, "0")


def _add(contacts: Contacts, contact: str, name: str) -> None:
    cleaned = clean_name(name)
    if _is_id(contact) and cleaned is not None:
        contacts[_whole(contact)] = cleaned


def _read_contacts(path: Path, contacts: Contacts) -> Problem | None:
    """Add what `contacts.xml` lists; what comes before a fault in it counts."""
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return Problem(path, f"It can't be read: {error.strerror}.")
    name = ""

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal name
        if tag == "contact":
            name = attributes.get("name") or attributes.get("display", "")
        if tag in ("contact", "subject"):
            _add(contacts, attributes.get("id", ""), name)

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = start
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        return Problem(
            path, f"It is damaged in line {error.lineno}; only the contacts before it were read."
        )
    except _NotPicasasError:
        return Problem(path, "It is not as Picasa writes it, so its contacts were not read.")
    return None


class _NotPicasasError(Exception):
    """The file declares a document type, as Picasa never does, and entities might follow."""


def _refuse(*_declared: object) -> None:
    raise _NotPicasasError
