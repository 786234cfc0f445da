"""`opqn search` with photos of several people: a note, JSON, and photos with all of them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from opqn_app.cli import commands
from tests.library_fakes import fake_engine
from tests.ui.tint_engine import TINTS, tint_engine

Run = Callable[..., tuple[int, dict[str, Any], str]]


@pytest.fixture
def run_tints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Run a command with an engine that knows tints instead of people."""
    monkeypatch.setattr("opqn_app.engine.load_engine", lambda *_, **__: tint_engine())

    def go(*words: object) -> tuple[int, dict[str, Any], str]:
        command, *rest = (str(word) for word in words)
        status = commands.run([command, "--library", str(tmp_path / "library.sqlite"), *rest])
        out, err = capsys.readouterr()
        return status, json.loads(out) if out.startswith("{") else {"text": out}, err

    return go


def paint(path: Path, *tints: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    image = Image.new("RGB", (40 + 120 * len(tints), 140), (128, 128, 128))
    for place, tint in enumerate(tints):
        side = 80 - 8 * place
        image.paste(TINTS[tint], (20 + 120 * place, 30, 20 + 120 * place + side, 30 + side))
    image.save(path)
    return path


@pytest.fixture
def asked(run_tints: Run, tmp_path: Path) -> tuple[Path, Path]:
    """A library of four photos, two of them with red and blue; and a query photo of each."""
    paint(tmp_path / "album" / "red.png", "red")
    paint(tmp_path / "album" / "both.png", "red", "blue")
    paint(tmp_path / "album" / "all.png", "red", "green", "blue")
    paint(tmp_path / "album" / "blue.png", "blue")
    run_tints("index", tmp_path / "album")
    return paint(tmp_path / "red.png", "red"), paint(tmp_path / "blue.png", "blue")


def test_two_people_are_told(run_tints: Run, asked: tuple[Path, Path]) -> None:
    red, blue = asked
    status, found, said = run_tints("search", red, blue, red, "--json")
    assert status == 0
    assert found["people_in_query"] == [[str(red), str(red)], [str(blue)]]
    assert len(found["hits"]) == 7
    assert "These look like 2 people" in said
    _, found, said = run_tints("search", red, red, "--json")
    assert (found["people_in_query"], said) == ([[str(red), str(red)]], "")


def test_photos_with_both(run_tints: Run, asked: tuple[Path, Path]) -> None:
    status, found, said = run_tints("search", *asked, "--together", "--json")
    assert (status, said) == (0, "")
    names = [Path(row["photo"]).name for row in found["hits"]]
    assert sorted(names[:2]) == ["all.png", "both.png"]
    assert len(names) == 2
    for row in found["hits"]:
        chances = [face["probability"] for face in row["faces"]]
        assert row["probability"] == min(chances) > 0.5
        assert row["faces"][0]["face_id"] != row["faces"][1]["face_id"]
    _, found, _ = run_tints("search", *asked, "--together", "-k", 1)
    assert len(found["text"].splitlines()) == 2
    assert found["text"].startswith("likely   faces")


def test_together_takes_photos_of_one_person_for_several_if_told_so(
    run_tints: Run, asked: tuple[Path, Path], tmp_path: Path
) -> None:
    red, _ = asked
    twin = paint(tmp_path / "twin.png", "red")
    _, found, _ = run_tints("search", red, twin, "--together", "--json")
    assert found["people_in_query"] == [[str(red)], [str(twin)]]
    assert max(row["probability"] for row in found["hits"]) < 0.5


def test_together_needs_two_photos(run_tints: Run, asked: tuple[Path, Path]) -> None:
    status, _, said = run_tints("search", asked[0], "--together")
    assert status == 1
    assert "two or more" in said


def test_no_photo_shows_both(run_tints: Run, tmp_path: Path) -> None:
    paint(tmp_path / "album" / "red.png", "red")
    run_tints("index", tmp_path / "album")
    pair = paint(tmp_path / "red.png", "red"), paint(tmp_path / "blue.png", "blue")
    _, found, _ = run_tints("search", *pair, "--together")
    assert found["text"] == "No photo shows faces for all of them.\n"


def test_a_model_without_links_calls_nobody_two_people(
    run_tints: Run, asked: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opqn_app.engine.load_engine", lambda *_, **__: fake_engine(n_faces=1))
    run_tints("index", tmp_path / "album", "--library", tmp_path / "other.sqlite")
    words = ("--library", tmp_path / "other.sqlite", "--json")
    _, found, said = run_tints("search", *asked, *words)
    assert found["people_in_query"] == [[str(photo) for photo in asked]]
    assert "look like" not in said
