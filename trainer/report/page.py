"""One self-contained HTML page of an evaluation: no script, nothing loaded, light and dark."""

import base64
from dataclasses import dataclass
from html import escape
from typing import Any

from trainer.evaluate.results import EvalReport, figures_of
from trainer.report.published import Comparison
from trainer.report.tables import figure_rows

STYLE = """
:root { color-scheme: light dark; --bg: #ffffff; --text: #1c2128; --muted: #5d6673;
  --line: #d9dde2; --soft: #f4f6f8; --accent: #0072b2; }
@media (prefers-color-scheme: dark) { :root { --bg: #14171c; --text: #e8eaed; --muted: #a3abb6;
  --line: #2c323a; --soft: #1c2128; --accent: #56b4e9; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 68rem; background: var(--bg);
  color: var(--text); font: 16px/1.55 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .4rem; }
h2 { font-size: 1.2rem; margin: 2.6rem 0 .6rem; }
p { max-width: 46rem; margin: .5rem 0; }
.lead, figcaption, .note { color: var(--muted); }
.facts { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.4rem 0 .5rem; padding: 0; }
.facts div { background: var(--soft); border-radius: .5rem; padding: .6rem 1rem;
  min-width: 7.5rem; }
.facts dt { color: var(--muted); font-size: .82rem; }
.facts dd { margin: 0; font-size: 1.35rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .92rem; }
th, td { padding: .38rem .7rem; text-align: right; border-bottom: 1px solid var(--line); }
td { white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th { color: var(--muted); font-weight: 500; max-width: 6rem; vertical-align: bottom; }
th:first-child { max-width: none; white-space: nowrap; }
tr.model td { font-weight: 600; }
tr.control td:first-child { padding-left: 1.2rem; }
figure { margin: 1.4rem 0 2rem; }
figure img { max-width: 100%; height: auto; display: block; }
figcaption { font-size: .92rem; max-width: 46rem; margin-top: .3rem; }
details { margin: .8rem 0; } summary { cursor: pointer; color: var(--accent); }
ul { padding-left: 1.2rem; }
code { font-size: .9em; }
@media print { body { max-width: none; } figure { break-inside: avoid; } }
"""


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart or a sheet in both appearances, encoded.

    Attributes:
        mime: "image/svg+xml" or "image/webp".
    """

    title: str
    caption: str
    mime: str
    light: bytes
    dark: bytes


def html_page(
    report: EvalReport,
    values: dict[str, Any],
    comparison: Comparison,
    charts: list[Picture],
    lists: list[Picture],
) -> str:
    """The page. `values` is the JSON result, from which the facts around the figures come."""
    names = ", ".join(model.name for model in report.models)
    parts = [
        f"<h1>Evaluation of {escape(names)}</h1>",
        f'<p class="lead">{escape(_capital(report.roles.rule))}. '
        f"Data: <code>{escape(str(values['data_set']))}</code>.</p>",
        _facts(report, values),
        "<h2>Figures</h2>",
        _figures(report),
        _reading(report, values["notes"]),
        "<h2>Beside the published figures</h2>",
        _published(report, comparison),
        *(f"<h2>{escape(p.title)}</h2>{_figure(p)}" for p in charts),
    ]
    if lists:
        parts.append("<h2>Rankings to look at</h2>")
        parts += [_figure(p) for p in lists]
    parts += ["<h2>Thresholds</h2>", _thresholds(report)]
    parts += ["<h2>How this was measured</h2>", _measured(report, values)]
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Evaluation of {escape(names)}</title><style>{STYLE}</style></head>\n"
        f"<body>\n{body}\n</body></html>\n"
    )


def _facts(report: EvalReport, values: dict[str, Any]) -> str:
    shown = [
        ("people", f"{report.people:,}"),
        ("pairs" if report.roles.pairs else "queries", f"{report.queries:,}"),
        ("searched", f"{report.gallery:,}"),
        ("without a match" if not report.roles.pairs else "lost pairs", f"{report.skipped:,}"),
        ("left out", f"{values['data']['dropped'] + len(values['data']['left_out']):,}"),
    ]
    cells = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in shown)
    return f'<dl class="facts">{cells}</dl>'


def _figures(report: EvalReport) -> str:
    heads, rows = figure_rows(report)
    kinds = ["model" if r.kind == "opqn" else "control" for r in report.results]
    return _table(heads, rows, kinds)


def _reading(report: EvalReport, notes: list[str]) -> str:
    lines = [
        "Means are over the queries that have a match; the others are counted above and left out. "
        "Equal scores count as in random order (the expected value), so the order of the files "
        "changes nothing.",
    ]
    spans = [
        f"{r.label}: {r.ranking.ap_span[0]:.4f} to {r.ranking.ap_span[1]:.4f}"
        for r in report.of_models()
        if r.ranking is not None and len(r.ranking.rows)
    ]
    if spans:
        lines.append(f"mAP if every tie fell badly, and well: {'; '.join(spans)}.")
    lines += notes
    return "".join(f'<p class="note">{escape(line)}</p>' for line in lines)


def _published(report: EvalReport, comparison: Comparison) -> str:
    reason = f"<p>{escape(comparison.reason)}</p>"
    entry = comparison.table
    if entry is None:
        return reason
    metric = "mAP" if entry["metric"] == "map" else f"P@{entry['t']}"
    source = f'<p class="note">{escape(metric)}. {escape(comparison.source)}.</p>'
    rows = [
        [name, *("–" if v is None else f"{v:.4f}" for v in found)]
        for name, found in entry["methods"].items()
    ]
    kinds = ["control"] * len(rows)
    if comparison.is_identical:
        for result in report.of_models():
            found = figures_of(result, report.settings.cutoffs)
            ours = found["map"] if entry["metric"] == "map" else found["p_at"][str(entry["t"])]
            cells = [f"{ours:.4f}" if b == result.bits else "" for b in entry["bits"]]
            rows.insert(0, [f"{result.label} (here)", *cells])
            kinds.insert(0, "model")
    heads = [f"{entry['title']} (table {entry['table']})", *(f"{b} bits" for b in entry["bits"])]
    table = _table(heads, rows, kinds)
    if comparison.is_identical:
        return reason + table + source
    return (
        f"{reason}<details><summary>What was published, under its own protocol</summary>"
        f"{table}{source}</details>"
    )


def _thresholds(report: EvalReport) -> str:
    heads = ["", "wanted precision", "score from", "precision", "recall", "false accepts"]
    rows, kinds = [], []
    for result in report.of_models():
        for point in figures_of(result, report.settings.cutoffs)["operating_points"]:
            rows.append([
                result.label, f"{100 * point['wanted_precision']:.4g} %",
                f"{point['threshold']:#.5g}", f"{100 * point['precision']:.2f} %",
                f"{100 * point['recall']:.2f} %", f"{point['far']:.2e}",
            ])  # fmt: skip
            kinds.append("control")
    text = (
        "The least score from which on the accepted pairs are that pure, all pairs of the set "
        "together. Precision depends on how many pairs of one person there are among all pairs: "
        "in a library with other proportions the same threshold gives another precision."
    )
    if not rows:
        return "<p>No threshold reaches 90 % precision.</p>"
    return f'<p class="note">{text}</p>' + _table(heads, rows, kinds)


def _measured(report: EvalReport, values: dict[str, Any]) -> str:
    lines = [
        f"{escape(m.name)}: {m.n_books} codebooks of {m.n_words} words, {m.bits} bits, "
        f"{m.feature_dim} features, {m.ms_per_picture:.1f} ms a picture, id "
        f"<code>{escape(m.model_id)}</code>"
        for m in report.models
    ]
    lines.append(
        "Codes, tables and scores are those of the app: one float table a query, codes in the "
        "gallery, sums exact to the bit."
    )
    lines.append(f"{report.seconds:,.0f} s on {escape(report.settings.device)}.")
    if report.roles.seed is not None:
        lines.append(f"Queries drawn with seed {report.roles.seed}.")
    listed = "".join(f"<li>{line}</li>" for line in lines)
    left_out = values["data"]["dropped_files"] + values["data"]["left_out"]
    if not left_out:
        return f"<ul>{listed}</ul>"
    items = "".join(f"<li>{escape(f)}: {escape(r)}</li>" for f, r in left_out[:500])
    more = (
        f"<p>… and {len(left_out) - 500:,} more in report.json.</p>" if len(left_out) > 500 else ""
    )
    summary = f"<summary>Pictures that took no part ({len(left_out):,})</summary>"
    return f"<ul>{listed}</ul><details>{summary}<ul>{items}</ul>{more}</details>"


def _figure(picture: Picture) -> str:
    light, dark = (
        f"data:{picture.mime};base64,{base64.b64encode(data).decode()}"
        for data in (picture.light, picture.dark)
    )
    return (
        f'<figure><picture><source media="(prefers-color-scheme: dark)" srcset="{dark}">'
        f'<img src="{light}" alt="{escape(picture.title)}. {escape(picture.caption)}"></picture>'
        f"<figcaption>{escape(picture.caption)}</figcaption></figure>"
    )


def _table(heads: list[str], rows: list[list[str]], kinds: list[str]) -> str:
    head = "".join(f'<th scope="col">{escape(h)}</th>' for h in heads)
    body = "".join(
        f'<tr class="{kind}">' + "".join(f"<td>{escape(c.strip())}</td>" for c in row) + "</tr>"
        for kind, row in zip(kinds, rows, strict=True)
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="wide">{table}</div>'


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
