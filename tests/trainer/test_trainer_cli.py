"""The trainer's commands as typed: a run from folders to results, stopped, resumed, compared."""

import json
import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.tiny_training import child_context, run_command, tiny_config
from trainer.cli import commands as cli
from trainer.data.packs import read_pack
from trainer.engine.runs import RunDir, find_runs
from trainer.engine.state import load_state

pytestmark = pytest.mark.slow

QUICK = ["--backbone", "resnet20-narrow", "--queries", "1", "--batch-size", "8", "--epochs", "1"]


def run(*arguments: object) -> int:
    return cli.run([str(a) for a in arguments])


def json_of(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


@pytest.mark.slow
def test_one_command_trains_codes_and_variants_into_one_table(
    people_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "runs"
    status = run(
        "train", people_folder, *QUICK, "--len", 16, 24, "--num", 2, 4, "--words", 256, 64,
        "--variant", "OPQN", "OPQN-l2q", "--out", out,
    )  # fmt: skip
    assert status == 0
    table = capsys.readouterr().out.splitlines()
    assert len(table) == 5
    assert "–" not in "".join(table)  # each has validation and test figures
    assert table[0].split()[:3] == ["variant", "books", "bits"]
    names = [r.path.name for r in find_runs(out)]
    assert names == sorted(
        f"people-{code}-{kind}-dct-s1"
        for code in ("16bit-2x256", "24bit-4x64")
        for kind in ("OPQN", "OPQN-l2q")
    )
    files = {p.name for p in (out / names[0]).iterdir()}
    assert {"config.json", "environment.json", "split.json", "metrics.jsonl", "last.pt", "best.pt",
            "result.json"} <= files  # fmt: skip


@pytest.mark.slow
def test_events_come_as_json_lines(
    people_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("train", people_folder, *QUICK, "--json-lines", "--out", tmp_path / "r") == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kinds = [e["event"] for e in events if e["event"] != "step"]
    assert kinds == ["loading", "data", "run", "epoch", "result"]
    assert events[1]["people"] == 6
    assert events[-1]["test"]["queries"] == 6


def test_what_was_trained_is_exported_and_evaluated(
    people_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("train", people_folder, *QUICK, "--out", tmp_path / "r") == 0
    (made,) = find_runs(tmp_path / "r")
    model = tmp_path / "model"
    capsys.readouterr()
    assert run("export-model", made.path, model, "--json") == 0
    assert json_of(capsys)["model_id"] == made.read("result.json")["model_id"]
    protocol = ["--protocol", "leave-one-out", "--aligned", "--device", "cpu", "--json"]
    assert run("evaluate", people_folder, "--model", model, *protocol) == 0
    figures = json_of(capsys)
    assert (figures["queries"], figures["skipped"]) == (36, 0)
    assert 0 < figures["map"] <= 1


@pytest.mark.slow
def test_finished_runs_are_skipped_and_a_second_start_is_refused(
    people_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", people_folder, *QUICK, "--out", tmp_path / "r"]
    assert run(*command) == 0
    run_dir = find_runs(tmp_path / "r")[0]
    written = run_dir.last.stat().st_mtime_ns
    assert run(*command) == 1
    assert "a run is there already" in capsys.readouterr().err
    assert run(*command, "--go-on", "--seeds", 1, 2) == 0
    assert run_dir.last.stat().st_mtime_ns == written
    assert len(find_runs(tmp_path / "r")) == 2
    assert "±" in capsys.readouterr().out  # two seeds share a line


def runs_planned(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[str]:
    assert run("train", "people", "--out", "r", *arguments, "--show-config") == 0
    return [Path(job["run"]).name for job in json_of(capsys)]


@pytest.mark.parametrize("name", ["part", "my faces", "v1.2", "36bit"])
def test_a_run_has_the_name_it_is_given(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert runs_planned(capsys, "--name", name) == [name]
    assert runs_planned(capsys, "--name", name, "--len", 24, "--seeds", 7) == [name]


def test_of_several_runs_the_name_is_the_first_part(capsys: pytest.CaptureFixture[str]) -> None:
    named = runs_planned(capsys, "--name", "part", "--seeds", 1, 2)
    assert named == [f"part-36bit-6x64-OPQN-dct-s{seed}" for seed in (1, 2)]
    assert runs_planned(capsys) == ["people-36bit-6x64-OPQN-dct-s1"]


@pytest.mark.parametrize("name", ["a/b", "/a", "..", ".", "a\\b", "a/", ""])
def test_a_name_that_is_a_path_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("train", "people", "--name", name)
    assert "must be the name of one folder; --out says where it lies" in capsys.readouterr().err


def test_a_name_that_is_taken_is_refused_before_anything_is_read(
    people_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", people_folder, *QUICK, "--out", tmp_path / "r", "--name"]
    RunDir.create(tmp_path / "r" / "part", tiny_config())
    (tmp_path / "r" / "file").touch()
    (tmp_path / "r" / "notes").mkdir()
    (tmp_path / "r" / "notes" / "mine.txt").touch()
    for name, words in {
        "part": "a run is there already; go on with it (--resume) or choose another name",
        "file": "it is a file; choose another name for the run",
        "notes": "it holds other files; choose another name for the run",
        "x" * 300: "the run can't be written there",
    }.items():
        before = sorted((tmp_path / "r").rglob("*"))
        assert run(*command, name) == 1
        said = capsys.readouterr().err
        assert f"{tmp_path / 'r' / name} can't be used for the run: {words}" in said
        assert "Reading" not in said
        assert sorted((tmp_path / "r").rglob("*")) == before


@pytest.mark.slow
def test_a_run_goes_on_by_the_name_it_was_given(people_folder: Path, tmp_path: Path) -> None:
    """As the README says: --resume runs/NAME."""
    out = tmp_path / "r"
    assert run("train", people_folder, *QUICK, "--out", out, "--name", "part") == 0
    assert run("train", "--resume", out / "part", "--epochs", 2) == 0
    assert len(list(RunDir(out / "part").metrics())) == 2
    assert [found.path.name for found in find_runs(out)] == ["part"]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--lr", 0.5], ["'engine.lr'", "was started with 0.1", "not with 0.5"]),
        (["--set", "method.margin=0.3", "--bs", 4], ["'method.margin'", "engine.batch_size"]),
        (["--variant", "OPQN-C"], ["'--variant'"]),
        (["--len", 24], ["'--len'"]),
        (["--name", "other"], ["'--name'"]),
        (["--preset", "code"], ["'preset'", "'paper'"]),
        (["elsewhere"], ["'data.sources'", "elsewhere"]),
        (["--epochs", 1], ["'engine.epochs'", "has trained 2 epochs already"]),
    ],
)
def test_flags_that_would_make_it_another_run_are_refused(
    flags: list[object], words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tiny_config().with_values({"data": {"sources": ["people"]}})
    made = RunDir.create(tmp_path / "run", replace(config, preset="paper"))
    for epoch in (1, 2):
        made.add_metrics({"epoch": epoch})
    before = made.read("config.json")
    assert run("train", *flags, "--resume", made.path, "--show-config") == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert all(word in said for word in words)
    assert made.read("config.json") == before


def test_what_may_change_or_does_not_change_is_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = RunDir.create(tmp_path / "run", tiny_config())
    flags = ["--lr", 0.1, "--bs", 8, "--device", "cpu", "--epochs", 5, "--json-lines"]
    assert run("train", "--resume", made.path, *flags, "--show-config") == 0
    (config,) = json_of(capsys)
    assert (config["engine"]["epochs"], config["engine"]["device"]) == (5, "cpu")


@pytest.mark.slow
def test_more_epochs_go_on_from_the_end(people_folder: Path, tmp_path: Path) -> None:
    """The weights are those of a run that was asked for all epochs at once."""
    command = ["train", people_folder, *QUICK, "--out"]
    assert run(*command, tmp_path / "a") == 0
    (short,) = find_runs(tmp_path / "a")
    assert run("train", "--resume", short.path, "--epochs", 2) == 0
    assert run(*command, tmp_path / "a", "--go-on", "--epochs", 3) == 0
    assert run(*command, tmp_path / "b", "--epochs", 3) == 0
    (whole,) = find_runs(tmp_path / "b")
    ends = [load_state(r.last)["network"] for r in (short, whole)]
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[1])
    assert short.config().engine.epochs == 3
    assert [m["epoch"] for m in short.metrics()] == [1, 2, 3]
    assert (short.path / "result.json").is_file()


@pytest.mark.slow
def test_go_on_refuses_a_run_of_other_settings(
    people_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", people_folder, *QUICK, "--out", tmp_path / "r"]
    assert run(*command) == 0
    assert run(*command, "--go-on", "--lr", 0.5) == 1
    assert "'engine.lr'" in capsys.readouterr().err


@pytest.mark.slow
def test_sigterm_saves_first_and_the_run_goes_on(people_folder: Path, tmp_path: Path) -> None:
    command = ["train", str(people_folder), *QUICK, "--json-lines", "--out", str(tmp_path / "r")]
    command[command.index("--epochs") + 1] = "400"
    events = tmp_path / "events.jsonl"
    child = child_context().Process(target=run_command, args=(command, str(events)))
    child.start()
    deadline = time.monotonic() + 60
    while '"epoch"' not in (events.read_text() if events.exists() else ""):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGTERM)
    child.join(60)
    assert child.exitcode == 1
    last = json.loads(events.read_text().splitlines()[-1])
    assert last["event"] == "stopped"
    assert "opqn train --resume" in last["text"]
    stopped = find_runs(tmp_path / "r")[0]
    epochs = len(list(stopped.metrics()))
    assert run("train", "--resume", stopped.path, "--epochs", epochs + 1) == 0
    assert [m["epoch"] for m in stopped.metrics()] == list(range(1, epochs + 2))
    assert stopped.read("result.json")["test"]["queries"] == 6


@pytest.mark.slow
def test_runs_are_listed_with_what_differs(
    people_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("train", people_folder, *QUICK, "--out", tmp_path / "r", "--codebooks", "dct", "svd")
    capsys.readouterr()
    assert run("runs", tmp_path / "r", "--json", "--differences") == 0
    listed = json_of(capsys)
    assert [r["codebooks"] for r in listed["runs"]] == ["dct", "svd"]
    assert all(r["is_finished"] and r["epochs_done"] == 1 for r in listed["runs"])
    assert listed["differences"] == {"method.codebooks": ["dct", "svd"]}
    assert run("runs", tmp_path / "nothing") == 0
    assert "no runs yet" in capsys.readouterr().out


def shown(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[dict[str, Any]]:
    assert run("train", "DATA", *arguments, "--show-config") == 0
    configs: list[dict[str, Any]] = json_of(capsys)
    return configs


def test_layers_of_settings_win_in_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "c.toml"
    file.write_text('preset = "code"\n[method]\nmargin = 0.1\nscale = 9\n[engine]\nepochs = 5\n')
    (config,) = shown(capsys, "--config", file, "--margin", 0.2, "--set", "engine.ema=0.9")
    assert config["preset"] == "code"
    assert config["method"]["margin"] == 0.2
    assert config["method"]["scale"] == 9.0
    assert config["engine"]["epochs"] == 5
    assert config["engine"]["ema"] == 0.9
    (config,) = shown(capsys, "--config", file, "--preset", "paper")
    assert config["engine"]["epochs"] == 5
    assert config["augment"]["per"] == "image"


def test_a_method_brings_its_rate_and_flags_win(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (config,) = shown(capsys, "--method", "gpq", "--labelled-per-class", 3, "--unlabelled", "more")
    assert config["method"]["name"] == "gpq"
    engine = config["engine"]
    assert (engine["optimiser"], engine["lr"], engine["weight_decay"]) == ("adam", 2e-4, 0.0)
    assert (config["data"]["labelled_per_person"], config["data"]["unlabelled"]) == (3, ["more"])
    assert config["run"].endswith("-GPQ-s1")
    file = tmp_path / "c.toml"
    file.write_text('[method]\nname = "dpq"\n[engine]\nmomentum = 0.8\n')
    (config,) = shown(capsys, "--config", file, "--lr", 0.5)
    assert (config["engine"]["lr"], config["engine"]["momentum"]) == (0.5, 0.8)
    (config,) = shown(capsys, "--config", file)
    assert config["engine"]["lr"] == 0.001
    (config,) = shown(capsys)
    assert (config["method"]["name"], config["engine"]["optimiser"]) == ("opqn", "sgd")


@pytest.mark.parametrize("flags", [("--variant", "OPQN-A"), ("--codebooks", "svd")])
def test_what_belongs_to_another_method_is_refused(
    flags: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("train", "DATA", "--method", "dpq", *flags, "--show-config") == 1
    assert "of the method opqn, not of dpq" in capsys.readouterr().err


def test_released_flags_and_sizes(capsys: pytest.CaptureFixture[str]) -> None:
    configs = shown(
        capsys, "--dataset", "facescrub", "--bs", 128, "--miu", 0.05, "--lr", 0.2,
        "--len", 16, 24, 36, "--num", 2, 4, 6, "--words", 256, 64, 64,
    )  # fmt: skip
    sizes = [(c["method"]["n_books"], c["method"]["n_words"], c["method"]["feature_dim"])
             for c in configs]  # fmt: skip
    assert sizes == [(2, 256, 512), (4, 64, 512), (6, 64, 516)]
    assert configs[0]["engine"]["batch_size"] == 128
    assert configs[0]["method"]["entropy_weight"] == 0.05
    assert configs[0]["data"]["queries_per_person"] == 5


def test_a_benchmark_brings_its_size_and_protocol(capsys: pytest.CaptureFixture[str]) -> None:
    (config,) = shown(capsys, "--dataset", "vggface2", "--len", 64)
    assert config["method"]["input_size"] == 112
    assert config["data"]["queries_per_person"] == 50
    assert config["engine"]["lr"] == 0.01
    (config,) = shown(capsys, "--dataset", "vggface2", "--queries", 3)
    assert config["data"]["queries_per_person"] == 3


def test_a_backbone_brings_its_pixels(capsys: pytest.CaptureFixture[str]) -> None:
    (config,) = shown(capsys, "--backbone", "mobilefacenet")
    assert config["method"]["channel_order"] == "bgr"
    assert config["method"]["pixel_std"] == [128.0] * 3
    assert config["method"]["input_size"] == 112


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train"], "name the pictures"),
        (["train", "nowhere"], "no such folder or tar file"),
        (["train", "x", "--len", "24", "--num", "2", "--words", "256"], "16 bits, not 24"),
        (["train", "x", "--set", "engine.speed=9"], "no such setting"),
        (["train", "--resume", "nowhere"], "holds no run"),
        (["train", "x", "--dataset", "imagenet"], "imagenet"),
    ],
)
def test_known_problems_are_one_sentence(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert cli.run(arguments) == 1
    assert message in capsys.readouterr().err


def test_datasets_say_where_and_check_the_disk(
    people_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("datasets") == 0
    text = capsys.readouterr().out
    assert all(n in text for n in ("facescrub", "cfw60k", "vggface2-cross", "lfw", "cifar10"))
    assert run("datasets", "vggface2", "--root", people_folder, "--json") == 0
    (row,) = json_of(capsys)["datasets"]
    assert row["is_usable"]
    assert run("datasets", "cifar10", "--root", people_folder) == 0
    assert "has none of" in capsys.readouterr().out


@pytest.mark.slow
def test_a_pack_trains_like_its_folder(people_folder: Path, tmp_path: Path) -> None:
    pack = tmp_path / "people.safetensors"
    assert run("pack", people_folder, pack, "--side", 35) == 0
    assert len(read_pack(pack)) == 36
    for source in (people_folder, pack):
        out = tmp_path / source.suffix.strip(".") / "r"
        assert run("train", source, *QUICK, "--out", out, "--name", "n") == 0
    first, second = (find_runs(tmp_path / n)[0] for n in ("r", "safetensors"))
    losses = [[m["loss"] for m in r.metrics()] for r in (first, second)]
    assert losses[0] == losses[1]


def test_export_of_a_run_without_weights_is_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = RunDir.create(tmp_path / "run", tiny_config())
    assert run("export-model", made.path, tmp_path / "model") == 1
    assert "checkpoint can't be read" in capsys.readouterr().err


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("train", "runs", "datasets", "pack", "export-model"):
        with pytest.raises(SystemExit) as stop:
            run(name, "--help")
        assert stop.value.code == 0
        assert "usage: opqn" in capsys.readouterr().out
