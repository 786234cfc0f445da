"""Remember no faces: no byte of one is left, and nothing brings one in before it is allowed."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from opqn_app.core import paths
from opqn_app.core.errors import LibraryLocked, RemembersNoFaces
from opqn_app.engine import load_engine
from opqn_app.exchange.going.no_faces import remember_no_faces
from opqn_app.index.indexing import encode_library, index_folder
from opqn_app.people import gestures
from opqn_app.people.ledger import Ledger
from opqn_app.store import backups
from opqn_app.store.faces_switch import TABLES
from opqn_app.store.library import Library
from tests.people_world import World
from tests.trust.conftest import NAMES, Scene
from tests.trust.sample_photos import copy_sample

Capture = pytest.CaptureFixture[str]
ALL_NAMES = [name.encode() for name in NAMES.values()]
REFUSED = "remembers no faces, as you chose"


def n_rows(path: Path) -> dict[str, int]:
    """How many rows the tables have that must be empty."""
    raw = sqlite3.connect(path)
    try:
        rows = {table: raw.execute(f"SELECT COUNT(*) FROM {table}").fetchone() for table in TABLES}
    finally:
        raw.close()
    return {table: row[0] for table, row in rows.items() if row[0]}


def test_no_byte_of_a_face_is_left_and_the_folders_stay(scene: Scene, capsys: Capture) -> None:
    scene.run(capsys, "find", "--with", NAMES["gone"], "--save", "Murmuration")
    scene.run(capsys, "find", "--under", scene.folders["kept"], "--save", "By folder")
    scene.run(capsys, "backup")
    copy = scene.library.with_name("library.sqlite.before-m0011_checksums")
    copy.write_bytes(scene.library.read_bytes())
    for kind in ("evaluations", "crops"):
        (paths.data_dir() / kind / "one").mkdir(parents=True)
        shutil.copy(scene.library, paths.data_dir() / kind / "one" / "face.webp")
    assert {each.path.parent.name for each in scene.found(name=ALL_NAMES)} >= {
        "library.sqlite.backups",
        "one",
        "data",
    }
    status, out, _ = scene.run(capsys, "remember-faces", "off")
    assert status == 0
    assert {each.kind for each in scene.found("gone", "kept")} == {"root"}
    assert scene.found(name=[*ALL_NAMES, b"Murmuration"]) == []
    assert n_rows(scene.library) == {}
    with Library.open(scene.library) as library:
        assert set(library.watched_roots()) == set(scene.folders.values())
        assert [search.name for search in library.saved_searches.all()] == ["By folder"]
        assert library.faults() == []
    assert "on 12 photos, 2 names and 2 decisions" in out
    assert "Saved searches that are gone too: “Murmuration”." in out
    assert "taken out of 2 backups" in out
    assert "2 folders, the settings" in out


def test_what_would_go_is_told_before(scene: Scene, capsys: Capture) -> None:
    status, out, _ = scene.run(capsys, "remember-faces")
    assert (status, out.splitlines()[0]) == (0, "Faces are remembered.")
    assert "2 names, and 2 decisions about who is who, beyond undo" in out
    assert n_rows(scene.library)  # nothing has changed
    scene.run(capsys, "remember-faces", "off")
    assert scene.run(capsys, "remember-faces")[1].startswith("No face is remembered")
    assert "it remembers no faces" in scene.run(capsys, "status")[1]
    assert scene.run(capsys, "remember-faces", "off")[0] == 0  # once more: no harm


def test_sidecars_are_named_and_former_ones_deleted(scene: Scene, capsys: Capture) -> None:
    beside = scene.folders["gone"]
    try:
        scene.run(capsys, "export", "xmp")
        (sidecar,) = beside.glob("*.xmp")
        scene.run(capsys, "name", 1, "Vexillary")
        scene.run(capsys, "export", "xmp")  # the former one holds the first name
        out = scene.run(capsys, "remember-faces", "off")[1]
        assert "Names are still in 3 XMP files beside your photos" in out
        assert str(sidecar) in out
        assert scene.found(name=[*ALL_NAMES, b"Vexillary"]) == []
        assert sidecar.is_file()
    finally:
        for folder in scene.folders.values():
            for left in folder.glob("*.xmp"):
                left.unlink()


def test_no_command_brings_a_face_in(scene: Scene, capsys: Capture, tmp_path: Path) -> None:
    photo = next(scene.folders["gone"].glob("*.jpg"))
    scene.run(capsys, "backup")
    kept = shutil.copy(backups.files(scene.library)[0], tmp_path / "elsewhere.sqlite")
    former = shutil.copy(scene.library, tmp_path / "former.sqlite")
    copy_sample(tmp_path / "more", range(20, 22))
    assert scene.run(capsys, "remember-faces", "off")[0] == 0
    for words in (
        ("index", scene.folders["gone"]),
        ("index", tmp_path / "more"),
        ("index", scene.folders["gone"], "--thorough", "--retry"),
        ("encode",),
        ("search", photo),
        ("draw", photo, 10, 10, 90, 90, "Anna"),
        ("name", 1, "Anna"),
        ("name", f"{photo}#1", "Anna"),
        ("undo",),
        ("import", "xmp", scene.folders["gone"]),
        ("restore", kept),
        ("restore", former),
        ("people", "--take-over", former),
    ):
        status, _, err = scene.run(capsys, *words)
        assert (status, REFUSED in err or "is no backup" in err) == (1, True), (words, err)
        assert n_rows(scene.library) == {}, words
    assert scene.found("gone")  # in the files that were put beside, or no search could fail


def test_a_program_that_was_open_before_brings_none_in(
    scene: Scene, capsys: Capture, tmp_path: Path
) -> None:
    """Also one that is older than the switch: the file itself refuses."""
    decider = Library.open_to_decide(scene.library)
    raw = sqlite3.connect(scene.library, isolation_level=None)
    ledger = Ledger(decider)
    assert scene.run(capsys, "remember-faces", "off")[0] == 0
    try:
        with pytest.raises(RemembersNoFaces, match=REFUSED):
            gestures.name_faces(ledger, [1], "Anna")
        for table in TABLES:
            columns = raw.execute(f"PRAGMA table_info({table})").fetchall()
            values = [10**6 if column[2] == "INTEGER" else b"x" for column in columns]
            marks = ",".join("?" * len(values))
            with pytest.raises(sqlite3.IntegrityError, match="remembers no faces"):
                raw.execute(f"INSERT INTO {table} VALUES ({marks})", values)
    finally:
        raw.close()
        decider.close()
    assert n_rows(scene.library) == {}


def test_while_a_folder_is_indexed(scene: Scene, capsys: Capture, tmp_path: Path) -> None:
    copy_sample(tmp_path / "more", range(20, 24))
    run = index_folder(scene.library, tmp_path / "more", load_engine("bundled-64"), batch_size=1)
    while next(run).phase != "indexing":
        pass
    status, _, err = scene.run(capsys, "remember-faces", "off")
    assert (status, "is being written by" in err) == (1, True)
    with pytest.raises(LibraryLocked), Library.open(scene.library, write=True):
        pass
    run.close()
    assert scene.run(capsys, "remember-faces", "off")[0] == 0
    assert n_rows(scene.library) == {}


def test_drawn_boxes_and_codes_too(world: World, ledger: Ledger) -> None:
    with world.library as library:
        path = library.path
        remember_no_faces(library)
        with pytest.raises(RemembersNoFaces):
            World(library).add_photo(9, [0])
    for run in (
        encode_library(path, load_engine("bundled-64")),
        index_folder(path, path.parent, load_engine("bundled-64")),
    ):
        with pytest.raises(RemembersNoFaces):
            next(run)


def test_on_again_finds_the_same_faces(scene: Scene, capsys: Capture) -> None:
    with Library.open(scene.library) as library:
        before = library.status()
    scene.run(capsys, "remember-faces", "off")
    status, out, _ = scene.run(capsys, "remember-faces", "on")
    assert status == 0
    for folder in scene.folders.values():
        assert f"opqn index {folder}" in out
        assert scene.run(capsys, "index", folder)[0] == 0
    with Library.open(scene.library) as library:
        after = library.status()
        assert (after.photos, after.faces) == (before.photos, before.faces)
        face = library.faces_of(library.photos()[0].id)[0].id
        assert face > before.faces  # an id never comes to mean another face
        assert library.faults() == []
    assert scene.run(capsys, "name", face, "Anna")[0] == 0
    photo = next(scene.folders["gone"].glob("*.jpg"))
    assert scene.run(capsys, "search", photo)[0] == 0


def test_a_backup_keeps_that_no_face_is_remembered(scene: Scene, capsys: Capture) -> None:
    scene.run(capsys, "backup")
    scene.run(capsys, "remember-faces", "off")
    scene.library.unlink()
    assert scene.run(capsys, "restore")[0] == 0
    assert "it remembers no faces" in scene.run(capsys, "status")[1]
    with Library.open(scene.library) as library:
        assert set(library.watched_roots()) == set(scene.folders.values())
    scene.run(capsys, "remember-faces", "on")
    assert scene.run(capsys, "backup")[0] == 0
    scene.library.unlink()
    assert scene.run(capsys, "restore", backups.files(scene.library)[0])[0] == 0
    assert "it remembers no faces" not in scene.run(capsys, "status")[1]


def test_a_library_can_begin_so(own_folders: Path, capsys: Capture) -> None:
    scene = Scene(own_folders / "data" / "new.sqlite", {}, {})
    assert scene.run(capsys, "remember-faces", "on")[0] == 1  # there is none yet
    assert scene.run(capsys, "remember-faces", "off")[0] == 0
    copy_sample(own_folders / "photos", range(2))
    assert scene.run(capsys, "index", own_folders / "photos")[0] == 1
    assert n_rows(scene.library) == {}
