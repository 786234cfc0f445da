"""300 hostile or odd inputs: each is read or refused in words, and nothing else happens.

The tables are those of `hostile` and `tests.odd_files`.
"""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from opqn_app.cli import commands
from opqn_app.core import paths
from opqn_app.core.errors import DataError, ModelError, PhotoUnreadable
from opqn_app.core.settings import settings_file
from opqn_app.opqn.load import load_encoder
from tests.library_fakes import fake_engine
from tests.odd_files import corners, encoded, write_odd_files
from tests.trust import hostile
from trainer.data.pictures import AlignedCrops

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="names and pipes of POSIX")

ACTIVE = {chr(code) for code in range(32)} - set("\n\r\t") | set("\x9b\u202e")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """Run a command: status, stdout, stderr. No folder but that of the command changes."""
    monkeypatch.setattr("opqn_app.engine.load_engine", lambda *_, **__: fake_engine(n_faces=1))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)

    def run(command: str, *words: object) -> tuple[int, str, str]:
        asked = [command, "--library", str(tmp_path / "library.sqlite"), *map(str, words)]
        try:
            status = commands.run(asked)
        except SystemExit as end:  # of argparse
            status = int(end.code or 0)
        out, err = capfd.readouterr()
        assert status in (0, 1, 2)
        assert "Traceback" not in out + err
        assert not [
            c for c in out + err if (ord(c) < 32 and c not in "\n\r\t") or c in "\x9b\u202e"
        ]
        return status, out, err

    yield run
    assert list(elsewhere.iterdir()) == []


@pytest.fixture
def library(tmp_path: Path, say: Run) -> Path:
    album = tmp_path / "album"
    album.mkdir()
    for i in range(3):
        (album / f"{i}.jpg").write_bytes(encoded(corners((96, 64 + i)), "JPEG"))
    assert say("index", album)[0] == 0
    return tmp_path / "library.sqlite"


def test_odd_files_as_queries(tmp_path: Path, library: Path, say: Run) -> None:
    odd = write_odd_files(tmp_path / "odd")
    assert len(odd) > 70
    for each in odd:
        status, _, err = say("search", "--", each.path)
        is_read = status == 0 or "No face was found" in err  # in a picture of one pixel
        assert is_read == (each.outcome == "photo"), each
        assert (each.reason if each.outcome == "failure" else "") in err, each


@pytest.mark.parametrize("name", hostile.SETTINGS)
def test_settings_never_stop_a_start(say: Run, name: str) -> None:
    settings_file().write_bytes(hostile.SETTINGS[name])
    status, _, err = say("status")
    assert status in (0, 1)
    assert err


def test_damaged_and_foreign_libraries(library: Path, say: Run) -> None:
    good = library.read_bytes()
    photo = library.parent / "album" / "0.jpg"
    for name, change, sentence in hostile.LIBRARIES:
        for beside in library.parent.glob("library.sqlite*"):
            shutil.rmtree(beside) if beside.is_dir() else beside.unlink()
        library.write_bytes(change(good))
        before = library.read_bytes()
        others = (("status",), ("encode",)) if sentence else ()
        for words in (("search", photo), *others):
            status, _, err = say(*words)
            if sentence:
                assert (status, sentence in err) == (1, True), (name, words, err)
        if sentence:
            assert library.read_bytes() == before, name


def test_tars(tmp_path: Path) -> None:
    for number, (name, data, sentence) in enumerate(hostile.tars()):
        path = tmp_path / f"{number}.tar"
        path.write_bytes(data)
        said = _said_of(path)
        assert sentence in said, name
        assert "root:" not in said
    assert {path.suffix for path in tmp_path.rglob("*")} == {".tar"}


def _said_of(path: Path) -> str:
    """What refuses a tar file, or some of its pictures."""
    try:
        source = AlignedCrops(path)
    except DataError as error:
        return str(error)
    said = ""
    for row in range(len(source.files)):
        try:
            source.crop(row)
        except PhotoUnreadable as error:
            said += str(error)
    return said


def test_names(tmp_path: Path, say: Run) -> None:
    """Half of the files are photos, half can't be read and are listed by their name."""
    album = tmp_path / "named"
    album.mkdir()
    for number, name in enumerate(hostile.NAMES):
        (album / name).write_bytes(encoded(corners(), "JPEG") if number % 2 else b"no picture")
    status, _, err = say("index", album)
    assert (status, "Traceback" in err) == (0, False)
    for command in (("status",), ("search", album / hostile.NAMES[1]), ("people",)):
        say(*command)


def test_what_is_no_folder_of_photos(tmp_path: Path, say: Run) -> None:
    for path, sentence in hostile.pipes_and_such(tmp_path).items():
        status, _, err = say("index", path)
        assert sentence in err, path[:80]
        assert (status > 0) >= bool(sentence), path[:80]
        assert err or not sentence, path[:80]


def test_models(tmp_path: Path) -> None:
    source = paths.resource(f"models/{paths.DEFAULT_MODEL}")
    shutil.copytree(source.parent / "trunks", tmp_path / "trunks")
    shutil.copytree(source, tmp_path / "model")
    config = (source / "config.json").read_bytes()
    entries = list(hostile.model_configs(config))
    assert len(entries) > 20
    for name, data in entries:
        (tmp_path / "model" / "config.json").write_bytes(data)
        with suppress(ModelError):  # any other error fails, and names the config by `name`
            load_encoder(tmp_path / "model")
            assert name


def test_there_are_three_hundred(tmp_path: Path) -> None:
    counts = hostile.counts(tmp_path)
    assert min(counts.values()) > 10
    assert sum(counts.values()) >= 300
