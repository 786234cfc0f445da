"""The commands about people, as typed."""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from opqn_app.cli import commands as cli
from opqn_app.cli.people_kit import when
from opqn_app.core.types import Box
from opqn_app.engine import Engine
from opqn_app.people.drawing import draw_box
from opqn_app.people.ledger import Ledger
from opqn_app.store.library import Library
from tests.library_fakes import fake_engine
from tests.people.two_models import KnownEncoder, codes_about
from tests.ui.tint_engine import TintDetector

pytestmark = pytest.mark.slow

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """A command line as typed, split at spaces; in the folder of the photos."""
    monkeypatch.setattr("opqn_app.engine.load_engine", lambda *_, **__: fake_engine(n_faces=2))
    monkeypatch.chdir(tmp_path)

    def go(line: str) -> tuple[int, str, str]:
        command, *rest = line.split()
        status = cli.run([command, "--library", "library.sqlite", *rest])
        return status, *capsys.readouterr()

    return go


@pytest.fixture
def run(typed: Callable[..., tuple[int, str, str]]) -> Run:
    """What a command that succeeds prints with --json."""

    def go(line: str) -> dict[str, Any]:
        status, out, err = typed(f"{line} --json")
        assert status == 0, err
        value: dict[str, Any] = json.loads(out)
        return value

    return go


@pytest.fixture
def photos(make_photo: Callable[..., Path], run: Run) -> list[list[int]]:
    """photos/0.png to photos/3.png with two faces each; their ids from left to right."""
    for number in range(4):
        make_photo(f"photos/{number}.png", seed=number, size=(320, 240))
    run("index photos")
    return [
        [face["face_id"] for face in run(f"who photos/{number}.png")["faces"]]
        for number in range(4)
    ]


def people(run: Run) -> dict[str, list[int]]:
    return {row["name"]: row["faces"] for row in run("people")["people"]}


def test_naming_mending_and_undoing_all_of_it(run: Run, photos: list[list[int]]) -> None:
    ann = [photos[0][0], photos[1][1]]
    named = run(f"name {ann[0]} photos/1.png#2 Ann")
    assert named["people"][0]["faces"] == sorted(ann)
    assert named["decisions"][0]["kind"] == "named"
    run(f"name {photos[0][1]} Ben")
    run("name photos/2.png#1 photos/3.png#1 Anne")
    run("merge Ann Anne")
    assert people(run) == {
        "Ann": sorted([*ann, photos[2][0], photos[3][0]]),
        "Ben": [photos[0][1]],
    }
    run("not photos/2.png#1 Ann")
    split = run("split Ann photos/3.png#1 --name Cleo")
    assert {row["name"] for row in split["people"]} == {"Ann", "Cleo"}
    run(f"not {photos[3][1]} --a-face")
    assert people(run) == {
        "Ann": sorted(ann),
        "Ben": [photos[0][1]],
        "Cleo": [photos[3][0]],
    }
    rows = run("who photos/3.png --why")["faces"]
    assert [(row["number"], row["name"], row["is_face"]) for row in rows] == [
        (1, "Cleo", True),
        (2, None, False),
    ]
    assert [reason["kind"] for reason in rows[0]["why"]] == ["named", "split"]
    run("name --person Ben Benjamin")
    assert "Benjamin" in people(run)
    undone = [run("undo")["decisions"][0]["kind"] for _ in range(8)]
    assert undone[:3] == ["renamed", "not_a_face", "split"]
    assert people(run) == {}
    for _ in range(8):
        run("redo")
    assert set(people(run)) == {"Ann", "Benjamin", "Cleo"}


