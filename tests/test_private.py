"""What is kept of a user is closed to the others on the machine."""

import errno
import io
import json
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from opqn_app.core import logs, paths, private, settings
from opqn_app.core.errors import ModelIncompatible
from opqn_app.core.files import replacing
from opqn_app.opqn.model_folder import CONFIG_FILE, read_description

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="rights work differently there")
DEEP = "[" * 200_000


@pytest.fixture(autouse=True)
def open_mask() -> Iterator[None]:
    """Without these measures all would be open to everyone."""
    old = os.umask(0)
    yield
    os.umask(old)


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_own_folders_are_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATA", "CACHE", "LOG"):
        monkeypatch.delenv(f"OPQN_{name}_DIR", raising=False)
    for name in ("user_data_dir", "user_cache_dir", "user_log_dir"):
        monkeypatch.setattr(
            f"platformdirs.{name}", lambda *_names, name=name, **_more: str(tmp_path / name)
        )
    (tmp_path / "user_log_dir").mkdir(mode=0o755)  # of an earlier version
    assert [_mode(get()) for get in (paths.data_dir, paths.cache_dir, paths.log_dir)] == [0o700] * 3


def test_a_folder_that_the_user_named_is_made_closed_and_else_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, missing = tmp_path / "there", tmp_path / "missing"
    there.mkdir(mode=0o755)
    monkeypatch.setenv("OPQN_DATA_DIR", str(there))
    monkeypatch.setenv("OPQN_CACHE_DIR", str(missing))
    assert (_mode(paths.data_dir()), _mode(paths.cache_dir())) == (0o755, 0o700)
    assert _mode(paths.window_file()) == 0o600


def test_settings_are_closed_when_written_and_when_read(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    settings.save(settings.Settings(), path)
    assert _mode(path) == 0o600
    path.chmod(0o664)
    settings.load(path)
    assert _mode(path) == 0o600
    path.chmod(0o644)
    settings.save(settings.Settings(), path)
    assert _mode(path) == 0o600


def test_rights_are_never_widened(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch(mode=0o400)
    private.tighten(path)
    assert _mode(path) == 0o400
    private.tighten(tmp_path / "none")


def test_a_closed_file_is_closed_while_it_is_written(tmp_path: Path) -> None:
    with replacing(tmp_path / "file", closed=True) as file:
        assert _mode(Path(file.name)) == 0o600
    with replacing(tmp_path / "open") as file:
        assert _mode(Path(file.name)) == 0o666


def test_the_log_is_closed(tmp_path: Path) -> None:
    (tmp_path / "opqn.log").touch(mode=0o644)
    logs.configure(log_dir=tmp_path)
    assert _mode(tmp_path / "opqn.log") == 0o600
    (tmp_path / "opqn.log").unlink()
    logs.configure(log_dir=tmp_path)
    assert _mode(tmp_path / "opqn.log") == 0o600
    logs.configure()


def test_a_full_log_folder_disturbs_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Full(io.TextIOWrapper):
        def write(self, _text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    logs.configure(log_dir=tmp_path)
    handlers = logging.getLogger().handlers
    to_file = next(each for each in handlers if isinstance(each, logging.FileHandler))
    before = to_file.setStream(Full(io.BytesIO()))
    assert before is not None
    before.close()
    logging.getLogger("opqn_app").info("a line")
    logs.configure()
    assert capsys.readouterr().err == ""


def test_settings_nested_deeply_are_told_of_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "settings.json"
    path.write_text(DEEP, encoding="utf-8")
    logs.configure()
    for _ in range(2):
        assert settings.load(path) == settings.Settings()
    assert capsys.readouterr().err.count("nested too deeply") == 1
    path.write_text(json.dumps({"device": 3}), encoding="utf-8")
    settings.load(path)
    assert "device" in capsys.readouterr().err


def test_a_model_nested_deeply_is_refused(tmp_path: Path) -> None:
    (tmp_path / CONFIG_FILE).write_text(DEEP, encoding="utf-8")
    with pytest.raises(ModelIncompatible, match="nested too deeply"):
        read_description(tmp_path)
