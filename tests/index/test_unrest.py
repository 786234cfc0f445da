"""When a folder in which things happen is looked at, and how much of it."""

import pytest

from opqn_app.index.unrest import PATIENCE_S, REST_S, Unrest, common_folder


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("a/b", "a/b", "a/b"),
        ("a/b", "a/c", "a"),
        ("a/b", "a", "a"),
        ("a/bc", "a/b", "a"),
        ("a", "b", ""),
        ("", "a/b", ""),
        ("", "", ""),
    ],
)
def test_the_innermost_folder_that_holds_both(one: str, other: str, both: str) -> None:
    assert common_folder(one, other) == both


def test_it_is_due_when_nothing_more_happens() -> None:
    unrest = Unrest()
    unrest.note("a/b", 10.0)
    unrest.note("a/c", 11.0)
    assert (unrest.folder, unrest.count, unrest.due_at) == ("a", 2, 11.0 + REST_S)


def test_without_rest_it_is_due_all_the_same() -> None:
    unrest = Unrest()
    for second in range(200):
        unrest.note("", 10.0 + second)
    assert unrest.due_at == 10.0 + PATIENCE_S
    assert unrest.is_late(10.0 + PATIENCE_S)
    assert not unrest.is_late(9.0 + PATIENCE_S)


def test_a_folder_that_has_left_is_remembered() -> None:
    unrest = Unrest()
    unrest.note("a", 1.0, has_left=True)
    unrest.note("a", 2.0)
    assert unrest.has_left
