"""At the window's foot: a model that waits for the user's word, or has just taken over."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from opqn_app.ui.kit.controls import push_button, text_label, tool_button
from opqn_app.ui.kit.lying_bar import LyingBar
from opqn_app.ui.work.model_switch import ModelSwitch


class SwitchBar(LyingBar):
    """Hidden while there is nothing to say of the change of the model.

    Signals:
        report_wanted: the user wants to see how the two models compare.
    """

    report_wanted = Signal()

    def __init__(self, switch: ModelSwitch, around: QWidget) -> None:
        super().__init__(around)
        self.setObjectName("messageBar")
        self._switch = switch
        self._label = text_label(wraps=True)
        self.report = push_button("See the report", self.report_wanted.emit)
        self.use = push_button("Use the new model", switch.accept)
        self.keep = push_button("Keep the old one", switch.decline)
        self.back = push_button("Go back", switch.go_back)
        self._close = tool_button("close", "Close this message", switch.dismiss)
        first = QHBoxLayout()
        first.addWidget(self._label, 1)
        first.addWidget(self._close)
        second = QHBoxLayout()
        second.setSpacing(8)
        self._buttons = (self.report, self.keep, self.use, self.back)
        for button in self._buttons:
            second.addWidget(button)
        second.addStretch(1)
        stack = QVBoxLayout(self)
        stack.setContentsMargins(12, 8, 8, 8)
        stack.setSpacing(8)
        stack.addLayout(first)
        stack.addLayout(second)
        switch.changed.connect(self._show)
        self._show()

    @property
    def text(self) -> str:
        """What it says; "" while it is hidden."""
        return "" if self.isHidden() else self._label.text()

    def wanted_width(self, room: int) -> int:
        words = self._label.fontMetrics().horizontalAdvance(self._label.text()) + 72
        shown = [each for each in self._buttons if not each.isHidden()]
        for each in shown:
            each.ensurePolished()  # else its size is that of a button without a style
        buttons = sum(each.sizeHint().width() + 8 for each in shown) + 32
        return min(room, max(words, buttons))

    def _show(self) -> None:
        offer, taken = self._switch.offer, self._switch.taken
        for button in (self.use, self.keep):
            button.setVisible(offer is not None)
        can_go_back = taken is not None and bool(taken.before)
        self.back.setVisible(can_go_back)
        self._close.setVisible(offer is None)
        if offer is not None:
            from opqn_app.people.agreement import Verdict
            from opqn_app.people.agreement_in_words import asking_in_words

            self.use.setText(f"Use {_called(offer.model)}")
            self.keep.setText(f"Keep {_called(offer.before)}")
            self.report.show()
            is_better = offer.report.verdict in (Verdict.BETTER, Verdict.AS_GOOD)
            self._say("note" if is_better else "warning", asking_in_words(offer.report))
        elif taken is not None and can_go_back:
            words = f"{taken.model} now answers your searches."
            if taken.report is not None:
                from opqn_app.people.agreement_in_words import verdict_in_words

                words += f" {verdict_in_words(taken.report, 'It')}"
            self.back.setText(f"Go back to {_called(taken.before)}")
            self.report.setVisible(taken.report is not None)
            self._say("note", words)
        else:
            self.hide()

    def _say(self, kind: str, words: str) -> None:
        self._label.setText(words)
        self.setProperty("kind", kind)
        self.style().unpolish(self)
        self.style().polish(self)
        self.setAccessibleName(words)
        self.show()
        self.place()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))


def _called(model: str) -> str:
    """A model, which may be a folder, on a button."""
    return (Path(model).name or model).replace("&", "&&")
