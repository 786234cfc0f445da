"""The published figures, and whether they may stand beside ours: only under the same protocol."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from opqn_app.core.errors import SettingsError
from trainer.evaluate.results import EvalReport

FILE = Path(__file__).with_name("published.json")
TIE_SPAN = 5e-5  # ties that move a figure by less do not show in its four digits


@dataclass(frozen=True, slots=True)
class Comparison:
    """Published figures of a benchmark.

    Attributes:
        table: the entry of published.json; None without a benchmark.
        is_identical: whether they may stand beside ours.
        reason: why (not), in a sentence.
        source: where they are from.
    """

    table: dict[str, Any] | None
    is_identical: bool
    reason: str
    source: str

    def to_dict(self) -> dict[str, Any]:
        """For the JSON result; figures only where they may stand beside ours."""
        values: dict[str, Any] = {"is_comparable": self.is_identical, "reason": self.reason}
        if self.table and self.is_identical:
            values |= {"table": self.table, "source": self.source}
        return values


@cache
def _published() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def benchmarks() -> list[str]:
    """Names of the benchmarks with published figures."""
    return [entry["benchmark"] for entry in _published()["tables"]]


def compare(report: EvalReport, benchmark: str | None) -> Comparison:
    """What the paper says about `benchmark`, and whether `report` was measured the same way.

    Raises:
        SettingsError: the paper has no such benchmark.
    """
    source = _published()["source"]
    if benchmark is None:
        reason = (
            "The paper's figures are left out: these pictures are not declared to be one of its "
            "benchmarks (--benchmark), so its protocol does not apply."
        )
        return Comparison(None, False, reason, source)
    entry = entry_of(benchmark)
    faults = differences(report, entry)
    if faults:
        reason = "Not comparable with the published figures: " + "; ".join(faults) + "."
    else:
        reason = (
            "Same people, queries, gallery and split as published; that the model was trained on "
            "what the paper trained on is for you to know."
        )
    return Comparison(entry, not faults, reason, source)


def entry_of(benchmark: str) -> dict[str, Any]:
    """The entry of published.json for `benchmark`.

    Raises:
        SettingsError: the paper has no such benchmark.
    """
    for entry in _published()["tables"]:
        if entry["benchmark"] == benchmark:
            found: dict[str, Any] = entry
            return found
    names = ", ".join(benchmarks())
    raise SettingsError(
        "--benchmark", f"the paper has no figures for '{benchmark}'; it has {names}"
    )


def differences(report: EvalReport, entry: dict[str, Any]) -> list[str]:
    """What sets the protocol of `report` apart from the published one; empty if nothing does."""
    protocol, found = entry["protocol"], []
    wanted = "cross" if entry["benchmark"].endswith("-cross") else "single"
    if report.query_split.protocol != wanted:
        found.append(f"published is '{wanted}', here is '{report.query_split.protocol}'")
    if not protocol["official_split"]:
        found.append("the list of its queries was never published, so no split can be the same")
    elif report.query_split.seed is not None:
        found.append("the official split was not used, queries were drawn here")
    counts = {"people": "people", "queries": "queries", "gallery": "searched pictures"}
    found += [
        f"{protocol[name]:,} {words} there, {getattr(report, name):,} here"
        for name, words in counts.items()
        if protocol[name] is not None and protocol[name] != getattr(report, name)
    ]
    if entry["metric"] == "p_at" and entry["t"] not in report.settings.cutoffs:
        found.append(f"published is P@{entry['t']}, which was not measured (--at {entry['t']})")
    spans = [r.ranking.ap_span for r in report.of_models() if r.ranking and len(r.ranking.rows)]
    if any(best - worst > TIE_SPAN for worst, best in spans):
        found.append("ties move the figure here, and how the paper ordered them is not defined")
    return found
