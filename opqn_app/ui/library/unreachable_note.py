"""Says which photos can't be reached, and lets the user say that they were deleted."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtWidgets import QWidget

from opqn_app.core.progress import counted
from opqn_app.store.records import KEPT_DAYS, UnreachableFolder
from opqn_app.ui.kit import dialogs, wording
from opqn_app.ui.kit.message_bar import MessageBar

Confirm = Callable[[QWidget, str, str], bool]


def unreachable_in_words(folders: Sequence[UnreachableFolder]) -> str:
    """ "12 photos in Holiday/trip can't be reached. …", the largest folder by name; "" for none."""
    if not folders:
        return ""
    largest = max(folders, key=lambda folder: folder.photos)
    place = "/".join(
        [wording.folder_name(largest.root), *largest.path.relative_to(largest.root).parts]
    )
    rest = sum(folder.photos for folder in folders) - largest.photos
    more = f" and {rest:,} elsewhere" if rest else ""
    return (
        f"{counted(largest.photos, 'photo')} in {place}{more} can't be reached. Is a disk not "
        "plugged in? Nothing was forgotten; their faces can still be searched."
    )


def confirm_deletion(parent: QWidget, title: str, text: str) -> bool:
    """Ask whether photos that can't be reached were deleted."""
    return dialogs.confirm(parent, title, text, yes="They were deleted", no="Keep them")


class UnreachableNote:
    """What a page's message bar says of photos that can't be reached, once for each state.

    Args:
        confirm: asks the user, with a title and a text.
        accept: is given each root whose unreachable photos were deleted.
    """

    def __init__(self, bar: MessageBar, confirm: Confirm, accept: Callable[[Path], None]) -> None:
        self._bar = bar
        self._confirm = confirm
        self._accept = accept
        self._folders: Sequence[UnreachableFolder] = ()
        self._said = ""

    def show(self, folders: Sequence[UnreachableFolder]) -> None:
        """Say it, unless it was said; take it back where it no longer holds."""
        self._folders = folders
        words = unreachable_in_words(folders)
        if words == self._said:
            return
        if self._said and self._bar.text == self._said:
            self._bar.hide()
        self._said = words
        if words:
            self._bar.warn(words, "They were deleted…", self.ask)

    def repeat(self) -> None:
        """Say it again the next time, as after a run that has looked."""
        self._said = ""

    def ask(self) -> None:
        """Ask whether the photos were deleted; only then do they go."""
        folders = self._folders
        number = counted(sum(folder.photos for folder in folders), "photo")
        text = (
            f"{number} will no longer be shown or found. Should their files come back within "
            f"{KEPT_DAYS} days, their faces do too; after that they are forgotten. No photo is "
            "touched."
        )
        if folders and self._confirm(self._bar, "Were these photos deleted?", text):
            for root in dict.fromkeys(folder.root for folder in folders):
                self._accept(root)
