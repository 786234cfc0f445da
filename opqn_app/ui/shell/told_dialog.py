"""How dialogs look that tell something: title, sentence, what is told, a button to close."""

from collections.abc import Sequence

from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from opqn_app.ui.kit.controls import push_button, text_label


def lay_out(
    dialog: QDialog,
    title: str,
    intro: str,
    told: Sequence[QWidget],
    buttons: Sequence[QPushButton] = (),
) -> None:
    """Fill a dialog.

    Args:
        told: one below the other; the first takes what room there is.
        buttons: stand at the left of the foot.
    """
    close = push_button("Close", dialog.accept, is_primary=True)
    close.setDefault(True)
    foot = QHBoxLayout()
    for button in buttons:
        foot.addWidget(button)
    foot.addStretch(1)
    foot.addWidget(close)
    stack = QVBoxLayout(dialog)
    stack.setContentsMargins(24, 20, 16, 16)
    stack.setSpacing(12)
    stack.addWidget(text_label(title, style="title"))
    stack.addWidget(text_label(intro, wraps=True))
    for place, widget in enumerate(told):
        stack.addWidget(widget, 0 if place else 1)
    stack.addLayout(foot)
