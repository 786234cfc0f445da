"""What indexing says."""

from pathlib import Path

from opqn_app.index.in_words import unreachable_in_words
from opqn_app.store.records import UnreachableFolder


def test_only_the_largest_folders_are_named() -> None:
    folders = [UnreachableFolder(Path("/p"), Path(f"/p/{n}"), n, 0) for n in range(1, 7)]
    first, *_, last = said = unreachable_in_words(folders)
    assert len(said) == 4
    assert first.startswith("6 photos below /p/6 can't be reached")
    assert last == "Nor can 6 photos below 3 more folders: opqn status"
