"""What is taken from a drop or the clipboard."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QColor, QImage

from opqn_app.ui.kit import drops


def mime_of(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def test_files_and_folders_are_told_apart(make_photo: Callable[..., Path], tmp_path: Path) -> None:
    photo = make_photo("albums/a.png")
    dropped = drops.read(mime_of(photo, photo.parent))
    assert dropped.photos == (photo,)
    assert dropped.folders == (photo.parent,)


def test_pixels_are_taken_when_there_is_no_file(qapp: object) -> None:
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    data = QMimeData()
    data.setImageData(image)
    data.setUrls([QUrl("https://example.org/face.jpg")])
    dropped = drops.read(data)
    assert dropped.image is not None
    assert dropped.image.size() == image.size()
    assert dropped.has_query
    assert dropped.n_elsewhere == 0


def test_a_file_goes_before_pixels(make_photo: Callable[..., Path], qapp: object) -> None:
    data = mime_of(make_photo("a.png"))
    data.setImageData(QImage(8, 8, QImage.Format.Format_RGB32))
    assert drops.read(data).image is None
    assert len(drops.read(data).photos) == 1


def test_an_address_on_the_internet_is_counted_and_never_opened() -> None:
    data = QMimeData()
    data.setUrls([QUrl("https://example.org/face.jpg")])
    dropped = drops.read(data)
    assert not dropped.has_query
    assert dropped.n_elsewhere == 1


def test_plain_text_is_not_taken() -> None:
    data = QMimeData()
    data.setText("hello")
    assert not drops.can_take(data)
