"""What `opqn evaluate --protocol grouping` prints."""

from trainer.data.picture_files import partly_in_words
from trainer.evaluate.group_figures import SHOWN
from trainer.evaluate.grouping import GroupingReport, GroupingResult
from trainer.report.tables import in_columns

HEADS = [
    *("", "B³ F", "precision", "recall", "pair prec.", "pair rec."),
    *("groups", "wrong", "wrong faces", "clicks", "CPU s"),
]


def group_table(report: GroupingReport) -> str:
    """One line for each way of grouping, and what the table does not say."""
    lines = [
        in_columns([HEADS, *(_cells(result) for result in report.results)]),
        f"Faces: {report.faces:,}. People: {report.people:,}. Groups are those of {SHOWN} faces or "
        "more; wrong ones hold two people. Clicks are those of a user who names everybody with "
        f"{SHOWN} photos or more.",
    ]
    if report.dropped:
        lines.append(f"{len(report.dropped):,} pictures took no part (--json lists them).")
    lines += partly_in_words(report.partly, "; --json lists all")
    return "\n".join([*lines, *report.notes])


def _cells(result: GroupingResult) -> list[str]:
    f = result.figures
    shares = (f.bcubed_f, f.bcubed_precision, f.bcubed_recall, f.pair_precision, f.pair_recall)
    return [
        result.label,
        *(f"{share:.4f}" for share in shares),
        f"{f.groups:,}",
        f"{f.wrong_groups:.1%}",
        f"{f.wrong_faces:,}",
        f"{f.clicks:,}",
        f"{result.cpu_s:.1f}",
    ]
