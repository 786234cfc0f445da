"""The log file: enough to find a bug by, and nothing of the user's photos."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from opqn_app.core import logs

PHOTO = "/home/anna/Photos/Anna and Bert.jpg"


@pytest.fixture(autouse=True)
def own_handlers() -> Iterator[None]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    root.handlers = []
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers, root.level = before, level


def fail() -> None:
    try:
        raise FileNotFoundError(2, "No such file", PHOTO)
    except OSError as error:
        raise ValueError(f"bad photo {PHOTO}") from error


def test_an_error_in_the_file_says_where_but_no_photo(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(log_dir=tmp_path)
    try:
        fail()
    except ValueError:
        logging.getLogger("opqn_app").exception("a background job failed")
    kept = (tmp_path / "opqn.log").read_text(encoding="utf-8")
    assert "a background job failed" in kept
    assert "test_logs.py" in kept
    assert "builtins.ValueError" in kept
    assert "builtins.FileNotFoundError" in kept
    assert "Anna" not in kept
    assert PHOTO in capsys.readouterr().err  # the person at the terminal sees it all


def test_verbose_is_about_this_program(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(verbose=True)
    for name in ("opqn_app.library", "trainer.method.last_blocks", "torch.jit"):
        logging.getLogger(name).debug("what %s does", name)
    said = capsys.readouterr().err
    assert (
        said == "DEBUG: what opqn_app.library does\nDEBUG: what trainer.method.last_blocks does\n"
    )
    logs.configure()
    logging.getLogger("opqn_app.library").debug("again")
    assert capsys.readouterr().err == ""


def test_the_file_holds_info_and_the_terminal_warnings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(log_dir=tmp_path)
    for level in (logging.DEBUG, logging.INFO, logging.WARNING):
        logging.getLogger("opqn_app").log(level, "at %s", logging.getLevelName(level))
    kept = (tmp_path / "opqn.log").read_text(encoding="utf-8")
    assert "at INFO" in kept
    assert "at DEBUG" not in kept
    assert capsys.readouterr().err == "WARNING: at WARNING\n"
