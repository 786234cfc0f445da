"""Pictures of training and aligned ones are seen as photos are: upright, in sRGB, if whole."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from opqn_app.vision.images import read_photo
from tests.icc_profiles import D65, P3, matrix_profile
from tests.odd_files import encoded, exif_bytes, turned
from tests.tiny_checkpoint import make_tiny_checkpoint
from tests.tiny_training import tiny_config
from tests.trainer.evaluation_people import draw_person, write_people
from trainer.cli import commands as cli
from trainer.data.loading import load_data
from trainer.data.packs import read_pack
from trainer.data.picture_set import read_crops
from trainer.data.pictures import AlignedCrops

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
COUNTS = [4, 4, 4]
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf='
    '"http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="@"/></rdf:RDF></x:xmpmeta>'
)


def by_exif(turn: int) -> dict[str, object]:
    return {"exif": exif_bytes(turn)}


def by_xmp(turn: int) -> dict[str, object]:
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", XMP.replace("@", str(turn)))
    return {"pnginfo": info}


@pytest.fixture(scope="module")
def upright(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_people(tmp_path_factory.mktemp("faces") / "people", COUNTS)


@pytest.fixture(scope="module", params=[by_exif, by_xmp])
def stored_turned(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, upright: Path
) -> Path:
    """The pictures of `upright`, stored in all eight ways, without loss."""
    root = tmp_path_factory.mktemp("turned") / "people"
    for number, file in enumerate(sorted(upright.rglob("*.png"))):
        turn = number % 8 + 1
        path = root / file.relative_to(upright)
        path.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(file) as picture:
            path.write_bytes(encoded(turned(picture, turn), "PNG", **request.param(turn)))
    return root


def test_evaluate_gives_the_figures_of_the_upright_pictures(
    upright: Path, stored_turned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = make_tiny_checkpoint(tmp_path / "tiny")
    found = []
    for data in (upright, stored_turned):
        words = ["evaluate", data, "--model", model, "--aligned", "--json", "--device", "cpu"]
        assert cli.run([str(word) for word in words]) == 0
        result = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
        found.append({key: result[key] for key in ("rank1", "map", "p_at", "tar_at_far")})
    assert found[0] == found[1]


def test_pack_and_train_take_the_pixels_of_the_upright_pictures(
    upright: Path, stored_turned: Path, tmp_path: Path
) -> None:
    taken: list[list[Any]] = []
    for data in (upright, stored_turned):
        pack = tmp_path / f"{len(taken)}.safetensors"
        assert cli.run(["pack", str(data), str(pack), "--side", "48"]) == 0
        config = tiny_config().with_values({"data": {"sources": [str(data)]}})
        aligned = AlignedCrops(data)
        crops = np.stack([aligned.crop(row) for row in range(len(aligned.files))])
        read = read_crops([data]).images, load_data(config).pictures.images, crops
        taken.append([read_pack(pack).images, *read])
    for of_upright, of_turned in zip(*taken, strict=True):
        assert np.array_equal(of_upright, of_turned)


def test_sides_trade_places_with_the_turn(tmp_path: Path) -> None:
    """Before the centre is cut out, which for a turned picture lies elsewhere."""
    picture = draw_person(1, 1).crop((0, 0, 124, 114))
    for name, turn in (("upright", 1), ("turned", 6)):
        path = tmp_path / name / "ann" / "1.png"
        path.parent.mkdir(parents=True)
        path.write_bytes(encoded(turned(picture, turn), "PNG", exif=exif_bytes(turn)))
    first, second = (read_crops([tmp_path / name]).images for name in ("upright", "turned"))
    assert first.shape == (1, 114, 124, 3)
    assert np.array_equal(first, second)


def test_colours_are_those_of_the_app(tmp_path: Path) -> None:
    profile = matrix_profile(P3, D65, None)
    data = encoded(draw_person(1, 1), "PNG", icc_profile=profile)
    (tmp_path / "ann").mkdir()
    (tmp_path / "ann" / "1.png").write_bytes(data)
    photo = read_photo(data, "1.png")
    shown = np.asarray(photo.in_srgb(photo.image))
    assert np.array_equal(read_crops([tmp_path]).images[0], shown)
    assert not np.array_equal(np.asarray(draw_person(1, 1)), shown)


def test_a_jpeg_without_its_end_marker_trains(tmp_path: Path) -> None:
    (tmp_path / "ann").mkdir()
    whole = encoded(draw_person(1, 1), "JPEG")
    (tmp_path / "ann" / "1.jpg").write_bytes(whole)
    (tmp_path / "ann" / "2.jpg").write_bytes(whole[:-2])
    (tmp_path / "ann" / "3.jpg").write_bytes(whole[: len(whole) // 2])
    crops = read_crops([tmp_path])
    assert crops.files.tolist() == ["ann/1.jpg", "ann/2.jpg"]
    assert np.array_equal(crops.images[0], crops.images[1])
    assert [(e.file, "cut off" in e.reason) for e in crops.left_out] == [("ann/3.jpg", True)]


def test_large_pictures_and_those_of_old_sets_keep_their_size(tmp_path: Path) -> None:
    (tmp_path / "ann").mkdir()
    large = draw_person(1, 1, side=2200)
    grey = large.convert("L")
    large.save(tmp_path / "ann" / "1.jpg", quality=95)
    grey.save(tmp_path / "ann" / "2.pgm")
    images = read_crops([tmp_path]).images
    assert images.shape == (2, 2200, 2200, 3)
    assert np.array_equal(images[1], np.asarray(grey.convert("RGB")))


def test_training_data_is_read_where_pillow_heif_is_not_installed(upright: Path) -> None:
    """A training machine may lack it: docs/pages/train.md."""
    code = (
        "import sys; from pathlib import Path; from trainer.data.picture_set import read_crops; "
        "print(len(read_crops([Path(sys.argv[1])])), 'pillow_heif' in sys.modules)"
    )
    path = os.pathsep.join([str(ROOT / "tests" / "no_torch"), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", code, str(upright)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path, "OPQN_WITHOUT": "pillow_heif"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["12", "False"], done.stderr
