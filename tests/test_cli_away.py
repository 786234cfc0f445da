"""The command line where photos are away: what it says, its exit status, what is accepted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., tuple[int, dict[str, Any], str]]


@pytest.fixture
def photos(tmp_path: Path, make_photo: Callable[..., Path]) -> Path:
    for number in range(3):
        make_photo(f"photos/{number}.png", seed=number)
    (tmp_path / "photos" / "empty.jpg").write_bytes(b"")
    return tmp_path / "photos"


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
    words = run("status")[1]["text"]
    assert "forgotten at the next indexing 30 days after they went" in words
    report = run("forget", "--deleted", "--json")[1]
    assert report == {"photos": 12, "faces": 24, "backups": 0, "backups_deleted": 0}
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
    root = tmp_path / "photos"
    assert f"opqn index {root} --accept-missing (this says so of all of {root}" in words
    status, report, _ = run("index", tmp_path / "photos", "--accept-missing", "--json")
    assert (status, report["removed"]) == (0, 3)


def test_of_a_bare_root_it_says_that_a_disk_may_be_away_and_how_to_forget_it(
    run: Run, photos: Path
) -> None:
    """An unplugged disk leaves one: that its photos were deleted is the less likely."""
    run("index", photos)
    photos.rename(photos.with_name("gone"))
    photos.mkdir()
    (photos / "marker").touch()
    assert f"Were they deleted? opqn index {photos} --accept-missing" in run("index", photos)[2]
    assert f"(if they were deleted: opqn index {photos} --accept-" in run("status")[1]["text"]
    (photos / "marker").unlink()
    words = run("status")[1]["text"]
    assert "a disk may not be plugged in" in words
    assert f"(if they were deleted: opqn forget {photos})" in words
    assert "accept-missing" not in words
    assert run("forget", photos)[0] == 0


def test_a_root_that_was_deleted_is_forgotten_not_accepted(run: Run, photos: Path) -> None:
    run("index", photos)
    gone = photos.rename(photos.with_name("gone"))
    for make in (lambda: None, photos.mkdir):
        make()
        status, _, words = run("index", photos, "--accept-missing")
        assert (status, f"if it was deleted: opqn forget {photos}." in words) == (1, True)
    assert "opqn forget" not in run("index", photos)[2]
    photos.rmdir()
    gone.rename(photos)
    (photos / "0.png").unlink()
    run("index", photos)
    words = run("status")[1]["text"]
    assert "1 deleted photo, whose faces come back with the file; forgotten" in words
    assert "30 days after it went" in words
