"""Asks before a person is forgotten for good, which nothing can undo."""

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QDialog, QHBoxLayout, QVBoxLayout, QWidget

from opqn_app.core.progress import counted
from opqn_app.ui.kit.controls import push_button, text_label

WIDTH = 420
LONG = 30  # characters of a name that a button has room for


@dataclass(frozen=True, slots=True)
class Forgetting:
    """What is to be forgotten.

    Attributes:
        with_faces: crops and codes of the faces too.
    """

    with_faces: bool


class ForgetDialog(QDialog):
    """The safe answer is the default."""

    def __init__(self, name: str, n_faces: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Forget {name}?")
        self.faces_box = QCheckBox("Remove the faces too: what was found of them")
        self.faces_box.setToolTip("They can't be searched for any more, until they are found anew.")
        self.keep_button = push_button(
            f"Keep {name if len(name) <= LONG else 'this person'}", self.reject
        )
        self.forget_button = push_button("Forget", self.accept)
        self.keep_button.setDefault(True)
        text = (
            f"The name {name} and everything you decided about {counted(n_faces, 'face')} are "
            "removed from the library. This can't be undone. The photos are not touched."
        )
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.forget_button)
        row.addWidget(self.keep_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 16)
        column.setSpacing(12)
        column.addWidget(text_label(f"Forget {name}?", style="heading", wraps=True))
        column.addWidget(text_label(text, wraps=True))
        column.addWidget(self.faces_box)
        column.addSpacing(8)
        column.addLayout(row)
        self.setMinimumWidth(WIDTH)
        self.keep_button.setFocus(Qt.FocusReason.OtherFocusReason)


def ask_to_forget(parent: QWidget, name: str, n_faces: int) -> Forgetting | None:
    """Ask; None if the person is kept."""
    dialog = ForgetDialog(name, n_faces, parent)
    is_sure = dialog.exec() == QDialog.DialogCode.Accepted
    return Forgetting(dialog.faces_box.isChecked()) if is_sure else None
