"""The figures as text for the terminal and as CSV files."""

import csv
from pathlib import Path
from typing import Any

import numpy as np

from opqn_app.core.types import Floats
from trainer.evaluate.results import EvalReport, MethodResult, figures_of


def table_of_figures(report: EvalReport) -> str:
    """One line for each model and control, the columns that were measured."""
    heads, rows = figure_rows(report)
    return in_columns([heads, *rows])


def in_columns(lines: list[list[str]]) -> str:
    """A table whose first column starts, and whose others end, below each other."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    shown = [
        "  ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]
    return "\n".join(line.rstrip() for line in shown)


def figure_rows(report: EvalReport) -> tuple[list[str], list[list[str]]]:
    """Column heads and cells, also for the HTML report."""
    cutoffs = report.settings.cutoffs
    found = [figures_of(result, cutoffs) for result in report.results]
    columns: list[tuple[str, list[float | None]]] = []
    if any(f["map"] is not None for f in found):
        columns.append(("rank-1", [f["rank1"] for f in found]))
        columns.append(("mAP", [f["map"] for f in found]))
        columns += [(f"P@{t}", [f["p_at"].get(str(t)) for f in found]) for t in cutoffs if t > 1]
    if any(f["accuracy"] for f in found):
        columns.append(("accuracy", [f["accuracy"][0] if f["accuracy"] else None for f in found]))
        columns.append(("± sd", [f["accuracy"][1] if f["accuracy"] else None for f in found]))
    for far in found[0]["tar_at_far"] if found else ():
        columns.append((f"TAR@FAR {far}", [f["tar_at_far"][far] for f in found]))
    heads = ["", "bytes", *(head for head, _ in columns)]
    rows = [
        [_label(report, result), f"{result.bytes:,}", *(_cell(values[i]) for _, values in columns)]
        for i, result in enumerate(report.results)
    ]
    return heads, rows


def write_csv_files(folder: Path, report: EvalReport, files: Any, people: Any) -> None:
    """figures.csv, pr_by_rank.csv, pr_by_threshold.csv and queries.csv."""
    cutoffs = report.settings.cutoffs
    rows = []
    for result in report.results:
        values = figures_of(result, cutoffs)
        row = {"method": result.label, "model": result.model, "bits": result.bits,
               "bytes": result.bytes, "rank1": values["rank1"], "map": values["map"]}  # fmt: skip
        row |= {f"p_at_{t}": v for t, v in values["p_at"].items()}
        row |= {f"tar_at_far_{far}": v for far, v in values["tar_at_far"].items()}
        accuracy = values["accuracy"] or [None, None]
        row |= {"auc": values["auc"], "eer": values["eer"], "accuracy": accuracy[0]}
        rows.append(row)
    _write(folder / "figures.csv", rows)
    _write(folder / "pr_by_rank.csv", [r for m in report.results for r in _by_rank(m)])
    _write(folder / "pr_by_threshold.csv", [r for m in report.results for r in _by_threshold(m)])
    _write(
        folder / "queries.csv", [r for m in report.of_models() for r in _queries(m, files, people)]
    )


def _by_rank(result: MethodResult) -> list[dict[str, Any]]:
    if result.ranking is None:
        return []
    r = result.ranking
    return [
        {"method": result.label, "model": result.model, "t": int(t), "precision": f"{p:.6f}",
         "recall": f"{c:.6f}"}
        for t, p, c in zip(r.cutoffs, r.precision, r.recall, strict=True)
    ]  # fmt: skip


def _by_threshold(result: MethodResult) -> list[dict[str, Any]]:
    curve = result.pairs.curve()
    return [
        {"method": result.label, "model": result.model, "threshold": f"{t:.6g}",
         "precision": f"{p:.6f}", "recall": f"{r:.6f}", "far": f"{f:.3e}"}
        for t, p, r, f in zip(curve.threshold, curve.precision, curve.recall, curve.far,
                              strict=True)
    ]  # fmt: skip


def _queries(result: MethodResult, files: Any, people: Any) -> list[dict[str, Any]]:
    """Each query that has a match: how well it was answered."""
    if result.ranking is None:
        return []
    ranking = result.ranking
    rows = result.query_rows[ranking.rows]
    return [
        {"model": result.model, "file": files[row], "person": people[row], "ap": f"{ap:.6f}",
         "first_is_right": f"{first:.3g}"}
        for row, ap, first in zip(rows, ranking.ap, ranking.first, strict=True)
    ]  # fmt: skip


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _label(report: EvalReport, result: MethodResult) -> str:
    """Controls are indented under their model."""
    return result.label if result.kind == "opqn" else f"  {result.label}"


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def histogram_density(counts: Any, parts: int) -> Floats:
    """(bins,) counts pooled into `parts` equal parts and scaled to sum 1."""
    pooled = np.add.reduceat(counts, np.linspace(0, len(counts), parts, endpoint=False, dtype=int))
    return (pooled / max(int(pooled.sum()), 1)).astype(np.float32)
