"""`opqn import xmp`, as typed: from photos to people, and back by one undo."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from opqn_app.core import settings
from opqn_app.core.types import Box
from opqn_app.exchange.records import Region
from opqn_app.store.library import Library
from tests.exchange.xmp_files import face, mwg, packet, people

RunCommand = Callable[..., tuple[int, dict[str, Any], str]]

SIZE = (320, 240)


@pytest.fixture
def run(run: RunCommand) -> RunCommand:
    """As the usual one, with --json."""
    return lambda *words: run(*words, "--json")


@pytest.fixture
def photos(make_photo: Callable[..., Path], run: RunCommand) -> list[list[dict[str, Any]]]:
    """photos/0.png to photos/2.png with two faces each, from left to right."""
    paths = [make_photo(f"photos/{n}.png", seed=n, size=SIZE) for n in range(3)]
    assert run("index", paths[0].parent)[0] == 0
    return [run("who", path)[1]["faces"] for path in paths]


def region(name: str, found: dict[str, Any]) -> Region:
    left, top, right, bottom = found["box"]
    width, height = SIZE
    return Region(name, Box(left / width, top / height, right / width, bottom / height))


def sidecar(tmp_path: Path, photo: str, *parts: dict[str, Any]) -> None:
    merged: dict[str, Any] = {}
    for part in parts:
        merged |= part
    (tmp_path / "photos" / f"{photo}.xmp").write_bytes(packet(merged))


def test_names_come_in_and_go_by_one_undo(
    tmp_path: Path, run: RunCommand, photos: list[list[dict[str, Any]]]
) -> None:
    first, second = photos[0], photos[1]
    corner = face("Cid", 0.9, 0.9, 0.99, 0.99)
    sidecar(tmp_path, "0.png", mwg([region("Ann", first[0]), region("Ben", first[1]), corner]))
    sidecar(tmp_path, "1.png", mwg([region("Ann", second[0])]), people("Ann", "Ben"))
    sidecar(tmp_path, "2.png", people("Dora", "Eve"))
    folder = tmp_path / "photos"
    status, plan, _ = run("import", "xmp", folder, "--dry-run")
    assert status == 0
    assert {name["name"]: len(name["faces"]) for name in plan["names"]} == {
        "Ann": 2,
        "Ben": 2,
        "Cid": 0,
        "Dora": 0,
        "Eve": 0,
    }
    assert run("people")[1]["people"] == []
    files = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
    status, report, _ = run("import", "xmp", folder)
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.iterdir()} == files
    assert status == 0
    assert {name["name"]: name["faces"] for name in report["taken"]} == {
        "Ann": 2,
        "Ben": 2,
        "Cid": 1,
    }
    assert (report["drawn"], report["waiting"]) == (1, 0)
    assert [asked["names"] for asked in report["asked"]] == [["Dora", "Eve"]]
    rows = {row["name"]: row["faces"] for row in run("people")[1]["people"]}
    assert rows["Ann"] == [first[0]["face_id"], second[0]["face_id"]]
    assert rows["Ben"] == [first[1]["face_id"], second[1]["face_id"]]
    again = run("import", "xmp", folder)[1]
    assert (again["taken"], again["drawn"]) == ([], 0)
    run("undo")
    assert run("people")[1]["people"] == []
    assert len(run("import", "xmp", folder)[1]["taken"]) == 3
    assert {r["name"]: r["faces"] for r in run("people")[1]["people"]} == rows


def test_only_some_names_are_taken(
    tmp_path: Path, run: RunCommand, photos: list[list[dict[str, Any]]]
) -> None:
    sidecar(tmp_path, "0.png", mwg([region("Ann", photos[0][0]), region("Ben", photos[0][1])]))
    folder = tmp_path / "photos"
    report = run("import", "xmp", folder, "--only", "ann")[1]
    assert [name["name"] for name in report["taken"]] == ["Ann"]
    status, _, said = run("import", "xmp", folder, "--only", "Nobody")
    assert status == 1
    assert "nobody called Nobody" in said
    status, _, said = run("import", "xmp", tmp_path / "none")
    assert status == 1
    assert "is not there. Choose the folder of photos." in said


def test_while_another_writes_names_come_and_boxes_wait(
    tmp_path: Path, run: RunCommand, photos: list[list[dict[str, Any]]]
) -> None:
    """As while photos are indexed; the run at whose end they are drawn."""
    there = region("Ann", photos[0][0])
    sidecar(tmp_path, "0.png", mwg([there, face("Cid", 0.9, 0.9, 0.99, 0.99)]))
    with Library.open(tmp_path / "library.sqlite", write=True):
        status, report, _ = run("import", "xmp", tmp_path / "photos")
    assert status == 0
    assert (len(report["taken"]), report["drawn"], report["waiting"]) == (2, 0, 1)
    run("index", tmp_path / "photos")
    people = {row["name"]: len(row["faces"]) for row in run("people")[1]["people"]}
    assert people == {"Ann": 1, "Cid": 1}


def test_what_the_user_leaves_out_is_not_read(
    tmp_path: Path, run: RunCommand, photos: list[list[dict[str, Any]]]
) -> None:
    for name in ("0.png", "1.png"):
        sidecar(tmp_path, name, mwg([region("Ann", photos[0][0])]))
    settings.save(replace(settings.load(), excludes=("1.*",)))
    status, plan, _ = run("import", "xmp", tmp_path / "photos", "--dry-run")
    assert status == 0
    assert plan["photos"] == 1
