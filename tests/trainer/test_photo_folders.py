"""What counts as a photo of a person, the same in index, evaluate, train, prepare and pack."""

import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from opqn_app.core.errors import DataError, OpqnError
from opqn_app.core.types import Box, DetectedFace
from opqn_app.index.indexing import index_folder
from opqn_app.store.library import Library
from opqn_app.ui.kit.labelled_data import look_at
from opqn_app.vision.align import TEMPLATE
from opqn_app.vision.photo_folder import SYSTEM_FOLDERS
from tests.library_fakes import bound_by_rights, fake_engine
from tests.tiny_checkpoint import make_tiny_checkpoint
from tests.tiny_training import tiny_config
from tests.trainer.evaluation_people import draw_person, pack_tar, write_people
from trainer.cli import commands as cli
from trainer.data.crop_folder import crop_names
from trainer.data.crop_set import CropSet
from trainer.data.loading import describe, load_data
from trainer.data.packs import read_pack
from trainer.data.picture_files import Dropped
from trainer.data.picture_set import read_crops, read_pictures
from trainer.data.pictures import AlignedCrops, JoinedPictures, PhotoCrops
from trainer.data.prepare import prepare
from trainer.data.prepared import PrepareReport, PrepareSettings
from trainer.data.splits import manifest_hash, save_split

ROOT = Path(__file__).resolve().parents[2]
CLEAN = [f"p{person:02d}/{picture:02d}.png" for person in range(3) for picture in range(4)]
HIDDEN = (".ipynb_checkpoints", ".thumbnails", ".git", ".unfinished")
AS_SYSTEMS_WRITE_THEM = ("@eaDir", "#recycle", "$RECYCLE.BIN", "__MACOSX")
LEFT_OUT = (*HIDDEN, *AS_SYSTEMS_WRITE_THEM, *sorted(SYSTEM_FOLDERS))
QUICK = ["--backbone", "resnet20-narrow", "--queries", "1", "--batch-size", "8", "--epochs", "1"]


def whole(work: Any) -> Any:
    """What a generator returns."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


class WholePicture:
    """A detector that takes every picture for a face."""

    def detect(self, _image: Image.Image, _pixels: int = 0) -> list[DetectedFace]:
        box = Box(0.0, 0.0, 112.0, 112.0)
        return [DetectedFace(box, TEMPLATE.astype(np.float32), 0.99)]


def prepared(source: Path, place: Path) -> PrepareReport:
    report: PrepareReport = whole(prepare(source, place, PrepareSettings(), WholePicture))
    return report


def by_index(source: Path, place: Path) -> list[str]:
    whole(index_folder(place / "library.sqlite", source, fake_engine(), workers=1))
    with Library.open(place / "library.sqlite") as library:
        return sorted(photo.rel_path for photo in library.photos(limit=1000))


def by_evaluate(source: Path, _place: Path) -> list[str]:
    return [str(file) for file in AlignedCrops(source).files]


def by_evaluate_of_photos(source: Path, _place: Path) -> list[str]:
    return [str(file) for file in PhotoCrops(source, WholePicture()).files]


def by_train(source: Path, _place: Path) -> list[str]:
    config = tiny_config().with_values({"data": {"sources": [str(source)]}})
    return [str(file) for file in load_data(config).pictures.files]


def by_prepare(source: Path, place: Path) -> list[str]:
    prepared(source, place / "crops")
    record = json.loads((place / "crops" / "prepare.json").read_text(encoding="utf-8"))
    return [entry["file"] for entry in record["photos"]]


def by_pack(source: Path, place: Path) -> list[str]:
    pack = place / "set.safetensors"
    assert cli.run(["pack", str(source), str(pack), "--side", "16"]) == 0
    return [str(file) for file in read_pack(pack).files]


Taken = Callable[[Path, Path], list[str]]
OF_TAR = (by_evaluate, by_evaluate_of_photos, by_train, by_prepare, by_pack)
ALL = (by_index, *OF_TAR)


@pytest.fixture
def people(tmp_path: Path) -> Path:
    return write_people(tmp_path / "people", [4, 4, 4], side=24)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where a command may write."""
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


def add_copies(folder: Path) -> None:
    """What a notebook or a network disk leaves: copies of pictures, in a folder of their own."""
    folder.mkdir(parents=True)
    for picture in range(2):
        draw_person(0, picture, 24).save(folder / f"{picture:02d}-copy.png")


