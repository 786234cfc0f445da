"""Names that come in, run in the lanes: read, taken in, and their boxes drawn; no widget."""

from collections.abc import Callable, Collection, Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opqn_app.exchange.coming.import_plan import ImportPlan
    from opqn_app.exchange.coming.taking_in import ImportReport
    from opqn_app.exchange.programs.listed import Program
    from opqn_app.exchange.records import Progress
    from opqn_app.people.ledger import Ledger, Outcome
    from opqn_app.ui.work.jobs import EngineSlot


def read_names(
    library_path: Path, program: "Program", place: Path, excludes: Sequence[str] = ()
) -> Generator["Progress", None, "ImportPlan"]:
    """What an import would do; nothing is changed.

    Args:
        excludes: patterns of what the user does not want.
    """
    from opqn_app.exchange.coming.matching import plan_import
    from opqn_app.people.ledger import Ledger
    from opqn_app.store.library import Library

    with Library.open(library_path) as library:
        folders = [root.path for root in library.roots()]
        found = program.read(place, folders, excludes)
        return (yield from plan_import(Ledger(library), found, program.name))


def take_names(
    plan: "ImportPlan", names: Collection[str], tell: Callable[["ImportReport"], None]
) -> Callable[["Ledger"], "Outcome | None"]:
    """The gesture that makes decisions of a plan; the boxes are drawn by `draw_waiting` after it.

    Args:
        names: those that are wanted.
        tell: gets the report, on the lane, before the gesture ends.
    """

    def gesture(ledger: "Ledger") -> "Outcome | None":
        from opqn_app.core.progress import result_of
        from opqn_app.exchange.coming.taking_in import take_in

        report = result_of(take_in(ledger, plan, None, names))
        tell(report)
        return report.outcome if report.outcome.rows else None

    return gesture


def draw_waiting(library_path: Path, slot: "EngineSlot") -> Generator[int, None, int]:
    """Make faces of drawn boxes that have none yet. Yields and returns how many it has made."""
    from opqn_app.people.drawing import draw_missing
    from opqn_app.people.ledger import Ledger
    from opqn_app.store.library import Library

    engine, n = slot.wait(), 0
    with Library.open(library_path, write=True) as library:
        for _ in draw_missing(Ledger(library), engine):
            n += 1
            yield n
    return n
