"""Photos that another program knows by another path."""

from pathlib import Path

import pytest

from opqn_app.exchange.programs.elsewhere import Elsewhere


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for name in ("2020/may/a.jpg", "2020/may/b.jpg", "2021/a.jpg", "top.jpg"):
        path = tmp_path / "Pictures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path / "Pictures"


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("/data/library/2020/may/a.jpg", "2020/may/a.jpg"),
        ("C:\\Users\\ann\\photos\\2021\\a.jpg", "2021/a.jpg"),
        ("2021/a.jpg", "2021/a.jpg"),
        ("top.jpg", "top.jpg"),
        ("/mnt/Pictures/top.jpg", "top.jpg"),
        ("upload/2020/may//b.jpg", "2020/may/b.jpg"),
    ],
)
def test_by_the_end_of_the_path(photos: Path, written: str, found: str) -> None:
    assert Elsewhere([photos]).find(written) == photos / found


@pytest.mark.parametrize(
    "written", ["/mnt/other/top.jpg", "/data/2022/a.jpg", "../2021/a.jpg", "", "/", "2020/may"]
)
def test_a_name_alone_is_not_enough(photos: Path, written: str) -> None:
    assert Elsewhere([photos]).find(written) == Path(written)


def test_a_path_that_is_right_stays(photos: Path) -> None:
    there = photos / "2021" / "a.jpg"
    assert Elsewhere([photos / "2020"]).find(str(there)) == there


def test_the_photos_beside_follow(photos: Path) -> None:
    elsewhere = Elsewhere([photos])
    assert elsewhere.find("/data/x/2020/may/a.jpg") == photos / "2020/may/a.jpg"
    assert elsewhere.find("/data/x/top.jpg") == photos / "top.jpg"


def test_two_photos_of_that_path_are_only_taken_if_they_are_copies(
    photos: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "Backup" / "2021" / "a.jpg"
    copy.parent.mkdir(parents=True)
    copy.write_bytes((photos / "2021" / "a.jpg").read_bytes())
    folders = [photos, tmp_path / "Backup"]
    assert Elsewhere(folders).find("/x/2021/a.jpg") == photos / "2021" / "a.jpg"
    copy.write_bytes(b"another photo")
    assert Elsewhere(folders).find("/x/2021/a.jpg") == Path("/x/2021/a.jpg")
