"""The names of all photos below a folder: within them, beside them, by several processes."""

import os
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest
from PIL import Image

from opqn_app.core.errors import FolderUnavailable
from opqn_app.exchange.frames import stored_size, upright
from opqn_app.exchange.programs import xmp_files
from opqn_app.exchange.programs.xmp_files import names_below
from opqn_app.exchange.records import Found, Frame, PhotoNames, Problem, Progress
from opqn_app.vision.images import open_photo
from tests.exchange.xmp_files import Spelling, face, mwg, packet, people
from tests.odd_files import corners, encoded, exif_bytes

ANN = face("Ann", 0.125, 0.25, 0.375, 0.5)


def told(place: Path) -> list[Found]:
    return [found for found in names_below(place) if not isinstance(found, Progress)]


def jpeg(path: Path, said: bytes | None = None, turn: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {} if said is None else {"xmp": said}
    path.write_bytes(encoded(corners(), "JPEG", exif=exif_bytes(turn), **options))
    return path


def beside(photo: Path, said: bytes) -> Path:
    path = photo.with_name(photo.name + ".xmp")
    path.write_bytes(said)
    return path


def test_photos_with_names_are_told_of_the_right_way_up(tmp_path: Path) -> None:
    within = jpeg(tmp_path / "a" / "1.jpg", packet(mwg([ANN])), turn=6)
    outside = jpeg(tmp_path / "a" / "2.jpg")
    beside(outside, packet(people("Ben")))
    jpeg(tmp_path / "a" / "3.jpg")
    jpeg(tmp_path / ".thumbs" / "4.jpg", packet(people("Cid")))
    turned = upright(PhotoNames(within, (ANN,)), 6)
    assert turned.regions[0].box != ANN.box
    assert told(tmp_path) == [
        turned,
        PhotoNames(outside, people=("Ben",), frame=Frame.UPRIGHT),
    ]
    progress = [found for found in names_below(tmp_path) if isinstance(found, Progress)]
    assert progress[-1] == Progress(3, 3)


@pytest.mark.parametrize("quote", ["'", '"'])
@pytest.mark.parametrize("turn", range(1, 9))
def test_a_photo_turned_by_its_xmp_alone_has_its_boxes_turned(
    turn: int, quote: str, tmp_path: Path
) -> None:
    """ExifTool writes single quotes, which Pillow does not see."""
    how = Spelling("attributes", quote=quote)
    said = packet(mwg([ANN]), how)
    about = f"rdf:about={quote}{quote}".encode()
    assert said.count(about) == 1
    said = said.replace(about, about + f" tiff:Orientation={quote}{turn}{quote}".encode())
    photo = tmp_path / "1.jpg"
    photo.write_bytes(encoded(corners(), "JPEG", xmp=said))
    assert told(tmp_path) == [upright(PhotoNames(photo, (ANN,)), turn)]
    size = corners().size
    assert (open_photo(photo).width, open_photo(photo).height) == stored_size(size, turn)


@pytest.mark.parametrize("turn", range(1, 9))
def test_regions_of_a_heic_are_turned_as_its_pixels_were(turn: int, tmp_path: Path) -> None:
    """pillow-heif says 1 then, and hands out the regions as they were."""
    photo = tmp_path / "1.heic"
    options = {"exif": exif_bytes(turn), "xmp": packet(mwg([ANN]))}
    photo.write_bytes(encoded(corners(), "HEIF", **options))
    with Image.open(photo) as image:
        assert image.getexif()[274] == 1
    assert told(tmp_path) == [upright(PhotoNames(photo, (ANN,)), turn)]


def test_reading_changes_neither_photos_nor_what_lies_beside_them(tmp_path: Path) -> None:
    photo = jpeg(tmp_path / "a" / "1.jpg", packet(mwg([ANN])))
    beside(photo, packet(people("Ben")))

    def tree() -> dict[Path, tuple[bytes, int]]:
        files = (path for path in tmp_path.rglob("*") if path.is_file())
        return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}

    before = tree()
    for path in before:
        path.chmod(0o444)
    assert len(told(tmp_path)) == 1
    assert tree() == before


def test_the_file_beside_a_photo_counts_more(tmp_path: Path) -> None:
    photo = jpeg(tmp_path / "1.jpg", packet(mwg([ANN]) | people("Cid")))
    beside(photo, packet(mwg([face("Anna", 0.125, 0.25, 0.375, 0.5)])))
    (names,) = told(tmp_path)
    assert isinstance(names, PhotoNames)
    assert ([region.name for region in names.regions], names.people) == (["Anna"], ("Cid",))


