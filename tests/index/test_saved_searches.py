from pathlib import Path

from opqn_app.store.library import Library


def test_searches_are_kept_in_the_library_by_name(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    Library.open(path, write=True).close()
    with Library.open_to_decide(path) as library:
        table = library.saved_searches
        winter = table.save("  Winter \n trips ", '{"alone": true}')
        table.save("anna", "{}")
        assert [(s.name, s.asked) for s in table.all()] == [
            ("anna", "{}"),
            ("Winter trips", '{"alone": true}'),
        ]
        again = table.save("WINTER TRIPS", "{}")
        assert (again.id, again.name, again.asked) == (winter.id, "WINTER TRIPS", "{}")
        assert not table.rename(winter.id, "Anna")
        assert table.rename(winter.id, "Snow")
    with Library.open_to_decide(path) as library:
        assert library.saved_searches.remove("snow") is not None
        assert library.saved_searches.remove("snow") is None
        assert [s.name for s in library.saved_searches.all()] == ["anna"]
