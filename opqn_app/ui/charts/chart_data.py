"""What a chart shows: named curves of named columns, and the same as a CSV file."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One line of a chart.

    Attributes:
        name: for the legend.
        columns: name → (n,) values, all of one length; the chart says which are x and y, and
            shows all of them for the point under the mouse.
    """

    name: str
    columns: dict[str, Doubles]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))


@dataclass(frozen=True, slots=True)
class Axes:
    """How curves are drawn.

    Attributes:
        title: above the chart.
        x, y: columns, and their labels.
        x_label, y_label: with units.
        x_range, y_range: what is shown at first; None fits the data.
        is_log_x: powers of ten at equal distances.
        shares: columns shown as percent.
    """

    title: str
    x: str
    y: str
    x_label: str
    y_label: str
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    is_log_x: bool = False
    shares: tuple[str, ...] = ()

    def point_in_words(self, curve: Curve, row: int, *, is_named: bool) -> str:
        """ "bundled-64 · threshold 0.4312 · precision 99.0 % · recall 87.1 %"."""
        parts = [curve.name] if is_named else []
        for name, values in curve.columns.items():
            value = float(values[row])
            if np.isnan(value):
                continue
            shown = f"{100 * value:.1f} %" if name in self.shares else f"{value:.5g}"
            parts.append(f"{name} {shown}")
        return " · ".join(parts)


def curves_as_csv(curves: Sequence[Curve]) -> str:
    """One line a point, the curve's name first."""
    names = list(dict.fromkeys(name for curve in curves for name in curve.columns))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["curve", *names])
    for curve in curves:
        for row in range(len(curve)):
            values = [curve.columns[n][row] if n in curve.columns else np.nan for n in names]
            writer.writerow([curve.name, *("" if np.isnan(v) else f"{v:.6g}" for v in values)])
    return text.getvalue()