def test_photos_are_found_by_who_is_on_them(
    run: Run, photos: list[list[int]], tmp_path: Path, make_photo: Callable[..., Path]
) -> None:
    run("name photos/0.png#1 photos/1.png#1 photos/2.png#1 Ann")
    run("name photos/0.png#2 photos/3.png#1 Ben")
    run("name photos/1.png#2 Carl")
    run("not photos/2.png#2 --a-face")

    def found(line: str) -> set[str]:
        rows = run(f"find {line}")["photos"]
        return {Path(row["photo"]).name for row in rows}

    assert found("--with Ann") == {"0.png", "1.png", "2.png"}
    assert found("--with Ann --with Ben") == {"0.png"}
    assert found("--with Ann --without Carl") == {"0.png", "2.png"}
    assert found("--with ann --without Carl --without Ben") == {"2.png"}
    assert found("--with Ann --alone") == {"2.png"}
    assert found("--with Ben --alone") == set()
    assert found("--with Ann --with Ben --alone") == {"0.png"}
    (tmp_path / "photos" / "old").mkdir()
    (tmp_path / "photos" / "1.png").rename(tmp_path / "photos" / "old" / "1.png")
    run("index photos")
    assert found("--with Ann --under photos/old") == {"1.png"}
    assert found("--with Ann --under photos") == {"0.png", "1.png", "2.png"}
    assert found("--with Ann --under elsewhere") == set()


def test_photos_of_a_year(run: Run, photos: list[list[int]], tmp_path: Path) -> None:
    """By the time they were taken, else of the file."""
    run("name photos/0.png#1 photos/1.png#1 Ann")
    then = 1_560_000_000  # June 2019
    os.utime(tmp_path / "photos" / "1.png", (then, then))
    run("index photos")
    assert [Path(row["photo"]).name for row in run("find --with Ann --year 2019")["photos"]] == [
        "1.png"
    ]
    assert run("find --with Ann --year 1999")["photos"] == []


def test_photos_by_faces_and_dates_and_each_picture_once(
    run: Run, photos: list[list[int]], tmp_path: Path
) -> None:
    def found(line: str) -> list[str]:
        return sorted(Path(row["photo"]).name for row in run(f"find {line}")["photos"])

    shutil.copy(tmp_path / "photos" / "2.png", tmp_path / "photos" / "copy.png")
    run("index photos")
    everything = found("")
    assert found("--faces 2") == everything
    assert found("--faces 3..") == []
    assert found("--dates 1999..2000") == []
    assert found("--dates 2001..") == everything
    (with_copies,) = (r for r in run("find --once")["photos"] if r["copies"])
    assert [Path(path).name for path in with_copies["copies"]] == ["copy.png"]


def test_a_saved_search_stays_current(run: Run, photos: list[list[int]]) -> None:
    run("name photos/0.png#1 photos/1.png#1 Ann")
    assert len(run("find --with Ann --save Her")["photos"]) == 2
    run("not photos/1.png#1 Ann")
    assert run("find --list-saved") == {"saved": [{"name": "Her", "photos": 1}]}
    (row,) = run("find --saved her")["photos"]
    assert Path(row["photo"]).name == "0.png"
    assert run("find --forget-saved HER") == {"forgotten": "Her"}
    assert run("find --list-saved") == {"saved": []}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("name 99 Ann", "has no face 99"),
        ("name photos/0.png#3 Ann", "has 2 faces; there is no face 3"),
        ("name photos/nothing.png#1 Ann", "is not in the library"),
        ("name somebody Ann", "names no face"),
        ("name photos/0.png#1 photos/0.png#2 Ann", "twice on 0.png"),
        ("name Ann", "Name either faces, or a person"),
        ("merge Ann Ben", "Nobody is called Ann"),
        ("split Ann photos/0.png#1", "Nobody is called Ann"),
        ("not photos/0.png#1 Ann", "Nobody is called Ann"),
        ("not Ann", "Say who it is not"),
        ("find --with Ann", "Nobody is called Ann"),
        ("find --saved Ann", "No search is saved as Ann."),
        ("find --forget-saved Ann", "No search is saved as Ann."),
        ("who nothing.png", "is not in the library"),
        ("undo", "nothing to undo"),
        ("redo", "nothing to redo"),
        ("name photos/0.png#1 13", "13 is a number"),
        ("hide Ann", "Nobody is called Ann"),
        ("show Ann", "Nobody is called Ann"),
        ("picture Ann photos/0.png#1", "Nobody is called Ann"),
        ("draw photos/0.png 5 5 6 6", "at least 8 pixels"),
        ("draw photos/0.png 0 0 60 60 13", "13 is a number"),
        ("forget photos --with-faces", "--with-faces goes with --person"),
        ("forget --deleted --with-faces", "--with-faces goes with --person"),
        ("forget --person Ann", "Nobody is called Ann"),
    ],
)
def test_what_can_not_be_is_one_sentence(
    typed: Callable[..., tuple[int, str, str]], photos: list[list[int]], line: str, words: str
) -> None:
    status, out, err = typed(line)
    assert (status, out) == (1, "")
    assert words in err
    assert typed("people")[1].startswith("Nobody is named yet")


