"""Names from PhotoPrism: its database or a backup of it. Its YAML files hold no people."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from opqn_app.core.errors import OpqnError
from opqn_app.core.types import Box
from opqn_app.exchange.cleaned import box_of, clean_name, gathered, number
from opqn_app.exchange.programs.elsewhere import Elsewhere
from opqn_app.exchange.programs.sql_dump import CutOff, Row, rows_of_dump
from opqn_app.exchange.records import Found, Frame, Problem, Progress, Region
from opqn_app.store.photoprism_tables import COLUMNS, photoprism_rows
from opqn_app.vision.photo_folder import PHOTO_SUFFIXES

DATABASE_NAME = "index.db"
_DUMPS = ("*.sql", "backup/*.sql", "backup/*/*.sql")
_ORIGINALS = "/"  # the root of photos; another one is of pictures that PhotoPrism has made of them
_YAML = (".yml", ".yaml")
_STEP = 500  # rows or photos, after which progress is told
_FALSE = ("0", "false", None)


def names_of_photoprism(place: Path, folders: Sequence[Path] = ()) -> Iterator[Found]:
    """What PhotoPrism knows of its photos.

    Args:
        place: `index.db`, a backup that ends in .sql, or the folder `storage`, in which the
            newest of them is read.
        folders: where the originals lie.

    Raises:
        OpqnError: there is no such thing.
    """
    if place.suffix.lower() in _YAML:
        raise OpqnError(
            "PhotoPrism's YAML files hold no people. Choose its backup, which ends in .sql, or "
            f"{DATABASE_NAME}."
        )
    path = _newest(place) if place.is_dir() else place
    if path is None or not path.is_file():
        raise OpqnError(
            f"There is no backup of PhotoPrism in {place}. The command 'photoprism backup -i' "
            "writes one into the folder storage/backup."
        )
    is_dump = path.suffix.lower() in (".sql", ".gz")
    read = _Read()
    rows = rows_of_dump(path, COLUMNS) if is_dump else photoprism_rows(path)
    try:
        for n_rows, (table, row) in enumerate(rows):
            if n_rows % _STEP == 0:
                yield Progress(0)
            read.take(table, row)
    except OSError as error:
        raise OpqnError(f"{path} can't be read: {error.strerror}.") from error
    except CutOff:
        yield Problem(path, "The backup is damaged or not whole, so some names may be missing.")
    if not read.files:
        raise OpqnError(f"{path} is no backup of PhotoPrism.")
    yield from read.names(Elsewhere(folders))


def _newest(place: Path) -> Path | None:
    dumps = [path for pattern in _DUMPS for path in place.glob(pattern)]
    found = [path for path in (place / DATABASE_NAME, *dumps) if path.is_file()]
    return max(found, key=lambda path: (path.stat().st_mtime_ns, path.name), default=None)


class _Read:
    """Rows by what they are found by later."""

    def __init__(self) -> None:
        self.files: dict[str, Row] = {}
        self._of_photo: defaultdict[str, list[str]] = defaultdict(list)
        self._people: dict[str, str] = {}
        self._markers: defaultdict[str, list[tuple[str | None, str | None, Box | None]]] = (
            defaultdict(list)
        )

    def take(self, table: str, row: Row) -> None:
        if table == "files":
            self._take_file(row)
        elif table == "subjects":
            name = clean_name(row.get("subj_name"))
            if name is not None and row.get("subj_uid"):
                self._people[str(row["subj_uid"])] = name
        elif row.get("marker_type") == "face" and _is_false(row.get("marker_invalid")):
            marker = row.get("subj_uid"), clean_name(row.get("marker_name")), _box(row)
            self._markers[str(row.get("file_uid"))].append(marker)

    def _take_file(self, row: Row) -> None:
        uid, name = row.get("file_uid"), row.get("file_name")
        if not uid or not name:
            return
        self.files[uid] = row
        is_here = row.get("deleted_at") is None and _is_false(row.get("file_missing"))
        is_photo = PurePosixPath(name).suffix.lower() in PHOTO_SUFFIXES
        if row.get("file_root") == _ORIGINALS and is_photo and is_here:
            self._of_photo[str(row.get("photo_uid"))].append(name)

    def names(self, elsewhere: Elsewhere) -> Iterator[Found]:
        found: defaultdict[str, list[Region]] = defaultdict(list)
        for uid, markers in self._markers.items():
            photo = self._photo(uid)
            if photo is not None:
                for subject, name, box in markers:
                    who = self._people.get(subject or "", name)
                    if who is not None:
                        found[photo].append(Region(who, box))
        for done, (photo, regions) in enumerate(found.items()):
            if done % _STEP == 0:
                yield Progress(done, len(found))
            names = gathered(elsewhere.find(photo), regions, frame=Frame.UPRIGHT)
            if names is not None:
                yield names

    def _photo(self, uid: str) -> str | None:
        """The original of a file that has markers, which may be a JPEG made of it."""
        row = self.files.get(uid)
        if row is None:
            return None
        name = str(row["file_name"])
        if row.get("file_root") == _ORIGINALS:
            return name
        originals = self._of_photo.get(str(row.get("photo_uid")), [])
        made_of = name.rpartition(".")[0]  # IMG_1.HEIC.jpg is made of IMG_1.HEIC
        if made_of in originals:
            return made_of
        return originals[0] if len(originals) == 1 else None


def _box(row: Row) -> Box | None:
    """Left, top, width and height in fractions of the upright photo."""
    try:
        x, y, width, height = (number(row[side] or 0) for side in ("x", "y", "w", "h"))
    except LookupError:
        return None
    return box_of(x, y, x + width, y + height)


def _is_false(value: str | None) -> bool:
    return value is None or value.lower() in _FALSE
