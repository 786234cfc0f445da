"""A fault of the program is written down: where it was met, and nothing of the user."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from opqn_app.cli import commands, status
from opqn_app.core import crash_reports, logs, paths
from opqn_app.core.errors import LibraryError
from opqn_app.core.harmless_traceback import lines_of
from opqn_app.store.library import Library

PHOTO = "/home/anna/Photos/Anna and Bert.jpg"
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def own_handlers() -> Iterator[None]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    for handler in set(root.handlers) - set(before):
        handler.close()
    root.handlers, root.level = before, level


def fault(depth: int = 0) -> ValueError:
    """An error whose text, note and cause name a photo; another place for each depth."""

    def fail(left: int) -> None:
        if left:
            fail(left - 1)
        try:
            raise FileNotFoundError(2, "No such file", PHOTO)
        except OSError as error:
            error.add_note(PHOTO)
            raise ValueError(f"bad photo {PHOTO}") from error

    try:
        fail(depth)
    except ValueError as error:
        return error
    raise AssertionError


def test_it_says_where_and_names_nobody() -> None:
    path = crash_reports.write(fault(), "a test")
    assert path is not None
    text = path.read_text(encoding="utf-8")
    assert "While: a test" in text
    assert 'File "tests/test_crash_reports.py", line ' in text
    assert "builtins.FileNotFoundError (2)" in text
    assert "builtins.ValueError\n" in text
    for secret in ("anna", "Anna", str(Path.home()), str(Path(__file__).parents[1])):
        assert secret not in text
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_of_libraries_and_of_python_the_folders_are_left_out() -> None:
    try:
        json.loads("{")
    except ValueError as error:
        text = "\n".join(lines_of(error))
    assert 'File "json/decoder.py", line ' in text
    try:
        pytest.importorskip("no_such_package", reason=PHOTO)
    except pytest.skip.Exception as error:
        text = "\n".join(lines_of(error))
    assert 'File "_pytest/outcomes.py", line ' in text
    assert PHOTO not in text


def test_a_group_of_errors_and_a_circle_end() -> None:
    error = fault()
    assert error.__cause__ is not None
    error.__cause__.__cause__ = error
    group = ExceptionGroup(PHOTO, [error, KeyError(PHOTO)])
    lines = list(lines_of(group))
    assert lines[0] == "builtins.ExceptionGroup"
    assert "  | builtins.KeyError" in lines
    assert not any("Anna" in line for line in lines)


def test_few_are_kept_and_one_fault_is_one_report() -> None:
    for _ in range(50):
        crash_reports.write(fault(), "a picture is drawn")
    assert len(crash_reports.reports()) == 1
    newest = [crash_reports.write(fault(depth), "a test") for depth in range(1, 16)][::-1]
    assert crash_reports.reports() == newest[: crash_reports.KEPT]


def test_where_none_can_be_written_nothing_more_goes_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("OPQN_LOG_DIR", str(tmp_path / "file"))
    assert crash_reports.write(fault(3), "a test") is None


def test_a_command_says_where_it_is(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    def fail(_arguments: object) -> int:
        raise fault()

    monkeypatch.setattr(status, "run", fail)
    with pytest.raises(ValueError, match="bad photo"):
        commands.run(["status"])
    (report,) = crash_reports.reports()
    assert "While: opqn status" in report.read_text(encoding="utf-8")
    said = capsys.readouterr().err
    assert str(report) in said
    assert "It was sent to nobody" in said
    assert "Anna" not in said


def test_what_the_user_can_cause_is_no_fault(capsys: Capture) -> None:
    assert commands.run(["status"]) == 1  # there is no library
    assert crash_reports.reports() == []


def test_a_job_that_fails_beside_the_window_is_reported_too() -> None:
    logs.configure(log_dir=paths.log_dir())
    for error in (fault(), LibraryError("no fault"), KeyboardInterrupt()):
        logging.getLogger("opqn_app").error("reading %s failed", PHOTO, exc_info=error)
    (report,) = crash_reports.reports()
    text = report.read_text(encoding="utf-8")
    assert "While: reading %s failed" in text
    assert "Anna" not in text


def test_it_is_listed_and_goes_with_everything(capsys: Capture) -> None:
    crash_reports.write(fault(), "a test")
    Library.open(paths.default_library(), write=True).close()
    assert commands.run(["privacy", "--json"]) == 0
    places = {each["key"]: each for each in json.loads(capsys.readouterr().out)["places"]}
    assert places["crashes"]["bytes"] > 100
    assert commands.run(["forget", "--everything"]) == 0
    assert crash_reports.reports() == []
