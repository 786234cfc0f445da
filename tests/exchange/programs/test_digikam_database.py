"""Names from digikam4.db: which are confirmed, where the boxes are, and a file that is in use."""

import hashlib
import sqlite3
from pathlib import Path

import pytest

from opqn_app.core.errors import OpqnError
from opqn_app.core.types import Box
from opqn_app.exchange.programs.digikam_database import names_of_digikam
from opqn_app.exchange.records import Frame, PhotoNames, Problem
from tests.exchange.program_files import DigikamDatabase, without_progress

ANN, BEN = Box(0.1, 0.2, 0.3, 0.4), Box(0.5, 0.25, 0.75, 0.5)
SIZE = (4000, 3000)


def read(place: Path, *folders: Path) -> dict[str, PhotoNames]:
    found = without_progress(names_of_digikam(place, folders))
    return {each.photo.as_posix(): each for each in found if isinstance(each, PhotoNames)}


def only(place: Path) -> PhotoNames:
    (found,) = read(place).values()
    return found


def sides(box: Box | None) -> list[float]:
    assert box is not None
    return [round(side, 3) for side in (box.left, box.top, box.right, box.bottom)]


def test_faces_tags_and_groups(tmp_path: Path) -> None:
    """A tag of a thing, and a group that is nobody, are no people."""
    made = DigikamDatabase(tmp_path / "digikam4.db", Path("/photos"))
    image = made.photo("2020/a.jpg", [("Ann & Bo", ANN), (None, BEN), ("Cy", None)], SIZE)
    made.run("INSERT INTO ImageTags VALUES (?, 4), (?, 5)", image, image)
    made.photo("b.jpg", [], SIZE)
    made.close()
    (found,) = read(tmp_path).values()
    assert found.photo.as_posix() == "/photos/2020/a.jpg"
    assert found.frame == Frame.UPRIGHT
    assert [(region.name, sides(region.box)) for region in found.regions] == [
        ("Ann & Bo", [0.1, 0.2, 0.3, 0.4])
    ]
    assert found.people == ("Cy",)


def test_suggestions_of_digikam_are_left(tmp_path: Path) -> None:
    made = DigikamDatabase(tmp_path / "digikam4.db", Path("/photos"))
    image = made.photo("a.jpg", [("Ann", ANN)], SIZE)
    made.region(image, made.person("Ben"), BEN, SIZE, "autodetectedFace")
    made.region(image, made.person("Ann"), ANN, SIZE, "faceToTrain")
    made.close()
    found = only(tmp_path)
    assert [region.name for region in found.regions] == ["Ann"]
    assert found.people == ()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_are_in_the_upright_photo_and_sizes_of_the_file(
    tmp_path: Path, orientation: int
) -> None:
    made = DigikamDatabase(tmp_path / "digikam4.db", Path("/photos"))
    made.photo("a.jpg", [("Ann", ANN)], SIZE, orientation=orientation)
    made.close()
    (region,) = only(tmp_path).regions
    assert sides(region.box) == [0.1, 0.2, 0.3, 0.4]


def test_a_size_that_is_upright_already(tmp_path: Path) -> None:
    """The box lies outside of the other."""
    made = DigikamDatabase(tmp_path / "digikam4.db", Path("/photos"))
    made.photo("a.nef", [], (3000, 4000), orientation=6)
    low = Box(0.1, 0.8, 0.3, 0.9)
    made.run("INSERT INTO ImageTags VALUES (1, ?)", made.person("Ann"))
    made.region(1, made.person("Ann"), low, (3000, 4000))
    made.close()
    (region,) = only(tmp_path).regions
    assert sides(region.box) == [0.1, 0.8, 0.3, 0.9]


def test_a_person_is_called_as_in_people_not_as_the_tag(tmp_path: Path) -> None:
    made = DigikamDatabase(tmp_path / "digikam4.db", Path("/photos"))
    made.person("Anna Lee", tag="Anna")
    made.photo("a.jpg", [("Anna Lee", ANN)], SIZE)
    made.close()
    assert [region.name for region in only(tmp_path).regions] == ["Anna Lee"]


def test_photos_in_the_bin_or_gone_are_left(tmp_path: Path) -> None:
    made = DigikamDatabase(tmp_path / "digikam4.db", Path("/photos"))
    for status in (1, 2, 3, 4):
        made.photo(f"{status}.jpg", [("Ann", ANN)], SIZE, status=status)
    made.run("UPDATE Images SET album = NULL WHERE name = '2.jpg'")
    made.close()
    assert list(read(tmp_path)) == ["/photos/1.jpg"]


