"""Names to XMP sidecars beside the photos; the photos themselves are only read.

`plan_sidecars` says what would be written and writes nothing. `write_sidecars` writes, and can be
undone (`sidecar_journal.undo_last`). Both are generators of `Progress`, and closing one
stops it between two sidecars. Begun again, `write_sidecars` changes only what is not written yet.
"""

from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.core.files import replace_bytes
from opqn_app.core.types import SAME_FACE, Box
from opqn_app.exchange.cleaned import folded
from opqn_app.exchange.frames import stored, stored_size, turn_of
from opqn_app.exchange.going.exports import Pace
from opqn_app.exchange.going.selection import GoingPhoto
from opqn_app.exchange.going.sidecar_journal import Journal
from opqn_app.exchange.records import FACE, Problem, Progress
from opqn_app.exchange.sidecars import Sidecars, sidecar_to_write
from opqn_app.exchange.xmp.names import names_of as names_in
from opqn_app.exchange.xmp.packets import packets_of
from opqn_app.exchange.xmp.regions import FaceName
from opqn_app.exchange.xmp.text import (
    Clash,
    Merged,
    SidecarNames,
    begun_with,
    holds_text,
    merged,
    without,
)
from opqn_app.exchange.xmp.tree import NotXmpError
from opqn_app.vision import reasons


@dataclass(frozen=True, slots=True)
class PlannedSidecar:
    """A sidecar that gets names.

    Attributes:
        is_new: there is none yet.
        names: that come to stand in it.
        clashes: faces whose other name stays, or is replaced where that was asked for.
    """

    photo: Path
    sidecar: Path
    is_new: bool
    names: tuple[str, ...]
    clashes: tuple[Clash, ...] = ()


@dataclass(frozen=True, slots=True)
class SidecarReport:
    """What would be written, or was.

    Attributes:
        sidecars: that get names, or in which names clash.
        unchanged: photos whose sidecar says all of it already.
        nameless: photos on which nobody is named; nothing is written for them.
        problems: photos whose sidecar was left, with the reason.
    """

    sidecars: tuple[PlannedSidecar, ...] = ()
    unchanged: int = 0
    nameless: int = 0
    problems: tuple[Problem, ...] = ()

    @property
    def written(self) -> tuple[PlannedSidecar, ...]:
        """Those that change."""
        return tuple(each for each in self.sidecars if each.names)


def plan_sidecars(
    photos: Sequence[GoingPhoto], *, replace: bool = False
) -> Generator[Progress, None, SidecarReport]:
    """What `write_sidecars` would write.

    Args:
        replace: faces that have another name in their sidecar get the library's.
    """
    return (yield from _each(photos, replace, None))


def write_sidecars(
    photos: Sequence[GoingPhoto], *, replace: bool = False, journal: Journal | None = None
) -> Generator[Progress, None, SidecarReport]:
    """Write names and boxes to the sidecars of photos, and read each back.

    Args:
        replace: faces that have another name in their sidecar get the library's.
        journal: where former sidecars are kept; None for the user's data.
    """
    journal = Journal() if journal is None else journal
    journal.sweep()
    return (yield from _each(photos, replace, journal))


@dataclass(frozen=True, slots=True)
class RemovalReport:
    """What came of taking a name out of sidecars.

    Attributes:
        sidecars: that held it as a person's.
        problems: those that were left, or still hold it elsewhere, such as in a caption.
    """

    sidecars: tuple[Path, ...] = ()
    problems: tuple[Problem, ...] = ()


def remove_name(
    photos: Sequence[GoingPhoto], name: str, *, is_plan: bool, journal: Journal | None = None
) -> Generator[Progress, None, RemovalReport]:
    """Take a person out of the sidecars of photos: faces with all they hold, and keywords.

    Args:
        name: in any capitals; whoever wrote it.
        is_plan: only look.
        journal: where former sidecars are kept; None for the user's data.
    """
    journal = Journal() if journal is None else journal
    found: list[Path] = []
    problems: list[Problem] = []
    beside: dict[Path, Sidecars] = {}
    pace = Pace(len(photos), len(photos))
    for going in photos:
        path = going.photo.path
        if path.parent not in beside:
            beside[path.parent] = Sidecars.beside(path)
        for sidecar in beside[path.parent].of(path.name):
            try:
                former = sidecar.read_bytes()
                content = without(former, name)
                if content == former:
                    continue
                if not is_plan:
                    journal.keep(sidecar, former, content)
                    replace_bytes(sidecar, content)
            except NotXmpError as error:
                problems.append(Problem(sidecar, f"{sidecar} is left as it is: {error}."))
            except OSError as error:
                sentence = f"{sidecar} can't be written: {_not_written(sidecar, error)}."
                problems.append(Problem(sidecar, sentence))
            else:
                found.append(sidecar)
                if holds_text(content, name):
                    sentence = f"{sidecar} still holds {name} elsewhere, such as in a caption."
                    problems.append(Problem(sidecar, sentence))
        yield pace.at(path.name, photos=1, work=1)
    return RemovalReport(tuple(found), tuple(problems))


