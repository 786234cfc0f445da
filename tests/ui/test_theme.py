"""Colours that can be read, icons that follow them, and the system's choice of dark or light."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QComboBox, QToolButton
from pytestqt.qtbot import QtBot

from opqn_app.core import paths
from opqn_app.ui.kit import theme
from opqn_app.ui.kit.theme import DARK, LIGHT, Colours


def luminance(name: str) -> float:
    """Relative luminance by the definition of WCAG 2."""
    colour = QColor(name)
    parts = [colour.redF(), colour.greenF(), colour.blueF()]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("shown", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read_on_every_ground(shown: Colours) -> None:
    for ground in (shown.window, shown.base, shown.raised):
        assert contrast(shown.text, ground) >= 7
        assert contrast(shown.quiet, ground) >= 4.5
        assert contrast(shown.warning, ground) >= 4.5
    assert contrast(shown.on_accent, shown.accent) >= 4.5
    assert contrast(shown.accent, shown.base) >= 3


def test_dark_and_light_change_palette_and_icons(themed: QApplication) -> None:
    button = QToolButton()
    theme.set_icon(button, "search")
    light = button.icon().pixmap(20, 20).toImage()
    theme.apply_theme(themed, "dark")
    assert themed.palette().color(QPalette.ColorRole.Window) == QColor(DARK.window)
    assert theme.colours() is DARK
    assert button.icon().pixmap(20, 20).toImage() != light
    theme.apply_theme(themed, "light")
    assert themed.palette().color(QPalette.ColorRole.Window) == QColor(LIGHT.window)
    assert button.icon().pixmap(20, 20).toImage() == light


def test_the_systems_choice_is_followed(
    themed: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Hints:
        scheme = Qt.ColorScheme.Dark

        def colorScheme(self) -> Qt.ColorScheme:
            return self.scheme

    hints = Hints()
    monkeypatch.setattr("PySide6.QtGui.QGuiApplication.styleHints", lambda: hints)
    assert theme.is_dark("system")
    assert not theme.is_dark("light")
    hints.scheme = Qt.ColorScheme.Light
    assert not theme.is_dark("system")
    assert theme.is_dark("dark")


def test_style_sheet_leaves_no_name_unfilled() -> None:
    for shown in (LIGHT, DARK):
        sheet = theme._style_sheet(shown)
        assert "@" not in sheet
        for line in sheet.splitlines():
            if "url(" in line:
                path = line.split("url(")[1].split(")")[0]
                assert (paths.resource("icons") / path.rsplit("/", 1)[1]).exists()


def test_every_icon_can_be_drawn(themed: QApplication) -> None:
    for file in sorted(paths.resource("icons").glob("*.svg")):
        image = theme.icon_pixmap(file.stem, 20, "#ff0000").toImage()
        alpha = [image.pixelColor(x, y).alpha() for x in range(20) for y in range(20)]
        assert max(alpha) > 128, f"{file.name} draws nothing"


@pytest.mark.qt_log_ignore("This plugin does not support")
@pytest.mark.parametrize("shade", ["light", "dark"])
def test_every_row_of_a_drop_down_list_can_be_read(
    themed: QApplication, qtbot: QtBot, shade: str
) -> None:
    theme.apply_theme(themed, shade)
    combo = QComboBox()
    qtbot.addWidget(combo)
    combo.addItems(["As the system", "Light", "Dark"])
    combo.setCurrentIndex(1)
    combo.show()
    combo.showPopup()
    rows = [combo.view().visualRect(combo.model().index(row, 0)) for row in range(3)]
    picture = combo.view().viewport().grab().toImage()
    assert rows[-1].bottom() < picture.height(), "the last row is cut"
    shown = theme.colours()
    seen = [picture.pixelColor(row.right() - 2, row.center().y()).name() for row in rows]
    assert seen == [shown.base, shown.accent, shown.base]
    combo.hidePopup()
    theme.apply_theme(themed, "light")
