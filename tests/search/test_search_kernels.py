"""Compiled loops come when they are ready, and searches do without them where they can't come."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import opqn_app
from opqn_app.search.code_index import CodeIndex
from opqn_app.search.kernels import dispatch as kernels
from opqn_app.search.kernels.numpy_kernel import NumpyKernels

WARM_UP = """
import sys
from opqn_app.search.kernels import dispatch as kernels
assert kernels.ready().name == "numpy"
assert "numba" not in sys.modules
print(kernels.warm_up().name, kernels.ready().name, sep="|")
"""


def test_without_numba_numpy_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "_kernels", NumpyKernels())
    monkeypatch.setitem(sys.modules, "numba", None)
    assert kernels.warm_up().name == "numpy"
    index = CodeIndex.of_codes("any", np.arange(10), np.zeros((10, 4), np.uint8))
    assert len(index.search(np.ones((4, 16), np.float32), limit=3)) == 3


@pytest.mark.slow
def test_compiled_code_is_kept_in_the_cache_folder_only(tmp_path: Path) -> None:
    """Nothing is written beside the sources, which may be read-only."""
    pytest.importorskip("numba")
    sources = Path(opqn_app.__file__).parent
    before = {path for path in sources.rglob("*") if path.suffix in (".nbi", ".nbc")}
    environment = {**os.environ, "OPQN_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(sources.parent)}
    environment.pop("NUMBA_CACHE_DIR", None)
    done = subprocess.run(
        [sys.executable, "-c", WARM_UP], env=environment, capture_output=True, text=True, check=True
    )
    name, ready = done.stdout.strip().split("|")
    assert name == ready
    assert name.startswith("numba")
    assert list((tmp_path / "numba").rglob("*.nbi"))
    after = {path for path in sources.rglob("*") if path.suffix in (".nbi", ".nbc")}
    assert after == before
