"""The answer to a search in one line."""

from opqn_app.core.progress import counted
from opqn_app.ui.search.results_view import Counts
from opqn_app.ui.search.threshold_bar import USUAL


def headline(counts: Counts, minimum: float, *, is_coded: bool, is_several: bool = False) -> str:
    """What is said beside the faces that are searched with.

    Args:
        minimum: what counts, 0 to 1; below `USUAL` nothing is called likely.
        is_coded: False where the faces of the library have no codes of the model.
        is_several: the faces look like several people, and nobody said that they are one.
    """
    if not counts.total:
        return "Your library has no faces yet" if is_coded else "Your library can't be compared yet"
    if not counts.likely:
        return "No such photo" if counts.is_kept else "Nobody in your library matches"
    if minimum < USUAL:
        reach = "reaches" if counts.likely == 1 else "reach"
        asked = f"{round(100 * minimum)}\N{NO-BREAK SPACE}% you ask for"
        return f"{counted(counts.likely, 'face')} {reach} the {asked}"
    likely = "is likely" if counts.likely == 1 else "are likely"
    whom = "one of them" if is_several else "this person"
    return f"{counted(counts.likely, 'face')} {likely} {whom}"


def so_far(*, is_stale: bool) -> str:
    """What is said behind an answer that can still change; stale: photos have come since."""
    return " so far" if is_stale else ", among the photos read by now"


def what_to_do(n_faces: int, coding_problem: str) -> str:
    """What helps where nothing can be compared.

    Args:
        n_faces: in the library, without codes of the model.
        coding_problem: why they have none, if that was tried.
    """
    if not n_faces:
        return "Add a folder of photos to search in."
    return f"Its {counted(n_faces, 'face')} were found with another model. " + (
        coding_problem
        or "Look for new photos (F5) on the Library page: that makes them ready for this one."
    )
