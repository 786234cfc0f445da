"""What the import contracts in pyproject.toml can't say: what is loaded when, and sizes.

The contracts see an import wherever it stands, also one inside a function. Here modules are
imported for real: what a function imports later must not be loaded yet.
"""

import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import opqn_app

ROOT = Path(__file__).resolve().parent.parent
MAX_LINES = 450
# Only the first may load torch when it is imported, only the second the trainer.
NOT_OF_THE_APP = ("opqn_app.opqn.torch.", "opqn_app.__main__")
# module → what importing it must not load: time and memory, and extras that may be missing
NOT_LOADED = {
    "opqn_app.engine": ["torch", "openvino", "numba"],
    "opqn_app.cli.commands": ["numpy", "PySide6"],
    "opqn_app.cli.demo": ["PySide6"],
    "opqn_app.ui.shell.main_window": [
        "pyqtgraph",
        "sqlite3",
        "opqn_app.engine",
        "opqn_app.ui.kit.name_popover",
        "opqn_app.ui.library.photo_viewer",
        "opqn_app.ui.people.people_page",
        "opqn_app.ui.shell.settings_dialog",
        "opqn_app.ui.shell.shortcuts",
    ],
    "opqn_app.ui.evaluate.evaluate_page": ["pyqtgraph"],
    "opqn_app.ui.train.train_page": ["pyqtgraph"],
    "trainer.cli.commands": ["torch", "numpy"],
    "trainer.engine.session": ["safetensors", "facenet_pytorch", "matplotlib"],
    "trainer.engine.run_table": ["torch"],
    "trainer.evaluate.evaluate": ["torch", "facenet_pytorch", "matplotlib"],
    "trainer.report.write_report": ["torch", "matplotlib", "jinja2"],
    "trainer.recipes.bundled_head": ["facenet_pytorch", "matplotlib"],
    "trainer.recipes.model_table": ["facenet_pytorch", "faiss"],
}
COSTLY = ("trainer.recipes.", "trainer.engine.session", "opqn_app.ui.", "opqn_app.cli.demo")


def loaded_by(*modules: str) -> set[str]:
    """The modules that a fresh interpreter has after importing these."""
    code = "import sys, importlib\nfor name in sys.argv[1:]: importlib.import_module(name)\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}print(*sys.modules)", *modules],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        pytest.param(module, marks=pytest.mark.slow if module.startswith(COSTLY) else [])
        for module in NOT_LOADED
    ],
)
def test_an_import_loads_no_more_than_it_needs(module: str) -> None:
    loaded = loaded_by(module)
    assert module in loaded
    assert not loaded.intersection(NOT_LOADED[module])


@pytest.mark.slow
def test_importing_the_app_loads_no_torch() -> None:
    found = pkgutil.walk_packages(opqn_app.__path__, "opqn_app.")
    modules = [m.name for m in found if not m.ispkg and not m.name.startswith(NOT_OF_THE_APP)]
    assert {"opqn_app.engine", "opqn_app.store.library", "opqn_app.ui.shell.app"} <= set(modules)
    loaded = loaded_by(*modules)
    assert set(modules) <= loaded
    assert not {"torch", "trainer"} & loaded


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


def test_no_module_is_too_long_to_read() -> None:
    folders = ("opqn_app", "trainer", "tests", "packaging")
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
    }
    assert len(lengths) > 300
    too_long = {name: n for name, n in lengths.items() if n > MAX_LINES}
    assert too_long == {}


def test_every_package_goes_into_the_wheel() -> None:
    """The list stands in pyproject.toml, and one that it lacks is missed by users alone."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    listed = set(project["tool"]["setuptools"]["packages"]) - {"opqn_app.resources"}
    left_out = {"trainer.recipes"}
    found = {
        path.parent.relative_to(ROOT).as_posix().replace("/", ".")
        for top in ("opqn_app", "trainer")
        for path in (ROOT / top).rglob("__init__.py")
    }
    assert found - left_out == listed
