"""How photos come to the Search page: chosen, dropped, pasted, or the sample."""

from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget

from opqn_app.ui.kit import dialogs, drops
from opqn_app.ui.kit.file_drag import faces_in
from opqn_app.ui.kit.message_bar import MessageBar
from opqn_app.ui.work.session import Session

Source = Path | bytes | QImage


class PhotoIntake(QObject):
    """Passes on what came to `page`, or says in `messages` why nothing did.

    Signals:
        photos_came: sources (list) to search with, and whether to add them to the query.
        faces_came: ids of faces of the library (list), and whether to add them.
        folder_came: a folder was dropped; the user is asked whether to add it.
        folder_agreed: the user agreed to add this folder (Path).
        library_wanted: the user wants to see the Library page.
    """

    photos_came = Signal(object, bool)
    faces_came = Signal(object, bool)
    folder_came = Signal()
    folder_agreed = Signal(object)
    library_wanted = Signal()

    def __init__(self, session: Session, messages: MessageBar, page: QWidget) -> None:
        super().__init__(page)
        self._session, self._messages, self._page = session, messages, page

    def take(self, data: QMimeData, *, add: bool = False) -> None:
        """A drop or the clipboard."""
        faces = faces_in(data)  # copied here: the faces themselves, not the largest of a photo
        if faces:
            self.faces_came.emit(faces, add)
            return
        dropped = drops.read(data)
        if dropped.has_query:
            sources: list[Source] = list(dropped.photos)
            if dropped.image is not None:
                sources.append(dropped.image)
            self.photos_came.emit(sources, add)
        elif dropped.folders:
            self.folder_came.emit()
            self._offer_folder(dropped.folders[0])
        elif dropped.n_elsewhere:
            self._messages.warn(
                "That picture lies on the internet, and this program never connects to it. "
                "Copy the picture itself, or save it first."
            )
        else:
            self._messages.say("There is no photo to paste. Copy a photo or a photo file first.")

    def paste(self) -> None:
        self.take(QApplication.clipboard().mimeData() or QMimeData())

    def choose_photo(self) -> None:
        self.photos_came.emit(dialogs.choose_photos(self._page), False)

    def add_photo(self) -> None:
        self.photos_came.emit(dialogs.choose_photos(self._page), True)

    def try_sample(self) -> None:
        """Search in the photos that come along; they are indexed first if need be."""
        queries = self._session.sample_queries()
        if not queries:
            self._messages.warn("The sample photos are missing from this copy of the program.")
            return
        self._session.index(self._session.sample_photos())
        self.photos_came.emit(queries[:1], False)
        self._messages.say(
            "The sample photos are being added to your library; the results grow meanwhile. "
            "You can remove them again on the Library page.",
            "Library",
            self.library_wanted.emit,
        )

    def _offer_folder(self, folder: Path) -> None:
        self._messages.say(
            f"Add the folder “{folder.name}” to your library, so that its photos can be found?",
            "Add folder",
            lambda: self.folder_agreed.emit(folder),
        )
