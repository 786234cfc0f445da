"""The page of a comparison: one HTML file with table and charts, and the charts as PNG."""

import io
from pathlib import Path
from typing import Any

from opqn_app.core.errors import DataError, ExtraMissing
from trainer.compare import table
from trainer.compare.compare import Compared, Row
from trainer.compare.plan import SPLITS
from trainer.report.chart_style import DARK, LIGHT, Theme, drawing, label_lines
from trainer.report.page import Picture, Table, rendered
from trainer.report.page import Row as PageRow

PNG_DPI = 160
MARKERS = "osD^vP*Xh"
CHARTS = {
    "map_by_bits": (
        "Accuracy against size",
        "Mean mAP over the seeds against the bits of a stored picture; bars are the standard "
        "deviation. Left: queries of people who were trained on. Right: of people who were not.",
    ),
    "precision_recall": (
        "Precision and recall",
        "Means over queries at numbers of hits, of the longest codes and the first seed.",
    ),
}


def write_page(folder: Path, compared: Compared, facts: dict[str, str], notes: list[str]) -> str:
    """Write `methods.html`, `methods.md` and charts; returns what could not be written, or "".

    Raises:
        DataError: the folder can't be written.
    """
    try:
        (folder / "methods.md").write_text(table.markdown(compared), encoding="utf-8")
        try:
            charts = [_chart(folder, name, compared) for name in CHARTS]
            page = _page(compared, facts, notes, charts)
        except ExtraMissing as reason:
            return str(reason)
        (folder / "methods.html").write_text(page, encoding="utf-8")
    except OSError as error:
        raise DataError(folder, f"the page can't be written there ({error})") from error
    return ""


def _page(
    compared: Compared, facts: dict[str, str], notes: list[str], charts: list[Picture]
) -> str:
    rows = [
        PageRow("model" if line[-1] != table.MISSING else "control", line)
        for line in table.cells(compared)
    ]
    tried = [
        [title, *(f"{rate:g}: {value:.3f}" for rate, value in compared.rates[kind].items())]
        for kind, title in {row.kind: row.title for row in compared.rows}.items()
        if kind in compared.rates
    ]
    widest = max(len(line) for line in tried)
    return rendered(
        "methods.html.jinja",
        facts=facts,
        figures=Table(table.heads(compared), rows),
        orders={table.HEADS[split]: table.order(compared, split) for split in SPLITS},
        charts=charts,
        rates=Table(
            ["method", *("rate: validation mAP",) * (widest - 1)],
            [PageRow("control", line + [""] * (widest - len(line))) for line in tried],
        ),
        notes=notes,
    )


def _chart(folder: Path, name: str, compared: Compared) -> Picture:
    draw = {"map_by_bits": _map_by_bits, "precision_recall": _precision_recall}[name]
    title, caption = CHARTS[name]

    def made(theme: Theme, kind: str) -> bytes:
        buffer = io.BytesIO()
        with drawing(theme) as plt:
            extra: dict[str, Any] = (
                {"metadata": {"Date": None}} if kind == "svg" else {"dpi": PNG_DPI}
            )
            draw(plt, theme, compared).savefig(buffer, format=kind, **extra)
        return buffer.getvalue()

    (folder / f"{name}.png").write_bytes(made(LIGHT, "png"))
    return Picture(title, caption, "image/svg+xml", made(LIGHT, "svg"), made(DARK, "svg"))


def _map_by_bits(plt: Any, theme: Theme, compared: Compared) -> Any:
    figure, panels, labels = _panels(plt)
    for number, (_, rows) in enumerate(_by_kind(compared).items()):
        colour, marker = _style(theme, number)
        line = _line(theme, number, rows[0])
        for axes, split in zip(panels, SPLITS, strict=True):
            shown = [row for row in rows if row.split == split]
            means, spreads = zip(*(row.spread("map") for row in shown), strict=True)
            axes.errorbar([row.bits for row in shown], means, spreads, marker=marker, ls=line,
                          color=colour, lw=1.4, ms=5, capsize=2)  # fmt: skip
        mean = sum(row.spread("map")[0] for row in rows) / len(rows)
        labels.append((mean, rows[0].title, colour, f"{marker}{line}"))
    bits = sorted({row.bits for row in compared.rows})
    for axes, split in zip(panels, SPLITS, strict=True):
        axes.set_title(f"mAP, {table.HEADS[split]}")
        axes.set_xlabel("bits of a stored picture")
        axes.set_xticks(bits, [str(each) for each in bits])
        axes.set_ylim(None, 1.01)
    label_lines(panels[1], labels)
    return figure


def _precision_recall(plt: Any, theme: Theme, compared: Compared) -> Any:
    figure, panels, labels = _panels(plt)
    longest = max(row.bits for row in compared.rows)
    for number, (_, rows) in enumerate(_by_kind(compared).items()):
        colour, _ = _style(theme, number)
        line = _line(theme, number, rows[0])
        for axes, split in zip(panels, SPLITS, strict=True):
            for row in rows:
                if row.split == split and row.bits == longest:
                    curve = row.figures[0]
                    axes.plot(curve.recall, curve.precision, line, color=colour, lw=1.5)
        mean = sum(row.spread("map")[0] for row in rows) / len(rows)
        labels.append((mean, rows[0].title, colour, line))
    for axes, split in zip(panels, SPLITS, strict=True):
        axes.set_title(f"{longest} bits, {table.HEADS[split]}")
        axes.set_xlabel("recall: share of the person's pictures found")
        axes.set_xlim(0, 1.005)
        axes.set_ylim(0, 1.02)
    panels[0].set_ylabel("precision: share of right hits")
    label_lines(panels[1], labels)
    return figure


def _panels(plt: Any) -> tuple[Any, Any, list[tuple[float, str, str, str]]]:
    figure, panels = plt.subplots(1, 2, figsize=(11, 4.3), sharey=True)
    figure.subplots_adjust(left=0.06, right=0.78, wspace=0.08, bottom=0.14, top=0.9)
    return figure, panels, []


def _by_kind(compared: Compared) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in compared.rows:
        found.setdefault(row.kind, []).append(row)
    return found


def _style(theme: Theme, number: int) -> tuple[str, str]:
    return theme.series[number % len(theme.series)], MARKERS[number % len(MARKERS)]


def _line(theme: Theme, number: int, row: Row) -> str:
    """Whole lines for methods, dots for those whose colour comes again, dashes for controls."""
    if not row.seconds:
        return "--"
    return "-" if number < len(theme.series) else ":"
