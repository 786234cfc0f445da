"""What stands above a folder's photos: its name and counts, what is shown, what to do."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from opqn_app.ui.kit import wording
from opqn_app.ui.kit.controls import CutLabel, push_button, tool_button
from opqn_app.ui.kit.menus import QuietMenu
from opqn_app.ui.kit.tips import plain
from opqn_app.ui.library.library_view import LibraryView
from opqn_app.ui.library.photo_rows import Look
from opqn_app.ui.library.view_menu import ViewMenu

MORE_FACES = "Look for more faces"
KEEP_UP = "Take in new photos by itself"
FIND = "Find the folder again…"
GO_BACK = "Look for it in its former place again"
WIDE = 480  # pixels; a narrower header has no tool buttons but the menus
WIDEST = 640  # pixels; from this on the order of the photos is said in words


@dataclass(frozen=True, slots=True)
class FolderSummary:
    """What the header shows.

    Attributes:
        problems: files to be looked at; `ignored` ones are not among them.
        is_removable: False for "All photos" and a folder not yet in the library.
        has_unreachable: some of its photos can't be reached.
        is_missing: the folder itself is not there.
        former: where it was before the user said that it is here now; "" if it never moved.
    """

    name: str
    path: str
    counts: str
    problems: int
    ignored: int
    is_removable: bool
    has_unreachable: bool = False
    is_missing: bool = False
    former: str = ""


def summary_of(
    view: LibraryView, folder: Path | None, problems: int, ignored: int
) -> FolderSummary:
    """What is told of a folder of a library; None for all photos."""
    root = view.root_at(folder)
    return FolderSummary(
        name=wording.folder_name(folder) if folder else "All photos",
        path=str(folder or ""),
        counts=view.counts_in_words(folder),
        problems=problems,
        ignored=ignored,
        is_removable=root is not None,
        has_unreachable=bool(view.unreachable),
        is_missing=root is not None and not root.is_available,
        former=str(root.moved_from or "") if root is not None else "",
    )


class FolderHeader(QWidget):
    """The row above the grid.

    Signals:
        tab_changed: "photos", "faces" or "problems".
        rescan_wanted, search_wanted, retry_wanted, show_wanted, skips_wanted, finding_wanted,
            return_wanted, deletion_told, remove_wanted: what was chosen.
        watch_switched: whether the folder is to be kept up to date by itself.
    """

    tab_changed = Signal(str)
    rescan_wanted = Signal()
    search_wanted = Signal()
    retry_wanted = Signal()
    show_wanted = Signal()
    skips_wanted = Signal()
    finding_wanted = Signal()
    return_wanted = Signal()
    deletion_told = Signal()
    remove_wanted = Signal()
    watch_switched = Signal(bool)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = CutLabel(style="title")
        self._counts = CutLabel(is_quiet=True)
        self._heading = ""
        self._summary = ""
        self._is_search_due = False
        self._rescan = tool_button(
            "retry", "Look for new photos", self.rescan_wanted.emit, tip="Look for new photos (F5)"
        )
        tip = (
            "Look for more faces: search large photos again for small faces and others that were "
            "missed. What was found stays."
        )
        self._search = tool_button("face", MORE_FACES, self.search_wanted.emit, tip=tip)
        self._search.hide()
        self._more = tool_button("more", "More about this folder")
        self._more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = self._build_menu()
        self._more.setMenu(self.menu)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._title, 1)
        self._switch = self._build_tabs()
        row.addWidget(self._switch)
        self.view = ViewMenu(look)
        row.addWidget(self.view)
        row.addWidget(self._search)
        row.addWidget(self._rescan)
        row.addWidget(self._more)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(4, 0, 8, 0)
        rows.setSpacing(0)
        rows.addLayout(row)
        self._line, self._rows = row, rows
        rows.addWidget(self._counts)  # a row of its own: beside tabs a small window cuts it

    @property
    def tab(self) -> str:
        """The tab that is chosen: "photos", "faces" or "problems"."""
        return next(key for key, tab in self._tabs.items() if tab.isChecked())

    @property
    def title(self) -> str:
        return self._title.text()

    @property
    def counts(self) -> str:
        return self._counts.text()

    def choose_tab(self, tab: str) -> None:
        self._tabs[tab].setChecked(True)

    def show_heading(self, words: str) -> None:
        """Show what the first photo in view stands under, "" for nothing."""
        self._heading = words
        self._show_counts()

    def show_folder(self, folder: FolderSummary) -> None:
        """Show what is known of the chosen folder."""
        self._title.setText(folder.name)
        self._title.setToolTip(plain(folder.path))
        self._summary = folder.counts
        self._show_counts()
        self._remove_action.setEnabled(folder.is_removable)
        self._show_action.setEnabled(folder.is_removable)
        self._retry_action.setEnabled(folder.problems > 0)
        self._deletion_action.setVisible(folder.has_unreachable)
        self._find_action.setVisible(folder.is_missing or folder.has_unreachable)
        self._find_action.setEnabled(folder.is_removable)
        self._return_action.setVisible(bool(folder.former))
        words = f"Problems ({folder.problems:,})" if folder.problems else "Problems"
        self._tabs["problems"].setText(words)
        has_problems = folder.problems + folder.ignored > 0
        if not has_problems and self.tab == "problems":
            self.choose_tab("photos")
        self._tabs["problems"].setVisible(has_problems)
        self._tabs["faces"].setProperty("tab", "middle" if has_problems else "problems")
        self._tabs["faces"].style().unpolish(self._tabs["faces"])
        self._tabs["faces"].style().polish(self._tabs["faces"])

    def show_watched(self, is_on: bool | None) -> None:
        """Whether the folder is kept up to date by itself; None where there is no such switch."""
        self._watch_action.setVisible(is_on is not None)
        self._watch_action.setChecked(bool(is_on))

    def offer_search(self, is_due: bool) -> None:
        """Offer the thorough search, or no longer."""
        self._is_search_due = is_due
        self._show_tools()
        self._search_action.setEnabled(is_due)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_tools()

    def _show_tools(self) -> None:
        """A narrow header leaves its room to the name; the menu has the same actions."""
        is_wide = self.width() >= WIDE
        self._line.removeWidget(self._switch)
        self._rows.removeWidget(self._switch)
        self._rows.setSpacing(0 if is_wide else 4)
        if is_wide:
            self._line.insertWidget(1, self._switch)
        else:  # a row of its own leaves the name its room
            self._rows.addWidget(self._switch, 0, Qt.AlignmentFlag.AlignLeft)
        self.view.show_words(self.width() >= WIDEST)
        self._rescan.setVisible(is_wide)
        self._search.setVisible(is_wide and self._is_search_due)

    def _show_counts(self) -> None:
        heading = self._heading if self.tab != "problems" else ""
        words = "  ·  ".join(part for part in (self._summary, heading) if part)
        self._counts.setText(words)
        self._counts.setToolTip(plain(words))  # the end may be cut

    def _build_tabs(self) -> QWidget:
        self._group = QButtonGroup(self)
        self._tabs = {
            "photos": push_button("Photos"),
            "faces": push_button("Faces"),
            "problems": push_button("Problems"),
        }
        switch = QWidget()
        row = QHBoxLayout(switch)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for key, tab in self._tabs.items():
            tab.setCheckable(True)
            tab.setProperty("tab", key)
            self._group.addButton(tab)
            row.addWidget(tab)
        self._tabs["photos"].setChecked(True)
        self._tabs["problems"].hide()
        self._tabs["faces"].setProperty("tab", "problems")
        self._group.buttonToggled.connect(
            lambda _tab, is_on: self.tab_changed.emit(self.tab) if is_on else None
        )
        return switch

    def _build_menu(self) -> QuietMenu:
        menu = QuietMenu(self)
        menu.addAction("Look for new photos", self.rescan_wanted.emit)
        self._search_action = menu.addAction(MORE_FACES, self.search_wanted.emit)
        self._retry_action = menu.addAction("Try files with problems again", self.retry_wanted.emit)
        self._watch_action = menu.addAction(KEEP_UP)
        self._watch_action.setCheckable(True)
        self._watch_action.triggered.connect(self.watch_switched)
        self._show_action = menu.addAction("Show in file manager", self.show_wanted.emit)
        menu.addAction("Folders and files to skip…", self.skips_wanted.emit)
        self._find_action = menu.addAction(FIND, self.finding_wanted.emit)
        self._return_action = menu.addAction(GO_BACK, self.return_wanted.emit)
        words = "Photos that can't be reached were deleted…"
        self._deletion_action = menu.addAction(words, self.deletion_told.emit)
        menu.addSeparator()
        self._remove_action = menu.addAction("Remove from the library…", self.remove_wanted.emit)
        return menu
