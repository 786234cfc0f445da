"""Names that would act on a terminal, told by a command."""

import sys
from pathlib import Path

import pytest

from opqn_app.cli import commands
from tests.library_fakes import RunIndex

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="such names can't be there")


def test_a_problem_takes_one_line_whatever_its_file_is_called(
    folder: Path, library_path: Path, run_index: RunIndex, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a\x1b[2J\nb.png").write_bytes(b"no picture")
    run_index()
    assert commands.run(["status", "--library", str(library_path)]) == 0
    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert r"a\x1b[2J\nb.png" in told
