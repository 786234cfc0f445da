"""The wheel: what it holds, and that it works away from the clone.

Nothing is downloaded. The packages the wheel asks for are those of the environment the tests run
in, seen from a fresh one through a .pth file.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
NOT_SOURCES = (
    "*.egg-info",
    ".*",
    "__pycache__",
    "build",
    "demo-out",
    "dist",
    "docs",
    "runs",
    "tests",
)


@dataclass(frozen=True, slots=True)
class Installed:
    """The wheel in an environment of its own, and a folder far from the clone to work in."""

    wheel: Path
    environment: Path
    elsewhere: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.environment / "bin" / "python"

    def run(self, *command: str | Path) -> str:
        """What a command of this environment writes to stdout; it must end well."""
        return _run(command, self.elsewhere, self.elsewhere)


def _run(command: Sequence[str | Path], home: Path, cwd: Path) -> str:
    own = {f"OPQN_{name}_DIR": str(home / name.lower()) for name in ("DATA", "CACHE", "LOG")}
    pip = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1", "PIP_NO_INDEX": "1"}
    inherited = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**inherited, **own, **pip, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")
    sources, environment, elsewhere = folder / "sources", folder / "environment", folder / "else"
    elsewhere.mkdir()
    # A build leaves files beside its sources, and takes up what an older one left there.
    shutil.copytree(ROOT, sources, ignore=shutil.ignore_patterns(*NOT_SOURCES))
    pip = [sys.executable, "-m", "pip"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), "."]
    _run(build, elsewhere, sources)
    wheel = next(folder.glob("*.whl"))

    _run([sys.executable, "-m", "venv", "--without-pip", environment], elsewhere, elsewhere)
    python = environment / "bin" / "python"
    into = [*pip, "--python", str(python), "install"]
    _run([*into, "--no-deps", wheel], elsewhere, elsewhere)
    here = [path for path in sys.path if Path(path).name == "site-packages"]
    site_packages = next(environment.glob("lib/python*/site-packages"))
    (site_packages / "packages_of_the_tests.pth").write_text("\n".join(here), encoding="utf-8")
    _run([*into, wheel], elsewhere, elsewhere)  # ends well only if all that it asks for is there
    return Installed(wheel, environment, elsewhere)


def test_it_holds_the_app_its_resources_and_the_licences_and_nothing_else(
    installed: Installed,
) -> None:
    with zipfile.ZipFile(installed.wheel) as wheel:
        names = wheel.namelist()
    resources = {name for name in names if name.startswith("opqn_app/resources/")}
    shipped = {path for path in (ROOT / "resources").rglob("*") if path.is_file()}
    assert resources == {
        f"opqn_app/resources/{path.relative_to(ROOT / 'resources').as_posix()}" for path in shipped
    }
    assert {name.split("/")[0].split("-")[0] for name in names} == {
        "opqn_app", "trainer", "opqn_photo_search"
    }  # fmt: skip
    assert "trainer/report/published.json" in names
    assert not [name for name in names if name.startswith("trainer/recipes/")]
    licences = {name.partition("/licenses/")[2] for name in names if "/licenses/" in name}
    assert licences >= {"LICENSE", "NOTICE"}
    texts = {path.relative_to(ROOT).as_posix() for path in shipped if "LICENSE" in path.name}
    assert texts
    assert texts <= licences


def test_every_module_of_the_app_and_the_trainer_travels(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as wheel:
        packed = {name for name in wheel.namelist() if name.endswith(".py")}
    sources = {
        path.relative_to(ROOT).as_posix()
        for package in ("opqn_app", "trainer")
        for path in (ROOT / package).rglob("*.py")
    }
    assert packed == {path for path in sources if not path.startswith("trainer/recipes/")}


def test_no_module_it_holds_needs_the_recipes(installed: Installed) -> None:
    """They stay in the clone, so that an import of them would fail."""
    with zipfile.ZipFile(installed.wheel) as wheel:
        for name in wheel.namelist():
            if name.endswith(".py"):
                found = re.search(
                    r"^\s*(from|import) trainer\.recipes", wheel.read(name).decode(), re.M
                )
                assert found is None, name


def test_the_program_is_the_installed_one(installed: Installed) -> None:
    code = "import opqn_app.core.paths as p, trainer; print(p.resource('models'), trainer.__file__)"
    for path in installed.run(installed.python, "-c", code).split():
        assert Path(path).is_relative_to(installed.environment)
    usage = installed.run(installed.environment / "bin" / "opqn", "--help")
    assert usage.startswith("usage: opqn ")
    assert installed.run(installed.python, "-P", "-m", "opqn_app", "--help") == usage
    assert installed.run(sys.executable, ROOT / "main.py", "--help") == usage


def test_the_demo_runs_away_from_the_clone(installed: Installed) -> None:
    opqn = installed.environment / "bin" / "opqn"
    out = installed.elsewhere / "out"
    report = json.loads(installed.run(opqn, "demo", "--json", "--out", out).splitlines()[-1])
    assert (report["photos"], report["failures"], report["queries"]) == (225, 2, 25)
    assert report["rank1"] >= 0.95
    assert report["precision_at_5"] >= 0.9
    assert Path(report["contact_sheet"]).is_relative_to(out)
    assert Path(report["contact_sheet"]).is_file()


def test_its_window_finds_style_and_icons(installed: Installed) -> None:
    code = (
        "from PySide6.QtWidgets import QApplication\n"
        "from opqn_app.ui.kit import theme\n"
        "app = QApplication([])\n"
        "theme.apply_theme(app, 'dark')\n"
        "assert len(app.styleSheet()) > 1000\n"
        "print(len(theme.icon('search').availableSizes()))\n"
    )
    assert int(installed.run(installed.python, "-c", code)) > 0
