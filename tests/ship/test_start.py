"""Where the frozen program begins: what it hands on to the programs that it starts."""

import os
import sys

import pytest
import start


@pytest.mark.parametrize("before", ["", "/opt/theirs"])
def test_others_get_their_own_libraries(before: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/usr/lib/opqn-photo-search/lib")
    monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", before)
    monkeypatch.setenv("PYINSTALLER_RESET_ENVIRONMENT", "0")  # so that it is as before afterwards
    start.give_back_library_path()
    assert os.environ.get("LD_LIBRARY_PATH", "") == before
    assert "LD_LIBRARY_PATH_ORIG" not in os.environ
    # Without it our own children would not find our libraries: they take the variable as set.
    assert os.environ["PYINSTALLER_RESET_ENVIRONMENT"] == "1"


def test_a_program_without_a_console_can_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", None)
    start.have_streams()

    assert sys.stderr is not None
    sys.stderr.write("to nobody")
    sys.stderr.close()
