"""From pictures and library faces to tables, and from rankings to hits."""

import io
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from opqn_app.core.errors import LibraryError, NoFaceFound, PhotoUnreadable
from opqn_app.index.indexing import index_folder
from opqn_app.opqn import lut as lut_scoring
from opqn_app.opqn.calibration import Calibration
from opqn_app.search import query
from opqn_app.search.code_index import CodeIndex, Ranking
from opqn_app.store.crops import crop_from_webp
from opqn_app.store.library import Library
from opqn_app.vision.images import open_photo
from tests.library_fakes import PixelDetector, PixelEncoder, StoredLibrary, fake_engine


def picture(seed: int = 1) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 255, (60, 80, 3), np.uint8)
    return Image.fromarray(pixels)


def test_file_bytes_picture_and_opened_photo_give_the_same_faces(tmp_path: Path) -> None:
    path = tmp_path / "query.png"
    picture().save(path)
    detector = PixelDetector(n_faces=3)
    forms: list[Any] = [path, path.read_bytes(), picture(), open_photo(path)]
    found = [query.faces_in(form, detector) for form in forms]
    for faces in found:
        assert [face.box for face in faces] == [face.box for face in found[0]]
        assert all(np.array_equal(a.crop, b.crop) for a, b in zip(faces, found[0], strict=True))
    areas = [face.box.area for face in found[0]]
    assert areas == sorted(areas, reverse=True)


def test_a_picture_with_transparency_and_rotation_is_turned_upright() -> None:
    data = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    picture().convert("RGBA").save(data, "PNG", exif=exif)
    opened = Image.open(io.BytesIO(data.getvalue()))
    [face] = query.faces_in(opened, PixelDetector(n_faces=1))
    [same] = query.faces_in(data.getvalue(), PixelDetector(n_faces=1))
    assert face.box == same.box


def test_a_picture_without_a_face_is_named_in_the_message() -> None:
    with pytest.raises(NoFaceFound, match="the pasted picture"):
        query.faces_in(picture(), PixelDetector(n_faces=0), name="the pasted picture")


def test_bytes_that_are_no_photo_are_named_in_the_message() -> None:
    with pytest.raises(PhotoUnreadable, match="dropped thing"):
        query.faces_in(b"hello", PixelDetector(), name="dropped thing")


def test_a_face_scores_half_by_the_mean_and_half_by_the_best_of_several_crops(
    stored: StoredLibrary,
) -> None:
    """By loops over the definition; what the words of a face add sums up to its score."""
    encoder = PixelEncoder(n_books=8, n_words=16)
    crops = list(np.random.default_rng(0).integers(0, 255, (4, 112, 112, 3), np.uint8))
    single = [encoder.luts(crop[None])[0] for crop in crops]
    tables = query.query_tables(encoder, crops)
    assert all(np.array_equal(lut_scoring.snap(table), table) for table in tables)
    with Library.open(stored.path) as library:
        index = CodeIndex.load(library, stored.model.model_id)
        ranking = index.search(tables)
        found = query.hits(library, index, ranking, tables, None)
        codes = {
            int(face_id): code
            for segment in library.code_segments(stored.model.model_id)
            for face_id, code in zip(segment.face_ids, segment.codes, strict=True)
        }
    assert len(found) == 60
    for hit in found:
        alone = [
            sum(float(table[m, word]) for m, word in enumerate(codes[hit.face.id]))
            for table in single
        ]
        assert hit.score == pytest.approx(0.5 * sum(alone) / 4 + 0.5 * max(alone), abs=1e-5)
        assert sum(hit.contributions) == hit.score


def test_the_curve_of_several_photos_follows_their_mean(stored: StoredLibrary) -> None:
    """By the best of many photos all strangers score higher, which says nothing of the library."""
    follows = Calibration(slope=3.0, intercept=-3.0, usual=0.1, following=0.5)
    tables = lut_scoring.snap(np.random.default_rng(2).dirichlet(np.ones(16), (9, 8)))
    with Library.open(stored.path) as library:
        index = CodeIndex.load(library, stored.model.model_id)
    mean = lut_scoring.snap(tables.mean(axis=0, dtype=np.float64))
    scores = index.search(mean).scores
    expected = 0.5 * len(scores) / (len(scores) + 50) * (float(np.median(scores)) - 0.1)
    curve = query.curve_of(follows, index, tables)
    assert curve is not None
    assert scores.max() < 1.0
    assert curve.score_at(0.5) == pytest.approx(1.0 + expected, abs=1e-6)


