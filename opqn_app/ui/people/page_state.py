"""What the People page says while there is nobody to show; no widget."""

from dataclasses import dataclass

from opqn_app.core.progress import counted
from opqn_app.ui.kit import wording
from opqn_app.ui.people.tiles import Wish
from opqn_app.ui.work.grouping_run import NO_LINKS
from opqn_app.ui.work.session import Session


@dataclass(frozen=True, slots=True)
class PageState:
    """Attributes:
    button: its words, "" without one.
    act: what the button does: "folder", "settings", "group" or "faces".
    """

    words: str
    button: str = ""
    act: str = ""


def state_of(session: Session, wish: Wish, n_tiles: int) -> PageState | None:
    """Why there is nothing to show, None if there is something."""
    desk = session.people
    if n_tiles:
        return None
    view = desk.view
    if not session.memory.is_on:
        words = f"{wording.NO_FACES} So there is nobody to name."
        return PageState(words, wording.REMEMBER_AGAIN, "faces")
    if view is not None and wish.needle.strip() and view.persons:
        return PageState(f"Nobody is called “{wish.needle.strip()}”.")
    if view is None or not view.photo_of:
        if session.is_indexing:
            return PageState(f"The people on your photos appear here. {_until_grouped(session)}")
        if view is None and session.status is None:
            return PageState("Looking at your library …")
        words = "The people on your photos appear here. Add a folder of photos first."
        return PageState(words, "Add a folder", "folder")
    faces = counted(len(view.photo_of), "face")
    if desk.can_group is None:
        return PageState(f"Getting ready to group {faces} …")
    if not desk.can_group:
        return PageState(NO_LINKS, "Open the settings", "settings")
    if desk.grouping.is_running:
        return PageState(f"{_grouping(session)}.")
    if session.is_indexing:
        return PageState(f"The people on your photos appear here. {_until_grouped(session)}")
    if not view.n_grouped:
        return PageState(f"{faces} of your library are not grouped yet.", "Group them", "group")
    return PageState("All faces of your library are hidden, or none of them is a face.")


def groups_wait_for(session: Session) -> str:
    """What is under way before the groups without a name can be shown; "" where nothing is."""
    desk, view = session.people, session.people.view
    if view is None or view.n_grouped or not view.photo_of:
        return ""
    if desk.grouping.is_running:
        return _grouping(session)
    if session.is_indexing:
        return "grouped when all photos are done"
    if desk.can_group is None:
        return "Getting ready …" if session.expects_engine else ""
    return ""


def _grouping(session: Session) -> str:
    grouping = session.people.grouping
    progress, is_paused = grouping.progress, grouping.is_paused
    left = None if progress is None or is_paused else progress.eta_s
    said = [wording.grouping(progress, is_paused), wording.time_left(left)]
    return ", ".join(part for part in said if part)


def _until_grouped(session: Session) -> str:
    """The same sentence from the first photo to the last."""
    words = "Their faces are grouped when all photos are done"
    progress = session.index_progress
    if progress is None or not progress.total:
        return f"{words}."
    done = f"{progress.done:,} of {counted(progress.total, 'photo')} so far"
    return f"{words}: {done}, {counted(progress.faces, 'face')} found."
