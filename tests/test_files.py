"""Files written in one step: the old one or the new one, whole, whatever happens."""

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import BinaryIO

import pytest

from opqn_app.core import files, unfinished

posix_only = pytest.mark.skipif(os.name != "posix", reason="permissions and signals of POSIX")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_made_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    files.replace_text(path, "größer\n")
    assert path.read_bytes() == "größer\n".encode()
    files.replace_bytes(path, b"\x00")
    assert path.read_bytes() == b"\x00"
    files.replace_json(path, {"a": [1]})
    assert path.read_text(encoding="utf-8") == '{\n  "a": [\n    1\n  ]\n}\n'
    assert names(tmp_path) == ["a.txt"]


def test_the_old_file_is_there_until_the_block_is_done(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with files.replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new"


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, error: type[BaseException]
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write() -> None:
        with files.replacing(path) as file:
            file.write(b"half of the n")
            raise error

    with pytest.raises(error):
        write()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_replacement_that_fails_leaves_nothing_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "a_folder"
    folder.mkdir()
    with pytest.raises(OSError, match="a_folder"):
        files.replace_text(folder, "text")
    assert names(tmp_path) == ["a_folder"]
    with pytest.raises(FileNotFoundError):
        files.replace_text(tmp_path / "missing/a.txt", "text")


def test_the_content_is_on_the_disk_before_it_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def noted_fsync(number: int) -> None:
        steps.append(f"{os.fstat(number).st_size} bytes on the disk")
        fsync(number)

    def noted_replace(source: Path, target: Path) -> None:
        steps.append("in its place")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "replace", noted_replace)
    files.replace_text(tmp_path / "a.txt", "12345")
    assert steps == ["5 bytes on the disk", "in its place"]
    with files.replacing(tmp_path / "a.txt", durable=False):
        steps.clear()
    assert steps == ["in its place"]


def test_readers_of_a_file_with_two_writers_see_whole_files(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    contents = [bytes([number]) * 300_000 for number in (1, 2)]
    files.replace_bytes(path, contents[0])

    def write(content: bytes) -> None:
        for _ in range(40):
            with files.replacing(path, durable=False) as file:
                file.write(content)

    writers = [threading.Thread(target=write, args=(content,)) for content in contents]
    for writer in writers:
        writer.start()
    seen = {path.read_bytes()}
    while any(writer.is_alive() for writer in writers):
        seen.add(path.read_bytes())
    for writer in writers:
        writer.join()
    assert seen <= set(contents)
    assert names(tmp_path) == ["a.bin"]


@posix_only
def test_a_killed_writer_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    (tmp_path / "other.tmp").write_text("of another program")
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from opqn_app.core.files import replacing\n"
        "with replacing(Path(sys.argv[1])) as file:\n"
        "    file.write(b'half')\n"
        "    file.flush()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run([sys.executable, "-c", code, path], cwd=root, check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    assert len(names(tmp_path)) == 3
    files.remove_unfinished(tmp_path)
    assert names(tmp_path) == ["a.txt", "other.tmp"]


KILLED = """
import os, signal, sys
from pathlib import Path
from opqn_app.core.files import replacing
with replacing(Path(sys.argv[1]), among_others=True) as file:
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@posix_only
def test_the_next_writer_among_others_deletes_what_a_killed_one_left(tmp_path: Path) -> None:
    theirs = ["a.zip.0123abcd.tmp", "a.opqn-document.tmp", "a.zip.tmp"]  # of other programs
    for name in theirs:
        (tmp_path / name).write_text("of another program")
    root = Path(__file__).resolve().parent.parent
    subprocess.run([sys.executable, "-c", KILLED, tmp_path / "a.zip"], cwd=root, check=False)
    (left,) = set(names(tmp_path)) - set(theirs)
    assert left.startswith("a.zip.opqn-")
    (tmp_path / f"b{left[5:]}").symlink_to(tmp_path / theirs[0])
    with files.replacing(tmp_path / "b.zip", among_others=True) as file:
        assert left not in names(tmp_path)
        file.write(b"whole")
    assert names(tmp_path) == sorted([*theirs, "b.zip", f"b{left[5:]}"])


def test_writers_among_others_leave_each_other_alone(tmp_path: Path) -> None:
    with files.replacing(tmp_path / "a.zip", among_others=True) as one:
        one.write(b"one")
        with files.replacing(tmp_path / "b.zip", among_others=True) as two:
            two.write(b"two")
        unfinished.sweep(tmp_path)
        assert len(names(tmp_path)) == 2
    assert (tmp_path / "a.zip").read_bytes() == b"one"
    assert names(tmp_path) == ["a.zip", "b.zip"]


@posix_only
def test_a_file_that_is_deleted_before_it_is_held_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = files._new
    first: list[Path] = []

    def swept_at_once(*args: object, **options: object) -> BinaryIO:
        file = made(*args, **options)  # type: ignore[arg-type]
        if not first:
            first.append(Path(file.name))
            first[0].unlink()
        return file

    monkeypatch.setattr(files, "_new", swept_at_once)
    with files.replacing(tmp_path / "a.zip", among_others=True) as file:
        file.write(b"whole")
        assert Path(file.name) != first[0]
    assert (tmp_path / "a.zip").read_bytes() == b"whole"


@posix_only
def test_permissions_are_those_of_any_new_file_or_of_the_replaced_one(tmp_path: Path) -> None:
    plain, made = tmp_path / "plain.txt", tmp_path / "made.txt"
    plain.write_text("")
    files.replace_text(made, "text")
    assert made.stat().st_mode == plain.stat().st_mode
    made.chmod(0o600)
    files.replace_text(made, "secret")
    assert stat.S_IMODE(made.stat().st_mode) == 0o600


@posix_only
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real/settings.json", tmp_path / "settings.json"
    real.write_text("old")
    link.symlink_to(real)
    files.replace_text(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"


def test_long_names_and_a_room_of_their_own(tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    path = tmp_path / ("ä" * 120)  # 240 bytes of the 255 that a name may have
    with files.replacing(path, room=room) as file:
        file.write(b"text")
        assert len(names(room)) == 1
    assert path.read_bytes() == b"text"
    assert names(room) == []
