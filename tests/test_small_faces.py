"""The search for small faces, whole: a photo of 12 megapixels, the real detector and model."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from opqn_app.core import paths
from opqn_app.core.types import Box
from opqn_app.engine import Engine, load_engine
from opqn_app.index.indexing import IndexReport, index_folder
from opqn_app.search.code_index import CodeIndex
from opqn_app.search.query import crop_of_face, query_tables
from opqn_app.store.library import Library
from tests.orl_scenes import FACES

SIZE = (4032, 3024)
LARGE, SMALL = 600, 50  # px, height of a portrait
PLACES = [  # left, top, height
    *((300 + 1300 * i, 1600, LARGE) for i in range(3)),
    *((400 + 500 * i, 300 + 150 * (i % 3), SMALL) for i in range(6)),
]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine(str(paths.resource("models/bundled-64")), "cpu")


@pytest.fixture
def portraits(tmp_path: Path) -> list[Box]:
    """Where the portraits lie in photos/group.jpg, the large ones first."""
    blobs = np.random.default_rng(5).integers(60, 200, (30, 40, 3), np.uint8)
    image = Image.fromarray(blobs).resize(SIZE, Image.Resampling.BICUBIC)
    boxes = []
    for i, (left, top, height) in enumerate(PLACES):
        with Image.open(FACES[i % len(FACES)]) as portrait:
            width = round(height * portrait.width / portrait.height)
            image.paste(portrait.convert("RGB").resize((width, height)), (left, top))
        boxes.append(Box(left, top, left + width, top + height))
    (tmp_path / "photos").mkdir()
    image.save(tmp_path / "photos" / "group.jpg", quality=92)
    return boxes


def index(tmp_path: Path, engine: Engine, *, thorough: bool) -> IndexReport:
    library_path = tmp_path / "library.sqlite"
    job = index_folder(library_path, tmp_path / "photos", engine, thorough=thorough)
    while True:
        try:
            next(job)
        except StopIteration as end:
            report: IndexReport = end.value
            return report


def faces(tmp_path: Path) -> dict[int, tuple[object, ...]]:
    """By id, in order: the box, what it is worth, and the crop."""
    with Library.open(tmp_path / "library.sqlite") as library:
        [photo] = library.photos()
        found = library.faces_of(photo.id)
        return {face.id: (face.box, face.quality, library.crop(face.id)) for face in found}


def portraits_of(found: Iterable[tuple[object, ...]], portraits: list[Box]) -> list[int]:
    """On which portrait each face lies."""
    places = []
    for box, *_ in found:
        assert isinstance(box, Box)
        x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
        places += [
            i for i, p in enumerate(portraits) if p.left < x < p.right and p.top < y < p.bottom
        ]
    return places


@pytest.mark.slow
def test_the_fast_pass_misses_small_faces_that_the_thorough_one_finds(
    tmp_path: Path, portraits: list[Box], engine: Engine
) -> None:
    index(tmp_path, engine, thorough=False)
    fast = faces(tmp_path)
    assert sorted(portraits_of(fast.values(), portraits)) == [0, 1, 2]

    report = index(tmp_path, engine, thorough=True)
    thorough = faces(tmp_path)
    assert {i: thorough[i] for i in fast} == fast
    assert list(thorough)[: len(fast)] == list(fast)
    new = [face for i, face in thorough.items() if i not in fast]
    assert sorted(portraits_of(new, portraits)) == [3, 4, 5, 6, 7, 8]
    assert (report.searched, report.decoded, report.more_faces) == (1, 1, 6)

    report = index(tmp_path, engine, thorough=True)
    assert (report.searched, report.decoded) == (0, 0)
    assert faces(tmp_path) == thorough

    for large_id in fast:  # and each large one finds the two small ones of the same person
        person = portraits_of([fast[large_id]], portraits)[0] % 3
        with Library.open(tmp_path / "library.sqlite") as library:
            table = query_tables(engine.encoder, [crop_of_face(library, large_id)])
            ranking = CodeIndex.load(library, engine.encoder.model_id).search(table, limit=3)
        found = portraits_of([thorough[i] for i in ranking.face_ids.tolist()], portraits)
        assert [place % 3 for place in found] == [person] * 3
