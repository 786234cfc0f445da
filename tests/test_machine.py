"""Whether the machine runs on its battery, by what Linux says of its power supplies."""

from pathlib import Path

import pytest

from opqn_app.core.machine import is_on_battery

BATTERY = {"type": "Battery", "status": "Discharging"}
MOUSE = {"type": "Battery", "status": "Discharging", "scope": "Device"}
PLUG, NO_PLUG = {"type": "Mains", "online": "1"}, {"type": "Mains", "online": "0"}


@pytest.mark.parametrize(
    ("supplies", "is_so"),
    [
        ([], False),
        ([PLUG], False),
        ([NO_PLUG, BATTERY], True),
        ([BATTERY], True),
        ([PLUG, BATTERY], False),  # a weak plug
        ([NO_PLUG, {"type": "Battery", "status": "Full"}], False),
        ([MOUSE], False),
        ([MOUSE, NO_PLUG, BATTERY], True),
        ([{"type": "UPS", "status": "Discharging"}], False),
        ([{}], False),
    ],
)
def test_on_battery(tmp_path: Path, supplies: list[dict[str, str]], is_so: bool) -> None:
    for number, supply in enumerate(supplies):
        (tmp_path / str(number)).mkdir()
        for name, word in supply.items():
            (tmp_path / str(number) / name).write_text(f"{word}\n", encoding="utf-8")
    assert is_on_battery(tmp_path) is is_so


def test_where_nothing_is_told_it_is_plugged_in(tmp_path: Path) -> None:
    assert not is_on_battery(tmp_path / "none")
