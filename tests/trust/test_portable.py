"""A library with all that lies beside it is carried to another user in another place, and works."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opqn_app.cli import commands
from opqn_app.store.library import Library
from tests.library_fakes import bound_by_rights
from tests.trust.conftest import NAMES, own_folders_in
from tests.trust.sample_photos import copy_sample

pytestmark = pytest.mark.skipif(os.name != "posix", reason="rights work differently there")
Capture = pytest.CaptureFixture[str]
NOBODY = 65534


@pytest.fixture
def stick() -> Iterator[Path]:
    """A folder that another user reaches too, unlike those below pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        with own_folders_in(Path(name) / "theirs"):
            yield Path(name)


@pytest.fixture
def carried(indexed: tuple[Path, dict[str, Path]], stick: Path) -> Path:
    """A copy of the library, its log and its backups, open to all as on a disk without rights."""
    library = indexed[0]
    commands.run(["backup", "--library", str(library)])
    place = stick / "carried"
    place.mkdir()
    for file in library.parent.glob("library.sqlite*"):
        if file.is_dir():
            shutil.copytree(file, place / file.name)
        elif file.suffix != ".lock":
            shutil.copy(file, place / file.name)
    for file in [place, *place.rglob("*")]:
        file.chmod(0o755 if file.is_dir() else 0o644)
    return place / "library.sqlite"


def _give(folder: Path) -> None:
    """Another user owns it now, where tests may say so."""
    for file in [folder, *folder.rglob("*")]:
        if os.geteuid() == 0:
            os.chown(file, NOBODY, NOBODY)


def _run(capsys: Capture, library: Path, *words: object) -> tuple[int, Any]:
    """A command with --json: its status and what it prints, or what it says."""
    command = [*map(str, words), "--json", "--library", str(library)]
    status = commands.run(command)
    said = capsys.readouterr()
    return status, json.loads(said.out) if said.out else said.err


def _people(value: dict[str, Any]) -> dict[str, list[int]]:
    return {person["name"]: person["faces"] for person in value["people"]}


def test_another_user_has_all_of_it(
    indexed: tuple[Path, dict[str, Path]], carried: Path, stick: Path, capsys: Capture
) -> None:
    home, folders = indexed
    query = folders["gone"] / f"{folders['gone'].name}-photo-0.jpg"
    at_home = _run(capsys, home, "search", query)[1]
    people = _people(_run(capsys, home, "people")[1])
    photos = stick / "photos"
    photos.mkdir()
    for folder in folders.values():
        shutil.copytree(folder, photos / folder.name)
    own = stick / "theirs"
    own.mkdir(exist_ok=True)
    for folder in (photos, own, carried.parent):
        _give(folder)
    with bound_by_rights():
        assert _run(capsys, carried, "check") == (0, {"library": str(carried), "faults": []})
        assert _people(_run(capsys, carried, "people")[1]) == people
        assert set(people) == set(NAMES.values())
        status, found = _run(capsys, carried, "search", photos / folders["gone"].name / query.name)
        assert status == 0
        assert [(hit["face_id"], hit["score"]) for hit in found["hits"]] == [
            (hit["face_id"], hit["score"]) for hit in at_home["hits"]
        ]
        with Library.open(carried) as library:
            ids = library.code_store.faces_without_code("none").tolist()
            assert library.face_table.crops(ids).keys() == set(ids)
        _, backups = _run(capsys, carried, "backup", "--list")
        assert {backup["problem"] for backup in backups["backups"]} == {""}
        for folder in folders.values():
            status, moved = _run(capsys, carried, "relocate", folder, photos / folder.name)
            assert (status, moved["there"]) == (0, 6)
            status, report = _run(capsys, carried, "index", photos / folder.name)
            assert (status, report["unchanged"], report["decoded"]) == (0, 6, 0)
        status, named = _run(capsys, carried, "name", people[NAMES["gone"]][0], "Somebody else")
        assert status == 0
        assert "Somebody else" in {person["name"] for person in named["people"]}
        assert {oct(file.stat().st_mode & 0o077) for file in carried.parent.glob("*")} == {"0o0"}


def test_who_may_only_read_it_can_search_it(
    indexed: tuple[Path, dict[str, Path]], carried: Path, stick: Path, capsys: Capture
) -> None:
    home = indexed[0]
    (query,) = copy_sample(stick / "query", [0])
    answer = _run(capsys, home, "search", query)[1]
    people = _people(_run(capsys, home, "people")[1])
    own = stick / "theirs"
    own.mkdir(exist_ok=True)
    _give(own)
    carried.parent.chmod(0o555)
    for file in carried.parent.rglob("*"):
        file.chmod(0o555 if file.is_dir() else 0o444)
    before = {file: file.stat().st_mtime_ns for file in carried.parent.rglob("*")}
    with bound_by_rights():
        assert _run(capsys, carried, "check")[0] == 0
        assert _people(_run(capsys, carried, "people")[1]) == people
        status, found = _run(capsys, carried, "search", query)
        assert (status, found["hits"]) == (0, answer["hits"])
        for words in (("name", 1, "Ben"), ("index", query.parent)):
            status, said = _run(capsys, carried, *words)
            assert (status, "can't be written" in said) == (1, True), said
    assert {file: file.stat().st_mtime_ns for file in carried.parent.rglob("*")} == before
    carried.parent.chmod(0o755)
    for folder in carried.parent.glob("*.backups"):
        folder.chmod(0o755)
