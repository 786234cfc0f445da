"""`opqn verify` passes where all is as it should be, and fails for each thing that is not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from opqn_app.cli import commands, self_test_checks
from opqn_app.cli.self_test_room import Room
from opqn_app.core import paths, places, scratch
from opqn_app.core.files import UNFINISHED
from opqn_app.core.watched import Seen, read_notes

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="rights work differently there")
Capture = pytest.CaptureFixture[str]

PLANTED_SOCKET = """
import socket, sys
from pathlib import Path
from opqn_app.core.files import UNFINISHED
from opqn_app.core.watched import Watch
Watch(Path(sys.argv[1]))
socket.socketpair()  # within this machine
socket.socket(socket.AF_INET, socket.SOCK_STREAM)
"""


def verify(capsys: Capture) -> tuple[int, dict[str, bool], str]:
    """The status, whether each check passed, and what was said."""
    status = commands.run(["verify", "--json"])
    said = capsys.readouterr()
    value = json.loads(said.out)
    assert value["passed"] == (status == 0)
    assert {each["kind"] for each in value["touched"]} >= {"read", "written"}
    return status, {each["title"]: each["passed"] for each in value["checks"]}, said.err


@pytest.mark.slow
def test_a_fresh_environment_passes(own_folders: Path, capsys: Capture) -> None:
    status, checks, err = verify(capsys)
    assert (status, [title for title, passed in checks.items() if not passed]) == (0, []), err
    assert list((own_folders / "cache").glob("opqn-*")) == []


CALLS_HOME = """
import os
if "OPQN_SELF_TEST" in os.environ:
    import atexit, pathlib, socket
    def call_home():
        pathlib.Path({elsewhere!r}).write_text("what was seen")
        try:
            socket.create_connection(("192.0.2.1", 443), timeout=1)
        except OSError:
            pass
    atexit.register(call_home)
"""  # what a package that is installed beside the program could do


@pytest.mark.slow
def test_a_whole_run_fails_for_each_planted_fault(
    own_folders: Path, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A socket, a file elsewhere, a file that others may read, an open folder, leftovers."""
    beside, elsewhere = tmp_path / "beside", tmp_path / "elsewhere.txt"
    beside.mkdir()
    (beside / "sitecustomize.py").write_text(CALLS_HOME.format(elsewhere=str(elsewhere)))
    monkeypatch.setenv("PYTHONPATH", str(beside), prepend=os.pathsep)
    data, cache = paths.data_dir(), paths.cache_dir()
    (data / "evaluations").mkdir(mode=0o755)
    (data / "evaluations").chmod(0o755)
    (data / "library.sqlite.damaged-2026").touch()
    (data / "library.sqlite.damaged-2026").chmod(0o644)
    left = cache / "opqn-killed"
    left.mkdir(mode=0o700)
    (left / scratch.IN_USE).touch(mode=0o600)
    unfinished = data / f"settings.json.abcd1234{UNFINISHED}"
    unfinished.touch(mode=0o600)
    os.utime(unfinished, (1.0, 1.0))
    status, checks, err = verify(capsys)
    assert status == 1
    assert {title for title, passed in checks.items() if not passed} == {
        "No network",
        "Writes where it says",
        "Your own files",
        "No leftovers of killed runs",
    }, err
    for words in (
        "Something asked for the network (socket.",
        f"{elsewhere} was written, outside the folders of the program.",
        f"Close it: chmod go= {data / 'evaluations'}",
        f"Close it: chmod go= {data / 'library.sqlite.damaged-2026'}",
        f"Delete it: rm -r {unfinished}",
    ):
        assert words in err
    assert not left.exists()  # the next run of the program deletes it, whatever run that is


def test_a_planted_socket_is_refused_and_found(tmp_path: Path) -> None:
    words = [sys.executable, "-c", PLANTED_SOCKET, str(tmp_path / "notes.jsonl")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert "PermissionError: socket.__new__ is blocked" in done.stderr
    check = self_test_checks.network(read_notes(tmp_path), is_apart=False)
    assert "socket.__new__" in check.faults[0]
    assert self_test_checks.network([Seen("/a/file", "read")], is_apart=False).has_passed


def test_a_planted_file_that_others_may_read_is_found(own_folders: Path) -> None:
    data = paths.data_dir()
    library = data / "library.sqlite"
    planted = data / "settings.json.old"
    planted.touch(mode=0o600)
    assert self_test_checks.rights("", places.places(library)).has_passed
    planted.chmod(0o644)
    assert f"chmod go= {planted}" in self_test_checks.rights("", places.places(library)).faults[0]
    assert self_test_checks.folders("", places.places(library)).has_passed
    data.chmod(0o755)
    assert f"chmod go= {data}" in self_test_checks.folders("", places.places(library)).faults[0]


def test_a_planted_leftover_is_found(own_folders: Path) -> None:
    library, left = paths.data_dir() / "library.sqlite", paths.cache_dir() / "opqn-killed"
    assert self_test_checks.leftovers(library).has_passed
    left.mkdir(mode=0o700)
    (left / scratch.IN_USE).touch()
    assert f"rm -r {left}" in self_test_checks.leftovers(library).faults[0]


def test_a_photo_that_is_written_is_a_fault(tmp_path: Path) -> None:
    room = Room(tmp_path)
    photo = str(room.photos / "a.jpg")
    assert self_test_checks.photos_are_read([Seen(photo, "read")], room).has_passed
    assert not self_test_checks.photos_are_read([Seen(photo, "written")], room).has_passed


def test_a_file_elsewhere_is_a_fault(tmp_path: Path) -> None:
    room = Room(tmp_path / "room")
    seen = [Seen(str(room.place / "data" / "x"), "written"), Seen("/dev/null", "written")]
    assert self_test_checks.written_places(seen, room).has_passed
    seen.append(Seen(str(tmp_path / "elsewhere"), "written"))
    assert not self_test_checks.written_places(seen, room).has_passed


def test_what_is_left_of_the_forgotten_is_a_fault(tmp_path: Path) -> None:
    room, secret = Room(tmp_path), b"a picture of a face, in bytes"
    room.library.parent.mkdir()
    (tmp_path / "out" / "Quillfeather").mkdir(parents=True)
    (tmp_path / "secrets.json").write_text(json.dumps({"crops": [secret.hex()]}), encoding="ascii")
    room.library.write_bytes(b"nothing")
    assert self_test_checks.nothing_left(room).has_passed
    room.library.write_bytes(b"before" + secret)
    assert not self_test_checks.nothing_left(room).has_passed


def test_a_helper_that_is_left_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_test_checks, "WAIT_S", 0.2)
    words = [sys.executable, "-c", "input()"]
    mark = {"OPQN_SELF_TEST": "of-a-test"}
    with subprocess.Popen(words, env=mark, stdin=subprocess.PIPE) as helper:
        found = self_test_checks.processes("OPQN_SELF_TEST=of-a-test")
        helper.communicate(b"\n")
    if not Path("/proc/self/environ").exists():
        pytest.skip("this system does not tell")
    assert f"kill {helper.pid}" in found.faults[0]
    assert self_test_checks.processes("OPQN_SELF_TEST=of-a-test").has_passed
