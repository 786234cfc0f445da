"""The engine the app builds, from the bundled model, whole."""

import subprocess
import sys
from pathlib import Path

import pytest

from opqn_app.core.errors import ModelMissing, SettingsError
from opqn_app.engine import load_engine

ROOT = Path(__file__).resolve().parent.parent


def test_a_model_that_is_not_there_is_named() -> None:
    with pytest.raises(ModelMissing, match="no-such-model"):
        load_engine("no-such-model", "cpu")


def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingsError, match="'tpu' is not one of auto, cpu, cuda"):
        load_engine("bundled-64", "tpu")


def in_a_process_of_its_own(code: str, folder: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "OMP_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


@pytest.mark.slow
def test_it_computes_with_one_thread_and_without_torch(tmp_path: Path) -> None:
    code = (
        "import sys, threadpoolctl\n"
        "from opqn_app.engine import load_engine\n"
        "engine = load_engine('bundled-64', 'cpu').builder()\n"
        "pools = [p for p in threadpoolctl.threadpool_info() if p['user_api'] == 'blas']\n"
        "print({p['num_threads'] for p in pools}, 'torch' in sys.modules, engine.encoder.name)"
    )
    assert in_a_process_of_its_own(code, tmp_path) == ["{1}", "False", "bundled-64"]


def test_a_lazy_one_knows_its_model_and_reads_nothing(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from opqn_app.engine import load_engine\n"
        "encoder = load_engine('bundled-64', 'cpu', is_lazy=True).encoder\n"
        "print(encoder.model_id, encoder.n_books, 'openvino' in sys.modules)"
    )
    model_id = "f277d5e53e3ccdd8e66dac9fde204872"
    assert in_a_process_of_its_own(code, tmp_path) == [model_id, "8", "False"]