@pytest.mark.parametrize(
    ("identifier", "path"),
    [
        ("volumeid:?path=%2Fhome%2Fann%2FMy%20photos", "/home/ann/My photos/pics/2020/a.jpg"),
        ("volumeid:?path=C:/Users/ann/C++", "C:/Users/ann/C++/pics/2020/a.jpg"),
        ("networkshareid:?mountpath=/mnt/nas&fileuuid=1", "/mnt/nas/pics/2020/a.jpg"),
        ("volumeid:?uuid=3f2a-1", "/pics/2020/a.jpg"),
    ],
)
def test_where_an_album_root_is(tmp_path: Path, identifier: str, path: str) -> None:
    made = DigikamDatabase(tmp_path / "digikam4.db", Path("/pics"), identifier)
    made.photo("2020/a.jpg", [("Ann", ANN)], SIZE)
    made.close()
    assert list(read(tmp_path)) == [path]
    here = tmp_path / "elsewhere" / "2020" / "a.jpg"
    here.parent.mkdir(parents=True)
    here.touch()
    assert list(read(tmp_path, tmp_path / "elsewhere")) == [here.as_posix()]


def test_odd_boxes_and_sizes(tmp_path: Path) -> None:
    """The name stays, without a place."""
    made = DigikamDatabase(tmp_path / "digikam4.db", Path("/photos"))
    for name, value in {"a": "<rect", "b": '<rect x="1" y="2" width="0" height="3"/>'}.items():
        image = made.photo(f"{name}.jpg", [("Ann", None)], SIZE)
        made.run(
            "INSERT INTO ImageTagProperties VALUES (?, ?, 'tagRegion', ?)",
            *(image, made.person("Ann"), value),
        )
    made.photo("c.jpg", [("Ann", ANN)], (0, 0))
    made.close()
    found = without_progress(names_of_digikam(tmp_path))
    names = [each for each in found if isinstance(each, PhotoNames)]
    assert [(each.regions, each.people) for each in names] == [((), ("Ann",))] * 3
    assert [each.path.name for each in found if isinstance(each, Problem)] == ["c.jpg"]


def test_the_database_is_only_copied(tmp_path: Path) -> None:
    """Also what digiKam has written beside it comes along, and nothing new lies there after."""
    path = tmp_path / "digikam4.db"
    made = DigikamDatabase(path, Path("/photos"))
    made.run("PRAGMA user_version = 1")
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    made.photo("a.jpg", [("Ann", ANN)], SIZE)
    before = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in tmp_path.iterdir()
    }
    assert "digikam4.db-wal" in before
    times = {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    assert list(read(path)) == ["/photos/a.jpg"]
    after = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in tmp_path.iterdir()
    }
    assert (after, {f.name: f.stat().st_mtime_ns for f in tmp_path.iterdir()}) == (before, times)
    connection.close()
    made.close()


def test_what_is_no_database_of_digikam(tmp_path: Path) -> None:
    with pytest.raises(OpqnError, match=r"no digikam4\.db"):
        without_progress(names_of_digikam(tmp_path))
    path = tmp_path / "digikam4.db"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(OpqnError, match="damaged, or no database of digiKam"):
        without_progress(names_of_digikam(path))
    path.unlink()
    sqlite3.connect(path).close()
    with pytest.raises(OpqnError, match="no database of digiKam"):
        without_progress(names_of_digikam(path))


def test_no_copy_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither when all is read, nor when reading is broken off, nor when it can't begin."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("OPQN_CACHE_DIR", str(temporary))
    made = DigikamDatabase(tmp_path / "digikam4.db", Path("/photos"))
    for n in range(3):
        made.photo(f"{n}.jpg", [("Ann", ANN)], SIZE)
    made.close()
    list(names_of_digikam(tmp_path))
    assert list(temporary.iterdir()) == []
    reading = names_of_digikam(tmp_path)
    while not isinstance(next(reading), PhotoNames):
        pass
    assert list(temporary.iterdir()) != []
    reading.close()  # type: ignore[attr-defined]
    assert list(temporary.iterdir()) == []
    (tmp_path / "digikam4.db").write_bytes(b"damaged" * 1000)
    with pytest.raises(OpqnError):
        list(names_of_digikam(tmp_path))
    assert list(temporary.iterdir()) == []
