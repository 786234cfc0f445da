"""JPEGs that end early are used, and train, pack, prepare and evaluate say which those are."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from opqn_app.opqn.model_folder import store_links
from opqn_app.ui.train.training import data_in_words
from tests.odd_files import encoded
from tests.tiny_checkpoint import make_tiny_checkpoint
from tests.trainer.evaluation_people import draw_person, pack_tar, write_people
from tests.trainer.report_examples import page_arguments, ranked_report
from tests.trainer.test_grouping_command import LINKS
from tests.trainer.test_photo_folders import QUICK
from tests.trainer.test_prepare import StripeDetector
from trainer.cli import commands as cli
from trainer.cli.prepare import in_words
from trainer.data.crop_set import joined
from trainer.data.picture_set import read_crops, read_pictures
from trainer.data.pictures import AlignedCrops, JoinedPictures, PhotoCrops
from trainer.data.prepare import prepare
from trainer.data.prepared import PrepareReport, PrepareSettings
from trainer.report.page import html_page

MISSING = "the end of the file is missing, and with it at most 13 % of the picture"


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Three people; one picture is a JPEG without its end."""
    root = write_people(tmp_path / "people", [4, 4, 4])
    (root / "p01" / "02.png").unlink()
    (root / "p01" / "02.jpg").write_bytes(encoded(draw_person(1, 2), "JPEG")[:-2])
    return root


def test_a_set_names_them_wherever_it_comes_from(people: Path, tmp_path: Path) -> None:
    found = {"p01/02.jpg": MISSING}
    assert read_crops([people]).partly == found
    pictures = read_pictures([people], side=32)
    assert pictures.partly == found
    assert pictures.where(pictures.people == "p01").partly == found
    assert pictures.where(pictures.people == "p00").partly == {}
    assert joined([pictures, pictures], ["a", "b"]).partly.keys() == {
        "a/p01/02.jpg", "b/p01/02.jpg"
    }  # fmt: skip
    archive = pack_tar(people, tmp_path / "people.tar")
    assert read_pictures([archive], side=32).partly == {"people/p01/02.jpg": MISSING}


def test_pictures_read_one_at_a_time_are_named_once_they_are_read(people: Path) -> None:
    aligned, photos = AlignedCrops(people), PhotoCrops(people, StripeDetector())
    row = aligned.files.tolist().index("p01/02.jpg")
    for source in (aligned, photos):
        assert source.partly == {}
        for _model in range(2):
            source.crop(row)
        assert source.partly == {"p01/02.jpg": MISSING}
    assert JoinedPictures([photos, aligned]).partly.keys() == {"0/p01/02.jpg", "1/p01/02.jpg"}


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["leave-one-out", "grouping"])
def test_evaluate_says_it(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], protocol: str
) -> None:
    model = make_tiny_checkpoint(tmp_path / "tiny")
    store_links(model, LINKS)
    words = ["evaluate", people, "--model", model, "--aligned", "--device", "cpu"]
    command = [*map(str, words), "--protocol", protocol]
    assert cli.run([*command, "--json"]) == 0
    result = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert result["data"]["read_in_part"] == {"p01/02.jpg": MISSING}
    assert result["data"]["dropped"] == 0
    assert cli.run(command) == 0
    said = capsys.readouterr().out
    assert f"1 picture could be read only in part:\n  p01/02.jpg: {MISSING}" in said


@pytest.mark.slow
def test_train_and_pack_say_it(
    people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["pack", str(people), str(tmp_path / "pack"), "--side", "48"]) == 0
    said = f"1 picture could be read only in part:\n  p01/02.jpg: {MISSING}"
    assert said in capsys.readouterr().err
    command = ["train", str(people), *QUICK, "--out", str(tmp_path / "runs"), "--name", "part"]
    assert cli.run(command) == 0
    assert said in capsys.readouterr().err
    record = tmp_path / "runs" / "part" / "environment.json"
    data = json.loads(record.read_text(encoding="utf-8"))["data"]
    assert data["read_in_part"] == {"p01/02.jpg": MISSING}


def test_prepare_says_it_in_every_run(tmp_path: Path) -> None:
    photo, target = tmp_path / "photos" / "ann" / "1.jpg", tmp_path / "crops"
    photo.parent.mkdir(parents=True)
    picture = Image.fromarray(np.full((124, 124, 3), (40, 100, 90), np.uint8))
    photo.write_bytes(encoded(picture, "JPEG")[:-2])
    for _run in range(2):
        report = prepared(tmp_path / "photos", target)
        assert report.kept == 1
        assert report.partly == {"ann/1.jpg": MISSING}
        assert "      1  read only in part: ann/1.jpg" in in_words(report, target)
        record = json.loads((target / "prepare.json").read_text(encoding="utf-8"))
        assert record["read_in_part"] == {"ann/1.jpg": MISSING}


@pytest.mark.slow
def test_the_report_lists_them() -> None:
    arguments = page_arguments(ranked_report(), None, with_pictures=False)
    words = "Pictures that could be read only in part"
    assert words not in html_page(*arguments)
    arguments[1]["data"]["read_in_part"] = {"a&b/1.jpg": MISSING}
    page = html_page(*arguments)
    assert f"<summary>{words} (1)</summary>" in page
    assert f"<li>a&amp;b/1.jpg: {MISSING}</li>" in page


def test_the_train_page_says_it() -> None:
    told = {
        "train": 8, "people": 2, "val": 2, "test": 2, "duplicates": 0, "read_in_part": 1
    }  # fmt: skip
    assert "1 picture could be read only in part" in data_in_words(told)


def prepared(source: Path, target: Path) -> PrepareReport:
    work = prepare(source, target, PrepareSettings(), StripeDetector)
    while True:
        try:
            next(work)
        except StopIteration as end:
            report: PrepareReport = end.value
            return report
