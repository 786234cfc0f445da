"""`opqn model`, as typed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opqn_app.cli import commands as cli
from opqn_app.core import settings
from opqn_app.core.errors import ModelMissing
from opqn_app.engine import Engine
from opqn_app.people import gestures
from opqn_app.people.ledger import Ledger
from opqn_app.store.library import Library
from tests.library_fakes import PixelDetector
from tests.people.two_models import KnownEncoder, codes_about, store_both

MANY = [person for person in range(12) for _ in range(4)]
Typed = Callable[..., tuple[int, str, str]]


def engine_of(model: str, *_: Any, **__: Any) -> Engine:
    if model not in ("old", "worse", "twin"):
        raise ModelMissing(model)
    return Engine(PixelDetector(), KnownEncoder(model, seed=int(model == "worse")))


@pytest.fixture
def library(tmp_path: Path) -> Path:
    path = tmp_path / "library.sqlite"
    good, bad = codes_about(MANY, 1, 0.1), codes_about(MANY, 2, 0.7)
    stored = store_both(path, (KnownEncoder("old"), good), (KnownEncoder("worse"), bad))
    with Library.open(path, write=True) as opened:
        opened.writer.save_codes(KnownEncoder("twin").info, stored.face_ids.tolist(), good)
        ledger = Ledger(opened)
        for person, faces in enumerate(stored.face_ids.reshape(12, 4).tolist()):
            gestures.name_faces(ledger, faces[:3], f"Person {person}")
    settings.save(settings.Settings(library=str(path), model="old"))
    return path


@pytest.fixture
def typed(
    library: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Typed:
    monkeypatch.setattr("opqn_app.engine.load_engine", engine_of)

    def go(*words: str) -> tuple[int, str, str]:
        return cli.run(["model", *words]), *capsys.readouterr()

    return go


def models() -> tuple[str, str]:
    chosen = settings.load()
    return chosen.model, chosen.previous_model


def test_a_worse_model_is_not_taken_and_the_status_says_so(typed: Typed) -> None:
    for words in (["worse", "--report"], ["worse"]):
        status, out, _ = typed(*words)
        assert status == 1
        assert out.startswith("worse knows your people less well than old.\n")
        assert "Names stay as they are: 12 people, 36 faces." in out
        assert models() == ("old", "")
    assert "opqn model worse --anyway" in out


def test_it_is_taken_when_told_so_and_back(typed: Typed) -> None:
    status, out, _ = typed("worse", "--anyway", "--json")
    value = json.loads(out)
    assert (status, value["model"], value["is_taken"]) == (0, "worse", True)
    assert value["report"]["verdict"] == "worse"
    assert value["report"]["needs_word"] is True
    assert value["report"]["groups"]["people"]
    assert models() == ("worse", "old")
    status, out, _ = typed("--back")
    assert (status, out) == (0, "Searches use old now. To go back: opqn model --back\n")
    assert models() == ("old", "worse")


def test_a_model_that_is_as_good_is_taken(typed: Typed) -> None:
    status, out, _ = typed("twin", "--report")
    assert (status, models()) == (0, ("old", ""))
    assert out.startswith("twin knows your people as well as old.\n")
    assert "Suggestions stay the same for everybody." in out
    status, out, _ = typed("twin")
    assert (status, models()) == (0, ("twin", "old"))
    shown = typed()[1]
    assert shown.startswith("Searches use twin.\nBefore it: old (opqn model --back)\n")
    assert shown.count("48 faces") == 4
    value = json.loads(typed("--json")[1])
    assert (value["model"], value["previous_model"]) == ("twin", "old")


def test_nothing_decided_is_nothing_to_compare(typed: Typed, library: Path) -> None:
    with Library.open_to_decide(library) as opened:
        ledger = Ledger(opened)
        while ledger.can_undo:
            ledger.undo()
    status, out, _ = typed("worse", "--report")
    assert (status, models()) == (0, ("old", ""))
    assert out == "There is nothing to compare yet: name some people first.\n"
    assert typed("worse")[0] == 0
    assert models() == ("worse", "old")


def test_an_old_model_that_is_gone_keeps_nobody_from_the_next(typed: Typed, library: Path) -> None:
    settings.save(settings.Settings(library=str(library), model="gone"))
    assert typed("worse")[0] == 0
    assert models() == ("worse", "gone")
    status, _, err = typed("--back")
    assert (status, models()) == (1, ("worse", "gone"))
    assert "There is no model" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--back"], "There is nothing to go back to"),
        (["old"], "Searches use old already"),
        (["--report"], "Name a model"),
        (["missing"], "There is no model"),
        (["twin", "--back"], "not both"),
    ],
)
def test_what_can_not_be_is_one_sentence(typed: Typed, words: list[str], said: str) -> None:
    status, out, err = typed(*words)
    assert (status, out) == (1, "")
    assert said in err
    assert models() == ("old", "")
