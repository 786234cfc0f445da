"""The device setting: one answer, or a sentence."""

import logging

import pytest
import torch

from opqn_app.core.errors import SettingsError
from opqn_app.opqn.torch.device import pick_device


def test_auto_takes_the_graphics_card_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a card")
    with caplog.at_level(logging.INFO):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        assert (pick_device("auto"), pick_device("cuda"), pick_device("cpu")) == (
            "cuda",
            "cuda",
            "cpu",
        )
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        assert pick_device() == "cpu"
    assert caplog.messages == ["device: a card", "device: a card", "device: cpu", "device: cpu"]


def test_a_graphics_card_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SettingsError, match="choose auto or cpu"):
        pick_device("cuda")


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(SettingsError, match="tpu"):
        pick_device("tpu")
