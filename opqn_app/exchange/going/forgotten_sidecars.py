"""What the journal of sidecars holds of photos and names that are forgotten is forgotten too.

The sidecars themselves lie beside the user's photos: those that still hold a name are named.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from opqn_app.core import crash_reports
from opqn_app.core.errors import TracesLeft
from opqn_app.core.files import real_path
from opqn_app.exchange.going.sidecar_journal import kept_runs, lines_of, runs_folder, write_lines
from opqn_app.people import forgetting
from opqn_app.people.forgetting import ForgottenPerson
from opqn_app.people.ledger import Ledger
from opqn_app.store import erasing
from opqn_app.store.library import Library
from opqn_app.store.records import ForgetReport


def forget_path(library: Library, path: Path) -> ForgetReport:
    """`erasing.forget_path`, and what was kept of sidecars there: it can't be undone then."""
    place = real_path(path)
    with _then(lambda: _forget_places(library.path, lambda sidecar: _is_of(sidecar, place))):
        return erasing.forget_path(library, path)


def forget_everything(library: Library) -> ForgetReport:
    """`erasing.forget_everything`, what was kept of sidecars, and reports of faults."""
    crash_reports.delete_all()
    with _then(lambda: forget_sidecars(library.path)):
        return erasing.forget_everything(library)


def forget_sidecars(library: Path) -> None:
    """Drop all that was kept of sidecars of a library."""
    _forget_places(library, lambda _sidecar: True)


def sidecars_with(library: Path, names: Iterable[str]) -> list[Path]:
    """The sidecars that this program wrote for a library and that hold one of the names now."""
    wanted = [form for name in names for form in _forms(name)]
    runs = kept_runs(runs_folder(), library) if wanted else []
    written = {Path(line["sidecar"]) for run in runs for line in lines_of(run)}
    return sorted(path for path in written if _holds(path, wanted))


def forget_person(
    ledger: Ledger, person: int, *, with_faces: bool = False
) -> tuple[ForgottenPerson, list[Path]]:
    """`forgetting.forget_person`, and former sidecars with the name.

    Returns:
        What was removed, and the sidecars of this library that still hold the name.
    """
    keeper = _Keeper(ledger.library.path)
    report = forgetting.forget_person(ledger, person, with_faces=with_faces, also=keeper.drop)
    return report, keeper.holding


def forget_name(ledger: Ledger, name: str) -> tuple[ForgottenPerson, list[Path]]:
    """`forgetting.forget_name`, likewise."""
    keeper = _Keeper(ledger.library.path)
    return forgetting.forget_name(ledger, name, also=keeper.drop), keeper.holding


@contextmanager
def _then(act: Callable[[], None]) -> Iterator[None]:
    """Act after what was done in the block, also where it left traces."""
    try:
        yield
    except TracesLeft:
        act()
        raise
    act()


def _is_of(sidecar: Path, place: Path) -> bool:
    """Whether a sidecar lies below a folder, or may be that of a photo."""
    beside = sidecar.parent == place.parent and sidecar.stem in (place.name, place.stem)
    return beside or place in sidecar.parents


def _forget_places(library: Path, is_forgotten: Callable[[Path], bool]) -> None:
    _drop(library, lambda _run, line: is_forgotten(Path(line["sidecar"])))


class _Keeper:
    """Drops former sidecars with a name that is forgotten.

    Attributes:
        holding: sidecars that still hold it.
    """

    def __init__(self, library: Path) -> None:
        self._library = library
        self.holding: list[Path] = []

    def drop(self, report: ForgottenPerson) -> None:
        wanted = [form for name in report.names for form in _forms(name)]
        self.holding = sidecars_with(self._library, report.names)
        _drop(self._library, lambda run, line: _former_holds(run, line, wanted))


def _drop(library: Path, is_forgotten: Callable[[Path, dict[str, Any]], bool]) -> None:
    for run in kept_runs(runs_folder(), library):
        lines = lines_of(run)
        gone = [line for line in lines if is_forgotten(run, line)]
        if not gone:
            continue
        if len(gone) == len(lines):
            shutil.rmtree(run)
            continue
        write_lines(run, [line for line in lines if line not in gone])
        for line in gone:
            if line["former"] is not None:
                (run / line["former"]).unlink(missing_ok=True)


def _former_holds(run: Path, line: dict[str, Any], wanted: Sequence[bytes]) -> bool:
    return line["former"] is not None and _holds(run / line["former"], wanted)


def _holds(path: Path, wanted: Sequence[bytes]) -> bool:
    try:
        content = path.read_bytes()
    except OSError:
        return False
    return any(form in content for form in wanted)


def _forms(name: str) -> set[bytes]:
    """How a name may stand in a sidecar."""
    plain = {name, escape(name), escape(name, {'"': "&quot;"})}
    return {form.encode("utf-8", "replace") for form in plain}
