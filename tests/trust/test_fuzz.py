"""A small run of `fuzz`: damaged photos, libraries and models are read or refused."""

import sys
from pathlib import Path

import pytest

from tests.trust import fuzz


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="VmHWM is told on Linux only")
def test_damaged_files_are_read_or_refused_and_a_run_goes_on(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ["--libraries", "40", "--models", "4", "--seed", "2", "--state", str(tmp_path)]
    assert fuzz.main(["--photos", "60", *words]) == 0
    assert "photos: 60; " in capfd.readouterr().out
    assert fuzz.main(["--photos", "90", *words]) == 0
    assert "photos: 90; " in capfd.readouterr().out