def test_words_without_json(
    typed: Callable[..., tuple[int, str, str]], photos: list[list[int]]
) -> None:
    assert typed("name photos/0.png#1 photos/1.png#1 Ann")[1] == "2 faces are Ann.\n"
    assert typed("name photos/0.png#1 Ann --new")[1] == "1 face is Ann.\n"
    status, _, err = typed("name photos/2.png#1 Ann")
    assert (status, "2 people are called Ann" in err) == (1, True)
    assert typed("undo")[1] == "Undone: 1 face is Ann.\n"
    assert typed("split Ann photos/1.png#1")[1] == "1 face of Ann is now a person without a name.\n"
    shown = typed("people")[1].splitlines()
    assert shown[0].split() == ["id", "photos", "faces", "name"]
    assert [line.split()[-1] for line in shown[1:]] == ["Ann", "–"]
    who = typed("who photos/0.png --why")[1].splitlines()
    assert who[0].endswith("Ann")
    assert who[1].strip().endswith("named Ann")
    assert who[-1].endswith("nobody")
    assert typed("find --with Ann")[1].endswith("0.png\n")
    assert typed("not photos/0.png#1 Ann")[1] == "1 face is not Ann.\n"
    assert typed("find --with Ann")[1] == "No photo shows that.\n"


def test_a_person_is_forgotten(
    run: Run, photos: list[list[int]], tmp_path: Path, typed: Callable[..., tuple[int, str, str]]
) -> None:
    run("name photos/0.png#1 photos/1.png#1 Annabel")
    run("name photos/0.png#2 Ben")
    run("find --with Annabel --save Gala")
    run("find --alone --save Like-Annabel")
    run("find --with Ben --save Ben")
    report = run("forget --person Annabel --with-faces")
    nothing = {"sidecars": [], "backups": 0, "backups_deleted": 0}
    assert report == {"decisions": 1, "faces": 2, "searches": ["Gala", "Like-Annabel"]} | nothing
    assert people(run) == {"Ben": [photos[0][1]]}
    assert [row["name"] for row in run("find --list-saved")["saved"]] == ["Ben"]
    assert run("status")["faces"] == 6
    for path in filter(Path.is_file, tmp_path.rglob("*")):
        assert b"Annabel" not in path.read_bytes()


def test_a_name_that_was_undone_is_forgotten(
    run: Run, photos: list[list[int]], tmp_path: Path, typed: Callable[..., tuple[int, str, str]]
) -> None:
    run("name photos/1.png#1 Ann")
    run("name photos/0.png#1 photos/1.png#1 Qwertzilla --twice")
    run("undo")
    run("name --person Ann QWERTZILLA")
    run("undo")
    run("forget --person Qwertzilla")
    for path in filter(Path.is_file, tmp_path.rglob("*")):
        assert b"qwertzilla" not in path.read_bytes().lower()
    assert [each["words"] for each in run("history")["decisions"]] == ["1 face is Ann."]
    assert people(run) == {"Ann": [photos[1][0]]}
    status, _, err = typed("forget --person Qwertzilla")
    assert (status, "Nobody is called Qwertzilla" in err) == (1, True)


