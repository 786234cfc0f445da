"""The charts of an evaluation; each function draws one and returns its figure."""

from collections.abc import Callable
from typing import Any

import numpy as np

from trainer.evaluate.results import EvalReport, MethodResult
from trainer.evaluate.subspace_maps import SubSpaceMap
from trainer.report.chart_style import Theme, label_lines
from trainer.report.tables import histogram_density

SHOWN_T = 100  # of the P@T chart
DASHES = (0, (4, 3))
Draw = Callable[[Any, Theme, EvalReport], Any]


def precision_recall(plt: Any, theme: Theme, report: EvalReport) -> Any:
    """Left: means over queries at rank cut-offs, as in the paper. Right: all pairs by threshold."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.1), width_ratios=(1, 1))
    figure.subplots_adjust(left=0.06, right=0.83, wspace=0.16, bottom=0.14, top=0.87)
    labels, ceiling = [], None
    for colour, style, result in _styled(theme, report):
        if result.ranking is not None and len(result.ranking.rows):
            left.plot(result.ranking.recall, result.ranking.precision, style, color=colour, lw=1.8)
            ceiling = result.ranking.ceiling
        curve = result.pairs.curve()
        right.plot(curve.recall, curve.precision, style, color=colour, lw=1.8)
        labels.append((_area(curve.recall, curve.precision), _name(report, result), colour, style))
    if ceiling is not None:
        left.plot(ceiling[1], ceiling[0], color=theme.muted, lw=1.2, ls=DASHES, zorder=1)
        labels.append((2.0, "a perfect ranking", theme.muted, "--"))
    left.set_title("By number of hits")
    left.set_xlabel("recall: share of the person's pictures found, mean over queries")
    left.set_ylabel("precision: share of right hits")
    right.set_title("By score threshold, all pairs together")
    right.set_xlabel("recall: share of same-person pairs accepted")
    for axes in (left, right):
        axes.set_xlim(0, 1.005)
        axes.set_ylim(0, 1.02)
    label_lines(right, labels)
    return figure


def precision_at_t(plt: Any, theme: Theme, report: EvalReport) -> Any:
    """P@T against T, with what a perfect ranking would reach."""
    figure, axes = plt.subplots(figsize=(8.2, 4.1))
    figure.subplots_adjust(left=0.085, right=0.74, bottom=0.14, top=0.87)
    labels = []
    ceiling: Any = None
    for colour, style, result in _styled(theme, report):
        ranking = result.ranking
        if ranking is None or not len(ranking.rows):
            continue
        shown = ranking.cutoffs <= min(SHOWN_T, ranking.gallery)
        axes.plot(ranking.cutoffs[shown], ranking.precision[shown], style, color=colour, lw=1.8)
        quality = float(ranking.precision[shown].mean())
        labels.append((quality, _name(report, result), colour, style))
        ceiling = ranking.cutoffs[shown], ranking.ceiling[0][shown]
    if ceiling is not None:
        axes.plot(*ceiling, color=theme.muted, lw=1.2, ls=DASHES, zorder=1)
        labels.append((2.0, "a perfect ranking", theme.muted, "--"))
    axes.set_title("P@T: share of right hits among the best T")
    axes.set_xlabel("T (people with few pictures set the dashed limit)")
    axes.set_xscale("log")
    ticks = [t for t in (1, 2, 5, 10, 20, 50, 100) if ceiling is None or t <= ceiling[0][-1]]
    axes.set_xticks(ticks, [str(t) for t in ticks])
    axes.minorticks_off()
    axes.set_ylim(0, 1.02)
    label_lines(axes, labels)
    return figure


def map_by_bits(plt: Any, theme: Theme, report: EvalReport) -> Any:
    """mAP against code length; float features are a level to reach."""
    figure, axes = plt.subplots(figsize=(8.2, 4.1))
    figure.subplots_adjust(left=0.085, right=0.74, bottom=0.14, top=0.87)
    kinds = (("opqn", "OPQN", "o", 0), ("opq", "faiss OPQ", "s", 1), ("pq", "faiss PQ", "D", 2))
    labels: list[tuple[float, str, str, str]] = []
    values: list[float] = []
    for kind, name, marker, number in kinds:
        points = _points(report, kind)
        if not points:
            continue
        x, y, _ = zip(*points, strict=True)
        colour = theme.series[number]
        # A line joins lengths, not rivals of one length.
        line = "-" if len(set(x)) == len(x) > 1 else ""
        axes.plot(x, y, line, marker=marker, color=colour, lw=1.4, ms=7, clip_on=False)  # 1.0 whole
        labels.append((max(y), name, colour, f"{marker}{line}"))
        values += y
        for bits, value, model in points if kind == "opqn" else ():
            axes.annotate(model, (bits, value), textcoords="offset points", xytext=(9, -3),
                          fontsize=8, color=colour)  # fmt: skip
    for _, value, model in _points(report, "float"):
        axes.axhline(value, color=theme.muted, lw=1.2, ls=DASHES)
        labels.append((value, f"floats of {model}, {value:.3f}", theme.muted, "--"))
        values.append(value)
    axes.set_title("mAP against code length")
    axes.set_xlabel("bits of a stored face")
    _log_bits(axes, sorted({r.bits for r in report.results if r.kind != "float"}))
    margin = 0.12 * (max(values) - min(values)) + 0.01
    axes.set_ylim(max(0.0, min(values) - margin), min(1.0, max(values) + margin))
    label_lines(axes, labels)
    return figure


def _points(report: EvalReport, kind: str) -> list[tuple[int, float, str]]:
    """(bits, mAP, model) of the results of a kind, fewest bits first."""
    return sorted(
        (r.bits, r.ranking.mean_ap, r.model)
        for r in report.results
        if r.kind == kind and r.ranking is not None and r.ranking.mean_ap is not None
    )


def score_histograms(plt: Any, theme: Theme, report: EvalReport) -> Any:
    """Scores of same-person and other pairs, one panel a method, with the 99 % threshold."""
    results = list(report.results)
    figure, panels = _grid(plt, len(results), width=3.6, height=2.5)
    same_colour, other_colour = theme.series[0], theme.series[1]
    for axes, result in zip(panels, results, strict=False):
        pairs = result.pairs
        every = pairs.same + pairs.other
        used = np.flatnonzero(every)
        low, high = (int(used[0]), int(used[-1]) + 1) if len(used) else (0, 1)
        parts = min(70, high - low)
        edges = pairs.low + pairs.step * np.linspace(low, high, parts + 1)
        for counts, colour in ((pairs.other, other_colour), (pairs.same, same_colour)):
            density = np.append(histogram_density(counts[low:high], parts), 0.0)
            axes.fill_between(edges, density, step="post", color=colour, alpha=0.35, lw=0)
            axes.step(edges, density, where="post", color=colour, lw=1.3)
        axes.set_ylim(0, axes.get_ylim()[1] * 1.22)
        point = pairs.operating_point(0.99)
        if point is not None:
            axes.axvline(point.threshold, color=theme.text, lw=1.0, ls=(0, (2, 2)))
            place = axes.get_xaxis_transform()
            axes.text(point.threshold, 0.97, " 99 % right", fontsize=7.5, va="top", transform=place)
        axes.set_title(_name(report, result), fontsize=9.5)
        axes.set_yticks([])
        axes.locator_params(axis="x", nbins=6)
        place = axes.transAxes
        axes.text(
            0.02, 0.97, "two people", color=other_colour, fontsize=8, va="top", transform=place
        )
        axes.text(
            0.02, 0.88, "one person", color=same_colour, fontsize=8, va="top", transform=place
        )
    figure.supxlabel("score (each kind of pair scaled to the same area)", fontsize=9,
                     color=theme.muted)  # fmt: skip
    return figure


def codeword_angles(plt: Any, theme: Theme, report: EvalReport) -> Any:
    """Angles between the words of a book, one panel a method, as in the paper's Fig. 1."""
    results = [r for r in report.results if r.angles is not None]
    figure, panels = _grid(plt, len(results), width=3.6, height=2.4)
    for axes, result in zip(panels, results, strict=False):
        assert result.angles is not None
        share = result.angles / max(int(result.angles.sum()), 1)
        low, high = _angles_to_show([r.angles for r in results])
        axes.bar(np.arange(181), share, width=1.0, color=theme.series[0])
        axes.set_xlim(low, high)
        axes.set_title(_name(report, result), fontsize=9.5)
        at = int(np.argmax(share))
        axes.text(0.97, 0.95, f"{100 * share[at]:.3g} %\nat {at}°", fontsize=8, va="top",
                  ha="right", transform=axes.transAxes)  # fmt: skip
        axes.set_ylim(0, share.max() * 1.12)
        axes.yaxis.set_major_formatter(lambda v, _: f"{100 * v:.3g} %")
        axes.xaxis.set_major_formatter(lambda v, _: f"{v:.0f}°")
    figure.supxlabel("angle between two words of one book", fontsize=9, color=theme.muted)
    return figure


