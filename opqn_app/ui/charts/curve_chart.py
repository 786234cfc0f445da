"""A chart of curves: zoom, a readout of the nearest point, keys, export. Loads pyqtgraph."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QPainter, QWheelEvent
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from opqn_app.ui.charts.chart_data import Axes, Curve, Doubles, curves_as_csv
from opqn_app.ui.charts.chart_legend import ChartLegend
from opqn_app.ui.kit import theme
from opqn_app.ui.kit.controls import text_label, tool_button
from opqn_app.ui.kit.menus import QuietMenu

NEAR_PX = 60  # a point farther from the mouse is not read out
PNG_SCALE = 2
PLOT_HEIGHT = 240
ROOM_PX = 110  # of a power of ten, for more than one mark in it
HINT = "Drag to zoom in, double-click for all of it."
COLOURS = {
    False: ("#1f62c9", "#b4500f", "#1b7f4d", "#8a3ea8", "#6a6a00", "#b3264a"),
    True: ("#7db0ff", "#ffab70", "#6fd6a0", "#d79bf0", "#d6d05a", "#ff8fa8"),
}
DASHES = (
    Qt.PenStyle.SolidLine,
    Qt.PenStyle.DashLine,
    Qt.PenStyle.DotLine,
    Qt.PenStyle.DashDotLine,
    Qt.PenStyle.DashDotDotLine,
)
EXPORTS = {
    "png": ("Picture (PNG)…", "Pictures (*.png)"),
    "svg": ("Drawing (SVG)…", "Drawings (*.svg)"),
    "csv": ("Numbers (CSV)…", "Tables (*.csv)"),
}

ChooseFile = Callable[[QWidget, str, str], Path | None]


def choose_file(parent: QWidget, name: str, kinds: str) -> Path | None:
    """Ask where to save; `name` is proposed."""
    chosen, _kind = QFileDialog.getSaveFileName(parent, "Save the chart", name, kinds)
    return Path(chosen) if chosen else None


class _Plot(pg.PlotWidget):  # type: ignore[misc]
    """Scrolls the page with the wheel and zooms with Ctrl and the wheel."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
        else:
            event.ignore()

    def sizeHint(self) -> QSize:
        return QSize(360, PLOT_HEIGHT)