def test_a_name_from_before_belongs_to_somebody(
    run: Run, photos: list[list[int]], tmp_path: Path, typed: Callable[..., tuple[int, str, str]]
) -> None:
    run("name photos/0.png#1 Qwertzilla")
    run("name --person Qwertzilla Ann")
    run("name photos/1.png#1 Wobblekin")
    run("merge Ann Wobblekin")
    for name in ("Qwertzilla", "Wobblekin"):
        status, out, err = typed(f"forget --person {name}")
        assert (status, out) == (1, "")
        assert f"Nobody is called {name} now. Ann was called so before." in err
        (ann,) = run("people")["people"]
        assert f"opqn forget --person {ann['id']}" in err
    run("name photos/2.png#1 Wobblekin")
    assert "so the name is still in the library" in typed("forget --person Wobblekin")[2]
    assert typed("forget --person Ann")[2] == ""
    assert people(run) == {}
    for path in filter(Path.is_file, tmp_path.rglob("*")):
        content = path.read_bytes()
        assert not any(name in content for name in (b"Qwertzilla", b"Wobblekin", b"Ann"))


def test_names_are_taken_over_from_another_library(
    run: Run, photos: list[list[int]], tmp_path: Path, typed: Callable[..., tuple[int, str, str]]
) -> None:
    run("name photos/0.png#1 photos/1.png#1 Ann")
    (tmp_path / "library.sqlite").rename(tmp_path / "old.sqlite")
    run("index photos")
    assert people(run) == {}
    status, out, err = typed("people --take-over old.sqlite --json")
    assert (status, err) == (0, "1 decision taken over.\n")
    (row,) = json.loads(out)["people"]
    assert (row["name"], row["photos"], row["waiting"]) == ("Ann", 2, 0)
    assert typed("people --take-over old.sqlite")[2] == "0 decisions taken over.\n"


def test_a_drawn_box_comes_back_when_a_library_is_built_anew(
    run: Run, photos: list[list[int]], tmp_path: Path
) -> None:
    path, box = tmp_path / "library.sqlite", Box(5, 5, 60, 60)
    run(f"not {photos[0][0]} {photos[0][1]} --a-face")
    with Library.open(path, write=True) as library:
        photo = library.faces([photos[0][0]])[0].photo
        drawn = draw_box(Ledger(library), photo, box, fake_engine(n_faces=0))
    run(f"name {drawn} Ann")
    path.rename(tmp_path / "old.sqlite")
    run("index photos")
    run("people --take-over old.sqlite")
    run("index photos")
    with Library.open(path) as library:
        (ann,) = Ledger(library).persons()
        assert (ann.name, len(ann.faces), ann.drawn) == ("Ann", 1, ann.faces)
        assert library.faces(ann.faces)[0].box == box


def test_what_the_window_can_do_can_be_typed(
    run: Run, photos: list[list[int]], typed: Callable[..., tuple[int, str, str]]
) -> None:
    run("name photos/0.png#1 photos/1.png#1 Ann")
    assert typed("hide Ann")[1] == "Ann is hidden.\n"
    assert run("people")["people"][0]["is_hidden"]
    assert typed("show Ann")[1] == "Ann is shown.\n"
    assert typed("picture Ann photos/1.png#1")[1] == "1 face stands for Ann.\n"
    assert run("people")["people"][0]["picture"] == photos[1][0]
    assert typed("hide --faces photos/2.png#1 photos/2.png#2")[1] == "2 faces are hidden.\n"
    assert typed("not photos/2.png#1 photos/3.png#1 --same")[1] == (
        "1 face is not the same as another face.\n"
    )
    for words in ("1 face is not the same as another face", "2 faces are hidden", "1 face stands"):
        assert typed("undo")[1].startswith(f"Undone: {words}")
    told = run("history")["decisions"]
    assert [(each["counts"], each["words"]) for each in told] == [
        (False, "1 face is not the same as another face."),
        (False, "2 faces are hidden."),
        (False, "1 face stands for Ann."),
        (True, "Ann is shown."),
        (True, "Ann is hidden."),
        (True, "2 faces are Ann."),
    ]
    assert all((each["undone_at"] is None) == each["counts"] for each in told)
    lines = typed("history --limit 4")[1].splitlines()
    assert [line[18:] for line in lines][2:] == [
        f"undone {when(told[2]['undone_at'])}: 1 face stands for Ann.",
        "Ann is shown.",
    ]


