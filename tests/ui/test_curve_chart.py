"""Charts are read with the mouse and the keys, and leave as picture, drawing or numbers."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from opqn_app.ui.charts.chart_data import Axes, Curve, curves_as_csv
from opqn_app.ui.charts.curve_chart import HINT, CurveChart
from opqn_app.ui.kit import theme

TIMEOUT = 120_000
AXES = Axes(
    title="Precision and recall",
    x="recall",
    y="precision",
    x_label="recall",
    y_label="precision",
    x_range=(0, 1),
    y_range=(0, 1),
    shares=("precision", "recall"),
)
ONE = Curve(
    "one",
    {
        "threshold": np.array([3.0, 2.0, 1.0]),
        "precision": np.array([1.0, 0.9, 0.5]),
        "recall": np.array([0.1, 0.5, 1.0]),
    },
)
TWO = Curve("two", {name: values * 0.8 for name, values in ONE.columns.items()})


@pytest.fixture
def chart(qtbot: QtBot, themed: QApplication) -> CurveChart:
    made = CurveChart(AXES)
    qtbot.addWidget(made)
    made.resize(500, 360)
    made.show_curves([ONE, TWO])
    with qtbot.waitExposed(made, timeout=TIMEOUT):
        made.show()
    return made


def place_of(chart: CurveChart, curve: Curve, row: int) -> QPointF:
    x, y = chart._in_pixels(curve)
    return QPointF(x[row], y[row])


def test_the_mouse_reads_out_the_nearest_point_of_any_curve(chart: CurveChart) -> None:
    assert chart.readout == HINT
    chart.plot.scene().sigMouseMoved.emit(place_of(chart, ONE, 1) + QPointF(5, 3))
    assert chart.readout == "one · threshold 2 · precision 90.0 % · recall 50.0 %"
    chart.plot.scene().sigMouseMoved.emit(place_of(chart, TWO, 2))
    assert chart.readout == "two · threshold 0.8 · precision 40.0 % · recall 80.0 %"


def test_keys_go_along_the_curve_and_pick_a_point(chart: CurveChart, qtbot: QtBot) -> None:
    for _ in range(5):
        qtbot.keyClick(chart, Qt.Key.Key_Right)
    assert chart.readout.startswith("one · threshold 1 ·")
    assert chart.accessibleDescription() == chart.readout
    qtbot.keyClick(chart, Qt.Key.Key_Down)
    assert chart.readout.startswith("two · threshold 0.8 ·")
    with qtbot.waitSignal(chart.point_picked) as picked:
        qtbot.keyClick(chart, Qt.Key.Key_Return)
    assert picked.args == [1, 2]


def test_zooming_changes_what_is_shown_and_back(chart: CurveChart, qtbot: QtBot) -> None:
    whole = chart.view_range
    assert whole[0][0] < 0.0 < 1.0 < whole[0][1]
    qtbot.keyClick(chart, Qt.Key.Key_Plus)
    (left, right), _ = chart.view_range
    assert right - left == pytest.approx((whole[0][1] - whole[0][0]) / 1.25)
    qtbot.keyClick(chart, Qt.Key.Key_0)
    assert np.allclose(chart.view_range, whole)


def test_new_points_keep_the_one_that_is_read_out(chart: CurveChart, qtbot: QtBot) -> None:
    qtbot.keyClick(chart, Qt.Key.Key_Right)
    before = chart.readout
    chart.show_curves([ONE, TWO])
    assert chart.readout == before
    chart.show_curves([])
    assert chart.readout == HINT


def test_a_logarithmic_axis_finds_points_where_they_are_drawn(qtbot: QtBot) -> None:
    axes = Axes("P", "t", "p", "t", "p", y_range=(0, 1), is_log_x=True)
    chart = CurveChart(axes)
    qtbot.addWidget(chart)
    chart.resize(500, 360)
    curve = Curve("a", {"t": np.array([1.0, 10.0, 100.0]), "p": np.array([1.0, 0.8, 0.4])})
    chart.show_curves([curve])
    with qtbot.waitExposed(chart, timeout=TIMEOUT):
        chart.show()
    assert chart.nearest(place_of(chart, curve, 1)) == (0, 1)
    x, _ = chart._in_pixels(curve)
    assert x[1] - x[0] == pytest.approx(x[2] - x[1])


def test_the_three_exports_hold_the_chart(
    qtbot: QtBot, themed: QApplication, tmp_path: Path
) -> None:
    def choose(_parent: QWidget, name: str, _kinds: str) -> Path:
        return tmp_path / name.partition(".")[0]  # the suffix is added

    chart = CurveChart(AXES, choose_file=choose)
    qtbot.addWidget(chart)
    chart.show_curves([ONE, TWO])
    with qtbot.waitExposed(chart, timeout=TIMEOUT):
        chart.show()
    for kind in ("png", "svg", "csv"):
        with qtbot.waitSignal(chart.exported) as exported:
            chart.export(kind)
        assert exported.args[0] == tmp_path / f"precision-and-recall.{kind}"
    picture = QImage(str(tmp_path / "precision-and-recall.png"))
    assert picture.width() == 2 * chart.plot.width()
    assert picture.height() == 2 * (chart.plot.height() + chart.legend.height())
    colours = {picture.pixelColor(x, y).name() for x in range(0, picture.width(), 3)
               for y in range(0, picture.height(), 3)}  # fmt: skip
    assert "#1f62c9" in colours, "the first curve is drawn"
    drawing = ElementTree.parse(tmp_path / "precision-and-recall.svg")
    assert any(element.tag.endswith(("path", "polyline")) for element in drawing.iter())
    words = {element.text for element in drawing.iter() if element.text}
    assert {"one", "two"} <= words, "the legend comes along"
    text = (tmp_path / "precision-and-recall.csv").read_text(encoding="utf-8")
    assert text == curves_as_csv([ONE, TWO])
    assert text.splitlines()[:2] == ["curve,threshold,precision,recall", "one,3,1,0.1"]


def test_a_file_that_can_not_be_written_is_a_sentence(
    qtbot: QtBot, themed: QApplication, tmp_path: Path
) -> None:
    chart = CurveChart(AXES, choose_file=lambda _p, n, _k: tmp_path / "missing" / n)
    qtbot.addWidget(chart)
    for kind in ("png", "svg", "csv"):
        with qtbot.waitSignal(chart.export_failed) as failed:
            chart.export(kind)
        assert failed.args[0].endswith("No such file or directory.")


def test_a_chart_follows_the_palette(chart: CurveChart, themed: QApplication) -> None:
    theme.apply_theme(themed, "dark")
    themed.processEvents()
    assert chart.plot.backgroundBrush().color().name() == theme.DARK.base


def test_the_legend_names_several_curves_above_the_plot(chart: CurveChart) -> None:
    assert chart.legend.names == ["one", "two"]
    assert chart.legend.geometry().bottom() < chart.plot.geometry().top()
    chart.show_curves([ONE])
    assert chart.legend.isHidden()
    long = [Curve(f"a rather long name of a model {i}", ONE.columns) for i in range(4)]
    chart.show_curves(long)
    places = chart.legend._places()
    assert len({place.top() for place in places}) > 1
    assert all(place.right() < chart.legend.width() for place in places)


def test_the_drawing_looks_like_the_picture(chart: CurveChart, tmp_path: Path) -> None:
    """Axes and curves keep their places."""
    chart.write(tmp_path / "chart.svg")
    drawn = QImage(chart.picture().size(), QImage.Format.Format_ARGB32)
    drawn.fill(0xFFFFFFFF)
    painter = QPainter(drawn)
    QSvgRenderer(str(tmp_path / "chart.svg")).render(painter)
    painter.end()
    assert np.abs(grey(drawn) - grey(chart.picture())).mean() < 0.5


def grey(image: QImage) -> np.ndarray:
    """(h, w), blurred to a quarter so that a hair's breadth does not count."""
    small = image.scaled(image.size() / 4, mode=Qt.TransformationMode.SmoothTransformation)
    small = small.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(small.constBits(), np.uint8).reshape(small.height(), -1)
    return rows[:, : small.width()].astype(float)
