"""One self-contained HTML page of an evaluation: no script, nothing loaded, light and dark.

The words and the layout are in `templates/`; here is what they are filled with.
"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opqn_app.core.extras import needed_for
from opqn_app.core.harmless import in_text
from trainer.evaluate.results import EvalReport, figures_of
from trainer.report.published import Comparison
from trainer.report.tables import figure_rows

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).with_name("templates")
MOST_LISTED = 500  # pictures that took no part


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


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table; `kind` is "model" or "control"."""

    kind: str
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts."""

    heads: list[str]
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class PublishedPart:
    """What the page says about published figures; `table` is None where there are none."""

    reason: str
    is_identical: bool
    table: Table | None
    metric: str
    source: str


def html_page(
    report: EvalReport,
    values: dict[str, Any],
    comparison: Comparison,
    charts: list[Picture],
    lists: list[Picture],
) -> str:
    """The page. `values` is the JSON result, from which the facts around the figures come.

    Raises:
        ExtraMissing: jinja2 is not installed.
    """
    heads, rows = figure_rows(report)
    kinds = ["model" if r.kind == "opqn" else "control" for r in report.results]
    return rendered(
        "report.html.jinja",
        names=", ".join(model.name for model in report.models),
        rule=report.query_split.rule[:1].upper() + report.query_split.rule[1:],
        data_set=values["data_set"],
        facts=_facts(report, values),
        figures=Table(heads, [Row(k, r) for k, r in zip(kinds, rows, strict=True)]),
        tie_spans=list(_tie_spans(report)),
        notes=values["notes"],
        published=_published(report, comparison),
        charts=charts,
        lists=lists,
        thresholds=_thresholds(report),
        models=report.models,
        seconds=f"{report.seconds:,.0f}",
        device=report.settings.device,
        seed=report.query_split.seed,
        left_out=values["data"]["dropped_files"] + values["data"]["left_out"],
        partly=list(values["data"]["read_in_part"].items()),
        most_listed=MOST_LISTED,
    )


def rendered(template: str, **values: Any) -> str:
    """A template filled in; texts are escaped.

    Raises:
        ExtraMissing: jinja2 is not installed.
        jinja2.UndefinedError: the template asks for a value that is not there.
    """
    return _environment().get_template(template).render(values)


def _environment() -> "Environment":
    with needed_for("The page report.html"):
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_harmless,
    )
    made.filters["data_uri"] = _data_uri
    return made


def _harmless(value: Any) -> Any:
    """What a template shows; signs that end a line or turn the reading round are spelt out."""
    return in_text(value) if type(value) is str else value  # Markup is a kind of str


def _data_uri(data: bytes, mime: str) -> str:
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


def _facts(report: EvalReport, values: dict[str, Any]) -> list[tuple[str, str]]:
    left_out = values["data"]["dropped"] + len(values["data"]["left_out"])
    return [
        ("people", f"{report.people:,}"),
        ("pairs" if report.query_split.pairs else "queries", f"{report.queries:,}"),
        ("searched", f"{report.gallery:,}"),
        ("lost pairs" if report.query_split.pairs else "without a match", f"{report.skipped:,}"),
        ("left out", f"{left_out:,}"),
    ]


def _tie_spans(report: EvalReport) -> Iterable[str]:
    for result in report.of_models():
        if result.ranking is not None and len(result.ranking.rows):
            worst, best = result.ranking.ap_span
            yield f"{result.label}: {worst:.4f} to {best:.4f}"


def _published(report: EvalReport, comparison: Comparison) -> PublishedPart:
    entry, is_identical = comparison.table, comparison.is_identical
    if entry is None:
        return PublishedPart(comparison.reason, is_identical, None, "", comparison.source)
    metric = "mAP" if entry["metric"] == "map" else f"P@{entry['t']}"
    rows = [
        Row("control", [name, *("–" if v is None else f"{v:.4f}" for v in found)])
        for name, found in entry["methods"].items()
    ]
    for result in report.of_models() if is_identical else ():
        found = figures_of(result, report.settings.cutoffs)
        ours = found["map"] if entry["metric"] == "map" else found["p_at"][str(entry["t"])]
        cells = [f"{ours:.4f}" if bits == result.bits else "" for bits in entry["bits"]]
        rows.insert(0, Row("model", [f"{result.label} (here)", *cells]))
    title = f"{entry['title']} (table {entry['table']})"
    table = Table([title, *(f"{bits} bits" for bits in entry["bits"])], rows)
    return PublishedPart(comparison.reason, is_identical, table, metric, comparison.source)


def _thresholds(report: EvalReport) -> Table:
    rows = [
        Row("control", [
            result.label, f"{100 * point['wanted_precision']:.4g} %",
            f"{point['threshold']:#.5g}", f"{100 * point['precision']:.2f} %",
            f"{100 * point['recall']:.2f} %", f"{point['far']:.2e}",
        ])
        for result in report.of_models()
        for point in figures_of(result, report.settings.cutoffs)["operating_points"]
    ]  # fmt: skip
    heads = ["", "wanted precision", "score from", "precision", "recall", "false accepts"]
    return Table(heads, rows)
