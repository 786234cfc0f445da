"""Which folders are being dragged over the window."""

from pathlib import Path

from PySide6.QtCore import QMimeData


def dropped_folders(mime: QMimeData) -> list[Path]:
    """The local folders among what is dragged; files are for the search page."""
    places = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
    return [place for place in places if place.is_dir()]