def sub_space_maps(plt: Any, theme: Theme, report: EvalReport) -> Any:
    """t-SNE of one sub-space before and after soft quantisation, one row a model."""
    figure, grid = plt.subplots(
        len(report.maps), 2, figsize=(9.4, 4.3 * len(report.maps)), squeeze=False
    )
    figure.subplots_adjust(left=0.02, right=0.98, wspace=0.05, bottom=0.02, top=0.92, hspace=0.2)
    for row, drawn in zip(grid, report.maps, strict=True):
        name = f"{drawn.model}, sub-space {drawn.book}"
        _map(row[0], theme, drawn, drawn.before, f"{name}\nsub-vectors $x_m$")
        _map(row[1], theme, drawn, drawn.after, "softly quantised $s_m$")
    return figure


def _map(axes: Any, theme: Theme, drawn: SubSpaceMap, points: Any, title: str) -> None:
    markers = "osD^vP"
    for number, person in enumerate(np.unique(drawn.people)):
        mine = points[drawn.people == person]
        colour = theme.series[number % len(theme.series)]
        axes.scatter(mine[:, 0], mine[:, 1], s=22, color=colour, lw=0,
                     marker=markers[number % len(markers)], alpha=0.85)  # fmt: skip
        # Above the half that lies together: an outlier would draw the name away.
        off = np.linalg.norm(mine - np.median(mine, axis=0), axis=1)
        close = mine[off <= np.median(off)]
        top = np.median(close[:, 0]), close[:, 1].max()
        box = {"facecolor": theme.background, "alpha": 0.75, "lw": 0, "pad": 1.2}
        axes.annotate(str(person), top, textcoords="offset points", xytext=(0, 5), fontsize=8,
                      ha="center", va="bottom", color=theme.text, bbox=box)  # fmt: skip
    axes.set_title(title, fontsize=10)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.margins(0.08)