class _PowersAxis(pg.AxisItem):  # type: ignore[misc]
    """A logarithmic axis marked 1, 2, 5, 10, 20, 50, … as plain numbers."""

    def tickValues(self, least: float, most: float, size: float) -> list[tuple[float, list[float]]]:
        powers = range(int(np.floor(least)), int(np.ceil(most)) + 1)
        steps = (1, 2, 5) if size / max(most - least, 1e-9) > ROOM_PX else (1,)
        ticks = [float(np.log10(step)) + power for power in powers for step in steps]
        return [(1.0, [tick for tick in ticks if least <= tick <= most])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [f"{round(10**value, 6):,g}" for value in values]


class CurveChart(QWidget):
    """Title, export menu, plot and the readout below it.

    Left and Right go from point to point, Up and Down from curve to curve, + - 0 zoom, Enter picks.

    Signals:
        point_picked: a click or Enter: number of the curve, row of the point.
        exported: the file (Path) that was written.
        export_failed: why not, as a plain sentence.
    """

    point_picked = Signal(int, int)
    exported = Signal(object)
    export_failed = Signal(str)

    def __init__(
        self,
        axes: Axes,
        *,
        choose_file: ChooseFile = choose_file,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.axes = axes
        self._choose_file = choose_file
        self._curves: tuple[Curve, ...] = ()
        self._items: list[pg.PlotDataItem] = []
        self._at: tuple[int, int] | None = None  # curve and row of the point read out
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(axes.title)
        self._build()
        self._style()
        self.reset_zoom()

    @property
    def readout(self) -> str:
        """What is said of the point that is read out."""
        return self._readout.text()

    @property
    def view_range(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """What is shown: ((x, x), (y, y)), x as its logarithm where the axis is logarithmic."""
        (left, right), (low, high) = self._box.viewRange()
        return (left, right), (low, high)

    def show_curves(self, curves: Sequence[Curve]) -> None:
        """Replace all curves; the zoom stays, and so does the point that is read out."""
        self._curves = tuple(curves)
        if len(self._items) != len(self._curves):
            for item in self._items:
                self.plot.removeItem(item)
            self._items = [self.plot.plot([], []) for _ in self._curves]
            self._style()
        for item, curve in zip(self._items, self._curves, strict=True):
            item.setData(*self._xy(curve))
        self._fill_legend()
        self._show_point(self._at if self._is_point(self._at) else None)

    def _fill_legend(self) -> None:
        pens = [item.opts["pen"] for item in self._items]
        names = [curve.name for curve in self._curves]
        self.legend.show_entries(list(zip(names, pens, strict=True)))

    def mark_x(self, x: float | None) -> None:
        """Draw a line at `x`, such as a chosen threshold; None removes it."""
        self._line.setVisible(x is not None)
        if x is not None:
            self._line.setValue(np.log10(x) if self.axes.is_log_x else x)

    def reset_zoom(self) -> None:
        """Show everything."""
        axes = self.axes
        self._box.enableAutoRange()
        if axes.x_range is not None:
            self._box.setXRange(*axes.x_range, padding=0.035)  # room for the last number
        if axes.y_range is not None:
            self._box.setYRange(*axes.y_range, padding=0.03)

    def zoom(self, factor: float) -> None:
        """Show 1/`factor` of what is shown, around its middle."""
        self._box.scaleBy((1 / factor, 1 / factor))

    # Export

    def export(self, kind: str) -> None:
        """Ask for a file and write the chart as "png", "svg" or "csv"."""
        name = self.axes.title.lower().replace(" ", "-")
        path = self._choose_file(self, f"{name}.{kind}", EXPORTS[kind][1])
        if path is None:
            return
        if path.suffix.lower() != f".{kind}":
            path = path.with_name(f"{path.name}.{kind}")
        try:
            self.write(path)
        except OSError as error:
            reason = error.strerror or str(error)
            self.export_failed.emit(f"The chart can't be saved as {path}: {reason}.")
        else:
            self.exported.emit(path)

    def write(self, path: Path) -> None:
        """Write the chart in the format of the suffix.

        Raises:
            OSError: the file can't be written.
        """
        if path.suffix.lower() == ".csv":
            path.write_text(curves_as_csv(self._curves), encoding="utf-8", newline="")
            return
        path.touch()  # Qt only warns of a place that can't be written
        if path.suffix.lower() == ".svg":
            self._write_svg(path)
        elif not self.picture().save(str(path)):
            raise OSError(None, "the picture could not be written")

    def picture(self) -> QImage:
        """Legend and plot, twice as large as on the screen."""
        image = QImage(self._size() * PNG_SCALE, QImage.Format.Format_ARGB32)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(PNG_SCALE, PNG_SCALE)
        self._paint(painter)
        painter.end()
        return image

    def _write_svg(self, path: Path) -> None:
        generator = QSvgGenerator()
        generator.setFileName(str(path))
        # At any other resolution Qt scales the axes (recorded pictures) but not the curves.
        generator.setResolution(self.plot.logicalDpiX())
        generator.setSize(self._size())
        generator.setViewBox(QRect(QPoint(), self._size()))
        generator.setTitle(self.axes.title)
        painter = QPainter(generator)
        self._paint(painter)
        painter.end()

    def _size(self) -> QSize:
        top = 0 if self.legend.isHidden() else self.legend.height()
        return QSize(self.plot.width(), self.plot.height() + top)

    def _paint(self, painter: QPainter) -> None:
        """Legend and plot below each other, as on the screen, but without the page."""
        size = self._size()
        painter.fillRect(QRect(QPoint(), size), QColor(theme.colours().base))
        self.legend.paint(painter)
        place = QRectF(0, size.height() - self.plot.height(), size.width(), self.plot.height())
        self.plot.render(painter, place, self.plot.viewport().rect())

    def copy_numbers(self) -> None:
        """Put the numbers of all points on the clipboard."""
        QApplication.clipboard().setText(curves_as_csv(self._curves))

    # Building and looks

    def _build(self) -> None:
        axes = self.axes
        bottom = {"bottom": _PowersAxis("bottom")} if axes.is_log_x else None
        self.plot = _Plot(axisItems=bottom)
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.setMinimumHeight(PLOT_HEIGHT)
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.plot.setAntialiasing(True)
        self.plot.setLogMode(x=axes.is_log_x, y=False)
        self._box = self.plot.getPlotItem().getViewBox()
        self._box.setMouseMode(pg.ViewBox.RectMode)
        self.legend = ChartLegend()
        self._line = pg.InfiniteLine(angle=90, movable=False)
        self._line.hide()
        self.plot.addItem(self._line, ignoreBounds=True)
        self._dot = pg.ScatterPlotItem(size=10)
        self._dot.setZValue(10)
        self.plot.addItem(self._dot, ignoreBounds=True)
        scene = self.plot.scene()
        scene.sigMouseMoved.connect(self._on_mouse)
        scene.sigMouseClicked.connect(self._on_click)
        self._readout = text_label(HINT, is_quiet=True, wraps=True)
        self._readout.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._readout.setMinimumHeight(2 * self.fontMetrics().lineSpacing())
        self._readout.setAlignment(Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(self._build_head())
        column.addWidget(self.legend)
        column.addWidget(self.plot, 1)
        column.addWidget(self._readout)

    def _build_head(self) -> QHBoxLayout:
        title = self.axes.title
        self.export_button = tool_button(
            "more", f"Export: {title}", tip="Save or copy this chart", words="Export"
        )
        menu = QuietMenu(self.export_button)
        for kind, (words, _filter) in EXPORTS.items():
            menu.addAction(words, partial(self.export, kind))
        menu.addSeparator()
        menu.addAction("Copy the numbers", self.copy_numbers)
        self.export_button.setMenu(menu)
        self.export_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        row = QHBoxLayout()
        row.addWidget(text_label(title, style="heading"), 1)
        row.addWidget(self.export_button)
        return row

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_readout"):
            self._style()

    def _style(self) -> None:
        shown = theme.colours()
        self.plot.setBackground(shown.base)
        labels = {"bottom": self.axes.x_label, "left": self.axes.y_label}
        for side, words in labels.items():
            axis = self.plot.getAxis(side)
            axis.enableAutoSIPrefix(False)
            axis.setPen(shown.line)
            axis.setTextPen(shown.quiet)
            axis.setLabel(words, color=shown.quiet)
        self.plot.showGrid(x=True, y=True, alpha=0.15)
        colours = COLOURS[shown is theme.DARK]
        for number, item in enumerate(self._items):
            style = DASHES[number % len(DASHES)]
            item.setPen(pg.mkPen(colours[number % len(colours)], width=2, style=style))
        if len(self._items) == len(self._curves):
            self._fill_legend()
        self._line.setPen(pg.mkPen(shown.quiet, width=1, style=Qt.PenStyle.DashLine))
        self._dot.setPen(pg.mkPen(shown.base, width=1.5))
        self._dot.setBrush(pg.mkBrush(shown.text))

    # Pointing

    def _xy(self, curve: Curve) -> tuple[Doubles, Doubles]:
        return curve.columns[self.axes.x], curve.columns[self.axes.y]

    def _is_point(self, at: tuple[int, int] | None) -> bool:
        return at is not None and at[0] < len(self._curves) and at[1] < len(self._curves[at[0]])

    def nearest(self, place: QPointF) -> tuple[int, int] | None:
        """The point nearest to a place of the plot widget, in pixels; None if none is near."""
        best, found = float(NEAR_PX), None
        for number, curve in enumerate(self._curves):
            if not len(curve):
                continue
            x, y = self._in_pixels(curve)
            distance = np.hypot(x - place.x(), y - place.y())
            if np.isnan(distance).all():
                continue
            row = int(np.nanargmin(distance))
            if distance[row] < best:
                best, found = float(distance[row]), (number, row)
        return found

    def _in_pixels(self, curve: Curve) -> tuple[Doubles, Doubles]:
        x, y = self._xy(curve)
        shown_x = np.log10(x) if self.axes.is_log_x else x
        (left, right), (low, high) = self.view_range
        area = self._box.sceneBoundingRect()
        px = area.left() + (shown_x - left) / (right - left or 1.0) * area.width()
        py = area.bottom() - (y - low) / (high - low or 1.0) * area.height()
        return px, py

    def _on_mouse(self, place: QPointF) -> None:
        if self._box.sceneBoundingRect().contains(place):
            self._show_point(self.nearest(place) or self._at)

    def _on_click(self, event: object) -> None:
        assert hasattr(event, "scenePos")
        assert hasattr(event, "double")
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if event.double():
            self.reset_zoom()
            return
        found = self.nearest(event.scenePos())
        if found is not None:
            self._show_point(found)
            self.point_picked.emit(*found)

    def _show_point(self, at: tuple[int, int] | None) -> None:
        self._at = at
        if at is None:
            self._dot.setData([], [])
            self._readout.setText(HINT)
            return
        curve = self._curves[at[0]]
        x, y = (values[at[1]] for values in self._xy(curve))
        self._dot.setData([np.log10(x) if self.axes.is_log_x else x], [y])
        words = self.axes.point_in_words(curve, at[1], is_named=len(self._curves) > 1)
        self._readout.setText(words)
        self.setAccessibleDescription(words)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        steps = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1),
                 Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}  # fmt: skip
        zooms = {Qt.Key.Key_Plus: 1.25, Qt.Key.Key_Equal: 1.25, Qt.Key.Key_Minus: 0.8}
        if key in steps:
            self._step(*steps[Qt.Key(key)])
        elif key in zooms:
            self.zoom(zooms[Qt.Key(key)])
        elif key == Qt.Key.Key_0:
            self.reset_zoom()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._at is not None:
            self.point_picked.emit(*self._at)
        else:
            super().keyPressEvent(event)

    def _step(self, curves: int, points: int) -> None:
        if not any(len(curve) for curve in self._curves):
            return
        number, row = self._at or (0, -1 if points > 0 else 0)
        number = (number + curves) % len(self._curves)
        rows = len(self._curves[number])
        if rows:
            self._show_point((number, min(max(row + points, 0), rows - 1)))
