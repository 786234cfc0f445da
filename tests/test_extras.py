"""Packages that are not there: which extra to install, said in one way."""

import sys

import pytest

from opqn_app.core.errors import ExtraMissing
from opqn_app.core.extras import needed_for, what_training_lacks


def test_a_known_package_that_is_missing_becomes_a_sentence() -> None:
    with pytest.raises(ExtraMissing) as told, needed_for("Indexing on several machines"):
        raise ModuleNotFoundError("No module named 'ray'", name="ray.util")
    assert str(told.value) == (
        "Indexing on several machines needs the package ray, which is not installed. "
        'Install it with: pip install "opqn-photo-search[cluster]"'
    )


def test_a_package_of_the_app_itself_has_no_extra() -> None:
    with pytest.raises(ExtraMissing, match=r"pip install opqn-photo-search$"), needed_for("It"):
        raise ModuleNotFoundError(name="safetensors")


def test_a_package_that_does_not_load_says_why() -> None:
    with pytest.raises(ExtraMissing, match=r"torch, which can't be loaded \(no libcudart\)"):  # noqa: SIM117
        with needed_for("Training"):
            raise ImportError("no libcudart", name="torch._C")


def test_what_is_no_package_of_ours_is_a_bug() -> None:
    with pytest.raises(ImportError, match="a typo") as told, needed_for("It"):
        raise ImportError("a typo", name="opqn_app.core.pahts")
    assert not isinstance(told.value, ExtraMissing)


def test_training_names_the_first_package_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert what_training_lacks() == ""
    monkeypatch.setattr("opqn_app.core.extras.is_installed", lambda package: package == "torch")
    assert what_training_lacks().startswith("Training needs the package onnx, which")


def test_a_frozen_build_says_that_it_leaves_a_package_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(ExtraMissing, match="torch, which this build leaves out"), needed_for("It"):
        raise ModuleNotFoundError(name="torch")
