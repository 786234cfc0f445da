"""The list of programs: what it says, and that a reader takes whatever is chosen."""

from pathlib import Path

import pytest

from opqn_app.core.errors import OpqnError
from opqn_app.exchange.programs.listed import PROGRAMS, Program
from opqn_app.exchange.records import PhotoNames

by_key = pytest.mark.parametrize("chosen", PROGRAMS, ids=lambda each: each.key)


def test_keys_and_names_are_each_of_one_program() -> None:
    assert len({each.key for each in PROGRAMS}) == len(PROGRAMS)
    assert len({each.name for each in PROGRAMS}) == len(PROGRAMS)


@by_key
def test_nothing_but_a_plain_error_comes_of_a_wrong_choice(chosen: Program, tmp_path: Path) -> None:
    """An empty folder, and a file of something else."""
    other = tmp_path / "note.txt"
    other.write_text("not of that program\n")
    for place in (other, tmp_path):
        try:
            found = list(chosen.read(place, ()))
        except OpqnError as error:
            assert str(error).endswith(".")  # noqa: PT017 - none is as well
        else:
            assert not any(isinstance(each, PhotoNames) for each in found)
