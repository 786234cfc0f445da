"""`opqn prepare`: which face becomes a crop, what is dropped and why, stopping."""

import json
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from opqn_app.core import paths
from opqn_app.core.errors import DataError
from opqn_app.core.types import Box, DetectedFace
from opqn_app.vision.align import TEMPLATE
from opqn_app.vision.detect import MtcnnDetector
from opqn_app.vision.faces import find_faces
from opqn_app.vision.images import open_photo
from tests.orl_scenes import FACES
from trainer.cli import commands as cli
from trainer.cli.prepare import in_words
from trainer.data.crop_folder import crop_names
from trainer.data.pictures import AlignedCrops, PhotoCrops
from trainer.data.prepare import prepare
from trainer.data.prepared import (
    JOURNAL,
    RECORD,
    PrepareReport,
    PrepareSettings,
    cut_of,
    read_state,
)

ROOT = Path(__file__).resolve().parents[2]


class StripeDetector:
    """Each bright block of 124 px in a row is a face; its green value is the face's size in %."""

    def __init__(self) -> None:
        self.seen = 0

    def detect(self, image: Image.Image, _pixels: int = 0) -> list[DetectedFace]:
        self.seen += 1
        pixels = np.asarray(image)
        faces = []
        for left in range(0, image.width, 124):
            share = float(pixels[62, left + 62, 1]) / 100
            if share:
                landmarks = (TEMPLATE + np.array([left + 6, 6])).astype(np.float32)
                box = Box(left, 0.0, left + 124 * share, 124 * share)
                faces.append(DetectedFace(box, landmarks, 0.99))
        return faces


