"""`opqn check` sees what a disk has changed, and finds nothing in a library that is whole."""

import sqlite3

import pytest

from opqn_app.__main__ import main
from tests.people_world import World


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("UPDATE code_tail SET code = zeroblob(8) WHERE face_id = 3", "codes that are not"),
        ("UPDATE crops SET webp = x'00' WHERE face_id = 2", "pictures of faces that are not"),
        ("DELETE FROM crops WHERE face_id = 2", "faces without a picture"),
        ("DELETE FROM photos WHERE id = 1", "rows of faces whose row of photos is missing"),
        ("UPDATE photos SET n_faces = 9 WHERE id = 1", "number of faces is wrong"),
        ("DELETE FROM decisions WHERE id = 1", "rows of decision_faces"),
    ],
)
def test_a_fault_is_named(
    world: World, harm: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = world.library.path
    assert main(["check", "--library", str(path)]) == 0
    assert "is whole" in capsys.readouterr().out
    raw = sqlite3.connect(path)
    raw.execute(harm)
    raw.commit()
    raw.close()
    assert main(["check", "--library", str(path)]) == 1
    assert words in capsys.readouterr().out