def text_of_sidecar(going: GoingPhoto, *, replace: bool = False) -> str:
    """What the sidecar of a photo would be, as a preview.

    Raises:
        NotXmpError, OSError, PhotoUnreadable: it would be left.
    """
    _, became = _became(going, sidecar_to_write(going.photo.path), replace)
    return became.content.decode(errors="replace")


def names_of(going: GoingPhoto) -> SidecarNames:
    """The names of a photo, and their places in the picture as it lies in its file.

    Raises:
        PhotoUnreadable: the file is away, or is not what was indexed.
    """
    photo = going.photo
    turn = turn_of(photo.path)
    if photo.path.stat().st_size != photo.size:
        raise PhotoUnreadable(photo.path, "it has changed since it was indexed")
    faces = [
        FaceName(face.name, stored(_fractions(face.box, photo.width, photo.height), turn))
        for face in going.faces
        if face.name is not None
    ]
    return SidecarNames(stored_size((photo.width, photo.height), turn), tuple(faces))


def _each(
    photos: Sequence[GoingPhoto], replace: bool, journal: Journal | None
) -> Generator[Progress, None, SidecarReport]:
    found: list[PlannedSidecar] = []
    problems: list[Problem] = []
    unchanged = nameless = 0
    beside: dict[Path, Sidecars] = {}  # folder → what was in it; a listing for each photo is slow
    pace = Pace(len(photos), len(photos))
    for going in photos:
        path = going.photo.path
        if not going.names:
            nameless += 1
        else:
            if path.parent not in beside:
                beside[path.parent] = Sidecars.beside(path)
            sidecar = beside[path.parent].to_write(path.name)
            try:
                former, became = _became(going, sidecar, replace)
                if journal is not None and became.names:
                    _write(journal, sidecar, former, became)
            except NotXmpError as error:
                sentence = f"{sidecar} is left as it is: {error}."
                problems.append(Problem(sidecar, sentence))
            except PhotoUnreadable as error:
                problems.append(Problem(path, f"Nothing is written for {path}: {error.reason}."))
            except OSError as error:
                reason = _not_written(sidecar, error)
                problems.append(Problem(sidecar, f"{sidecar} can't be written: {reason}."))
            else:
                unchanged += not (became.names or became.clashes)
                if became.names or became.clashes:
                    found.append(
                        PlannedSidecar(path, sidecar, former is None, became.names, became.clashes)
                    )
        yield pace.at(path.name, photos=1, work=1)
    return SidecarReport(tuple(found), unchanged, nameless, tuple(problems))


def _became(going: GoingPhoto, sidecar: Path, replace: bool) -> tuple[bytes | None, Merged]:
    """What a sidecar is, None for none, and what becomes of it."""
    former, names = _content(sidecar), names_of(going)
    became = with_names(former, going.photo.path, names, replace=replace)
    _check(became)
    return former, became


def with_names(
    former: bytes | None, photo: Path, names: SidecarNames, *, replace: bool = False
) -> Merged:
    """A sidecar with names added; a new one begins with what the photo itself says of people.

    Args:
        former: what it is; None for a new one.

    Raises:
        NotXmpError: it can't be changed without harm.
        OSError: the photo can't be read.
    """
    if former is None:
        for packet in packets_of(photo):
            begun = begun_with(packet)
            if begun is not None:
                with suppress(NotXmpError):  # such as boxes for a picture of another shape
                    return merged(begun, names, replace=replace)
    return merged(former, names, replace=replace)


def _check(became: Merged) -> None:
    """Read names and boxes as from any other program; raises NotXmpError if they are not ours."""
    found = names_in([became.content])
    for face in became.faces:
        if not any(
            region.kind == FACE
            and region.box is not None
            and folded(region.name or "") == folded(face.name)
            and region.box.overlap(face.box) >= SAME_FACE
            for region in found.regions
        ):
            raise NotXmpError(f"{face.name} would read otherwise than it is written")


def _write(journal: Journal, sidecar: Path, former: bytes | None, became: Merged) -> None:
    journal.keep(sidecar, former, became.content)
    replace_bytes(sidecar, became.content)
    if sidecar.read_bytes() != became.content:
        raise OSError(None, "it reads otherwise than it was written")


def _content(sidecar: Path) -> bytes | None:
    try:
        return sidecar.read_bytes()
    except FileNotFoundError:
        return None


def _not_written(sidecar: Path, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "its folder may not be written"
    if error.errno is None:
        return str(error)
    return reasons.file_system(sidecar, error)


def _fractions(box: Box, width: int, height: int) -> Box:
    return Box(box.left / width, box.top / height, box.right / width, box.bottom / height)
