"""Exports that are killed: no half file, originals as they were, and they go on."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import export_kill

KILLS = 20

pytestmark = pytest.mark.slow


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a forked process")
def test_twenty_kills_leave_no_half_file_and_the_export_goes_on(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, export_kill.__file__, str(tmp_path), "7", str(KILLS)],
        cwd=Path(export_kill.__file__).parent.parent,
        env={**os.environ, "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found["trials"]) == KILLS
    assert [trial for trial in found["trials"] if trial["wrong"]] == []
    assert len({trial["at"] for trial in found["trials"]}) > KILLS // 2
