"""Bars of the parts of a score."""

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from opqn_app.ui.search.contribution_bars import ContributionBars


def test_bars_draw_each_part_as_tall_as_its_share(qtbot: QtBot, themed: QApplication) -> None:
    bars = ContributionBars()
    qtbot.addWidget(bars)
    bars.resize(264, 104)
    bars.set_values((0.9, 0.5, 0.0), (0.9, 0.9, 0.9), (0.1, 0.1, 0.1))
    image = bars.grab().toImage()
    accent = QColor(themed.palette().highlight().color())
    heights = []
    for m in range(3):
        x = int(bars.column(m).center().x())
        heights.append(sum(image.pixelColor(x, y) == accent for y in range(image.height())))
    full = bars.column(0).height()
    assert heights[0] == pytest.approx(full, abs=3)
    assert heights[1] == pytest.approx(full / 2, abs=3)
    assert heights[2] <= 3
    assert bars.shares == pytest.approx((1.0, 0.5, 0.0))
    assert bars.n_agreeing == 2