@pytest.mark.parametrize("taken", ALL)
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in (".git", "@eaDir") else pytest.mark.slow)
        for name in LEFT_OUT
    ],
)
def test_hidden_and_system_folders_are_nobody(
    people: Path, place: Path, taken: Taken, name: str
) -> None:
    for folder in (people / name, people / "p01" / name, people / "p02" / "more" / name):
        add_copies(folder)
    assert taken(people, place) == CLEAN
    assert look_at(people).words == "3 people, 12 pictures"


@pytest.mark.parametrize("taken", ALL)
@pytest.mark.parametrize("marker", [".nomedia", ".noimage"])
def test_a_folder_with_a_marker_is_nobody(
    people: Path, place: Path, taken: Taken, marker: str
) -> None:
    for folder in (people / "p03", people / "p03" / "below", people / "p01" / "more"):
        add_copies(folder)
    (people / "p03" / marker).touch()
    (people / "p01" / "more" / marker).touch()
    assert taken(people, place) == CLEAN
    assert look_at(people).words == "3 people, 12 pictures"


@pytest.mark.parametrize("taken", ALL)
def test_side_files_are_no_pictures(people: Path, place: Path, taken: Taken) -> None:
    (people / "p00" / "._00.png").write_bytes(b"resource fork")
    (people / "p00" / ".00.png").write_bytes(b"hidden")
    assert taken(people, place) == CLEAN


@pytest.mark.parametrize("taken", OF_TAR)
def test_a_tar_file_is_read_as_the_folder_it_was_made_of(
    people: Path, place: Path, taken: Taken
) -> None:
    for name in LEFT_OUT:
        if not (people / "p01" / name).exists():  # on a disk without upper and lower case
            add_copies(people / "p01" / name)
    add_copies(people / "p03")
    (people / "p03" / ".nomedia").touch()
    (people / "p00" / "._00.png").write_bytes(b"resource fork")
    (people / "p02" / "03.png").unlink()
    os.link(people / "p02" / "02.png", people / "p02" / "03.png")  # tar stores it as a link
    packed = pack_tar(people, place / "set.tar.gz", "w:gz")
    assert taken(packed, place) == [f"people/{file}" for file in CLEAN]
    assert look_at(packed).words == "3 people, 12 pictures"


@pytest.mark.parametrize("taken", ALL)
def test_a_folder_named_like_a_picture_is_a_folder(people: Path, place: Path, taken: Taken) -> None:
    (people / "p00" / "album.webp").mkdir()
    (people / "p00" / "full.png").mkdir()
    draw_person(7, 0, 24).save(people / "p00" / "full.png" / "1.png")
    assert taken(people, place) == [*CLEAN[:4], "p00/full.png/1.png", *CLEAN[4:]]


def test_no_crop_takes_the_name_of_a_folder(people: Path, place: Path) -> None:
    """p00/full.png gives full.webp, and beside it is a folder full.webp."""
    draw_person(8, 0, 24).save(people / "p00" / "full.png")
    (people / "p00" / "Full.webp").mkdir()
    draw_person(8, 1, 24).save(people / "p00" / "Full.webp" / "1.png")
    report = prepared(people, place / "crops")
    assert report.kept == report.photos == 14
    names = crop_names(["a/x.png", "a/x.webp/1.png", "a/x.png.webp/1.png"], "webp")
    assert names == ["a/x.png.webp.webp", "a/x.webp/1.webp", "a/x.png.webp/1.webp"]


@pytest.mark.parametrize("taken", ALL)
def test_links_are_followed_once_and_never_back(people: Path, place: Path, taken: Taken) -> None:
    """Two names for one folder would make two people of one."""
    elsewhere = people.parent / "elsewhere"
    shutil.move(people / "p02", elsewhere)
    (people / "p02").symlink_to(elsewhere)
    (people / "p09").symlink_to(elsewhere)
    (people / "p08").symlink_to(people / "p00")
    (people / "p01" / "up").symlink_to(people)
    assert taken(people, place) == CLEAN


@pytest.fixture
def orl(tmp_path: Path) -> Path:
    """Six people of ten real crops, of the repository."""
    with tarfile.open(ROOT / "tests" / "data" / "orl_crops.tar") as tar:
        for member in tar:
            if member.isfile() and member.name < "s07":
                file = tmp_path / "orl" / member.name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(tar.extractfile(member).read())  # type: ignore[union-attr]
    return tmp_path / "orl"


