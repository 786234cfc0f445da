"""No byte of what is forgotten is left in any file the program writes to; the rest stays."""

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from opqn_app.core import scratch
from opqn_app.engine import load_engine
from opqn_app.index.indexing import index_folder
from opqn_app.people.gestures import find_person
from opqn_app.people.ledger import Ledger
from opqn_app.store import secrets_of
from opqn_app.store.library import Library
from tests.trust.conftest import NAMES, Scene
from tests.trust.sample_photos import copy_sample

Capture = pytest.CaptureFixture[str]
NAME = NAMES["gone"]
OF_FACES = ("crops", "codes", "landmarks", "boxes")
N_KINDS = 7


def test_a_folder(scene: Scene, capsys: Capture) -> None:
    status, _, _ = scene.run(capsys, "forget", scene.folders["gone"])
    assert (status, scene.found("gone")) == (0, [])
    assert len({each.kind for each in scene.found("kept")}) == N_KINDS


def test_a_photo(scene: Scene, capsys: Capture) -> None:
    with Library.open(scene.library) as library:
        photo = next(photo for photo in library.photos(1) if photo.n_faces)
        faces = {face.id for face in library.faces_of(photo.id)}
        secrets = secrets_of.of_faces(library, faces) | {"path": [photo.rel_path.encode()]}
    status, _, err = scene.run(capsys, "forget", photo.path)
    assert (status, scene.found(**secrets)) == (0, [])
    assert "the next indexing finds it again" in err
    status, _, err = scene.run(capsys, "forget", photo.path)
    assert status == 1
    assert "Nothing is known of" in err


def test_a_person(scene: Scene, capsys: Capture) -> None:
    assert scene.found(name=[NAME.encode()])
    status, _, _ = scene.run(capsys, "forget", "--person", NAME)
    assert (status, scene.found(name=[NAME.encode()])) == (0, [])
    assert scene.found(name=[NAMES["kept"].encode()])


def test_a_person_with_faces_and_codes(scene: Scene, capsys: Capture) -> None:
    with Library.open(scene.library) as library:
        ledger = Ledger(library)
        keys = ledger.state.members[find_person(ledger, NAME)]
        faces = {face for key in keys for face in ledger.bindings.faces_of[key]}
        secrets = secrets_of.of_faces(library, faces) | {"name": [NAME.encode()]}
    assert {each.kind for each in scene.found(**secrets)} == {*OF_FACES, "name"}
    status, _, _ = scene.run(capsys, "forget", "--person", NAME, "--with-faces")
    assert (status, scene.found(**secrets)) == (0, [])


def test_everything(scene: Scene, capsys: Capture) -> None:
    scene.run(capsys, "find", "--with", NAME, "--save", "with Quillfeather")
    status, out, _ = scene.run(capsys, "forget", "--everything", "--json")
    names = [name.encode() for name in NAMES.values()]
    assert (status, scene.found("gone", "kept", names=names)) == (0, [])
    assert '"photos": 12' in out


@contextmanager
def reader(path: Path) -> Iterator[sqlite3.Connection]:
    """Another program that reads the library as it was when it began."""
    raw = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    raw.execute("BEGIN")
    raw.execute("SELECT COUNT(*) FROM crops").fetchone()
    try:
        yield raw
    finally:
        raw.close()