def photo(path: Path, *sizes: int, mark: int = 0) -> Path:
    """A photo with faces of these sizes (0 is none); `mark` makes its pixels its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.zeros((124, 124 * len(sizes), 3), np.uint8)
    for place, size in enumerate(sizes):
        pixels[:, 124 * place : 124 * (place + 1)] = (40 * place + mark, size, 90)
    Image.fromarray(pixels).save(path)
    return path


def run(source: Path, target: Path, **settings: Any) -> tuple[PrepareReport, int]:
    """The report, and how many photos were looked at."""
    detector = StripeDetector()
    work = prepare(source, target, PrepareSettings(**settings), lambda: detector)
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return stop.value, detector.seen


def crops_in(target: Path) -> list[str]:
    suffixes = (".webp", ".png")
    return sorted(str(p.relative_to(target)) for p in target.rglob("*") if p.suffix in suffixes)


@pytest.fixture
def people(tmp_path: Path) -> Path:
    source = tmp_path / "photos"
    for person in range(3):
        for number in range(4):
            photo(source / f"p{person}" / f"{number}.png", 100, mark=10 * person + number)
    return source


def test_every_reason_to_drop_a_photo_is_told(tmp_path: Path) -> None:
    source = tmp_path / "photos"
    photo(source / "ann" / "good.png", 100)
    photo(source / "ann" / "nobody.png", 0)
    photo(source / "ann" / "far.png", 20)
    photo(source / "ann" / "two.png", 50, 100, mark=3)
    photo(source / "ann" / "again.png", 100)
    photo(source / "bob" / "shared.png", 100, mark=7)
    photo(source / "cem" / "shared.png", 100, mark=7)
    photo(source / "loose.png", 100)
    (source / "ann" / "torn.jpg").write_bytes(b"\xff\xd8\xff torn")
    (source / "ann" / "film.mp4").write_bytes(b"film")
    (source / "ann" / "._good.png").write_bytes(b"resource fork")
    report, _ = run(source, tmp_path / "crops", several="skip")
    assert report.others == {".mp4": 1}
    assert "1  .mp4 files, not read as photos" in in_words(report, tmp_path / "crops")
    assert {file: kind for file, kind, _ in report.dropped} == {
        "ann/nobody.png": "no_face",
        "ann/far.png": "too_small",
        "ann/two.png": "several_faces",
        "ann/torn.jpg": "unreadable",
        "ann/good.png": "copy",  # of ann/again.png, which comes first
        "bob/shared.png": "two_people",
        "cem/shared.png": "two_people",
    }
    assert (report.photos, report.kept, report.people) == (8, 1, 1)
    assert report.lost == ("bob", "cem")
    assert report.loose == ("loose.png",)
    assert crops_in(tmp_path / "crops") == ["ann/again.webp"]
    text = (tmp_path / "crops" / RECORD).read_text(encoding="utf-8")
    assert str(tmp_path) not in text  # paths are relative
    assert json.loads(text)["dropped_by_kind"]["two_people"] == 2


def test_of_several_faces_the_largest_is_taken(tmp_path: Path) -> None:
    photo(tmp_path / "photos" / "ann" / "1.png", 50, 100, 70)
    run(tmp_path / "photos", tmp_path / "crops", format="png")
    with Image.open(tmp_path / "crops" / "ann" / "1.png") as crop:
        assert crop.getpixel((56, 56)) == (40, 100, 90)


def test_a_face_too_small_to_count_makes_no_group(tmp_path: Path) -> None:
    photo(tmp_path / "photos" / "ann" / "1.png", 100, 20)
    report, _ = run(tmp_path / "photos", tmp_path / "crops", several="skip")
    assert report.kept == 1


@pytest.mark.parametrize("form", ["webp", "png"])
def test_a_wider_crop_holds_the_apps_crop_in_its_middle(tmp_path: Path, form: str) -> None:
    picture = np.random.default_rng(1).integers(90, 111, (124, 124, 3), np.uint8)
    (tmp_path / "photos" / "ann").mkdir(parents=True)
    Image.fromarray(picture).save(tmp_path / "photos" / "ann" / "1.png")
    run(tmp_path / "photos", tmp_path / "crops", side=124, format=form)
    with Image.open(tmp_path / "crops" / "ann" / f"1.{form}") as crop:
        apart = np.abs(np.asarray(crop).astype(int) - picture)
    assert apart.max() <= 1  # landmarks in their place: the photo itself, but for rounding
    aligned = AlignedCrops(tmp_path / "crops").crop(0)
    assert np.array_equal(aligned, PhotoCrops(tmp_path / "photos", StripeDetector()).crop(0))


def test_the_second_run_does_only_what_is_missing_or_changed(people: Path, tmp_path: Path) -> None:
    target = tmp_path / "crops"
    assert run(people, target)[1] == 12
    before = (target / RECORD).read_bytes()
    assert run(people, target)[1] == 0
    assert (target / RECORD).read_bytes() == before
    (target / "p0" / "0.webp").unlink()
    (target / "p0" / "1.webp").write_bytes(b"cut off")
    photo(people / "p1" / "2.png", 100, mark=99)
    photo(people / "p1" / "new.png", 100, mark=98)
    shutil.rmtree(people / "p2")
    report, seen = run(people, target)
    assert (seen, report.new, report.kept) == (4, 4, 9)
    assert not (target / "p2").exists()
    assert len(crops_in(target)) == 9
    assert run(people, target, side=124)[1] == 9  # other settings: all of them
    assert run(people, target, side=124, format="png")[1] == 9
    assert all(name.endswith(".png") for name in crops_in(target))


def test_a_copy_takes_its_place_when_its_twin_goes(people: Path, tmp_path: Path) -> None:
    shutil.copy(people / "p0" / "0.png", people / "p1" / "same.png")
    target = tmp_path / "crops"
    assert run(people, target)[0].kept == 11
    (people / "p0" / "0.png").unlink()
    report, seen = run(people, target)
    assert (seen, report.kept) == (1, 12)
    assert "p1/same.webp" in crops_in(target)


def test_stopping_keeps_what_is_done(people: Path, tmp_path: Path) -> None:
    target, detector = tmp_path / "crops", StripeDetector()
    work = prepare(people, target, PrepareSettings(), lambda: detector)
    next(work)
    progress = next(work)
    work.close()
    assert (progress.done, detector.seen) == (8, 8)
    assert sorted(p.name for p in target.iterdir()) == ["p0", "p1", JOURNAL]
    with pytest.raises(DataError, match="has not finished"):
        cut_of([str(target)])
    with (target / JOURNAL).open("a", encoding="utf-8") as file:
        file.write('{"file": "p2/0.png", "si')  # a line the kill cut off
    report, seen = run(people, target)
    assert (seen, report.kept) == (4, 12)
    assert not (target / JOURNAL).exists()


def test_photos_of_one_name_do_not_write_over_each_other() -> None:
    names = crop_names(["a/x.jpg", "a/x.png", "a/X.gif", "b/x.jpg", "t/a/y.z.jpg"], "webp")
    assert names == [
        "a/x.jpg.webp", "a/x.png.webp", "a/X.gif.webp", "b/x.webp", "t/a/y.z.webp"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("photos", "where the photos are"),
        ("photos/p0/crops", "inside the folder of photos"),
        (".", "photos lie inside"),
        ("full", "holds other files"),
        ("file", "it is a file"),
        ("file/below", "can't be written"),
    ],
)
def test_a_wrong_place_is_refused_untouched(
    people: Path, tmp_path: Path, target: str, message: str
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DataError, match=message):
        run(people, tmp_path / target)
    assert sorted(tmp_path.rglob("*")) == before


def test_crops_of_other_photos_are_not_thrown_away(people: Path, tmp_path: Path) -> None:
    run(people, tmp_path / "crops")
    other = tmp_path / "others"
    photo(other / "zoe" / "9.png", 100)
    with pytest.raises(DataError, match="crops of other photos"):
        run(other, tmp_path / "crops")
    assert len(crops_in(tmp_path / "crops")) == 12


def test_training_takes_the_cut_from_the_folder(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(people, tmp_path / "wide", side=124)
    run(people, tmp_path / "plain")

    def data(*arguments: object) -> dict[str, Any]:
        assert cli.run(["train", *map(str, arguments), "--show-config"]) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)[0]["data"]
        return found

    assert (data(tmp_path / "wide")["cut"], data(tmp_path / "wide")["template"]) == (124, 112)
    assert data(tmp_path / "wide", "--cut", 120)["cut"] == 120
    assert data(people)["cut"] == 0
    with pytest.raises(DataError, match="differ in size: 112 px and 124 px"):
        cut_of([str(tmp_path / "wide"), str(tmp_path / "plain")])


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """Two of the bundled sample's portraits of each of two people, and a group."""
    shipped = paths.resource("sample")
    labels = json.loads((shipped / "labels.json").read_text(encoding="utf-8"))
    taken: Counter[str] = Counter()
    for file, one in sorted(labels["singles"].items()):
        person = one["person"]
        if person in ("s1", "s2") and taken[person] < 2:
            taken[person] += 1
            (tmp_path / "photos" / person).mkdir(parents=True, exist_ok=True)
            shutil.copy(shipped / "photos" / file, tmp_path / "photos" / person)
    shutil.copy(shipped / "photos" / "Parties" / "party_02.jpg", tmp_path / "photos" / "s2")
    return tmp_path / "photos"


