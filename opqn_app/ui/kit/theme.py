"""How the window looks: two quiet palettes, one accent, one set of icons."""

import weakref
from dataclasses import dataclass

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from opqn_app.core import paths


@dataclass(frozen=True, slots=True)
class Colours:
    """One palette; text on its ground has a contrast of 4.5:1 or more."""

    window: str
    base: str
    raised: str
    line: str
    text: str
    quiet: str
    accent: str
    on_accent: str
    warning: str


LIGHT = Colours(
    window="#f5f6f8",
    base="#ffffff",
    raised="#e9ecf0",
    line="#c9cfd7",
    text="#1a1e24",
    quiet="#57606c",
    accent="#1f62c9",
    on_accent="#ffffff",
    warning="#8a4b00",
)
DARK = Colours(
    window="#1a1d22",
    base="#22262c",
    raised="#2e333b",
    line="#444b56",
    text="#eceef1",
    quiet="#a6afbb",
    accent="#7db0ff",
    on_accent="#0b1a33",
    warning="#f0b35e",
)

_icons: "weakref.WeakKeyDictionary[QObject, str]" = weakref.WeakKeyDictionary()


def is_dark(choice: str) -> bool:
    """Whether `choice` ("system", "light" or "dark") means dark now."""
    if choice != "system":
        return choice == "dark"
    return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark


def colours() -> Colours:
    """The palette that is shown now."""
    shown = QGuiApplication.palette().color(QPalette.ColorRole.Window)
    return DARK if shown.lightness() < 128 else LIGHT


def apply_theme(app: QApplication, choice: str) -> None:
    """Give `app` the style, palette and icons of `choice`; may be called again at any time."""
    chosen = DARK if is_dark(choice) else LIGHT
    if app.style().objectName() != "fusion":
        app.setStyle("Fusion")
        app.setFont(app_font(app.font()))
    elif app.palette().color(QPalette.ColorRole.Window) == QColor(chosen.window):
        return  # it is shown already; a new style sheet would lay every widget out again
    app.setPalette(_palette(chosen))
    app.setStyleSheet(_style_sheet(chosen))
    for target, name in list(_icons.items()):
        if isValid(target):  # Python may hold what Qt has deleted
            target.setIcon(icon(name))  # type: ignore[attr-defined]


def app_font(font: QFont) -> QFont:
    """`font` with digits of one width, so that numbers stand still while they change."""
    tabular = QFont(font)
    tabular.setFeature(QFont.Tag("tnum"), 1)
    return tabular


def set_icon(target: QObject, name: str) -> None:
    """Give a button or an action an icon that follows the palette."""
    _icons[target] = name
    target.setIcon(icon(name))  # type: ignore[attr-defined]


def icon(name: str) -> QIcon:
    """The icon `name` of resources/icons in the colours shown now."""
    shown = colours()
    made = QIcon()
    for side in (20, 40):  # Qt scales what lies between
        made.addPixmap(icon_pixmap(name, side, shown.text))
        made.addPixmap(icon_pixmap(name, side, shown.line), QIcon.Mode.Disabled)
        made.addPixmap(icon_pixmap(name, side, shown.accent), QIcon.Mode.Normal, QIcon.State.On)
    return made


def icon_pixmap(name: str, side: int, colour: str, ratio: float = 1.0) -> QPixmap:
    """The icon `name`, `side` logical pixels wide, drawn in `colour`."""
    svg = (paths.resource("icons") / f"{name}.svg").read_bytes()
    renderer = QSvgRenderer(QByteArray(svg.replace(b"currentColor", colour.encode())))
    pixmap = QPixmap(QSize(side, side) * ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(pixmap.rect()))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def _palette(chosen: Colours) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    plan = {
        chosen.window: (role.Window,),
        chosen.base: (role.Base, role.Button, role.ToolTipBase),
        chosen.raised: (role.AlternateBase, role.Midlight),
        chosen.line: (role.Mid, role.Dark),
        chosen.text: (role.WindowText, role.Text, role.ButtonText, role.ToolTipText),
        chosen.quiet: (role.PlaceholderText,),
        chosen.accent: (role.Highlight, role.Accent, role.Link),
        chosen.on_accent: (role.HighlightedText, role.BrightText),
    }
    for colour, roles in plan.items():
        for each in roles:
            palette.setColor(each, QColor(colour))
    faint = QColor(chosen.quiet)
    faint.setAlpha(140)
    for each in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, each, faint)
    return palette


def _style_sheet(chosen: Colours) -> str:
    text = (paths.resource("style") / "app.qss").read_text(encoding="utf-8")
    for name in Colours.__slots__:
        text = text.replace(f"@{name};", f"{getattr(chosen, name)};")
    text = text.replace("@icons", paths.resource("icons").as_posix())
    return text.replace("@ground", "dark" if chosen is DARK else "light")
