"""Everything an evaluation leaves in its folder: JSON, CSV, charts, ranked lists and the page."""

import io
import json
from pathlib import Path
from typing import Any

from PIL import Image

from opqn_app.core.errors import DataError, ExtraMissing
from trainer.data.pictures import PictureSource
from trainer.evaluate.results import EvalReport
from trainer.report.chart_style import DARK, LIGHT, Theme, drawing
from trainer.report.charts import Draw, charts_of
from trainer.report.page import Picture, html_page
from trainer.report.published import Comparison
from trainer.report.ranked_sheets import sheets
from trainer.report.tables import write_csv_files

TITLES = {
    "precision_recall": "Precision and recall",
    "precision_at_t": "The best T hits",
    "map_by_bits": "Accuracy against size",
    "scores": "Scores",
    "codeword_angles": "Codewords",
    "sub_space": "A sub-space",
}
PNG_DPI = 160


def write_all(
    folder: Path,
    report: EvalReport,
    values: dict[str, Any],
    source: PictureSource,
    comparison: Comparison,
    *,
    pictures: bool,
) -> list[str]:
    """Write the report into `folder`, made if missing; what was there of an older one goes.

    Args:
        values: the JSON result.
        pictures: also show faces, as ranked lists.

    Returns:
        Sentences about what could not be written.

    Raises:
        DataError: the folder can't be written.
    """
    try:
        (folder / "charts").mkdir(parents=True, exist_ok=True)
        write_csv_files(folder, report, source.files, source.people)
        charts, notes = _charts(folder / "charts", report)
        lists = _lists(folder / "charts", report, source) if pictures else []
        values = values | {"notes": values["notes"] + notes}
        try:
            page = html_page(report, values, comparison, charts, lists)
        except ExtraMissing as reason:
            notes.append(str(reason))
            values["notes"].append(str(reason))
            (folder / "report.html").unlink(missing_ok=True)
        else:
            _write(folder / "report.html", page)
        _write(folder / "report.json", json.dumps(values, indent=1) + "\n")
    except OSError as error:
        raise DataError(folder, f"the report can't be written there ({error})") from error
    return notes


def _charts(folder: Path, report: EvalReport) -> tuple[list[Picture], list[str]]:
    found = []
    for name, (draw, caption) in charts_of(report).items():
        try:
            light, dark = (_svg(draw, theme, report) for theme in (LIGHT, DARK))
            (folder / f"{name}.svg").write_bytes(light)
            (folder / f"{name}.png").write_bytes(_rendered(draw, LIGHT, report, "png"))
        except ExtraMissing as reason:
            return [], [str(reason)]
        found.append(Picture(TITLES[name], caption, "image/svg+xml", light, dark))
    return found, []


def _lists(folder: Path, report: EvalReport, source: PictureSource) -> list[Picture]:
    found = []
    for number, (label, (light, dark)) in enumerate(sheets(report, source).items()):
        light.save(folder / f"ranked_lists_{number + 1}.png")
        caption = (
            f"{label}: left the query, right its best hits and their scores. A tick is the same "
            "person, a cross is not. The upper half was drawn at random, the lower half are the "
            "queries that went worst."
        )
        found.append(Picture(label, caption, "image/webp", _webp(light), _webp(dark)))
    return found


def _svg(draw: Draw, theme: Theme, report: EvalReport) -> bytes:
    return _rendered(draw, theme, report, "svg")


def _rendered(draw: Draw, theme: Theme, report: EvalReport, kind: str) -> bytes:
    buffer = io.BytesIO()
    with drawing(theme) as plt:
        figure = draw(plt, theme, report)
        extra = {"metadata": {"Date": None}} if kind == "svg" else {"dpi": PNG_DPI}
        figure.savefig(buffer, format=kind, **extra)
    return buffer.getvalue()


def _webp(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "webp", quality=86)
    return buffer.getvalue()


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