def test_the_sample_becomes_the_crops_the_app_cuts(
    sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the real detector: bit for bit what indexing and evaluation see."""
    target = tmp_path / "crops"
    command = ["prepare", str(sample), str(target), "--several", "skip"]
    assert cli.run([*command, "--json-lines"]) == 0
    *events, result = map(json.loads, capsys.readouterr().out.splitlines())
    assert events[-1]["done"] == events[-1]["total"] == 5
    assert (result["event"], result["kept"], result["people"]) == ("result", 4, 2)
    assert [entry["kind"] for entry in result["dropped"]] == ["several_faces"]
    detector = MtcnnDetector()
    state = read_state(target)
    assert state is not None
    for entry in state[1]:
        if entry.crop:
            (face,) = find_faces(open_photo(sample / entry.file), detector)
            with Image.open(target / entry.crop) as crop:
                assert np.array_equal(np.asarray(crop), face.crop)
    assert cli.run(command) == 0
    text = capsys.readouterr().out
    assert "4 of 5 photos kept as crops of 2 people" in text
    assert "several faces: s2/party_02.jpg" in text


@pytest.mark.slow
def test_evaluation_knows_prepared_crops(
    sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Photos, and the crops made of them, give the same figures."""
    from tests.tiny_checkpoint import make_tiny_checkpoint

    model = make_tiny_checkpoint(tmp_path / "tiny")
    assert cli.run(["prepare", str(sample), str(tmp_path / "crops"), "--side", "112"]) == 0
    capsys.readouterr()
    found = []
    for data in (sample, tmp_path / "crops"):
        command = ["evaluate", str(data), "--model", str(model), "--json", "--device", "cpu"]
        assert cli.run(command) == 0
        values = json.loads(capsys.readouterr().out)
        found.append({key: values[key] for key in ("map", "rank1", "queries", "gallery")})
    assert found[0] == found[1]


@pytest.mark.slow
def test_a_child_that_is_stopped_and_killed_goes_on(tmp_path: Path) -> None:
    source, target = tmp_path / "photos", tmp_path / "crops"
    for portrait in FACES:
        (source / portrait.stem).mkdir(parents=True)
        for copy in range(12):
            with Image.open(portrait) as image:
                changed = image.convert("RGB")
            changed.putpixel((45, 60), (copy, copy, copy))
            changed.save(source / portrait.stem / f"{copy}.png")
    command = [sys.executable, "-m", "trainer", "prepare", str(source), str(target), "--json-lines"]
    kept = 0
    for number in (signal.SIGINT, signal.SIGKILL):
        child = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        while json.loads(child.stdout.readline())["done"] == 0:
            pass
        child.send_signal(number)
        out, err = child.communicate(timeout=600)
        if number == signal.SIGINT:
            assert child.returncode == 1
            assert json.loads(out.splitlines()[-1])["event"] == "stopped"
            assert "Run the same command to go on" in err
        state = read_state(target)
        assert state is not None
        assert kept + 8 <= len(state[1])
        kept = len(state[1])
        for name in crops_in(target):
            with Image.open(target / name) as image:
                image.load()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    *_, last = map(json.loads, done.stdout.splitlines())
    assert last["found"] == 36
    assert last["kept"] == len(crops_in(target)) > 0
    assert sorted(p.name for p in target.iterdir() if p.is_file()) == [RECORD]
