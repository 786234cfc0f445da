"""What an evaluation measured, as the page shows it: read from the child's result and its CSVs."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from opqn_app.core.progress import counted
from opqn_app.ui.charts.chart_data import Axes, Curve

PRECISION_RECALL_AXES = Axes(
    title="Precision and recall",
    x="recall",
    y="precision",
    x_label="recall: share of the same-person pairs that are found",
    y_label="precision",
    x_range=(0.0, 1.0),
    y_range=(0.0, 1.0),
    shares=("precision", "recall"),
)
PRECISION_AT_T_AXES = Axes(
    title="Precision among the best hits",
    x="T",
    y="precision",
    x_label="T: number of best hits",
    y_label="precision at T",
    y_range=(0.0, 1.0),
    is_log_x=True,
    shares=("precision", "recall"),
)
P_AT = (1, 5, 10, 50)


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What a threshold accepts; shares from 0 to 1.

    Attributes:
        threshold: least raw score.
        precision: share of the accepted pairs that show one person.
        recall: share of the same-person pairs that are accepted.
        far: share of the pairs of two people that are accepted.
    """

    threshold: float
    precision: float
    recall: float
    far: float


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """One row: a model, or a control.

    Attributes:
        label: for legends and the table.
        model_id: of the model; "" for a control.
        n_books: M; 0 for a control.
        points: wanted precision → its operating point.
        by_threshold: threshold, precision and recall; None without pairs.
        by_rank: T, precision and recall; None if nothing was ranked.
    """

    label: str
    model_id: str
    n_books: int
    points: dict[float, OperatingPoint]
    by_threshold: Curve | None
    by_rank: Curve | None
    figures: dict[str, Any]

    def point_at(self, row: int) -> OperatingPoint:
        """The operating point at a row of `by_threshold`."""
        assert self.by_threshold is not None
        names = ("threshold", "precision", "recall", "false alarms")
        values = (float(self.by_threshold.columns[name][row]) for name in names)
        return OperatingPoint(*values)


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Attributes:
    methods: models in the order they were named, each followed by its controls.
    summary: who asked whom, in one sentence.
    notes: what was left out or could not be done, in sentences.
    folder: where the full report lies.
    """

    methods: tuple[Method, ...]
    summary: str
    notes: tuple[str, ...]
    folder: Path

    @property
    def report(self) -> Path:
        return self.folder / "report.html"

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Heads and cells of the figures that were measured: a row a figure, a column a method.

        A row a method would be wider than the window, with its last figures out of sight.
        """
        heads = ["Figure", *(method.label for method in self.methods)]
        rows = [[name, *(read(m.figures) for m in self.methods)] for name, read in _FIGURES]
        return heads, [[cell or "–" for cell in row] for row in rows if any(row[1:])]


def read_evaluation(result: dict[str, Any], folder: Path) -> Evaluation:
    """Put the child's result and the curves it wrote together; runs in a lane.

    Raises:
        KeyError, TypeError, ValueError: it is not such a result.
    """
    by_threshold = _curves(folder / "pr_by_threshold.csv", {"far": "false alarms"})
    by_rank = _curves(folder / "pr_by_rank.csv", {"t": "T"})
    models = {model["name"]: model for model in result["models"]}
    several = len(models) > 1
    methods = []
    for row in result["results"]:
        is_model = row["kind"] == "opqn"
        key = (row["label"], row["model"])
        label = row["label"] if is_model or not several else f"{row['label']} ({row['model']})"
        found = models.get(row["model"], {}) if is_model else {}
        methods.append(
            Method(
                label=label,
                model_id=str(found.get("model_id", "")),
                n_books=int(found.get("n_books", 0)),
                points={float(p["wanted_precision"]): _point(p) for p in row["operating_points"]},
                by_threshold=_named(by_threshold.get(key), label),
                by_rank=_named(by_rank.get(key), label),
                figures=row,
            )
        )
    return Evaluation(tuple(methods), _summary(result), tuple(_notes(result)), folder)


def _point(values: dict[str, Any]) -> OperatingPoint:
    names = ("threshold", "precision", "recall", "far")
    return OperatingPoint(*(float(values[name]) for name in names))


def _curves(path: Path, renamed: dict[str, str]) -> dict[tuple[str, str], dict[str, list[float]]]:
    """(method, model) → column → values; empty if the file is not there."""
    found: dict[tuple[str, str], dict[str, list[float]]] = {}
    if not path.is_file():
        return found
    with path.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            columns = found.setdefault((line.pop("method"), line.pop("model")), {})
            for name, text in line.items():
                columns.setdefault(renamed.get(name, name), []).append(float(text))
    return found


def _named(columns: dict[str, list[float]] | None, name: str) -> Curve | None:
    if columns is None:
        return None
    return Curve(name, {key: np.array(values) for key, values in columns.items()})


def _summary(result: dict[str, Any]) -> str:
    data = result["data"]
    return (
        f"{counted(int(data['pictures']), 'picture')} of "
        f"{counted(int(data['people']), 'person').replace('persons', 'people')}; "
        f"{int(result['queries']):,} asked, {int(result['gallery']):,} were searched"
    )


def _notes(result: dict[str, Any]) -> list[str]:
    notes = []
    skipped, data = int(result["skipped"]), result["data"]
    if skipped and result["protocol"]["name"] == "pairs":
        notes.append(f"{counted(skipped, 'pair')} lost a picture and did not count.")
    elif skipped:
        them = "nobody to find: they do" if skipped > 1 else "nobody to find: it does"
        notes.append(f"{counted(skipped, 'picture')} had {them} not count.")
    dropped = [*data["dropped_files"], *data.get("left_out", [])]
    partly = list(data.get("read_in_part", {}).items())
    for words, files in (("Left out", dropped), ("Read only in part", partly)):
        if files:
            file, reason = files[0]
            more = f" and {len(files) - 1:,} more" if len(files) > 1 else ""
            notes.append(f"{words}: {file}{more} ({reason}). The full report lists them.")
    return [*notes, *map(str, result["notes"])]


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _figures() -> list[tuple[str, Any]]:
    """Name of a figure and how to read it; "" where it was not measured."""
    p_at = [(f"P@{t}", lambda f, t=t: _share(f["p_at"].get(str(t)))) for t in P_AT[1:]]
    tar = [
        (f"TAR@FAR {far}", lambda f, far=far: _share(f["tar_at_far"].get(far)))
        for far in ("0.01", "0.001", "0.0001")
    ]
    return [
        ("Bytes a face", lambda f: f"{f['bytes']:,}"),
        ("Rank-1", lambda f: _share(f["rank1"])),
        ("mAP", lambda f: _share(f["map"])),
        *p_at,
        *tar,
        ("EER", lambda f: _share(f["eer"])),
        ("AUC", lambda f: _share(f["auc"])),
        ("Accuracy", lambda f: _share(f["accuracy"][0]) if f["accuracy"] else ""),
        ("ms a query", lambda f: f"{f['ms_per_query']:.3g}"),
    ]


_FIGURES = _figures()
