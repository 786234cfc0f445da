"""Whether pictures without a label help: a tiny comparison from the command to its table."""

from pathlib import Path

import pytest

from tests.tiny_training import TINY, draw_people, write_people
from trainer.engine.runs import RunDir
from trainer.recipes import few_labels

pytestmark = pytest.mark.slow


def test_rates_are_chosen_by_validation_and_a_row_is_the_test_figures_of_its_seeds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = write_people(tmp_path / "people", draw_people(6, 8))
    method = TINY["method"]
    sets = [f"--set=method.{key}={method[key]}" for key in method]
    sets += ["--set=data.queries_per_person=1", "--set=engine.batch_size=12"]
    words = [str(people), "--out", str(tmp_path / "runs"), "--labels", "2", "--epochs", "2"]
    words += ["--seeds", "2", "--rates", "1e-3", "1e-2", "--weights", "0", "0.1", *sets]
    assert few_labels.main(words) == 0
    out = capsys.readouterr().out
    rows = [line.strip("| ").split(" | ") for line in out.splitlines() if line.startswith("|")]
    assert [row[0] for row in rows[2:]] == [
        "labelled part alone",
        "GPQ, weight of the entropy 0.1",
    ]
    for row, weight in zip(rows[2:], ("0", "0.1"), strict=True):
        validated = {
            rate: [
                max(line["validation"]["map"] for line in run.metrics() if line["validation"])
                for run in runs
            ]
            for rate in ("0.001", "0.01")
            for runs in [[run_of(tmp_path, weight, rate, seed) for seed in (1, 2)]]
        }
        best = max(validated, key=lambda rate: sum(validated[rate]))
        assert row[1] == best
        test = [run_of(tmp_path, weight, best, s).read("result.json")["test"] for s in (1, 2)]
        assert row[3].startswith(f"{sum(t['map'] for t in test) / 2:.3f} ±")
        splits = [run_of(tmp_path, weight, best, s).read("split.json")["train"] for s in (1, 2)]
        assert splits[0] != splits[1]
        assert len(splits[0]) == 12
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").glob("*/last.pt")}
    assert len(times) == 8
    assert few_labels.main(words) == 0
    assert capsys.readouterr().out == out
    assert {path: path.stat().st_mtime_ns for path in times} == times


def run_of(folder: Path, weight: str, rate: str, seed: int) -> RunDir:
    return RunDir.open(folder / "runs" / f"weight{weight}-rate{rate}-s{seed}")
