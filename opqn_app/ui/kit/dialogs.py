"""The dialogs that ask: which folder to add, whether to remove one, whether to end what runs."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from opqn_app.store.records import Root
from opqn_app.ui.kit import wording


def choose_folder(parent: QWidget) -> Path | None:
    """Ask for a folder of photos; None if the user thinks better of it."""
    chosen = QFileDialog.getExistingDirectory(parent, "Add a folder of photos")
    return Path(chosen) if chosen else None


def choose_photos(parent: QWidget) -> list[Path]:
    """Ask for photos of one person; [] if the user thinks better of it."""
    from opqn_app.vision.photo_folder import PHOTO_SUFFIXES

    patterns = " ".join(f"*{suffix} *{suffix.upper()}" for suffix in sorted(PHOTO_SUFFIXES))
    names, _ = QFileDialog.getOpenFileNames(
        parent, "Choose a photo of one person", "", f"Photos ({patterns});;All files (*)"
    )
    return [Path(name) for name in names]


def removal_question(root: Root) -> str:
    """What removing a folder means, before it is done."""
    name = wording.folder_name(root.path)
    return (
        f"What was found in {name} ({wording.contents(root.photos, root.faces)}) is deleted from "
        "the library. The photos themselves are not touched. To search them again, the folder "
        "has to be indexed again from the start."
    )


def confirm_removal(parent: QWidget, root: Root) -> bool:
    """Ask before a folder is removed; the safe answer is the default."""
    title = f"Remove {wording.folder_name(root.path)} from the library?"
    return confirm(parent, title, removal_question(root), yes="Remove", no="Keep")


def confirm_close(parent: QWidget, lost: str) -> bool:
    """Ask before the window closes on work that runs; the safe answer is the default."""
    return confirm(parent, "Close the window now?", lost, yes="Close", no="Keep it running")


def confirm_stop(parent: QWidget, lost: str) -> bool:
    """Ask before a dialog closes on work that runs in it; the safe answer is the default."""
    return confirm(parent, "Stop now?", lost, yes="Stop", no="Go on")


def confirm(parent: QWidget, title: str, text: str, *, yes: str, no: str) -> bool:
    """Ask a question whose safe answer, `no`, is the default."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(title)
    box.setTextFormat(Qt.TextFormat.PlainText)  # a folder's name may look like markup
    box.setText(title)
    box.setInformativeText(text)
    act = box.addButton(yes, QMessageBox.ButtonRole.DestructiveRole)
    keep = box.addButton(no, QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(keep)
    box.setEscapeButton(keep)
    box.exec()
    return box.clickedButton() is act
