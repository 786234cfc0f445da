"""What `opqn evaluate` prints and writes, in small: its keys, made-up figures."""

from typing import Any

PR_CSV = """method,model,threshold,precision,recall,far
fake,fake,7.0,1.000000,0.100000,0.000e+00
fake,fake,6.0,0.990000,0.500000,1.000e-04
fake,fake,4.0,0.800000,0.900000,2.000e-03
"""
RANK_CSV = """method,model,t,precision,recall
fake,fake,1,0.980000,0.200000
fake,fake,10,0.700000,0.900000
"""
MODEL_ID = "id of fake"


def row(label: str = "fake", model: str = "fake", kind: str = "opqn") -> dict[str, Any]:
    return {
        "label": label, "model": model, "kind": kind, "bits": 64, "bytes": 8, "rank1": 0.98,
        "map": 0.91, "p_at": {"1": 0.98, "5": 0.8, "10": 0.7, "50": None}, "pairs": 1000,
        "tar_at_far": {"0.01": 0.95, "0.001": 0.9, "0.0001": None}, "auc": 0.99, "eer": 0.02,
        "accuracy": None, "ms_per_query": 0.123,
        "operating_points": [
            {"wanted_precision": 0.9, "precision": 0.9, "threshold": 5.0, "recall": 0.7,
             "far": 1e-3},
            {"wanted_precision": 0.99, "precision": 0.99, "threshold": 6.0, "recall": 0.5,
             "far": 1e-4},
        ],
    }  # fmt: skip


def result(*rows: dict[str, Any]) -> dict[str, Any]:
    """The last line of the command."""
    return {
        "model": "fake",
        "queries": 20,
        "gallery": 20,
        "skipped": 2,
        "protocol": {"name": "leave-one-out"},
        "data": {"people": 5, "pictures": 20, "dropped_files": [["p1/x.png", "no face"]],
                 "left_out": []},
        "models": [{"name": "fake", "model_id": MODEL_ID, "n_books": 8}],
        "results": list(rows) or [row()],
        "notes": ["A note."],
    }  # fmt: skip


def progress(done: int, total: int, phase: str = "fake: reading and encoding") -> dict[str, Any]:
    told = {"event": "progress", "phase": phase, "done": done, "total": total, "eta_s": 65.0}
    return {**told, "share": 0.9 * done / total}


def plan(*more: dict[str, Any]) -> list[dict[str, Any]]:
    """Steps of a fake child that measures something."""
    return [
        {"do": "print", "value": progress(3, 20)},
        *more,
        {"do": "write", "name": "pr_by_threshold.csv", "value": PR_CSV},
        {"do": "write", "name": "pr_by_rank.csv", "value": RANK_CSV},
        {"do": "write", "name": "report.html", "value": "<p>report</p>"},
        {"do": "print", "value": result()},
    ]
