"""A run's folder: written in one step, read back, listed."""

from pathlib import Path

import pytest

from opqn_app.core.errors import DataError, ModelIncompatible
from tests.tiny_training import tiny_config
from trainer.engine.environment import git_commit
from trainer.engine.run_table import differences, table_of_results
from trainer.engine.runs import RunDir, RunPlaceTaken, check_is_free, find_runs
from trainer.engine.state import load_state, save_state


def test_a_run_gives_its_config_back(tmp_path: Path) -> None:
    config = tiny_config(engine={"ema": 0.5})
    run = RunDir.create(tmp_path / "a/b", config)
    assert RunDir.open(run.path).config() == config
    with pytest.raises(RunPlaceTaken, match="already"):
        RunDir.create(run.path, config)
    with pytest.raises(DataError, match="no run"):
        RunDir.open(tmp_path)


def test_metrics_after_a_crash_are_cut_to_the_checkpoint(tmp_path: Path) -> None:
    run = RunDir.create(tmp_path / "r", tiny_config())
    for epoch in range(1, 5):
        run.add_metrics({"epoch": epoch, "seconds": 1.0})
    with (run.path / "metrics.jsonl").open("a") as file:
        file.write('{"epoch": 5, "sec')
    assert [m["epoch"] for m in run.metrics()] == [1, 2, 3, 4]
    run.keep_metrics_before(3)
    assert [m["epoch"] for m in run.metrics()] == [1, 2]


def test_only_runs_are_found(tmp_path: Path) -> None:
    run = RunDir.create(tmp_path / "x/run", tiny_config())
    (tmp_path / "model").mkdir()
    (tmp_path / "model/config.json").write_text('{"format": "opqn-model"}')
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/config.json").write_text("{")
    assert find_runs(tmp_path) == [run]
    assert find_runs(run.path) == [run]


def test_differences_name_the_settings_that_are_not_shared(tmp_path: Path) -> None:
    runs = [
        RunDir.create(tmp_path / str(i), tiny_config(engine={"seed": i}, method={"margin": 0.3}))
        for i in range(2)
    ]
    assert differences(runs) == {"engine.seed": [0, 1]}


def test_seeds_are_averaged_with_their_spread() -> None:
    rows = [
        {"run": f"r/a-s{seed}", "variant": "OPQN", "codebooks": "dct", "bits": 16,
         "val_map": None, "best_epoch": 3, "test": {"map": value, "rank1": 1.0, "p_at": 0.5}}
        for seed, value in enumerate((0.4, 0.5, 0.6))
    ]  # fmt: skip
    table = table_of_results(rows).splitlines()
    assert len(table) == 2
    assert "0.5000 ± 0.1000" in table[1]


def test_the_commit_of_the_program_is_known() -> None:
    assert len(git_commit().rstrip("+")) in (0, 40)


def test_a_state_that_is_none_is_refused(tmp_path: Path) -> None:
    save_state(tmp_path / "good.pt", {"epoch": 3})
    assert load_state(tmp_path / "good.pt")["epoch"] == 3
    (tmp_path / "bad.pt").write_bytes((tmp_path / "good.pt").read_bytes()[:50])
    for name in ("bad.pt", "missing.pt"):
        with pytest.raises(ModelIncompatible, match="can't be read"):
            load_state(tmp_path / name)


def test_what_a_system_leaves_behind_takes_no_place(tmp_path: Path) -> None:
    (tmp_path / ".DS_Store").touch()
    check_is_free(tmp_path)
    (tmp_path / "mine.txt").touch()
    with pytest.raises(RunPlaceTaken, match="for the run: it holds other files"):
        check_is_free(tmp_path)
