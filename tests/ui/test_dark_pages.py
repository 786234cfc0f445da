"""The pages of the library in both palettes, looked at pixel by pixel."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from opqn_app.store.records import LibraryStatus
from opqn_app.ui.evaluate.evaluate_page import EvaluatePage
from opqn_app.ui.kit import theme
from opqn_app.ui.kit.empty_state import EmptyState
from opqn_app.ui.library.failure_list import FailureList
from opqn_app.ui.library.library_page import LibraryPage
from opqn_app.ui.shell.settings_dialog import SettingsDialog
from opqn_app.ui.shell.status_line import StatusLine
from opqn_app.ui.shell.welcome_page import WelcomePage
from opqn_app.ui.train.train_page import TrainPage
from opqn_app.ui.work.session import Session
from tests.ui.photo_records import failure

pytestmark = pytest.mark.slow

Make = Callable[[Session], QWidget]


def failures(_session: Session) -> QWidget:
    made = FailureList()
    made.model.show_failures([failure(1), failure(2)])
    return made


def empty(_session: Session) -> QWidget:
    made = EmptyState()
    made.show_words("folder", "Add a folder of photos.", "Add a folder")
    return made


def settings(session: Session) -> QWidget:
    return SettingsDialog(session.settings, session.runner, list_models=lambda: ["bundled-64"])


def status_line(session: Session) -> QWidget:
    made = StatusLine(session)
    session.status_read.emit(LibraryStatus(225, 361, 2, 1, "id", "name", 1))
    return made


def evaluate(session: Session) -> QWidget:
    return EvaluatePage(session, list_models=list)


PAGES: list[Make] = [
    LibraryPage, WelcomePage, status_line, failures, empty, settings, evaluate, TrainPage,
]  # fmt: skip


def contrast(one: QColor, other: QColor) -> float:
    """Contrast ratio of WCAG 2, 1 to 21."""

    def luminance(colour: QColor) -> float:
        parts = [colour.redF(), colour.greenF(), colour.blueF()]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def strongest_contrast(image: QImage, ground: QColor) -> float:
    steps = [(x, y) for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)]
    return max(contrast(image.pixelColor(x, y), ground) for x, y in steps)


@pytest.mark.parametrize(
    "make",
    [pytest.param(m, marks=[] if m is status_line else pytest.mark.slow) for m in PAGES],
)
def test_a_page_follows_the_palette_while_it_is_open(
    make: Make, session: Session, qtbot: QtBot, themed: QApplication
) -> None:
    page = make(session)
    qtbot.addWidget(page)
    page.resize(700, 480)
    page.show()
    for choice, colours in (("dark", theme.DARK), ("light", theme.LIGHT)):
        theme.apply_theme(themed, choice)
        QApplication.processEvents()
        image = page.grab().toImage()
        ground = image.pixelColor(image.width() - 2, image.height() - 2)
        assert ground == QColor(colours.window)
        assert strongest_contrast(image, ground) >= 4.5


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK])
def test_every_text_colour_can_be_read_on_every_ground(colours: theme.Colours) -> None:
    for ground in (colours.window, colours.base, colours.raised):
        for text in (colours.text, colours.quiet, colours.warning):
            assert contrast(QColor(text), QColor(ground)) >= 4.5, (text, ground)
    assert contrast(QColor(colours.on_accent), QColor(colours.accent)) >= 4.5


def test_each_icon_that_is_named_exists() -> None:
    folder = Path(theme.__file__).parents[3] / "resources" / "icons"
    for name in ("unplugged", "clock", "shield", "forward", "back", "warning", "check", "pause"):
        assert (folder / f"{name}.svg").is_file()
