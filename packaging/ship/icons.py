"""The program's icon in the sizes that desktops ask for, drawn from resources/desktop/icon.svg."""

import shutil
from pathlib import Path

import about
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

DRAWING = about.ROOT / "resources" / "desktop" / "icon.svg"


def write_icons(theme: Path) -> None:
    """Write PNGs and the drawing below `theme`, a folder as /usr/share/icons/hicolor."""
    for side in about.ICON_SIZES:
        place = theme / f"{side}x{side}" / "apps" / f"{about.APP_ID}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        if not drawn(side).save(str(place)):
            raise OSError(f"{place} could not be written")
    place = theme / "scalable" / "apps" / f"{about.APP_ID}.svg"
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(DRAWING, place)


def drawn(side: int) -> QImage:
    """The icon, `side` pixels wide."""
    image = QImage(side, side, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(str(DRAWING)).render(painter, QRectF(image.rect()))
    painter.end()
    return image