def evaluated(folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    assert cli.run(["evaluate", str(folder), "--aligned", "--json", "--device", "cpu"]) == 0
    figures: dict[str, Any] = json.loads(capsys.readouterr().out)
    found = {key: figures[key] for key in ("rank1", "map", "queries", "gallery")}
    return found | {"people": figures["data"]["people"]}


@pytest.mark.slow
def test_what_systems_leave_behind_changes_no_figure(
    orl: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Counted as people they took the rank-1 of this set from 1.00 to 0.65."""
    clean = evaluated(orl, capsys)
    assert (clean["people"], clean["queries"], clean["rank1"]) == (6, 60, 1.0)
    for person in ("s01", "s02", "s03"):
        copies = orl / person / ".ipynb_checkpoints"
        copies.mkdir()
        for number in ("01", "02"):
            shutil.copy(orl / person / f"{number}.webp", copies / f"{number}-checkpoint.webp")
    (orl / "s04" / "@eaDir").mkdir()
    for picture in sorted((orl / "s04").glob("*.webp"))[:4]:
        shutil.copy(picture, orl / "s04" / "@eaDir")
    (orl / "s01" / "album.webp").mkdir()
    assert evaluated(orl, capsys) == clean


# Pictures that can't be read

TORN = io.BytesIO()
draw_person(0, 0, 64).save(TORN, "PNG")
BROKEN = {
    "empty.png": (b"", "the file is empty"),
    "zeros.jpg": (bytes(500), "the file holds only zeros"),
    "torn.png": (TORN.getvalue()[:300], "cut off"),
    "text.jpg": (b"There is no picture here.\n", "it holds text"),
    "page.webp": (b"<!DOCTYPE html><html></html>", "it is a web page"),
}


def spoil(folder: Path) -> None:
    """Every kind of picture that can't be read, and of one person nothing else."""
    for name, (data, _) in BROKEN.items():
        (folder / "p01" / name).write_bytes(data)
    os.mkfifo(folder / "p01" / "pipe.png")  # opening it would hang the test
    (folder / "p01" / "gone.png").symlink_to("nowhere.png")
    (folder / "p05").mkdir()
    (folder / "p05" / "only.png").write_bytes(b"")


REASONS = {f"p01/{name}": reason for name, (_, reason) in BROKEN.items()} | {
    "p01/pipe.png": "it is not a regular file",
    "p01/gone.png": "it is a link to a file that is not there",
    "p05/only.png": "the file is empty",
}


def check_reasons(left_out: list[list[str]]) -> None:
    assert {file for file, _ in left_out} == REASONS.keys()
    assert all(REASONS[file] in reason for file, reason in left_out)


def test_unreadable_pictures_are_named_and_training_data_is_made_of_the_others(
    people: Path,
) -> None:
    config = tiny_config().with_values({"data": {"sources": [str(people)]}})
    clean = load_data(config)
    spoil(people)
    data = load_data(config)
    record = describe(data)
    assert manifest_hash(data.pictures) == manifest_hash(clean.pictures)
    assert record["pictures"] == 12
    check_reasons(record["left_out"])
    assert record["people_without_a_picture"] == ["p05"]
    check_reasons([[e.file, e.reason] for e in read_crops([people]).left_out])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["folder", "tar"])
def test_training_goes_on_and_says_who_is_left_without_pictures(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    (people / "p01" / "00.png").write_bytes(b"")
    (people / "p05").mkdir()
    (people / "p05" / "1.png").write_bytes(b"no picture")
    source = people if kind == "folder" else pack_tar(people, tmp_path / "people.tar")
    out, before = tmp_path / "runs", "" if kind == "folder" else "people/"
    command = ["train", str(source), *QUICK, "--out", str(out), "--name", "part"]
    assert cli.run([*command, "--json-lines"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (told,) = [event for event in events if event["event"] == "data"]
    assert (told["left_out"], told["people_without_a_picture"]) == (2, ["p05"])
    data = json.loads((out / "part" / "environment.json").read_text(encoding="utf-8"))["data"]
    assert [file for file, _ in data["left_out"]] == [
        f"{before}p01/00.png", f"{before}p05/1.png"
    ]  # fmt: skip
    assert data["pictures"] == 11


@pytest.mark.slow
def test_training_says_in_words_what_took_no_part(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(people)
    for number in range(30):
        (people / "p01" / f"z{number}.png").write_bytes(b"")
    command = ["train", str(people), *QUICK, "--out", str(tmp_path / "runs"), "--name", "part"]
    assert cli.run(command) == 0
    said = capsys.readouterr().err
    assert "38 pictures took no part:\n  p01/empty.png: the file is empty\n" in said
    assert "  … and 18 more; the run's environment.json names all\n" in said
    assert "No picture is left of p05.\n" in said


def test_a_pack_is_made_of_the_readable_and_names_all_others(
    people: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(30):
        (people / "p01" / f"z{number}.png").write_bytes(b"")
    spoil(people)
    assert by_pack(people, place) == CLEAN
    said = capsys.readouterr().err
    assert said.startswith("12 pictures of 16 px in ")
    assert "38 pictures took no part:" in said
    assert all(f"  {file}: " in said for file in [*REASONS, "p01/z29.png"])
    assert said.endswith("No picture is left of p05.\n")


def test_prepare_lists_the_unreadable(people: Path, place: Path) -> None:
    spoil(people)
    report = prepared(people, place / "crops")
    check_reasons([[file, reason] for file, _, reason in report.dropped])
    assert (report.kept, report.people, report.lost) == (12, 3, ("p05",))


@pytest.mark.slow
def test_evaluation_lists_the_unreadable(
    people: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(people)
    model = make_tiny_checkpoint(place / "tiny")
    command = ["evaluate", str(people), "--aligned", "--device", "cpu", "--model", str(model)]
    assert cli.run([*command, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)["data"]
    check_reasons(data["dropped_files"])
    assert data["people_without_a_picture"] == ["p05"]
    assert cli.run(command) == 0
    assert "No picture is left of p05." in capsys.readouterr().out


@pytest.mark.parametrize("command", ["train", "pack", "prepare", "evaluate"])
def test_a_set_of_unreadable_pictures_is_an_error_in_a_sentence(
    people: Path, place: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for picture in people.rglob("*.png"):
        picture.write_bytes(b"")
    more = {
        "train": [*QUICK, "--out", str(place)],
        "pack": [str(place / "x.safetensors"), "--side", "16"],
        "prepare": [str(place / "crops")],
        "evaluate": ["--aligned", "--device", "cpu"],
    }
    assert cli.run([command, str(people), *more[command]]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith(f"The data at {people} can't be used: no")
    assert "12 p" in said
    assert list(place.iterdir()) in ([], [place / "crops"])
    if command == "prepare":
        record = json.loads((place / "crops" / "prepare.json").read_text(encoding="utf-8"))
        assert record["dropped_by_kind"] == {"unreadable": 12}


def test_a_run_whose_picture_went_bad_says_why_it_can_not_go_on(
    people: Path, tmp_path: Path
) -> None:
    config = tiny_config().with_values({"data": {"sources": [str(people)]}})
    data = load_data(config)
    save_split(tmp_path / "split.json", data.split, data.pictures)
    (people / "p01" / "02.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"p01/02\.png', which this split names; the file is empty"):
        load_data(config, split_file=tmp_path / "split.json")


def test_pictures_of_a_kind_that_is_not_read_are_named(people: Path) -> None:
    Image.new("RGB", (24, 24)).save(people / "p01" / "x.tiff")
    (people / "p07").mkdir()
    Image.new("RGB", (24, 24)).save(people / "p07" / "1.tiff")
    Image.new("RGB", (24, 24)).save(people / "loose.png")
    (people / "p07" / "notes.txt").write_text("no picture, and nobody takes it for one")
    found = read_pictures([people], side=16)
    assert found.left_out == (
        Dropped("loose.png", "lies in no person's folder"),
        Dropped("p01/x.tiff", ".tiff files are not read here"),
        Dropped("p07/1.tiff", ".tiff files are not read here"),
    )
    assert [entry.person for entry in found.left_out] == ["", "p01", "p07"]
    joined = JoinedPictures([AlignedCrops(people), AlignedCrops(people)])
    assert len(joined.left_out) == 6
    assert joined.left_out[-1].file == "1/p07/1.tiff"
    assert found.where(found.people == "p00").left_out == found.left_out


@pytest.fixture
def open_people() -> Iterator[Path]:
    """A folder that other users reach too, unlike those below pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield write_people(Path(name), [4, 4, 4], side=24)


def test_a_folder_that_can_not_be_listed_is_named(open_people: Path) -> None:
    (open_people / "p01").chmod(0)
    try:
        with bound_by_rights():
            found = read_pictures([open_people], side=16)
    finally:
        (open_people / "p01").chmod(0o755)
    assert found.left_out == (Dropped("p01/", "the folder can't be read"),)
    assert found.left_out[0].person == "p01"
    assert len(found) == 8


def test_one_empty_source_among_several_is_no_error(people: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert len(read_pictures([people, tmp_path / "empty"], side=16)) == 12
    with pytest.raises(OpqnError, match=r"no pictures of people lie under 'p09'"):
        read_pictures([people], side=16, part="p09")
    part: CropSet = read_pictures([people.parent], side=16, part="people")
    assert [str(file) for file in part.files] == [f"people/{file}" for file in CLEAN]
