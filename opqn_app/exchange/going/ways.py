"""The ways photos and names can go out of the window, each with what it does."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from opqn_app.core.bidi import isolated
from opqn_app.core.progress import counted

if TYPE_CHECKING:
    from opqn_app.exchange.going.selection import GoingPhoto, Wanted
    from opqn_app.exchange.records import Problem, Progress


class Asks(StrEnum):
    """What the user says besides: a folder, a file to write, or nothing."""

    FOLDER = "folder"
    FILE = "file"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Way:
    """A way out.

    Attributes:
        how: what it does, for who has never done it.
        suffixes: that the file may end in; the first is usual.
        has_names: XMP files with names can go along.
    """

    key: str
    title: str
    how: str
    asks: Asks
    suffixes: tuple[str, ...] = ()
    has_names: bool = False


WAYS = (
    Way(
        "photos",
        "Copy to a folder",
        "Copies of the photos, all in one folder. What lies there already stays.",
        Asks.FOLDER,
        has_names=True,
    ),
    Way(
        "people",
        "A folder for each person",
        "Copies of the photos, in a folder with the name of each person on them.",
        Asks.FOLDER,
        has_names=True,
    ),
    Way(
        "zip", "One zip file", "All photos in one file, to send or to share.", Asks.FILE, (".zip",)
    ),
    Way(
        "sheet",
        "Contact sheet",
        "Small pictures with names and dates, on pages to print. A file that ends in .pdf holds "
        "all pages; one in .png is made for each page.",
        Asks.FILE,
        (".pdf", ".png"),
    ),
    Way(
        "list",
        "List for a table",
        "Who is where on which photo: name, box, probability, path and date. A file that ends in "
        ".csv opens in a spreadsheet, one in .json is for programs.",
        Asks.FILE,
        (".csv", ".json"),
    ),
    Way(
        "xmp",
        "Names beside the photos",
        "Writes who is on a photo into a small XMP file beside it, which digiKam, Lightroom and "
        "others read. The photos are not touched. You see first what would be written.",
        Asks.NOTHING,
    ),
)


@dataclass(frozen=True, slots=True)
class Gone:
    """What came of it.

    Attributes:
        words: a sentence or more.
        shown: what "Show it" opens; None for nothing.
        can_undo: XMP files were written, and can be made what they were.
    """

    words: str
    problems: "tuple[Problem, ...]" = ()
    shown: Path | None = None
    can_undo: bool = False


Going = Generator["Progress", None, Gone]


class Draw(Protocol):
    """Writes a contact sheet."""

    def __call__(
        self,
        photos: "Sequence[GoingPhoto]",
        path: Path,
        title: str,
        roots: Sequence[Path],
        *,
        force: bool,
    ) -> Going: ...


def choose_photos(
    library_path: Path, wanted: "Wanted"
) -> "Generator[Progress, None, list[GoingPhoto]]":
    """The photos that go out.

    Raises:
        ExportError: there are none.
    """
    from opqn_app.exchange.going.exports import ExportError
    from opqn_app.exchange.going.selection import chosen
    from opqn_app.people.ledger import Ledger
    from opqn_app.store.library import Library

    with Library.open(library_path) as library:
        photos = yield from chosen(Ledger(library), wanted)
    if not photos:
        raise ExportError("There is no such photo in the library any more.")
    return photos


def take_out(
    library_path: Path,
    wanted: "Wanted",
    way: Way,
    target: Path,
    *,
    draw: Draw,
    title: str,
    names: bool,
    force: bool = False,
) -> Going:
    """Let photos go out; closing it stops it, and leaves whole files only.

    Args:
        target: the folder or file.
        draw: writes a contact sheet, which takes a window's means.
        title: of a contact sheet.
        names: write names into XMP files beside the copies.
        force: copies, and a sheet that is a picture, may lie in a folder of the library.

    Raises:
        ExportError: nothing could go out, or only a part, as it says.
    """
    photos = yield from choose_photos(library_path, wanted)
    if way.asks is Asks.FOLDER:
        copying = _copy(library_path, photos, way, target, names=names, force=force)
        return (yield from copying)
    if way.key == "sheet":
        return (yield from draw(photos, target, title, folders_of(library_path), force=force))
    return (yield from _write(photos, way, target))


def _copy(
    library_path: Path,
    photos: "Sequence[GoingPhoto]",
    way: Way,
    folder: Path,
    *,
    names: bool,
    force: bool,
) -> Going:
    from opqn_app.exchange.going.copying import copy_photos
    from opqn_app.exchange.going.exports import ExportError
    from opqn_app.exchange.going.placing import Layout
    from opqn_app.exchange.going.sidecar_journal import Journal
    from opqn_app.exchange.going.words import copied

    layout = Layout.FLAT
    if way.key == "people":
        layout, photos = Layout.PEOPLE, [going for going in photos if going.names]
        if not photos:
            raise ExportError("Nobody is named on these photos. Name people first.")
    report = yield from copy_photos(
        photos,
        folder,
        layout=layout,
        names=names,
        roots=folders_of(library_path),
        force=force,
        journal=Journal(library=library_path),
    )
    words = copied(report, for_window=True)
    return Gone(words, report.problems, folder, can_undo=bool(report.merged))


def _write(photos: "Sequence[GoingPhoto]", way: Way, path: Path) -> Going:
    from opqn_app.exchange.going.listing import write_csv, write_json
    from opqn_app.exchange.going.words import zipped
    from opqn_app.exchange.going.zipping import zip_photos

    if way.key == "zip":
        packed = yield from zip_photos(photos, path)
        return Gone(zipped(packed, for_window=True), packed.problems, path)
    write = write_csv if path.suffix.lower() == ".csv" else write_json
    yield from write(photos, path)
    faces = sum(len(going.faces) for going in photos)
    listed = f"{counted(faces, 'face')} of {counted(len(photos), 'photo')} listed"
    return Gone(f"{listed} in {isolated(path)}.", (), path)


def plan_names(library_path: Path, wanted: "Wanted") -> Going:
    """What `write_names` would do; nothing is written."""
    from opqn_app.exchange.going.sidecar_writing import plan_sidecars
    from opqn_app.exchange.going.words import written

    photos = yield from choose_photos(library_path, wanted)
    report = yield from plan_sidecars(photos)
    words = written(report, is_plan=True, replaces=False, for_window=True)
    return Gone(words, report.problems, can_undo=bool(report.written))


def write_names(library_path: Path, wanted: "Wanted") -> Going:
    """Write names into XMP files beside the photos."""
    from opqn_app.exchange.going.sidecar_journal import Journal
    from opqn_app.exchange.going.sidecar_writing import write_sidecars
    from opqn_app.exchange.going.words import written

    photos = yield from choose_photos(library_path, wanted)
    report = yield from write_sidecars(photos, journal=Journal(library=library_path))
    words = written(report, is_plan=False, replaces=False, for_window=True)
    return Gone(words, report.problems, can_undo=bool(report.written))


def undo_names(library_path: Path) -> Going:
    """Make the XMP files what they were before the last writing for this library."""
    from opqn_app.exchange.going.sidecar_journal import undo_last
    from opqn_app.exchange.going.words import taken_back

    report = yield from undo_last(library=library_path, roots=folders_of(library_path))
    return Gone(taken_back(report), report.problems)


def folders_of(library_path: Path) -> list[Path]:
    """The folders of a library; none where it can't be opened, which stops no undoing."""
    from opqn_app.core.errors import LibraryError
    from opqn_app.store.library import Library

    try:
        with Library.open(library_path) as library:
            return list(library.watched_roots())
    except LibraryError:
        return []