def test_what_is_wrong_is_said_and_the_rest_is_read(tmp_path: Path) -> None:
    photo = jpeg(tmp_path / "1.jpg", packet(people("Ann")))
    said = packet(people("Tom &amp; Ben"), wrapped=False).replace(b"&amp;amp;", b"&")
    sidecar = beside(photo, said)
    problem, names = told(tmp_path)
    sentence = "Its XMP is not as it should be: it is not well formed, and was read after a repair."
    assert problem == Problem(sidecar, sentence)
    assert isinstance(names, PhotoNames)
    assert names.people == ("Tom & Ben", "Ann")
    sidecar.write_bytes(b"<!DOCTYPE a>" + packet(people("Ben"), wrapped=False))
    problem, names = told(tmp_path)
    assert isinstance(problem, Problem)
    assert "document type" in problem.sentence
    assert isinstance(names, PhotoNames)
    assert names.people == ("Ann",)


def test_boxes_of_a_photo_that_cannot_be_opened_leave_their_names(tmp_path: Path) -> None:
    photo = tmp_path / "1.jpg"
    photo.write_bytes(b"no photo at all")
    beside(photo, packet(mwg([ANN]) | people("Ben")))
    problem, names = told(tmp_path)
    assert isinstance(problem, Problem)
    assert "could not be placed" in problem.sentence
    assert names == PhotoNames(photo, people=("Ann", "Ben"), frame=Frame.STORED)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_pipes_and_folders_are_not_waited_for(tmp_path: Path) -> None:
    photo = jpeg(tmp_path / "1.jpg", packet(people("Ann")))
    os.mkfifo(tmp_path / "2.jpg")
    os.mkfifo(tmp_path / "1.jpg.xmp")
    (tmp_path / "1.xmp").mkdir()
    assert told(tmp_path) == [PhotoNames(photo, people=("Ann",), frame=Frame.UPRIGHT)]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    photo = jpeg(tmp_path / "1.jpg", packet(people("Ann")))
    sidecar = beside(photo, packet(people("Ben")))
    sidecar.chmod(0)
    problem, _ = told(tmp_path)
    assert problem == Problem(sidecar, "No names were read: permission to read it is missing.")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FolderUnavailable):
        told(tmp_path / "none")


def test_what_the_user_leaves_out_is_left_out(tmp_path: Path) -> None:
    """Paths of patterns begin at the folder of the library, wherever below it reading begins."""
    root = tmp_path / "photos"
    for name in ("b", "a/1", "a/b/2", "c/a/3"):
        jpeg(root / f"{name}.jpg", packet(people("Ann")))

    def read(place: Path, folders: Sequence[Path], *excludes: str) -> list[str]:
        found = names_below(place, folders, excludes)
        photos = [each.photo for each in found if isinstance(each, PhotoNames)]
        return [photo.relative_to(root).as_posix() for photo in photos]

    assert read(root, [root]) == ["a/1.jpg", "a/b/2.jpg", "b.jpg", "c/a/3.jpg"]
    assert read(root, [root], "a/") == ["b.jpg"]
    assert read(root, [], "/a/") == ["b.jpg", "c/a/3.jpg"]
    assert read(root / "a", [root], "/a/b") == ["a/1.jpg"]
    assert read(root / "a", [root], "/a") == []
    assert read(root / "c", [root], "/a") == ["c/a/3.jpg"]
    assert read(root / "c", [root, root / "c"], "/a") == []  # the inner folder has it
    assert read(root / "a", [tmp_path / "other"], "/b") == ["a/1.jpg"]


@pytest.fixture
def many(tmp_path: Path) -> Path:
    for number in range(60):
        photo = jpeg(tmp_path / f"{number % 3}" / f"{number}.jpg")
        beside(photo, packet(people(f"Person {number}")))
    return tmp_path


@pytest.mark.slow
def test_several_processes_tell_the_same_in_the_same_order(
    many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = told(many)
    assert len(alone) == 60
    monkeypatch.setattr(xmp_files, "MIN_FOR_PROCESSES", 20)
    monkeypatch.setattr(xmp_files, "BATCH", 7)
    monkeypatch.setattr(xmp_files, "n_cores", lambda: 2)
    assert told(many) == alone
    reading = names_below(many)
    for found in reading:
        if isinstance(found, PhotoNames):
            break
    assert isinstance(reading, Generator)
    reading.close()


@pytest.mark.slow
def test_a_process_that_is_ended_costs_nothing(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = told(many)
    monkeypatch.setattr(xmp_files, "MIN_FOR_PROCESSES", 20)
    monkeypatch.setattr(xmp_files, "BATCH", 7)
    monkeypatch.setattr(xmp_files, "n_cores", lambda: 2)
    monkeypatch.setattr(xmp_files, "begin_helper", _end)
    assert told(many) == alone


def _end() -> None:
    os._exit(9)
