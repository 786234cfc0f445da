"""Published figures stand beside ours only under the same protocol."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trainer.evaluate.protocols import Roles
from trainer.evaluate.results import EvalReport, EvalSettings
from trainer.report.published import FILE, benchmarks, compare

REPORT = EvalReport(
    settings=EvalSettings(("m",), cutoffs=(1, 5)),
    roles=Roles("single", np.arange(1), np.arange(1), "by folder"),
    models=(), results=(), dropped=(), people=500, pictures=60000, queries=5000, gallery=55000,
    skipped=0, maps=(), notes=(), seconds=1.0,
)  # fmt: skip


def test_every_table_is_whole_and_a_fraction() -> None:
    tables = json.loads(FILE.read_text(encoding="utf-8"))["tables"]
    assert len(tables) == len(benchmarks()) == 5
    for entry in tables:
        assert len(entry["methods"]) == 8
        for found in entry["methods"].values():
            assert len(found) == len(entry["bits"]) == 4
            assert all(v is None or 0 < v < 1 for v in found)


@pytest.mark.parametrize(
    ("benchmark", "method", "bits", "value"),
    [("facescrub", "OPQN", 16, 0.9032), ("cfw60k", "OPQN-l2q", 48, 0.8780),
     ("vggface2", "DCDH", 36, 0.9095), ("vggface2-cross", "OPQN", 64, 0.6632),
     ("cfw60k-cross", "DPQ", 24, 0.1492)],
)  # fmt: skip
def test_figures_are_those_of_the_paper(
    benchmark: str, method: str, bits: int, value: float
) -> None:
    entry = compare(REPORT, benchmark).table
    assert entry is not None
    assert entry["methods"][method][entry["bits"].index(bits)] == value


def test_the_official_split_with_the_same_counts_is_comparable() -> None:
    found = compare(REPORT, "cfw60k")
    assert found.is_identical
    assert found.to_dict()["table"]["methods"]["OPQN"][0] == 0.8547


@pytest.mark.parametrize(
    "changes",
    [{"queries": 4999}, {"gallery": 54999}, {"people": 499},
     {"roles": replace(REPORT.roles, protocol="leave-one-out")},
     {"roles": replace(REPORT.roles, seed=0)}],
)  # fmt: skip
def test_any_difference_forbids_it(changes: dict[str, Any]) -> None:
    found = compare(replace(REPORT, **changes), "cfw60k")
    assert not found.is_identical
    assert "table" not in found.to_dict()


def test_unpublished_splits_are_never_comparable() -> None:
    report = replace(REPORT, people=530, queries=2650, gallery=104213)
    found = compare(report, "facescrub")
    assert not found.is_identical
    assert "never published" in found.reason


def test_cross_domain_needs_its_t() -> None:
    roles = replace(REPORT.roles, protocol="cross")
    assert compare(replace(REPORT, roles=roles), "cfw60k-cross").is_identical
    settings = EvalSettings(("m",), cutoffs=(1, 10))
    found = compare(replace(REPORT, roles=roles, settings=settings), "cfw60k-cross")
    assert "--at 5" in found.reason


def test_the_data_file_is_shipped() -> None:
    text = (Path(FILE).parents[2] / "setup.py").read_text(encoding="utf-8")
    assert '"trainer.report": ["*.json"]' in text
