"""The menus of the main window."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence

from opqn_app import __version__

if TYPE_CHECKING:
    from opqn_app.ui.shell.main_window import MainWindow
    from opqn_app.ui.work.session import Session

TITLE = "OPQN Photo Search"
PAGES = {
    "search": "Search",
    "library": "Library",
    "people": "People",
    "evaluate": "Evaluate",
    "train": "Train",
}


def make_menus(window: "MainWindow", session: "Session") -> tuple[QAction, QAction]:
    """Fill the menu bar; the actions of undo and redo, whose words change."""
    search, bar, people = window.search, window.menuBar(), session.people

    def action(text: str, keys: str, act: Callable[[], object]) -> QAction:
        made = QAction(text, window)
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
    about = QAction(f"{TITLE} {__version__}", window)
    about.setEnabled(False)
    menu.addAction(about)
    return undo, redo
