"""The menus of the main window."""

from collections.abc import Callable
from functools import partial
from typing import Protocol

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenuBar

from opqn_app import __version__
from opqn_app.ui.library.library_page import LibraryPage
from opqn_app.ui.search.search_page import SearchPage
from opqn_app.ui.work.people_desk import PeopleDesk

TITLE = "OPQN Photo Search"
PAGES = {
    "search": "Search",
    "library": "Library",
    "people": "People",
    "evaluate": "Evaluate",
    "train": "Train",
}


class MenuHost(Protocol):
    """What the menus act on."""

    search: SearchPage
    library: LibraryPage

    def menuBar(self) -> QMenuBar: ...
    def show_page(self, key: str) -> None: ...
    def choose_folder(self) -> None: ...
    def open_import(self) -> None: ...
    def open_export(self) -> None: ...
    def open_backups(self) -> None: ...
    def open_kept(self) -> None: ...
    def open_settings(self) -> None: ...
    def open_shortcuts(self) -> None: ...
    def close(self) -> bool: ...


def make_menus(window: MenuHost, people: PeopleDesk) -> tuple[QAction, QAction]:
    """Fill the menu bar; the actions of undo and redo, whose words change."""
    search, bar = window.search, window.menuBar()

    def action(text: str, keys: str, act: Callable[[], object]) -> QAction:
        made = QAction(text, bar)
        made.setShortcut(QKeySequence(keys))
        made.triggered.connect(lambda _checked=False: act())
        return made

    menu = bar.addMenu("&File")
    menu.addAction(search.open_action)
    menu.addAction(search.add_action)
    menu.addAction(action("Add a &folder…", "Ctrl+Shift+O", window.choose_folder))
    menu.addSeparator()
    menu.addAction(action("Names from other &programs…", "Ctrl+Shift+I", window.open_import))
    menu.addAction(action("&Take photos with you…", "Ctrl+Shift+E", window.open_export))
    menu.addSeparator()
    menu.addAction(action("&Backups…", "", window.open_backups))
    menu.addAction(action("&What this program keeps…", "", window.open_kept))
    menu.addAction(action("&Settings…", "Ctrl+,", window.open_settings))
    menu.addAction(action("&Quit", "Ctrl+Q", window.close))
    menu = bar.addMenu("&Edit")
    undo = action("&Undo", "Ctrl+Z", people.undo)
    redo = action("&Redo", "Ctrl+Shift+Z", people.redo)
    redo.setShortcuts([QKeySequence("Ctrl+Shift+Z"), QKeySequence("Ctrl+Y")])
    for each in (undo, redo):
        each.setEnabled(False)
        menu.addAction(each)
    menu.addSeparator()
    for each in (search.paste_action, search.back_action, search.clear_action):
        menu.addAction(each)
    menu = bar.addMenu("&View")
    for number, (key, word) in enumerate(PAGES.items(), start=1):
        menu.addAction(action(f"&{word}", f"Ctrl+{number}", partial(window.show_page, key)))
    menu.addSeparator()
    for each in (search.larger_action, search.smaller_action):
        menu.addAction(each)
    menu.addSeparator()
    menu.addAction(action("Loo&k for new photos", "F5", window.library.rescan))
    menu = bar.addMenu("&Face")
    for each in search.faces.all:
        menu.addAction(each)
    menu = bar.addMenu("&Help")
    menu.addAction(action("&Keyboard shortcuts", "F1", window.open_shortcuts))
    menu.addAction(action("What this program &keeps", "", window.open_kept))
    about = QAction(f"{TITLE} {__version__}", bar)
    about.setEnabled(False)
    menu.addAction(about)
    return undo, redo
