"""When the Library page reads the library: at once for the user, with rests while it changes."""

from collections.abc import Callable

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from opqn_app.ui.library.library_view import LibraryReader, LibraryView, Wanted
from opqn_app.ui.work.session import Session

REST = 3  # a look that took one second is not repeated within three


class ViewReading(QObject):
    """One look at a time.

    Args:
        wanted: what is to be read now.

    Attributes:
        has_read: an answer to what is wanted now has come.

    Signals:
        read: the LibraryView of what is wanted now.
        failed: an exception.
    """

    read = Signal(object)
    failed = Signal(object)

    def __init__(self, session: Session, wanted: Callable[[], Wanted], page: QWidget) -> None:
        super().__init__(page)
        self._session, self._wanted, self._page = session, wanted, page
        self._reader = LibraryReader()
        self.has_read = False
        self._is_reading = False
        self._is_stale = True  # read when it is shown: the first paint of the window comes first
        self._round = 0  # answers to what was wanted earlier are dropped
        self._clock = QElapsedTimer()
        self._rest = QTimer(self, singleShot=True)
        self._rest.timeout.connect(self.look)

    def look(self) -> None:
        """Read the library again, which may have changed."""
        if self._is_reading or self._rest.isActive() or not self._page.isVisible():
            self._is_stale = True
            return
        self._is_reading, self._is_stale = True, False
        self._clock.start()
        reader, wanted, begun = self._reader, self._wanted(), self._round
        if not self.has_read:
            first = self._session.read(lambda library: reader.first(library, wanted))
            first.succeeded.connect(lambda view: self._on_first(view, begun))
        task = self._session.read(lambda library: reader.read(library, wanted))
        task.succeeded.connect(lambda view: self._on_view(view, begun))
        task.failed.connect(self.failed)
        task.finished.connect(self._on_end)

    def look_now(self) -> None:
        """Read without a rest, since something else is wanted."""
        self._round += 1
        self.has_read = False
        self._rest.stop()
        self.look()

    def look_if_stale(self) -> None:
        """Read what has changed while nobody saw the page."""
        if self._is_stale:
            self.look()

    def _on_first(self, view: LibraryView | None, begun: int) -> None:
        if view is not None and begun == self._round:
            self.read.emit(view)

    def _on_view(self, view: LibraryView, begun: int) -> None:
        if begun == self._round:
            self.has_read = True
            self.read.emit(view)
        else:
            self._is_stale = True

    def _on_end(self) -> None:
        self._is_reading = False
        if self._is_stale:
            self._rest.start(REST * int(self._clock.elapsed()) if self.has_read else 0)