def test_a_box_is_drawn_and_named_in_one_go(
    run: Run, photos: list[list[int]], typed: Callable[..., tuple[int, str, str]]
) -> None:
    run(f"not {photos[0][0]} {photos[0][1]} --a-face")
    drawn = run("draw photos/0.png 5 5 60 60 Ann")
    assert drawn["name"] == "Ann"
    assert people(run) == {"Ann": [drawn["face_id"]]}
    assert typed("undo")[1] == "Undone: 1 face has a box drawn by hand; 1 face is Ann.\n"
    assert people(run) == {}
    assert run("who photos/0.png")["faces"][0]["face_id"] in photos[0]
    run("redo")
    assert people(run) == {"Ann": [drawn["face_id"]]}
    status, _, err = typed("draw photos/0.png 100 100 160 160 Ann")
    assert (status, "twice on 0.png" in err) == (1, True)
    assert len(run("who photos/0.png")["faces"]) == 3
    status, out, _ = typed("draw photos/0.png 100 100 160 160")
    assert (status, out.endswith("is nobody yet.\n")) == (0, True)


def test_people_without_faces_are_listed_where_it_is_asked_for(
    run: Run, photos: list[list[int]]
) -> None:
    run("name photos/0.png#1 Ann")
    run("not photos/0.png#1 Ann")
    assert run("people")["people"] == []
    assert [row["name"] for row in run("people --all")["people"]] == ["Ann"]


def test_groups_are_listed_and_named(
    run: Run,
    typed: Callable[..., tuple[int, str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reds = np.digitize(np.arange(256), [60, 140])  # of a pixel: which of three people it is
    encoder = KnownEncoder("known", known=codes_about([0, 1, 2], 3, changed=0)[reds])
    engine = Engine(TintDetector(), encoder)
    monkeypatch.setattr("opqn_app.engine.load_engine", lambda *_, **__: engine)
    (tmp_path / "photos").mkdir()
    red, green, blue = (200, 40, 40), (90, 200, 40), (40, 40, 200)
    for number, tint in enumerate((red, red, red, blue, blue, green)):
        image = Image.new("RGB", (160, 140 + number), (128, 128, 128))
        image.paste(tint, (20, 30, 100, 110))
        image.save(tmp_path / "photos" / f"{number}.png")
    run("index photos")
    ids = [run(f"who photos/{number}.png")["faces"][0]["face_id"] for number in range(6)]
    assert "opqn people --groups" in typed("people")[1]
    found = run("people --groups")
    assert [sorted(group["faces"]) for group in found["groups"]] == [ids[:3], ids[3:5]]
    assert [group["photos"] for group in found["groups"]] == [3, 2]
    assert "groups" not in run("people")
    name = found["groups"][0]["group"]
    lines = typed("people --groups 1")[1].splitlines()
    assert lines[3].split()[:3] == [name, "3", "3"]
    assert lines[4:] == ["1 more group: --groups 2", f"Say who one is: opqn name {name} NAME"]
    assert typed(f"name {name} Ann")[1] == "3 faces are Ann.\n"
    assert people(run) == {"Ann": ids[:3]}
    assert [sorted(group["faces"]) for group in run("people --groups")["groups"]] == [ids[3:5]]
    for word in (name, "group:", "group:99"):
        status, _, err = typed(f"name {word} Ben")
        assert (status, "is no group without a name" in err) == (1, True)
    run(f"not group:{ids[4]} Ann")
    run(f"name group:{ids[3]} Ben")
    assert "no group of two faces or more" in typed("people --groups")[1]


def test_a_model_that_can_not_group_says_so(
    typed: Callable[..., tuple[int, str, str]], photos: list[list[int]]
) -> None:
    status, out, err = typed("people --groups")
    assert (status, "can't group them" in err) == (0, True)
    assert "no group of two faces or more" in out


def test_an_empty_library_says_what_to_do_first(
    typed: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    (tmp_path / "photos").mkdir()
    typed("index photos")
    assert "opqn index DIR" in typed("people")[1]


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the time zone can't be changed")
def test_times_are_those_of_the_clock_on_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Kolkata")
        time.tzset()
        assert when("2026-11-29T20:00:00.123") == "2026-11-30 01:30"
    time.tzset()
