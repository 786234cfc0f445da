"""The command line: every command's help, results as JSON, exit status, interrupts."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from opqn_app.__main__ import main
from opqn_app.cli import commands as cli
from opqn_app.cli import index as index_command
from opqn_app.core import settings
from opqn_app.engine import Engine, load_engine
from opqn_app.opqn import model_folder
from tests.library_fakes import PixelDetector, PixelEncoder, fake_engine
from tests.tiny_checkpoint import make_tiny_checkpoint

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = [
    "index",
    "search",
    "status",
    "encode",
    "forget",
    "import-checkpoint",
    "export-faiss",
    "export",
    "demo",
    "gui",
    "people",
    "who",
    "find",
    "name",
    "not",
    "merge",
    "split",
    "undo",
    "redo",
    "model",
]

Run = Callable[..., tuple[int, dict[str, Any], str]]


@pytest.fixture
def photos(tmp_path: Path, make_photo: Callable[..., Path]) -> Path:
    for number in range(3):
        make_photo(f"photos/{number}.png", seed=number)
    (tmp_path / "photos" / "empty.jpg").write_bytes(b"")
    return tmp_path / "photos"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.run([command, "--help"])
    assert stop.value.code == 0
    assert "usage: " in capsys.readouterr().out


def test_the_docs_name_every_command() -> None:
    page = (ROOT / "docs" / "pages" / "use.md").read_text(encoding="utf-8")
    for command in COMMANDS:
        assert f"`opqn {command}" in page, command
    assert "make run" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_index_search_status_forget(run: Run, photos: Path) -> None:
    status, report, _ = run("index", photos, "--json")
    assert status == 0
    assert (report["added"], report["faces"], len(report["failures"])) == (3, 6, 1)
    assert "empty" in report["failures"][0]["reason"]

    status, found, words = run("search", photos / "1.png", "--json", "-k", 4)
    assert status == 0
    assert "2 faces" in words
    assert found["faces_searched"] == 6
    scores = [hit["score"] for hit in found["hits"]]
    assert scores == sorted(scores, reverse=True)
    for hit in found["hits"]:
        assert set(hit) == {"photo", "face_id", "box", "score", "probability", "contributions"}
        assert sum(hit["contributions"]) == pytest.approx(hit["score"], abs=1e-6)
        assert 0 <= hit["probability"] <= 1
        assert Path(hit["photo"]).is_file()

    every = run("search", photos / "1.png", "--json", "-k", 6)[1]["hits"]
    every_score = np.array([hit["score"] for hit in every], np.float32)
    curve = PixelEncoder().calibration
    assert curve is not None
    follows = curve.among(every_score).probability(every_score)
    assert [hit["probability"] for hit in every] == pytest.approx(follows.tolist(), abs=1e-6)
    assert np.abs(follows - curve.probability(every_score)).max() > 1e-4

    status, state, _ = run("status", "--json")
    assert status == 0
    assert (state["photos"], state["faces"], len(state["failures"])) == (3, 6, 1)
    assert state["coded_last_by"]["name"] == "name of fake-1"
    assert state["searches_use"] == "bundled-256"
    assert state["detectors"] == {"mtcnn": 3}
    assert state["codes"] == [{"model_id": "fake-1", "name": "name of fake-1", "faces": 6}]
    said = run("status")[1]["text"]
    assert "searches use bundled-256\n  codes of name of fake-1: 6 faces\n" in said

    status, report, _ = run("index", photos, "--json")
    assert (status, report["decoded"], report["unchanged"]) == (0, 0, 3)

    status, gone, _ = run("forget", photos, "--json")
    assert (status, gone["photos"], gone["faces"]) == (0, 3, 6)
    state = run("status", "--json")[1]
    assert (state["faces"], state["codes"]) == (0, [])
    assert (photos / "1.png").is_file()


def test_a_cluster_is_asked_for_by_its_address(run: Run, photos: Path) -> None:
    status, _, words = run("index", photos, "--ray", "local:some")
    assert status == 1
    assert "local:some is no address" in words


def test_a_cluster_builds_engines_of_its_own() -> None:
    cluster = index_command.cluster_of("local:2", "bundled-64", "cpu", fake_engine(n_faces=2))
    build = cluster.build
    assert isinstance(build, partial)
    assert (build.func, build.args) == (load_engine, ("bundled-64", "cpu", "mtcnn"))


def test_thorough_searches_once_what_the_fast_pass_has_seen(
    run: Run, tmp_path: Path, make_photo: Callable[..., Path]
) -> None:
    for seed in range(2):
        make_photo(f"large/{seed}.png", seed=seed, size=(1200, 900))
    make_photo("large/small.png")
    assert run("index", tmp_path / "large", "--json")[1]["searched"] == 0
    assert run("status", "--json")[1]["not_searched_thoroughly"] == 2
    assert "2 photos not searched thoroughly yet" in run("status")[1]["text"]
    done = run("index", tmp_path / "large", "--thorough", "--json")[1]
    assert (done["searched"], done["decoded"], done["more_faces"]) == (2, 2, 0)
    state = run("status", "--json")[1]
    assert (state["not_searched_thoroughly"], state["faces"]) == (0, 6)
    again = run("index", tmp_path / "large", "--thorough")[1]["text"]
    assert again.startswith("No new photos, 3 unchanged")
    assert "thoroughly" not in run("status")[1]["text"]


def test_status_tells_of_faces_that_the_model_of_searches_does_not_know(
    run: Run, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("index", photos)
    assert run("status", "--json")[1]["faces_without_code"] == {"bundled-256": 6}
    words = "6 of 6 faces without a code of the model 'bundled-256', so not searched (opqn encode)"
    assert words in run("status")[1]["text"]
    settings.save(replace(settings.load(), model="gone"))
    assert run("status", "--json")[1]["faces_without_code"] == {}
    monkeypatch.setattr(model_folder, "read_description", lambda _folder: {"model_id": "fake-1"})
    settings.save(replace(settings.load(), model="bundled-64"))
    assert run("status", "--json")[1]["faces_without_code"] == {}
    assert "opqn encode" not in run("status")[1]["text"]


def test_words_for_people(run: Run, photos: Path) -> None:
    status, result, _ = run("index", photos)
    assert status == 0
    assert result["text"].startswith("Indexed 3 photos, 6 faces, 1 problem")
    assert result["text"].endswith("`opqn status` lists what went wrong.\n")
    _, result, _ = run("search", photos / "0.png", "-k", 2)
    assert len(result["text"].splitlines()) == 3
    _, result, _ = run("status")
    assert "3 photos, 6 faces, 1 problem" in result["text"]
    assert "empty.jpg" in result["text"]


def test_a_chosen_face_and_several_photos(run: Run, photos: Path) -> None:
    run("index", photos)
    _, first, words = run("search", photos / "1.png", "--face", 1, "--json")
    assert words == ""
    _, second, _ = run("search", photos / "1.png", "--face", 2, "--json")
    _, both, _ = run("search", photos / "1.png", photos / "2.png", "--json")
    orders = [[hit["face_id"] for hit in found["hits"]] for found in (first, second, both)]
    assert orders[0] != orders[1]
    assert orders[2] not in orders[:2]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["search", "nowhere.jpg"], "nowhere.jpg"),
        (["search", "photos/1.png", "--face", "9"], "no face 9"),
        (["index", "nowhere"], "not there"),
        (["index", "photos/1.png"], "is a file"),
        (["forget", "nowhere"], "nowhere"),
        (["import-checkpoint", "nowhere.tar"], "nowhere.tar"),
    ],
)
def test_a_known_problem_is_one_sentence_and_status_1(
    run: Run, photos: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], reason: str
) -> None:
    run("index", photos)
    monkeypatch.chdir(photos.parent)
    status, result, said = run(*words)
    assert status == 1
    assert result["text"] == ""
    assert reason in said
    assert "Traceback" not in said


def test_status_of_a_library_that_is_not_there(run: Run) -> None:
    status, _, said = run("status")
    assert status == 1
    assert "library.sqlite" in said


@pytest.mark.parametrize(
    ("is_there", "words"), [(False, "in another place"), (True, "or copy the file to")]
)
def test_a_library_that_may_not_be_written_is_one_sentence(
    run: Run, photos: Path, is_there: bool, words: str
) -> None:
    if is_there:
        run("index", photos)
    lock = photos.parent / "library.sqlite.lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()  # root may write everywhere but not into this
    for command in (["index", photos], ["encode"])[: 1 + is_there]:
        status, _, said = run(*command)
        assert status == 1
        assert words in said
        assert "Traceback" not in said


@pytest.mark.parametrize("variable", ["OPQN_CACHE_DIR", "OPQN_LOG_DIR", "OPQN_DATA_DIR"])
def test_a_folder_of_ours_that_cant_be_made_is_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variable: str,
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(variable, str(tmp_path / "file" / "inside"))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert main(["status"]) == 1
    said = capsys.readouterr().err
    assert variable in said
    assert "can't be made" in said


def test_a_log_that_cant_be_written_stops_nothing(
    run: Run, own_folders: Path, photos: Path
) -> None:
    (own_folders / "log" / "opqn.log").mkdir(parents=True)
    status, _, said = run("index", photos)
    assert status == 0
    assert "no log file is written" in said


def test_a_library_of_another_model_is_no_empty_answer(
    run: Run, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("index", photos)
    other = Engine(PixelDetector(2), PixelEncoder("fake-2"))
    monkeypatch.setattr("opqn_app.engine.load_engine", lambda *_, **__: other)
    status, result, said = run("search", photos / "1.png", "--json")
    assert (status, result["text"]) == (1, "")
    assert "holds 6 faces, but none has a code of the model 'name of fake-2'" in said
    assert "`opqn encode`" in said
    query = (photos / "1.png").rename(photos.parent / "query.png")
    for photo in photos.iterdir():  # stored pictures are enough
        photo.unlink()
    assert run("encode", "--json")[1] == {"model": "name of fake-2", "faces": 6}
    assert run("encode", "--json")[1]["faces"] == 0
    assert run("search", query, "--face", 1, "--json")[1]["faces_searched"] == 6


def test_encode_makes_no_library(run: Run, tmp_path: Path) -> None:
    status, _, said = run("encode")
    assert status == 1
    assert "library" in said
    assert not (tmp_path / "library.sqlite").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["people"],
        ["export", "people", "out"],
        ["check", "--repair"],
        ["relocate", "a", "b"],
        ["restore", "--undo"],
        ["forget", "--everything"],
        ["forget", "--person", "Ann"],
        ["forget", "--traces"],
        ["draw", "a.jpg", "1", "2", "3", "4"],
        ["name", "1", "Ann"],
        ["undo"],
    ],
)
def test_what_needs_a_library_makes_none(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "not" / "there"
    assert main([*words, "--library", str(folder / "library.sqlite")]) == 1
    assert "library" in capsys.readouterr().err
    assert not folder.parent.exists()


def test_without_a_display_the_window_is_not_tried(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    status, _, said = run("gui")
    assert status == 1
    assert "no display" in said


def test_packages_that_the_window_lacks_are_named(
    monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setattr("opqn_app.cli.gui.missing_packages", lambda: ["libegl1", "libxcb-icccm4"])
    status, _, said = run("gui")
    assert status == 1
    assert "sudo apt install libegl1 libxcb-icccm4" in said


@pytest.mark.parametrize(
    "words", [["search"], ["nonsense"], ["forget"], ["search", "x.jpg", "-k", "0"]]
)
def test_wrong_usage_is_status_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.run(words)
    assert stop.value.code == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "reason"), [("../x", "plain"), (".hidden", "plain"), ("taken", "already")]
)
def test_an_import_never_leaves_its_folder_or_replaces_a_model(
    run: Run, own_folders: Path, tmp_path: Path, name: str, reason: str
) -> None:
    make_tiny_checkpoint(own_folders / "data" / "models" / "taken")
    (tmp_path / "some.tar").write_bytes(b"")
    status, _, said = run("import-checkpoint", tmp_path / "some.tar", "--name", name)
    assert status == 1
    assert reason in said


def test_a_name_that_is_not_utf8_is_shown(tmp_path: Path, photos: Path) -> None:
    os.rename(photos / "1.png", os.fsencode(photos) + b"/\xff1.png")  # noqa: PTH104
    library = ["--library", str(tmp_path / "library.sqlite")]
    for words in (["index", str(photos)], ["search", str(photos / "0.png")]):
        done = subprocess.run(
            [sys.executable, "-c", INDEX, *words, *library],
            cwd=ROOT,
            capture_output=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert done.returncode == 0, done.stderr
    assert b"\\udcff1.png" in done.stdout


# Stops at its 40th photo, for as long as it takes to be interrupted.
INDEX = """
import sys, time
from tests.library_fakes import PixelDetector, PixelEncoder, fake_engine
from opqn_app.cli import commands as cli
from opqn_app import engine
made = fake_engine(n_faces=1)
detect, detected = made.detector.detect, []
def detect_or_wait(*asked):
    detected.append(asked)
    if len(detected) == 40:
        print("waiting", file=sys.stderr, flush=True)
        time.sleep(60)
    return detect(*asked)
made.detector.detect = detect_or_wait
engine.load_engine = lambda *_, **__: made
sys.exit(cli.run(sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_a_library_that_goes_on(
    tmp_path: Path, make_photo: Callable[..., Path], run: Run, stop: signal.Signals
) -> None:
    for number in range(60):
        make_photo(f"photos/{number:02d}.png", seed=number)
    library = ["--library", str(tmp_path / "library.sqlite")]
    child = subprocess.Popen(
        [sys.executable, "-c", INDEX, "index", str(tmp_path / "photos"), *library],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert child.stderr is not None
    while child.stderr.readline() != "waiting\n":
        assert child.poll() is None
    child.send_signal(stop)
    said = child.stderr.read()
    assert child.wait(600) == 1
    child.stderr.close()
    assert "kept" in said
    assert "Traceback" not in said
    before = run("status", "--json")[1]["photos"]
    assert 0 < before < 60
    report = run("index", tmp_path / "photos", "--json")[1]
    assert report["added"] == 60 - before
    assert run("status", "--json")[1]["photos"] == 60