def test_one_crop_is_its_own_table() -> None:
    encoder = PixelEncoder()
    crop = np.zeros((112, 112, 3), np.uint8)
    [table] = query.query_tables(encoder, [crop])
    assert np.array_equal(table, lut_scoring.snap(encoder.luts(crop[None])[0]))


def test_hits_carry_face_score_probability_and_contributions(stored: StoredLibrary) -> None:
    lut = lut_scoring.snap(np.random.default_rng(2).dirichlet(np.ones(16), 8))
    curve = Calibration(slope=3.0, intercept=-1.0)
    with Library.open(stored.path) as library:
        index = CodeIndex.load(library, stored.model.model_id)
        ranking = index.search(lut)
        page = query.hits(library, index, ranking, lut, curve, 10, 15)
        plain = query.hits(library, index, ranking, lut, None, 10, 15)
    assert [hit.face.id for hit in page] == ranking.face_ids[10:15].tolist()
    for hit in page:
        assert sum(hit.contributions) == hit.score
        assert hit.probability == pytest.approx(1 / (1 + np.exp(1 - 3 * hit.score)), abs=1e-6)
    assert [hit.probability for hit in plain] == [None] * 5


def test_the_curve_of_a_query_follows_the_library(stored: StoredLibrary) -> None:
    lut = lut_scoring.snap(np.random.default_rng(2).dirichlet(np.ones(16), 8))
    follows = Calibration(slope=3.0, intercept=-3.0, usual=0.1, following=0.5)
    with Library.open(stored.path) as library:
        index = CodeIndex.load(library, stored.model.model_id)
    curve = query.curve_of(follows, index, lut)
    assert curve is not None
    scores = index.search(lut).scores  # all of them, and fewer than a sample holds
    strangers = scores[scores < 1.0]
    known = len(strangers) / (len(scores) + 50)
    moved = 0.5 * known * (float(np.median(strangers)) - 0.1)
    assert curve.score_at(0.5) == pytest.approx(1.0 + moved, abs=1e-6)
    assert query.curve_of(None, index, lut) is None


def test_a_face_removed_since_the_search_is_left_out(stored: StoredLibrary) -> None:
    lut = lut_scoring.snap(np.random.default_rng(2).dirichlet(np.ones(16), 8))
    with Library.open(stored.path) as library:
        index = CodeIndex.load(library, stored.model.model_id)
        ranking = index.search(lut)
        gone = stored.delete_photos(np.arange(len(stored.photo_ids)) < 5)
        found = query.hits(library, index, ranking, lut, None)
    expected = [i for i in ranking.face_ids.tolist() if i not in gone]
    assert [hit.face.id for hit in found] == expected


def test_no_hits_of_an_empty_ranking(stored: StoredLibrary) -> None:
    empty = Ranking(np.empty(0, np.int64), np.empty(0, np.float32))
    with Library.open(stored.path) as library:
        index = CodeIndex.load(library, stored.model.model_id)
        assert query.hits(library, index, empty, np.zeros((8, 16), np.float32), None) == []


def test_the_library_searches_with_the_photo_folder_gone(tmp_path: Path) -> None:
    folder, path = tmp_path / "disk", tmp_path / "library.sqlite"
    folder.mkdir()
    for seed in range(6):
        picture(seed).save(folder / f"{seed}.png")
    engine = fake_engine(n_faces=2)
    list(index_folder(path, folder, engine))
    shutil.rmtree(folder)
    with Library.open(path) as library:
        [root] = library.roots()
        assert not root.is_available
        index = CodeIndex.load(library, engine.encoder.model_id)
        crop = query.crop_of_face(library, 5)
        lut = query.query_tables(engine.encoder, [crop])
        ranking = index.search(lut, limit=4)
        found = query.hits(library, index, ranking, lut, engine.encoder.calibration)
        assert len(found) == 4
        stored_crop = library.crop(found[0].face.id)
        assert stored_crop is not None
        assert crop_from_webp(stored_crop).shape == (112, 112, 3)


def test_the_crop_of_an_unknown_face_is_an_error(stored: StoredLibrary) -> None:
    with Library.open(stored.path) as library, pytest.raises(LibraryError, match="no face 999"):
        query.crop_of_face(library, 999)
