"""Hands photos to other programs as files: dragged out, or copied. Never moved."""

import atexit
import json
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QRect, QSize, Qt, QUrl
from PySide6.QtGui import QColor, QDrag, QGuiApplication, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from opqn_app.core.errors import PhotoUnreadable
from opqn_app.core.progress import counted
from opqn_app.ui.kit import theme
from opqn_app.ui.kit.thumbnails import image_of_photo
from opqn_app.ui.work.tasks import TaskRunner

GNOME = "x-special/gnome-copied-files"  # asked for by GNOME's file manager, and by Wayland ones
KDE = "application/x-kde-cutselection"
FACES = "application/x-opqn-faces"  # ids, for this program
SIDE = 96  # pixels of what hangs at the mouse
MAX_SIDE = 4096  # pixels of a picture that is pasted


def files_of(
    paths: Sequence[Path], face_ids: Sequence[int] = (), picture: QImage | None = None
) -> QMimeData:
    """Photos as other programs take them: files to be copied, and perhaps a picture."""
    data = QMimeData()
    urls = [QUrl.fromLocalFile(str(path)) for path in paths]
    data.setUrls(urls)
    data.setData(GNOME, b"copy\n" + b"\n".join(bytes(url.toEncoded().data()) for url in urls))
    data.setData(KDE, b"0")  # 1 would mean to move them
    if face_ids:
        data.setData(FACES, json.dumps(list(face_ids)).encode())
    if picture is not None and not picture.isNull():
        data.setImageData(picture)
    return data


def faces_in(data: QMimeData) -> list[int]:
    """Ids of the faces that this program has copied or drags; [] for what others bring."""
    if not data.hasFormat(FACES):
        return []
    try:
        found = json.loads(bytes(data.data(FACES).data()))
    except ValueError:  # another program's idea of this name
        return []
    is_ids = isinstance(found, list) and all(type(face_id) is int for face_id in found)
    return found if is_ids else []


def copy_files(
    paths: Sequence[Path], *, runner: TaskRunner | None, face_ids: Sequence[int] = ()
) -> str:
    """Put photos onto the clipboard as files, and a single one as a picture too.

    The files are there at once. The picture comes to them when it is decoded, unless something else
    was copied meanwhile.

    Args:
        runner: decodes the picture; with None the files are all.

    Returns:
        What is to be said of those that are away, or "".
    """
    there, words = _reachable(paths)
    if not there:
        return words
    clipboard = QGuiApplication.clipboard()
    clipboard.setMimeData(files_of(there, face_ids))
    mine = _copied()
    atexit.unregister(_let_go)  # what was copied before is there no more
    atexit.register(_let_go, mine)

    def add_picture(picture: QImage) -> None:
        if _copied() == mine and not picture.isNull():
            clipboard.setMimeData(files_of(there, face_ids, picture))

    if len(there) == 1 and runner is not None:
        runner.start("thumbs", _picture, there[0]).succeeded.connect(add_picture)
    return words


def _let_go(mine: bytes) -> None:
    """Take the copied files off the clipboard at the end, if they are still there.

    Qt deletes what is there after Python has gone, and what Python made it can't delete then: the
    program would end with a crash.
    """
    if QGuiApplication.instance() is not None and _copied() == mine:
        QGuiApplication.clipboard().clear()


def drag_files(
    source: QWidget,
    paths: Sequence[Path],
    *,
    face_ids: Sequence[int] = (),
    pixmap: QPixmap | None = None,
) -> str:
    """Let the user drag photos out of `source`; returns when they are dropped.

    Only copying is offered, so that no file manager can move an original away.

    Args:
        pixmap: hangs at the mouse.

    Returns:
        What is to be said of those that are away, or "".
    """
    there, words = _reachable(paths)
    if there:
        drag = QDrag(source)
        drag.setMimeData(files_of(there, face_ids))
        drag.setPixmap(at_mouse(pixmap, len(there), source.devicePixelRatioF()))
        drag.setHotSpot(QPoint(-8, -8))
        drag.exec(Qt.DropAction.CopyAction)
    return words


def _reachable(paths: Sequence[Path]) -> tuple[list[Path], str]:
    """The files that are there, each once, and a sentence about the others."""
    wanted = list(dict.fromkeys(paths))
    there = [path for path in wanted if path.exists()]
    away = len(wanted) - len(there)
    if not away:
        return there, ""
    is_one = len(wanted) == 1
    what = wanted[0].name if is_one else f"{away:,} of {counted(len(wanted), 'photo')}"
    return there, (
        f"{what} {'is' if away == 1 else 'are'} not there now. If the disk is not plugged in, plug "
        "it in and try again."
    )


def _copied() -> bytes:
    """The files on the clipboard now."""
    data = QGuiApplication.clipboard().mimeData()
    return b"" if data is None else bytes(data.data(GNOME).data())


def _picture(path: Path) -> QImage:
    from opqn_app.vision.apart import open_photo

    try:
        return image_of_photo(open_photo(path, max_side=MAX_SIDE), MAX_SIDE)
    except PhotoUnreadable:
        return QImage()


def at_mouse(pixmap: QPixmap | None, count: int, ratio: float) -> QPixmap:
    """What hangs at the mouse: a small picture; of several things with their number on it."""
    shown = QPixmap(QSize(SIDE, SIDE) * ratio)
    shown.setDevicePixelRatio(ratio)
    shown.fill(Qt.GlobalColor.transparent)
    painter = QPainter(shown)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if pixmap is None or pixmap.isNull():
        pixmap = theme.icon_pixmap("library", SIDE // 2, theme.colours().text, ratio)
    size = pixmap.size().scaled(SIDE, SIDE, Qt.AspectRatioMode.KeepAspectRatio)
    painter.drawPixmap(QRect(QPoint(0, 0), size), pixmap)
    if count > 1:
        colours = theme.colours()
        disc = QRect(0, 0, 28, 24)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.accent))
        painter.drawRoundedRect(disc, 12, 12)
        painter.setPen(QColor(colours.on_accent))
        painter.drawText(disc, Qt.AlignmentFlag.AlignCenter, f"{count:,}"[:4])
    painter.end()
    return shown
