"""Names from Google Takeout: which JSON is which photo's, though both names are cut."""

from pathlib import Path

import pytest

from opqn_app.exchange.programs.takeout import names_of_takeout
from opqn_app.exchange.records import PhotoNames, Problem
from tests.exchange.program_files import takeout_json, without_progress

LONG = "A day at the sea with all of the family and the dog of our neighbours.jpg"
CUT_PHOTO = LONG[:47] + ".jpg"


def told(folder: Path) -> dict[str, tuple[str, ...]]:
    return {
        each.photo.name: each.people
        for each in without_progress(names_of_takeout(folder))
        if isinstance(each, PhotoNames)
    }


@pytest.mark.parametrize(
    ("photo", "json_name"),
    [
        ("IMG_1.jpg", "IMG_1.jpg.json"),
        ("IMG_1.jpg", "IMG_1.jpg.supplemental-metadata.json"),
        (
            "PXL_20230903_144217841.PORTRAIT.jpg",
            "PXL_20230903_144217841.PORTRAIT.jpg.supplement.json",
        ),
        ("IMG_20200101_120000_abcdefghijk.jpg", "IMG_20200101_120000_abcdefghijk.jpg.supplem.json"),
        (
            "IMG_20200101_120000_abcdefghijklmnopqrstu.jpg",
            "IMG_20200101_120000_abcdefghijklmnopqrstu.jpg..json",
        ),
        (
            "IMG_20200101_120000_abcdefghijklmnopqrstuv.jpg",
            "IMG_20200101_120000_abcdefghijklmnopqrstuv.jpg.json",
        ),
        (
            "IMG_20200101_120000_abcdefghijklmnopqrstuvwx.jpg",
            "IMG_20200101_120000_abcdefghijklmnopqrstuvwx.j.json",
        ),
        (CUT_PHOTO, LONG[:46] + ".json"),
        ("IMG_1(1).jpg", "IMG_1.jpg(1).json"),
        ("IMG_1(1).jpg", "IMG_1.jpg.supplemental-metadata(1).json"),
        ("IMG_1(12).jpg", "IMG_1.jpg.supplemental-metadata(12).json"),
        ("IMG_1(1).jpg", "IMG_1(1).jpg.json"),
        (LONG[:47] + "(1).jpg", LONG[:46] + "(1).json"),
        ("IMG_1(18).jpg", "IMG_1(18).jpg.supple(18).json"),
        ("IMG_1.HEIC", "img_1.heic.supplemental-metadata.json"),
    ],
)
def test_the_json_of_a_photo(tmp_path: Path, photo: str, json_name: str) -> None:
    (tmp_path / photo).touch()
    takeout_json(tmp_path, json_name, photo, ["Ann"])
    assert told(tmp_path) == {photo: ("Ann",)}


@pytest.mark.parametrize(
    ("photo", "json_name", "title"),
    [
        ("Ирина и Борис на море.jpg", "Ирина и Борис.json", "Ирина и Борис на море.jpg"),
        ("Ann _ Ben_s 100_.jpg", "Ann _ Be.json", "Ann & Ben's 100%.jpg"),
        ("Ann at the sea(2).jpg", "Ann at the(2).json", "Ann at the sea.jpg"),
    ],
)
def test_a_name_that_was_cut_otherwise_is_found_by_its_title(
    tmp_path: Path, photo: str, json_name: str, title: str
) -> None:
    (tmp_path / photo).touch()
    takeout_json(tmp_path, json_name, title, ["Ann"])
    assert told(tmp_path) == {photo: ("Ann",)}


def test_a_title_does_not_lead_to_a_photo_with_a_json_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "IMG.jpg").touch()
    takeout_json(tmp_path, "IMG.jpg.json", "IMG.jpg", ["Ann"])
    takeout_json(tmp_path, "an album.json", "IMG.jpg", ["Ben"])
    assert told(tmp_path) == {"IMG.jpg": ("Ann",)}


def test_a_duplicate_has_its_own(tmp_path: Path) -> None:
    (tmp_path / "IMG.jpg").touch()
    (tmp_path / "IMG(1).jpg").touch()
    takeout_json(tmp_path, "IMG.jpg.supplemental-metadata.json", "IMG.jpg", ["Ann"])
    takeout_json(tmp_path, "IMG.jpg.supplemental-metadata(1).json", "IMG.jpg", ["Ben", "Ann"])
    assert told(tmp_path) == {"IMG.jpg": ("Ann",), "IMG(1).jpg": ("Ben", "Ann")}


