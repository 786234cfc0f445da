"""The arrows of docs/architecture.md, each proved in a fresh interpreter."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# module → what importing it must not load
FORBIDDEN = {
    "opqn_app.opqn.torch.checkpoint": ["PySide6"],
    "opqn_app.opqn.torch.encoder": ["sqlite_utils"],
    "opqn_app.opqn.lut": ["torch"],
    "opqn_app.vision.detect": ["torch"],
    "opqn_app.vision.mtcnn": ["torchvision", "facenet_pytorch", "sympy"],  # 150 MB of memory
    "opqn_app.vision.faces": ["torch", "opqn_app.library"],
    "opqn_app.store.library": ["torch"],
    "opqn_app.index.indexing": ["torch", "opqn_app.search"],
    "opqn_app.search.query": ["torch"],
    "opqn_app.search.code_index": ["PySide6"],
    "opqn_app.engine": ["torch"],
    "opqn_app.cli.commands": ["torch", "PySide6", "trainer"],
    "opqn_app.cli.demo": ["torch", "PySide6"],
    "opqn_app.ui.shell.main_window": ["torch", "trainer", "pyqtgraph"],
    "opqn_app.ui.evaluate.evaluate_page": ["torch", "trainer", "pyqtgraph"],
    "opqn_app.ui.train.train_page": ["torch", "trainer", "pyqtgraph"],
    "opqn_app.ui.evaluate.evaluation_view": ["torch", "trainer"],
    "opqn_app.ui.shell.app": ["torch"],
    "trainer.method.loss": ["PySide6", "facenet_pytorch"],
    "trainer.recipes.bundled_head": [
        "PySide6",
        "sqlite_utils",
        "facenet_pytorch",
        "opqn_app.library",
        "opqn_app.core.settings",
    ],
    "trainer.recipes.model_table": ["PySide6", "facenet_pytorch", "opqn_app.library", "faiss"],
    "trainer.cli.commands": ["torch", "numpy"],
    "trainer.engine.train": ["PySide6", "safetensors"],
    "trainer.engine.session": [
        "safetensors",
        "facenet_pytorch",
        "sqlite_utils",
        "platformdirs",
        "opqn_app.library",
        "opqn_app.core.settings",
    ],
    "trainer.evaluate.evaluate": ["PySide6", "opqn_app.library"],
}


@pytest.mark.parametrize("module", FORBIDDEN)
def test_import_direction(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert module in loaded
    assert not loaded.intersection(FORBIDDEN[module])


def test_app_never_mentions_trainer() -> None:
    """Not even inside a function, where the table above could not see it.

    Only where the program begins are the two put together.
    """
    app = ROOT / "opqn_app"
    for path in set(app.rglob("*.py")) - {app / "__main__.py"}:
        text = path.read_text(encoding="utf-8")
        assert "import trainer" not in text, path
        assert "from trainer" not in text, path


def test_help_loads_neither_torch_nor_qt() -> None:
    """Acceptance: `python -X importtime main.py --help` imports neither."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "main.py", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    assert "opqn_app.cli.commands" in imported
    assert not {"torch", "PySide6", "numpy"} & imported
