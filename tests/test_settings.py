"""The settings file: what was chosen comes back, and nothing in it can stop a start."""

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from opqn_app.core import settings
from opqn_app.core.settings import Settings


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    chosen = Settings(
        library="/disk/a.sqlite", excludes=("*.gif", "Screenshots"), theme="dark", detector="yunet",
        min_probability=0.8, group_by_photo=True, workers=3,
    )  # fmt: skip
    settings.save(chosen, tmp_path / "new" / "settings.json")
    assert settings.load(tmp_path / "new" / "settings.json") == chosen
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["settings.json"]


def test_without_a_file_there_are_defaults(tmp_path: Path) -> None:
    assert settings.load(tmp_path / "none.json") == Settings()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3", "\xff"])
def test_a_damaged_file_gives_defaults(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(text.encode("latin-1"))
    assert settings.load(path) == Settings()
    assert "defaults are used" in caplog.text
    assert str(tmp_path) not in caplog.text


def test_what_another_program_has_chosen_meanwhile_stays(tmp_path: Path) -> None:
    path, before = tmp_path / "settings.json", Settings(theme="dark")
    settings.keep(before, before, path)
    assert settings.load(path) == before
    settings.save(replace(before, model="theirs"), path)
    settings.keep(before, replace(before, min_probability=0.7), path)
    assert settings.load(path) == Settings(theme="dark", model="theirs", min_probability=0.7)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("theme", "purple"),
        ("theme", ["dark"]),
        ("device", 1),
        ("workers", -1),
        ("workers", True),
        ("workers", 1.5),
        ("excludes", "*.gif"),
        ("excludes", [1]),
        ("min_probability", 2),
        ("min_probability", True),
        ("min_probability", float("nan")),
        ("group_by_photo", 1),
        ("library", None),
    ],
)
def test_a_bad_value_is_left_out_and_the_others_stay(
    tmp_path: Path, name: str, value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "settings.json"
    kept = {"model": "mine", "version": 1, "from_a_newer_version": {}}
    path.write_text(json.dumps({**kept, name: value}), encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        assert settings.load(path) == Settings(model="mine")
    assert name in caplog.text
    assert "from_a_newer_version" in caplog.text
