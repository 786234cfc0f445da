"""How the program starts itself: from a clone, installed, and frozen."""

import sys
from pathlib import Path

import pytest

from opqn_app.core import own_program as own


def test_in_a_clone_it_starts_main_py() -> None:
    python, main = own.own_program()
    assert python == sys.executable
    assert Path(main).name == "main.py"
    assert Path(main).is_file()
    assert own.own_self_test() == [sys.executable, "-m", "opqn_app.cli.self_test"]


def test_installed_it_starts_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = "/usr/lib/site-packages/opqn_app/core/own_program.py"
    monkeypatch.setattr(own, "__file__", installed)
    assert own.own_program() == [sys.executable, "-P", "-m", "opqn_app"]


def test_frozen_it_starts_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert own.own_program() == [sys.executable]
    assert own.own_self_test() == [sys.executable, own.RUN_MODULE, "opqn_app.cli.self_test"]