def test_an_edited_photo_has_the_names_of_its_source(tmp_path: Path) -> None:
    for name in (
        "IMG.jpg",
        "IMG-edited.jpg",
        "IMG(1).jpg",
        "IMG-bearbeitet(1).jpg",
        "Sea-edited.jpg",
    ):
        (tmp_path / name).touch()
    takeout_json(tmp_path, "IMG.jpg.supplemental-metadata.json", "IMG.jpg", ["Ann"])
    takeout_json(tmp_path, "IMG.jpg.supplemental-metadata(1).json", "IMG.jpg", ["Ben"])
    takeout_json(tmp_path, "Sea-edited.jpg.json", "Sea-edited.jpg", [])
    assert told(tmp_path) == {
        "IMG.jpg": ("Ann",),
        "IMG-edited.jpg": ("Ann",),
        "IMG(1).jpg": ("Ben",),
        "IMG-bearbeitet(1).jpg": ("Ben",),
    }


def test_the_word_edited_may_be_cut_as_well(tmp_path: Path) -> None:
    stem = LONG[:43]
    for name in (f"{stem}.jpg", f"{stem}-edi.jpg", "Sea.jpg", "Sea-e.jpg"):
        (tmp_path / name).touch()
    takeout_json(tmp_path, f"{stem}.jpg.su.json", f"{stem}.jpg", ["Ann"])
    takeout_json(tmp_path, "Sea.jpg.json", "Sea.jpg", ["Ben"])
    assert told(tmp_path) == {
        f"{stem}.jpg": ("Ann",),
        f"{stem}-edi.jpg": ("Ann",),
        "Sea.jpg": ("Ben",),
    }


def test_two_names_cut_alike_are_told_apart_by_the_title(tmp_path: Path) -> None:
    stem = LONG[:46]
    for ending in ("h", "x"):
        (tmp_path / f"{stem}{ending}.jpg").touch()
    takeout_json(tmp_path, f"{stem}.json", f"{stem}x and more.jpg", ["Ann"])
    assert told(tmp_path) == {f"{stem}x.jpg": ("Ann",)}


def test_two_names_cut_alike_that_nothing_tells_apart_are_left(tmp_path: Path) -> None:
    stem = LONG[:46]
    for ending in ("h", "x"):
        (tmp_path / f"{stem}{ending}.jpg").touch()
    path = takeout_json(tmp_path, f"{stem}.json", "something else.jpg", ["Ann"])
    (problem,) = without_progress(names_of_takeout(tmp_path))
    assert isinstance(problem, Problem)
    assert problem.path == path


def test_a_photo_with_a_json_of_its_own_is_not_taken_for_one_that_was_cut(tmp_path: Path) -> None:
    stem = LONG[:46]
    for ending in ("h", "x"):
        (tmp_path / f"{stem}{ending}.jpg").touch()
    takeout_json(tmp_path, f"{stem}.json", "something else.jpg", ["Ann"])
    takeout_json(tmp_path, f"{stem}x.jpg.json", f"{stem}x.jpg", [])
    assert told(tmp_path) == {f"{stem}h.jpg": ("Ann",)}


def test_names_that_differ_in_capitals_only(tmp_path: Path) -> None:
    for name, person in {"IMG.jpg": "Ann", "IMG.JPG": "Ben"}.items():
        (tmp_path / name).touch()
        takeout_json(tmp_path, f"{name}.json", name, [person])
    if len(list(tmp_path.iterdir())) == 4:  # not on a disk that takes them for one name
        assert told(tmp_path) == {"IMG.jpg": ("Ann",), "IMG.JPG": ("Ben",)}


def test_a_short_beginning_is_no_cut_name(tmp_path: Path) -> None:
    (tmp_path / "IMG_10.jpg").touch()
    takeout_json(tmp_path, "IMG_1.json", "IMG_1", ["Ann"])
    assert told(tmp_path) == {}


def test_what_is_no_names_of_a_photo(tmp_path: Path) -> None:
    """An album's own JSON, one without people, blank names, a video, and a photo elsewhere."""
    (tmp_path / "a.jpg").touch()
    (tmp_path / "metadata.json").write_text('{"title": "An album"}')
    (tmp_path / "list.json").write_text("[1, 2]")
    takeout_json(tmp_path, "a.jpg.json", "a.jpg", [" ", "Ann \n Lee"])
    takeout_json(tmp_path, "b.mp4.json", "b.mp4", ["Ben"])
    takeout_json(tmp_path, "gone.jpg.json", "gone.jpg", ["Cy"])
    broken = tmp_path / "c.jpg.json"
    broken.write_text('{"people": [')
    problems = [
        each for each in without_progress(names_of_takeout(tmp_path)) if isinstance(each, Problem)
    ]
    assert [problem.path for problem in problems] == [broken]
    assert told(tmp_path) == {"gone.jpg": ("Cy",), "a.jpg": ("Ann Lee",)}
