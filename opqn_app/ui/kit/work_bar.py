"""What a child process does now: words, a bar, time left, and the buttons that steer it."""

from PySide6.QtCore import QElapsedTimer, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from opqn_app.ui.kit import wording
from opqn_app.ui.kit.controls import text_label

BAR_STEPS = 1000
TICK_MS = 1000


class WorkBar(QFrame):
    """Hidden until `start`; `show_progress` moves it.

    Args:
        name: what a screen reader calls the bar.
        buttons: at the right end.
    """

    def __init__(self, name: str, *buttons: QPushButton, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._words = text_label(wraps=True)
        self._pace = text_label(is_quiet=True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(name)
        self._eta: float | None = None
        self._clock = QElapsedTimer()
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._show_pace)
        words = QVBoxLayout()
        words.setSpacing(6)
        words.addWidget(self._words)
        words.addWidget(self._bar)
        words.addWidget(self._pace)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 10, 12, 10)
        row.setSpacing(12)
        row.addLayout(words, 1)
        for button in buttons:
            row.addWidget(button)
        self.hide()

    @property
    def text(self) -> str:
        """What it says."""
        return self._words.text()

    def start(self, words: str) -> None:
        """Show it, before anything can be counted."""
        self._clock.start()
        self._timer.start()
        self._pace.show()
        self.show_progress(words)
        self.show()

    def show_progress(
        self, words: str, done: float = 0.0, total: float = 0.0, eta_s: float | None = None
    ) -> None:
        """Say how far it is; without a total the bar only moves."""
        self._words.setText(words)
        self._eta = eta_s
        self._bar.setRange(0, BAR_STEPS if total > 0 else 0)
        if total > 0:
            self._bar.setValue(round(BAR_STEPS * done / total))
        self._show_pace()

    def say(self, words: str) -> None:
        """Other words; the bar stays where it is."""
        self._words.setText(words)
        self._eta = None
        self._show_pace()

    def rest(self, words: str) -> None:
        """Stand still where it is, such as while paused."""
        self._timer.stop()
        self._words.setText(words)
        self._pace.hide()
        if self._bar.maximum() == 0:
            self._bar.setRange(0, BAR_STEPS)
        self.show()

    def end(self) -> None:
        """Hide it."""
        self._timer.stop()
        self.hide()

    def _show_pace(self) -> None:
        seconds = self._clock.elapsed() // 1000
        parts = [wording.time_left(self._eta), f"running for {wording.passed(seconds)}"]
        self._pace.setText(" · ".join(part for part in parts if part))
