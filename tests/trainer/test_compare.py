"""A comparison of methods on a small set: rates, runs, controls, page, and going on."""

import json
from pathlib import Path

import numpy as np
import pytest

from opqn_app.core.errors import SettingsError
from tests.tiny_training import TINY, draw_people, write_people
from trainer.compare import table
from trainer.compare.compare import Compared, Row, compare
from trainer.compare.measured import Figures
from trainer.compare.page import write_page
from trainer.compare.plan import Comparison, checked_methods
from trainer.engine.runs import RunDir
from trainer.methods import METHODS
from trainer.presets import merge, preset

GIVEN = merge(
    {"method": {key: TINY["method"][key] for key in ("backbone", "input_size", "stored_size")}},
    {"data": {"queries_per_person": 1, "val_per_person": 1, "unseen_share": 0.2}},
    {"engine": {"batch_size": 16, "eval_every": 1, "device": "cpu"}},
)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_people(tmp_path_factory.mktemp("people"), draw_people(12, 8))


@pytest.fixture
def plan(people: Path, tmp_path: Path) -> Comparison:
    base = preset("quick").with_values(merge(GIVEN, {"data": {"sources": [str(people)]}}))
    return Comparison(
        base=base, given=GIVEN, methods=("opqn", "ddqh"), bits=(6, 12), seeds=(1, 2), epochs=2,
        folder=tmp_path / "out", rates=(0.1, 1.0),
    )  # fmt: skip


@pytest.mark.slow
def test_a_comparison_goes_on_where_it_stopped_and_its_page_says_all(
    plan: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def stop(words: str) -> None:
        if words.startswith("Training"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare(plan, stop)
    began = {path: path.stat().st_mtime_ns for path in plan.folder.glob("rates/*/last.pt")}
    assert len(began) == 4
    first = compare(plan, said.append)
    assert {path: path.stat().st_mtime_ns for path in began} == began
    assert said[0].startswith("Choosing a learning rate")

    def no_training(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("all of it has been trained")

    monkeypatch.setattr("trainer.engine.session.train", no_training)
    assert compare(plan, said.append) == first
    kinds = {row.kind for row in first.rows}
    assert {"opqn", "ddqh", "float"} <= kinds
    for row in first.rows:
        assert len(row.figures) == 2
        assert all(0 <= figures.map <= 1 for figures in row.figures)
        assert bool(row.seconds) == (row.kind in METHODS)
    assert {(row.kind, row.bits, row.split) for row in first.rows} >= {
        (kind, bits, split)
        for kind in ("opqn", "ddqh", "float")
        for bits in (6, 12)
        for split in ("single", "unseen")
    }
    for kind, tried in first.rates.items():
        assert len(tried) == 2
        assert first.chosen[kind] == max(tried, key=lambda rate: tried[rate])
    kept = json.loads((plan.folder / "comparison.json").read_text())
    assert kept == json.loads(json.dumps(first.to_dict()))
    assert write_page(plan.folder, first, {"people": "12"}, []) == ""
    page = (plan.folder / "methods.html").read_text()
    assert "DDQH" in page
    assert "<script" not in page
    assert (plan.folder / "methods.md").read_text().count("\n") == 2 + len(table.cells(first))


@pytest.mark.slow
def test_the_figures_are_those_of_the_run(plan: Comparison) -> None:
    compared = compare(plan, lambda _words: None)
    for row in compared.rows:
        if row.kind == "opqn":
            for seed, figures in zip(plan.seeds, row.figures, strict=True):
                name = f"opqn-{row.bits}bit-{row.split}-s{seed}"
                run = RunDir.open(plan.folder / "runs" / name)
                test = run.read("result.json")["test"]
                assert figures.map == pytest.approx(test["map"])
                assert figures.rank1 == pytest.approx(test["rank1"])
                assert figures.queries == test["queries"]


def test_methods_keep_what_they_bring_and_rates_fall_at_the_same_share(plan: Comparison) -> None:
    (rate, job), *_ = plan.searches("ddqh")
    assert rate == pytest.approx(0.1 * METHODS["ddqh"].settings["engine"]["lr"])
    assert job.config.engine.optimiser == "adam"
    assert job.config.engine.batch_size == 16
    assert (job.config.method.n_books, job.config.method.n_words) == (12, 2)
    assert job.config.data.split == "unseen"
    found = {(m, b, s): j.config for m, b, s, j in plan.runs({"opqn": 0.5, "ddqh": 0.1}, "single")}
    assert set(found) == {(m, b, s) for m in plan.methods for b in plan.bits for s in plan.seeds}
    config = found["opqn", 12, 2]
    assert (config.engine.lr, config.engine.seed, config.method.n_words) == (0.5, 2, 64)
    own = preset("quick").engine
    assert config.engine.lr_step == max(1, round(own.lr_step * 2 / own.epochs))


def test_a_table_has_means_and_spreads() -> None:
    def figures(value: float) -> Figures:
        return Figures(value, value, value, 5, (1,), (value,), (value,), 3, 9)

    rows = [
        Row("opqn", "OPQN", 12, "single", 0.1, (figures(0.5), figures(0.7)), (3.0, 5.0)),
        Row("opqn", "OPQN", 12, "unseen", 0.1, (figures(0.25), figures(0.75)), (3.0, 5.0)),
        Row("csq", "CSQ", 12, "single", 0.1, (figures(0.9),), (2.0,)),
        Row("float", "floats", 12, "single", 0.0, (figures(1.0),)),
    ]
    compared = Compared(tuple(rows), {}, {})
    first, second, third = table.cells(compared)
    deviation = np.std([0.5, 0.7], ddof=1)
    assert first[:4] == ["OPQN", "12", "0.1", f"0.600 ± {deviation:.3f}"]
    assert first[-1] == "4"
    assert second[3:7] == ["0.900", "0.900", "0.900", "–"]
    assert (third[1], third[2], third[-1]) == ("–", "–", "–")
    assert table.order(compared, "single") == ["CSQ", "OPQN"]
    assert table.heads(compared)[3] == "mAP, seen people"


def test_unknown_methods_are_refused() -> None:
    assert checked_methods([]) == tuple(METHODS)
    assert checked_methods(["gpq", "gpq", "csq"]) == ("gpq", "csq")
    with pytest.raises(SettingsError, match="--methods"):
        checked_methods(["nothing"])


@pytest.mark.slow
def test_the_command(people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from trainer.cli import commands as cli

    sets = [
        f"--set={section}.{key}={value}"
        for section, values in GIVEN.items()
        for key, value in values.items()
    ]
    words = ["bench-methods", str(people), "--out", str(tmp_path / "out"), "--methods", "csq"]
    assert cli.run([*words, "--bits", "12", "--seeds", "1", "--epochs", "2", *sets]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith("method  bits")
    assert out[1].startswith("CSQ     12")
    assert cli.run([*words, "--seeds", "0"]) == 1