def charts_of(report: EvalReport) -> dict[str, tuple[Draw, str]]:
    """File name → how to draw it and what it shows, for the charts this report has data for."""
    found: dict[str, tuple[Draw, str]] = {
        "precision_recall": (precision_recall, "Precision and recall, by number of hits (each "
                             "query counts alike) and by score threshold (each pair does)."),
    }  # fmt: skip
    if any(r.ranking is not None and len(r.ranking.rows) for r in report.results):
        found["precision_at_t"] = (precision_at_t, "Share of right hits among the best T. Nobody "
                                   "can pass the dashed line: most people have fewer than T "
                                   "pictures to find.")  # fmt: skip
        found["map_by_bits"] = (map_by_bits, "Mean average precision against the bits a stored "
                                "face takes.")  # fmt: skip
    found["scores"] = (score_histograms, "How far the scores of one person's pairs lie from those "
                       "of two people. Right of the dotted line 99 % of the accepted pairs are "
                       "of one person, at this set's mix of pairs.")  # fmt: skip
    if any(r.angles is not None for r in report.results):
        found["codeword_angles"] = (codeword_angles, "Angles between the codewords of a book. "
                                    "OPQN's are orthogonal by construction.")  # fmt: skip
    if report.maps:
        found["sub_space"] = (sub_space_maps, "One sub-space drawn by t-SNE: the people with the "
                              "most pictures, each with a colour and a mark.")  # fmt: skip
    return found


def _area(recall: Any, precision: Any) -> float:
    """Below the curve: what the names are ordered by."""
    return float(np.trapezoid(precision, recall)) if len(recall) else 0.0


def _styled(theme: Theme, report: EvalReport) -> list[tuple[str, str, MethodResult]]:
    """A colour for each model; its controls share it with other dashes when there are several."""
    if len(report.models) == 1:
        colours = theme.series
        return [(colours[i % len(colours)], "-", r) for i, r in enumerate(report.results)]
    dashes = {"opqn": "-", "float": ":", "pq": "-.", "opq": "--"}
    names = [m.name for m in report.models]
    return [
        (theme.series[names.index(r.model) % len(theme.series)], dashes[r.kind], r)
        for r in report.results
    ]


def _name(report: EvalReport, result: MethodResult) -> str:
    if result.kind == "opqn" or len(report.models) == 1:
        return result.label
    return f"{result.label} ({result.model})"


def _grid(plt: Any, n: int, *, width: float, height: float) -> tuple[Any, list[Any]]:
    """`n` panels in rows of at most three; the ones left over are hidden."""
    columns = 2 if n == 4 else min(max(n, 1), 3)
    rows = -(-max(n, 1) // columns)
    size = (width * columns + 0.4, height * rows + 0.5)
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.08)
    panels = list(axes.flat)
    for empty in panels[n:]:
        empty.set_visible(False)
    return figure, panels


def _angles_to_show(counts: list[Any]) -> tuple[int, int]:
    """The range of angles that occur in any panel, at least 60° to 120°."""
    used = np.flatnonzero(sum(counts))
    return min(60, int(used[0]) - 3), max(120, int(used[-1]) + 3)


def _log_bits(axes: Any, bits: list[int]) -> None:
    axes.set_xscale("log", base=2)
    axes.set_xticks(bits, [str(b) for b in bits])
    axes.minorticks_off()
    if bits:
        axes.set_xlim(bits[0] / 1.3, bits[-1] * 1.3)
