"""The answer to a search in one line."""

from opqn_app.core.progress import counted
from opqn_app.ui.search.results_view import Counts


def headline(counts: Counts, *, is_coded: bool) -> str:
    """What is said beside the faces that are searched with.

    Args:
        is_coded: False where the faces of the library have no codes of the model.
    """
    if not counts.total:
        return "Your library has no faces yet" if is_coded else "Your library can't be compared yet"
    if not counts.likely:
        return "No such photo" if counts.is_kept else "Nobody in your library matches"
    if counts.likely == 1:
        return "1 face is likely this person"
    return f"{counted(counts.likely, 'face')} are likely this person"
