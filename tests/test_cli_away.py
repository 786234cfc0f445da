"""The command line where photos are away: what it says, its exit status, what is accepted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from opqn_app.index.in_words import unreachable_in_words
from opqn_app.store.records import UnreachableFolder

Run = Callable[..., tuple[int, dict[str, Any], str]]


def test_what_is_away_is_said_with_a_status_until_it_is_accepted(
    run: Run, tmp_path: Path, make_photo: Callable[..., Path]
) -> None:
    for number in range(13):
        make_photo(f"photos/{'my trip' if number else 'home'}/{number}.png", seed=number)
    photos = tmp_path / "photos"
    assert run("index", photos)[0] == 0
    (photos / "my trip").rename(tmp_path / "unplugged")
    status, report, words = run("index", photos, "--json")
    assert (status, report["removed"], report["unchanged"]) == (1, 0, 1)
    [away] = report["unreachable"]
    assert (away["path"], away["photos"]) == (str(photos / "my trip"), 12)
    assert "12 photos below" in words
    assert f"opqn index '{photos / 'my trip'}' --accept-missing" in words
    status, state, _ = run("status", "--json")
    assert (status, state["photos"], state["deleted"]) == (0, 13, 0)
    assert state["unreachable"] == report["unreachable"]
    assert [each["unreachable"] for each in state["folders"]] == [12]
    assert "12 photos below" in run("status")[1]["text"]

    (tmp_path / "unplugged").rename(photos / "my trip")
    status, report, words = run("index", photos, "--json", "--verify-content")
    assert (status, report["returned"], report["decoded"], words) == (0, 12, 0, "")
    (photos / "my trip").rename(tmp_path / "unplugged")
    assert run("index", photos)[0] == 1
    status, report, words = run("index", photos / "my trip", "--accept-missing", "--json")
    assert (status, report["removed"], report["unreachable"], words) == (0, 12, [], "")
    status, state, _ = run("status", "--json")
    assert (state["photos"], state["faces"], state["deleted"]) == (1, 2, 12)
    assert "forgotten 30 days after" in run("status")[1]["text"]
    assert run("forget", "--deleted", "--json")[1] == {"photos": 12, "faces": 24}
    assert run("status", "--json")[1]["deleted"] == 0
    status, _, words = run("index", photos / "nothing", "--accept-missing")
    assert status == 1
    assert "it is not there" in words


def test_behind_a_link_the_command_names_the_root(
    run: Run, tmp_path: Path, make_photo: Callable[..., Path]
) -> None:
    for number in range(3):
        make_photo(f"disk/{number}.png", seed=number)
    make_photo("photos/here.png", seed=9)
    (tmp_path / "photos" / "link").symlink_to(tmp_path / "disk")
    run("index", tmp_path / "photos")
    (tmp_path / "disk").rename(tmp_path / "unplugged")
    status, _, words = run("index", tmp_path / "photos")
    assert (status, "3 photos below" in words) == (1, True)
    assert f"opqn index {tmp_path / 'photos'} --accept-missing" in words
    status, report, _ = run("index", tmp_path / "photos", "--accept-missing", "--json")
    assert (status, report["removed"]) == (0, 3)


def test_only_the_largest_folders_are_named() -> None:
    folders = [UnreachableFolder(Path("/p"), Path(f"/p/{n}"), n, 0) for n in range(1, 7)]
    first, *_, last = said = unreachable_in_words(folders)
    assert len(said) == 4
    assert first.startswith("6 photos below /p/6 can't be reached")
    assert last == "Nor can 6 photos below 3 more folders: opqn status"