def test_a_reader_that_stays(
    scene: Scene, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """! "Forgot…" and status 0 while 52 of 52 crops stayed."""
    monkeypatch.setattr(Library, "patience_s", 0.5)
    with reader(scene.library):
        status, out, err = scene.run(capsys, "forget", scene.folders["gone"])
        assert (status, out) == (1, "")
        assert err.count("Another program is reading the library") == 1
        assert "It is out of the library, but bytes of it are still in" in err
        assert scene.found("gone")
        assert "opqn forget --traces" in scene.run(capsys, "status")[1]
        assert scene.run(capsys, "forget", "--traces")[0] == 1
        assert scene.run(capsys, "name", 8, "Somebody")[0] == 0  # nobody else is disturbed
    assert scene.run(capsys, "forget", "--traces")[0] == 0
    assert scene.found("gone") == []
    assert "forget --traces" not in scene.run(capsys, "status")[1]


@pytest.mark.slow
def test_a_reader_that_ends_after_more_than_ten_seconds(scene: Scene, capsys: Capture) -> None:
    with reader(scene.library) as other:
        timer = threading.Timer(11, other.rollback)
        timer.start()
        begun = time.monotonic()
        status, out, err = scene.run(capsys, "forget", scene.folders["gone"])
        assert time.monotonic() - begun > 10  # it waited; how long in all is not asked
        timer.join()
    assert (status, scene.found("gone")) == (0, [])
    assert out.startswith("Forgot 6 photos")
    assert "Waiting until it is done" in err


def test_after_the_copy_of_a_migration(scene: Scene, capsys: Capture) -> None:
    copy = scene.library.with_name("library.sqlite.before-m0011_checksums")
    copy.write_bytes(scene.library.read_bytes())
    assert copy in {each.path for each in scene.found("gone")}
    assert scene.run(capsys, "forget", scene.folders["gone"])[0] == 0
    assert scene.found("gone") == []


def test_a_name_that_was_undone(scene: Scene, capsys: Capture) -> None:
    scene.run(capsys, "name", 1, "Vexillary")
    scene.run(capsys, "undo")
    assert scene.found(name=[b"Vexillary"])
    assert scene.run(capsys, "forget", "--person", "Vexillary")[0] == 0
    assert scene.found(name=[b"Vexillary"]) == []


def test_saved_searches(scene: Scene, capsys: Capture) -> None:
    scene.run(capsys, "find", "--with", NAME, "--save", "Murmuration")
    assert scene.found(search=[b"Murmuration"])
    scene.run(capsys, "forget", "--person", NAME)
    assert scene.found(search=[b"Murmuration"], name=[NAME.encode()]) == []


def test_what_was_kept_of_sidecars_goes_with_the_folder(scene: Scene, capsys: Capture) -> None:
    beside = scene.folders["gone"]
    try:
        assert scene.run(capsys, "export", "xmp")[0] == 0
        (first,) = beside.glob("*.xmp")
        assert str(first) in scene.run(capsys, "forget", "--person", NAME)[1]
        scene.run(capsys, "name", 1, NAME)
        scene.run(capsys, "name", 1, "Vexillary")
        scene.run(capsys, "export", "xmp")  # a former sidecar with the first name is kept now
        assert scene.found(name=[NAME.encode()])
        status, told, _ = scene.run(capsys, "forget", "--person", NAME)
        assert (status, scene.found(name=[NAME.encode()])) == (0, [])
        assert (str(first) in told) == (NAME.encode() in first.read_bytes())
        assert scene.run(capsys, "forget", beside)[0] == 0
        assert scene.found("gone", sidecar=[first.name.encode()]) == []
    finally:
        for folder in scene.folders.values():
            for sidecar in folder.glob("*.xmp"):
                sidecar.unlink()


KILLED = """
import os, signal, sys
from pathlib import Path
from opqn_app.core.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "copy").write_bytes(Path(sys.argv[1]).read_bytes())
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_what_killed_runs_left(scene: Scene, capsys: Capture) -> None:
    subprocess.run([sys.executable, "-c", KILLED, scene.library], check=False)
    assert len(scratch.left_over()) == 1
    assert len({each.path for each in scene.found("gone")}) == 2
    with scratch.scratch_folder() as mine:  # one that is in use stays
        assert scene.run(capsys, "forget", scene.folders["gone"])[0] == 0
        assert (mine.is_dir(), scratch.left_over()) == (True, [])
    assert scene.found("gone") == []


def test_nothing_of_a_run_is_in_the_log(scene: Scene, capsys: Capture) -> None:
    log = scene.library.parent.parent / "log" / "opqn.log"
    assert scene.run(capsys, "index", scene.folders["gone"], "--verify-content")[0] == 0
    scene.run(capsys, "search", next(scene.folders["gone"].glob("*.jpg")))
    assert "indexed:" in log.read_text(encoding="utf-8")
    names = {"name": [NAME.encode()]}
    assert [each for each in scene.found("gone", **names) if each.path == log] == []


FORGET_AND_DIE = """
import os, signal, sys
from pathlib import Path
from opqn_app.store.library import Library
Library.clear_traces = lambda _self: os.kill(os.getpid(), signal.SIGKILL)
with Library.open(Path(sys.argv[1]), write=True) as library:
    library.forget_root(Path(sys.argv[2]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_forgetting_that_was_killed_is_finished_by_the_next_writer(
    scene: Scene, capsys: Capture
) -> None:
    copy = scene.library.with_name("library.sqlite.before-m0011_checksums")
    copy.write_bytes(scene.library.read_bytes())
    words = [sys.executable, "-c", FORGET_AND_DIE, str(scene.library), str(scene.folders["gone"])]
    subprocess.run(words, check=False)
    assert scene.found("gone")
    assert "forget --traces" in scene.run(capsys, "status")[1]
    Library.open(scene.library, write=True).close()
    assert scene.found("gone") == []


@pytest.mark.parametrize("words", [("--everything",), ("--person", NAME)])
def test_while_a_folder_is_indexed(
    scene: Scene, capsys: Capture, tmp_path: Path, words: tuple[str, ...]
) -> None:
    copy_sample(tmp_path / "more", range(20, 24))
    engine = load_engine("bundled-64")
    run = index_folder(scene.library, tmp_path / "more", engine, batch_size=1)
    while next(run).phase != "indexing":
        pass
    status, _, err = scene.run(capsys, "forget", *words)
    assert status == 1
    assert "is being written by" in err
    for _ in run:
        pass
    assert scene.run(capsys, "forget", *words)[0] == 0
    whose = ("gone", "kept") if words == ("--everything",) else ()
    assert scene.found(*whose, name=[NAME.encode()]) == []
