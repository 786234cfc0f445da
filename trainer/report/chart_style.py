"""How charts look: colours that colour-blind people tell apart, light and dark, labels on lines."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from opqn_app.core.extras import needed_for


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of one appearance."""

    name: str
    background: str
    text: str
    muted: str
    grid: str
    series: tuple[str, ...]


# Okabe and Ito's palette, without the yellow that vanishes on white; lightened for dark.
LIGHT = Theme(
    "light", "#ffffff", "#1c2128", "#5d6673", "#e3e6ea",
    ("#0072b2", "#d55e00", "#00855f", "#a64d84", "#7a5a00", "#3b8fc2", "#555555"),
)  # fmt: skip
DARK = Theme(
    "dark", "#14171c", "#e8eaed", "#a3abb6", "#2c323a",
    ("#56b4e9", "#ff8c42", "#2fd0a2", "#e29ac8", "#e6c34a", "#9cd2f5", "#b9b9b9"),
)  # fmt: skip


@contextmanager
def drawing(theme: Theme) -> Iterator[Any]:
    """matplotlib.pyplot set to `theme`, without a window; figures are closed at the end.

    Raises:
        ExtraMissing: matplotlib is not installed.
    """
    with needed_for("Drawing charts"):
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot
    settings: Any = {
        "figure.facecolor": theme.background,
        "axes.facecolor": theme.background,
        "savefig.facecolor": theme.background,
        "savefig.bbox": "tight",
        "savefig.pad_inches": 0.08,
        "text.color": theme.text,
        "axes.labelcolor": theme.muted,
        "axes.edgecolor": theme.grid,
        "xtick.color": theme.muted,
        "ytick.color": theme.muted,
        "grid.color": theme.grid,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 11,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.labelsize": 9,
        "xtick.labelsize": 8.5,
        "ytick.labelsize": 8.5,
        "font.family": "DejaVu Sans",
        "svg.fonttype": "path",  # looks the same without the font
        "svg.hashsalt": "opqn",  # the same chart gives the same file
        "figure.dpi": 110,
    }
    with matplotlib.rc_context(settings):
        try:
            yield pyplot
        finally:
            pyplot.close("all")


def label_lines(
    axes: Any, labels: Sequence[tuple[float, str, str, str]], *, x: float = 1.03
) -> None:
    """Names right of the axes beside a piece of their line, best first from the top down.

    Args:
        labels: (how good, text, colour, line style) of each line; lines that cross or meet at
            their ends could not be told apart by labels placed there.
        x: where they begin, in widths of the axes.
    """
    height = axes.get_window_extent().height / axes.figure.dpi * 72  # points
    step = 15.0 / height
    place = axes.transAxes
    for number, (_, text, colour, style) in enumerate(sorted(labels, key=lambda e: -e[0])):
        y = 0.97 - number * step
        ends = [x + 0.02] if style.isalpha() else [x, x + 0.04]  # a marker alone is drawn once
        axes.plot(
            ends, [y] * len(ends), style, color=colour, lw=2, ms=5, transform=place, clip_on=False
        )
        axes.text(x + 0.06, y, text, color=colour, fontsize=8.5, va="center", transform=place)
