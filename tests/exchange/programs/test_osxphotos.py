"""Names from Apple Photos by osxphotos: the right area, edited photos, sidecars of two kinds."""

import json
from pathlib import Path

import pytest

from opqn_app.core.types import Box
from opqn_app.exchange.programs.osxphotos import names_of_osxphotos
from opqn_app.exchange.records import Frame, PhotoNames, Problem
from tests.exchange.program_files import apple_photo, without_progress

WIDE, TALL = Box(0.1, 0.2, 0.4, 0.3), Box(0.5, 0.3, 0.6, 0.7)


def read(place: Path, *folders: Path) -> list[PhotoNames | Problem]:
    return without_progress(names_of_osxphotos(place, folders))


def query(path: Path, *photos: object) -> Path:
    path.write_text(json.dumps(list(photos)), encoding="utf-8")
    return path


def sides(box: Box | None) -> list[float]:
    assert box is not None
    return [round(side, 6) for side in (box.left, box.top, box.right, box.bottom)]


def test_faces_of_a_query(tmp_path: Path) -> None:
    """Who has no name is nobody, who has no face is on the photo all the same."""
    photo = apple_photo(tmp_path / "a.jpg", [("Ann & Bo", WIDE), (None, TALL)])
    photo["persons"].append("Cy")
    (found,) = read(query(tmp_path / "all.json", photo))
    assert isinstance(found, PhotoNames)
    assert found.photo == tmp_path / "a.jpg"
    assert found.frame == Frame.STORED
    assert [region.name for region in found.regions] == ["Ann & Bo", None]
    assert sides(found.regions[0].box) == [0.1, 0.2, 0.4, 0.3]
    assert sides(found.regions[1].box) == [0.5, 0.3, 0.6, 0.7]
    assert found.people == ("Cy",)


def test_boxes_of_an_edited_photo_hold_for_the_edited_one(tmp_path: Path) -> None:
    """Cut, or turned: on the original they would be at the wrong place."""
    edited = tmp_path / "edited.jpeg"
    photo = apple_photo(
        tmp_path / "a.jpg", [("Ann", WIDE)], path_edited=str(edited), hasadjustments=True
    )
    of_edited, of_original = read(query(tmp_path / "all.json", photo))
    assert isinstance(of_edited, PhotoNames)
    assert of_edited.photo == edited
    assert sides(of_edited.regions[0].box) == [0.1, 0.2, 0.4, 0.3]
    assert of_original == PhotoNames(tmp_path / "a.jpg", people=("Ann",))


def test_a_photo_that_is_only_in_the_cloud(tmp_path: Path) -> None:
    photo = apple_photo(tmp_path / "a.jpg", [("Ann", WIDE)]) | {"path": None}
    nobody = apple_photo(tmp_path / "b.jpg", []) | {"path": None}
    (problem,) = read(query(tmp_path / "all.json", photo, nobody, photo))
    assert isinstance(problem, Problem)
    assert problem.sentence.startswith("The names of 2 photos are left")


def test_a_query_of_another_machine(tmp_path: Path) -> None:
    here = tmp_path / "pictures" / "2020" / "a.jpg"
    here.parent.mkdir(parents=True)
    here.touch()
    photo = apple_photo(Path("/Users/ann/Photos/2020/a.jpg"), [("Ann", WIDE)])
    (found,) = read(query(tmp_path / "all.json", photo), tmp_path / "pictures")
    assert isinstance(found, PhotoNames)
    assert found.photo == here


def sidecar(group: str, **more: object) -> dict[str, object]:
    return {
        f"{group}PersonInImage": ["42", "Cy"],
        f"{group}RegionName": ["42", "Ann, B."],
        f"{group}RegionType": ["Face", "Face"],
        f"{group}RegionAreaX": [0.25, 0.55],
        f"{group}RegionAreaY": [0.25, 0.5],
        f"{group}RegionAreaW": [0.3, 0.1],
        f"{group}RegionAreaH": [0.1, 0.4],
        **more,
    }


@pytest.mark.parametrize("group", ["XMP:", ""])
@pytest.mark.parametrize("json_name", ["a.jpg.json", "a.json"])
def test_sidecars(tmp_path: Path, group: str, json_name: str) -> None:
    """With and without the names of groups, with and without the photo's suffix."""
    query(tmp_path / json_name, {"SourceFile": "a.jpg", **sidecar(group)})
    (found,) = read(tmp_path)
    assert isinstance(found, PhotoNames)
    assert found.photo == tmp_path / "a.jpg"
    assert [region.name for region in found.regions] == ["42", "Ann, B."]
    assert sides(found.regions[0].box) == [0.1, 0.2, 0.4, 0.3]
    assert sides(found.regions[1].box) == [0.5, 0.3, 0.6, 0.7]
    assert found.people == ("Cy",)


def test_names_without_quotes(tmp_path: Path) -> None:
    """As exiftool writes names that look like a number or a truth."""
    (tmp_path / "a.jpg.json").write_text(
        '[{"SourceFile": "a.jpg", "PersonInImage": [42, 1e5, 007.50, true]}]'.replace("007", "7")
    )
    (found,) = read(tmp_path)
    assert isinstance(found, PhotoNames)
    assert found.people == ("42", "1e5", "7.50", "True")


def test_lists_that_do_not_belong_together(tmp_path: Path) -> None:
    told = sidecar("XMP:", **{"XMP:RegionAreaX": [0.25]})
    query(tmp_path / "a.jpg.json", {"SourceFile": "a.jpg", **told})
    problem, found = read(tmp_path)
    assert isinstance(problem, Problem)
    assert found == PhotoNames(tmp_path / "a.jpg", people=("42", "Ann, B.", "Cy"))


def test_other_json_is_left_and_damage_is_told(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"name": "x", "persons": ["Ann"]}')
    (tmp_path / "b.jpg.json").write_text("[{")
    (problem,) = read(tmp_path)
    assert isinstance(problem, Problem)
    assert problem.path == tmp_path / "b.jpg.json"
