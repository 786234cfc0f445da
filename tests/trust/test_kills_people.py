"""Some of the kills of `kills`; its docstring says what must hold after each."""

import pytest

from tests.trust import kills
from tests.trust.write_deaths import CAN


@pytest.mark.slow
@pytest.mark.skipif(not CAN, reason="needs Linux and a C compiler")
def test_a_kill_at_any_write_costs_nothing() -> None:
    assert kills.main(["--n", "33", "--only", "decisions", "migration", "backup"]) == 0
