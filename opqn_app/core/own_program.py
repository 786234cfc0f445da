"""How this program starts itself once more: as a frozen app, from a clone, or installed."""

import sys
from pathlib import Path

SELF_TEST = "opqn_app.cli.self_test"
RUN_MODULE = "run-module"  # as the first word, to a frozen program, which knows no -m


def own_program() -> list[str]:
    """What starts this program; its command follows."""
    if is_frozen():
        return [sys.executable]
    clone = Path(__file__).resolve().parents[2]
    if (clone / "pyproject.toml").is_file():
        return [sys.executable, str(clone / "main.py")]
    return [sys.executable, "-P", "-m", "opqn_app"]  # -P: no module comes from the folder we are in


def own_self_test() -> list[str]:
    """What starts the self-test of `opqn verify`; its folder follows."""
    return [sys.executable, RUN_MODULE if is_frozen() else "-m", SELF_TEST]


def is_frozen() -> bool:
    """Whether PyInstaller made this program: one folder that holds Python and all packages."""
    return bool(getattr(sys, "frozen", False))
