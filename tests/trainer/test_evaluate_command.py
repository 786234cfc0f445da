"""`opqn evaluate` as somebody types it."""

import argparse
import csv
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from opqn_app.core.errors import DataError, ModelMissing, SettingsError
from opqn_app.core.settings import Settings
from tests.tiny_checkpoint import make_tiny_checkpoint
from tests.trainer.evaluation_people import pack_tar, write_people
from trainer.cli.evaluate import add_command

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
REQUIRED = {"rank1", "map", "p_at", "tar_at_far", "queries", "gallery", "skipped"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_checkpoint(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_people(tmp_path_factory.mktemp("faces") / "people", [6, 6, 5, 1])


def command(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    add_command(parser.add_subparsers())
    parsed = parser.parse_args(["evaluate", *map(str, arguments), "--device", "cpu"])
    status: int = parsed.run(parsed)
    return status


def result_of(text: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(text.strip().splitlines()[-1])
    return result


@pytest.mark.parametrize(
    "protocol",
    [
        "leave-one-out",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("single", "cross", "pairs")),
    ],
)
def test_each_protocol_ends_with_one_json_object(
    protocol: str, model: Path, people: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = ("--queries-per-person", 2) if protocol in ("single", "cross") else ()
    status = command(
        people, "--model", model, "--protocol", protocol, "--aligned", "--json", *drawn
    )
    out = capsys.readouterr().out
    values = result_of(out)
    assert status == 0
    assert len(out.strip().splitlines()) == 1
    assert values.keys() >= REQUIRED
    assert values["protocol"]["name"] == protocol
    assert "NaN" not in out
    counts = {"leave-one-out": (18, 18, 1), "pairs": (18, 18, 1)}
    assert (values["queries"], values["gallery"], values["skipped"]) == counts.get(
        protocol, (6, 12, 0)
    )


@pytest.mark.slow
def test_tar_and_folder_give_the_same_figures(
    model: Path, people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    packed = pack_tar(people, tmp_path / "people.tar")
    found = []
    for data in (people, packed):
        command(data, "--model", model, "--aligned", "--json")
        values = result_of(capsys.readouterr().out)
        found.append({key: values[key] for key in REQUIRED})
    assert found[0] == found[1]


@pytest.mark.slow
def test_without_a_model_that_of_the_app_is_measured(
    people: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(people, "--aligned", "--json") == 0
    assert result_of(capsys.readouterr().out)["model"] == Settings().model


@pytest.mark.slow
def test_progress_comes_as_json_lines_before_the_result(
    model: Path, people: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command(people, "--model", model, "--aligned", "--json-lines")
    *events, last = map(json.loads, capsys.readouterr().out.strip().splitlines())
    assert {event["event"] for event in events} == {"progress"}
    assert events[-1]["done"] == events[-1]["total"]
    assert last.keys() >= REQUIRED


@pytest.mark.slow
def test_the_report_folder_holds_everything(
    model: Path, people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    out = tmp_path / "out"
    command(people, "--model", model, "--model", model, "--aligned", "--controls", "--out", out)
    text = capsys.readouterr().out
    assert "float features, cosine" in text
    assert str(out / "report.html") in text
    names = {p.stem for p in (out / "charts").iterdir()}
    assert names >= {
        "precision_recall",
        "precision_at_t",
        "map_by_bits",
        "scores",
        "codeword_angles",
        "sub_space",
        "ranked_lists_1",
        "ranked_lists_2",
    }
    for name in ("precision_recall", "sub_space"):
        assert (out / "charts" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert b"<svg" in (out / "charts" / f"{name}.svg").read_bytes()
    with (out / "figures.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["bytes"] for row in rows] == ["4", "384", "4", "4"] * 2
    assert [row["model"] for row in rows] == ["tiny"] * 4 + ["tiny (2)"] * 4
    with (out / "queries.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 2 * 17
    values = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert values.keys() >= REQUIRED
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "prefers-color-scheme: dark" in page
    assert "not declared to be one of its benchmarks" in page
    assert "0.9032" not in page  # no published figure without its protocol
    loaded = ("http:", "https:", "<script", "<link", "url(")
    assert not [word for word in loaded if word in page.split("base64,")[0]]


@pytest.mark.slow
def test_faces_can_be_kept_out_of_the_report(model: Path, people: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    command(people, "--model", model, "--aligned", "--out", tmp_path, "--no-pictures", "--json")
    assert not list((tmp_path / "charts").glob("ranked_lists*"))
    assert "image/webp" not in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_without_matplotlib_the_figures_are_still_written(
    model: Path, people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert command(people, "--model", model, "--aligned", "--out", tmp_path, "--json") == 0
    assert any("matplotlib" in note for note in result_of(capsys.readouterr().out)["notes"])
    assert (tmp_path / "figures.csv").exists()
    assert "matplotlib" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_without_jinja2_and_scikit_learn_all_but_page_and_map_is_written(
    model: Path, people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    for name in ("matplotlib", "jinja2", "sklearn.manifold"):
        monkeypatch.setitem(sys.modules, name, None)
    assert command(people, "--model", model, "--aligned", "--out", tmp_path) == 0
    said = capsys.readouterr().out
    assert f"Report: {tmp_path}\n" in said
    notes = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["notes"]
    for package in ("matplotlib", "jinja2", "scikit-learn"):
        assert sum(package in note for note in notes) == 1
        assert said.count(f"package {package},") == 1
    assert (tmp_path / "figures.csv").exists()
    assert not (tmp_path / "report.html").exists()


@pytest.mark.slow
def test_published_figures_stay_away_from_another_protocol(
    model: Path, people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setitem(sys.modules, "matplotlib", None)  # charts take their time
    command(people, "--model", model, "--aligned", "--benchmark", "facescrub", "--out", tmp_path,
            "--no-pictures", "--json")  # fmt: skip
    values = result_of(capsys.readouterr().out)["published"]
    assert values["is_comparable"] is False
    assert "2,650 queries there, 18 here" in values["reason"]
    assert "table" not in values
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "under its own protocol" in page
    assert "(here)" not in page
    with pytest.raises(SettingsError, match="facescrub"):
        command(people, "--model", model, "--aligned", "--benchmark", "imagenet", "--json")


@pytest.mark.slow
def test_a_second_set_can_be_the_gallery(
    model: Path, people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gallery = write_people(tmp_path, [2, 2])
    command(people, "--model", model, "--aligned", "--protocol", "cross", "--gallery", gallery,
            "--json")  # fmt: skip
    values = result_of(capsys.readouterr().out)
    assert (values["queries"], values["gallery"], values["skipped"]) == (18, 4, 6)
    with pytest.raises(DataError, match="no gallery"):
        command(people, "--model", model, "--aligned", "--gallery", gallery)


def test_wrong_usage_and_bad_input_have_their_exit_status(model: Path, tmp_path: Path) -> None:
    def status(*arguments: object) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "main.py", "evaluate", *map(str, arguments)],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stderr

    assert status("--protocol", "nonsense", tmp_path)[0] == 2
    code, text = status(tmp_path, "--model", model, "--aligned")
    assert code == 1
    assert "Traceback" not in text
    assert len(text.strip().splitlines()) == 1


def test_an_interrupt_stops_without_a_result(
    model: Path, people: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import trainer.cli.evaluate as module

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_run", interrupt)
    assert command(people, "--model", model, "--aligned", "--json") == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "no result was written" in captured.err


def test_what_would_fail_at_the_end_fails_at_once(
    model: Path, people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import trainer.evaluate.evaluate as module

    monkeypatch.setattr(module, "encode_by_each", None)  # nothing may get that far
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="can't be written"):
        command(people, "--model", model, "--aligned", "--out", tmp_path / "file" / "report")
    with pytest.raises(SettingsError, match="no figures"):
        command(people, "--model", model, "--aligned", "--benchmark", "imagenet")
    with pytest.raises(ModelMissing, match="second"):
        command(people, "--model", model, "--model", tmp_path / "second", "--aligned")


# Evaluates, but encodes for as long as it takes to be interrupted.
NEVER_DONE = """
import sys, time
from opqn_app.__main__ import main
from trainer.evaluate import evaluate
def encode(*_asked, **_wanted):
    time.sleep(60)
    yield 1
evaluate.encode_by_each = encode
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_ctrl_c_stops_cleanly(model: Path, people: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", NEVER_DONE, "evaluate", str(people), "--model", str(model),
         "--aligned", "--json-lines", "--device", "cpu"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    first = json.loads(child.stdout.readline())
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=600)
    assert first["event"] == "progress"
    assert child.returncode == 1
    assert "Stopped" in err
    assert "Traceback" not in err
    assert '"map"' not in out
