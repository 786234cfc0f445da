"""index_folder over real files and a real library, with a fake detector and encoder."""

from pathlib import Path

from library_fakes import RunIndex, WritePhoto

from opqn_app.library.library import Library


def test_a_folder_is_indexed_and_a_second_run_decodes_nothing(
    folder: Path, library_path: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    for i in range(20):
        write_photo(f"{i % 3}/{i}.png", seed=i)
    first = run_index()
    second = run_index()
    assert (first.added, first.decoded, first.faces, first.failures) == (20, 20, 40, ())
    assert (second.unchanged, second.decoded, second.added, second.removed) == (20, 0, 0, 0)
    with Library.open(library_path) as library:
        status = library.status()
        assert (status.photos, status.faces, status.roots) == (20, 40, 1)
        assert sum(len(s.face_ids) for s in library.code_segments("fake-1")) == 40
