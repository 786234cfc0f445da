"""The engine the app builds, from the bundled model, whole."""

import subprocess
import sys
from pathlib import Path

import pytest

from opqn_app.core.errors import ModelMissing
from opqn_app.engine import load_engine

ROOT = Path(__file__).resolve().parent.parent


def test_a_model_that_is_not_there_is_named() -> None:
    with pytest.raises(ModelMissing, match="no-such-model"):
        load_engine("no-such-model", "cpu")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("build", "setting", "expected"),
    [
        ("load_engine('bundled-64', 'cpu')", None, "1"),
        ("load_engine('bundled-64', 'cpu')", "2", "2"),
        ("deferred_engine('bundled-64', 'cpu').recipe.build()", "2", "1"),  # one of many workers
    ],
)
def test_one_thread_unless_the_user_says_otherwise_of_a_single_process(
    build: str, setting: str | None, expected: str, tmp_path: Path
) -> None:
    """In a process of its own, since the number of threads is the process's."""
    code = (
        "from opqn_app.engine import deferred_engine, load_engine\n"
        f"engine = {build}\n"
        "import torch\n"
        "print(torch.get_num_threads(), engine.encoder.name, engine.encoder.n_books)"
    )
    environment = {} if setting is None else {"OMP_NUM_THREADS": setting}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [expected, "bundled-64", "8"]
