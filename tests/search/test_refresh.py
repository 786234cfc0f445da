"""An index that follows its library: the same as loading anew, sharing what has not changed."""

import threading
from pathlib import Path

import numpy as np
import pytest

from opqn_app.core.types import Box, FaceQuality
from opqn_app.opqn import lut as lut_scoring
from opqn_app.search.code_index import CodeIndex
from opqn_app.store import code_store
from opqn_app.store.library import Library
from opqn_app.store.records import NewFace, NewPhoto, Relocation
from tests.library_fakes import CROP_WEBP, StoredLibrary, store_codes

K = 32


def add_photos(stored: StoredLibrary, codes: np.ndarray, name: str) -> None:
    """One photo a code."""
    quality = FaceQuality(size_px=50, confidence=0.99, sharpness=30)
    landmarks = np.zeros((5, 2), np.float32)
    photos = [
        NewPhoto(
            rel_path=f"{name}-{i}.jpg",
            size=1,
            mtime_ns=1,
            content_hash=f"{name}{i}".encode().ljust(20)[:20],
            width=640,
            height=480,
            taken_at=None,
            faces=(NewFace(Box(1, 2, 51, 62), landmarks, quality, CROP_WEBP, code),),
        )
        for i, code in enumerate(codes)
    ]
    with Library.open(stored.path, write=True) as library:
        library.writer.save_batch(1, stored.model, photos)


def delete(stored: StoredLibrary, rng: np.random.Generator, share: float) -> None:
    with Library.open(stored.path, write=True) as library:
        photos = [photo.id for photo in library.photos(limit=10_000)]
        gone = [photo for photo in photos if rng.random() < share]
        library.writer.forget_photos(gone)


def hide_and_restore(stored: StoredLibrary, rng: np.random.Generator, share: float) -> None:
    """Let some photos count as deleted, and as many that did come back: the number stays."""
    with Library.open(stored.path, write=True) as library:
        shown = [photo.id for photo in library.photos(limit=10_000)]
        deleted = library.photo_table.deleted_photos()
        gone = [photo for photo in shown if rng.random() < share]
        back = deleted[: len(gone)]
        library.writer.rearrange(
            1, [Relocation(p.id, f"back/{p.id}.jpg", p.size, p.mtime_ns) for p in back], gone
        )


def assert_same(left: CodeIndex, right: CodeIndex) -> None:
    lut = lut_scoring.snap(np.random.default_rng(5).dirichlet(np.ones(K), 4))
    for limit in (5, None):
        one, two = left.search(lut, limit=limit), right.search(lut, limit=limit)
        assert np.array_equal(one.face_ids, two.face_ids)
        assert np.array_equal(one.scores, two.scores)


@pytest.mark.parametrize("seed", range(4))
def test_following_equals_loading_through_adding_sealing_deleting_and_purging(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_store, "SEGMENT_SIZE", 16)
    rng = np.random.default_rng(seed)
    stored = store_codes(tmp_path / "library.sqlite", rng.integers(0, K, (40, 4)), K)
    with Library.open(stored.path) as library:
        index = CodeIndex.load(library, stored.model.model_id)
        for step in range(12):
            before = index.search(np.ones((4, K), np.float32))
            if step % 3 == 1:
                delete(stored, rng, rng.choice([0.05, 0.4]))
            elif step == 8:
                with Library.open(stored.path, write=True) as writer, writer.writer.change():
                    writer.code_store.purge()
            else:
                codes = rng.integers(0, K, (rng.integers(1, 30), 4)).astype(np.uint8)
                add_photos(stored, codes, f"step{step}")
            following = index.refreshed(library)
            assert following.revision == library.revision != index.revision
            assert_same(following, CodeIndex.load(library, stored.model.model_id))
            after = index.search(np.ones((4, K), np.float32))
            assert np.array_equal(before.face_ids, after.face_ids), "the old index stays"
            index = following


@pytest.mark.parametrize("seed", range(3))
def test_photos_that_are_deleted_and_come_back_are_followed(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many come back as go, so that no number changes, only which."""
    monkeypatch.setattr(code_store, "SEGMENT_SIZE", 16)
    rng = np.random.default_rng(seed)
    stored = store_codes(tmp_path / "library.sqlite", rng.integers(0, K, (40, 4)), K)
    every = set(stored.face_ids.tolist())
    with Library.open(stored.path) as library:
        index = CodeIndex.load(library, stored.model.model_id)
        for _ in range(6):
            hide_and_restore(stored, rng, 0.2)
            index = index.refreshed(library)
            assert_same(index, CodeIndex.load(library, stored.model.model_id))
            photos = library.photos(limit=100)
            shown = {face.id for photo in photos for face in library.faces_of(photo.id)}
            assert set(index.search(np.ones((4, K), np.float32)).face_ids.tolist()) == shown
            assert len(index) == library.status().faces == library.code_store.coded()[0].faces
            assert library.status().deleted == 40 - len(photos) > 0
            assert library.faces_without_code(stored.model.model_id) == 0
            assert library.faces_without_code("another") == len(shown)
            assert set(library.code_store.faces_without_code("another").tolist()) == every
            hidden = sorted(every - shown)
            assert library.faces(hidden) == []
            assert library.crop(hidden[0]) is None


def test_what_has_not_changed_is_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_store, "SEGMENT_SIZE", 16)
    rng = np.random.default_rng(1)
    stored = store_codes(tmp_path / "library.sqlite", rng.integers(0, K, (70, 4)), K)
    with Library.open(stored.path) as library:
        index = CodeIndex.load(library, stored.model.model_id)
        assert index.refreshed(library) is index
        add_photos(stored, rng.integers(0, K, (3, 4)).astype(np.uint8), "more")
        more = index.refreshed(library)
        stored.delete_photos(np.arange(len(stored.photo_ids)) == 20)
        fewer = more.refreshed(library)
    assert len(more) == 73
    assert len(fewer) == 72
    sealed = index._loaded.sealed
    assert len(sealed) == 4
    assert all(a is b for a, b in zip(sealed, more._loaded.sealed, strict=True))
    shared = [a is b for a, b in zip(sealed, fewer._loaded.sealed, strict=True)]
    assert shared == [True, False, True, True], "face 21 was in the second"
    assert fewer._loaded.tail is more._loaded.tail


def test_codes_stored_later_for_older_faces_keep_the_order_of_ids(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second model's codes may come in any order; ties still go to the smaller id."""
    monkeypatch.setattr(code_store, "SEGMENT_SIZE", 4)
    codes = np.zeros((12, 4), np.uint8)
    stored = store_codes(tmp_path / "library.sqlite", codes, K)
    other = type(stored.model)("other", "other", 4, K)
    ids = stored.face_ids.tolist()
    with Library.open(stored.path, write=True) as library:
        index = CodeIndex.load(library, "other")
        for part in (ids[8:], ids[2:5], ids[:2], ids[5:8]):
            library.writer.save_codes(other, part, codes[: len(part)])
            index = index.refreshed(library)
    ranking = index.search(np.ones((4, K), np.float32), limit=7)
    assert ranking.face_ids.tolist() == ids[:7]


def test_another_library_is_loaded_anew(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    one = store_codes(tmp_path / "one.sqlite", rng.integers(0, K, (9, 4)), K)
    two = store_codes(tmp_path / "two.sqlite", rng.integers(0, K, (9, 4)), K)
    with Library.open(one.path) as first, Library.open(two.path) as second:
        index = CodeIndex.load(first, one.model.model_id).refreshed(second)
        assert_same(index, CodeIndex.load(second, two.model.model_id))


def test_half_dead_segments_are_merged_while_searches_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_store, "SEGMENT_SIZE", 16)
    rng = np.random.default_rng(8)
    codes = rng.integers(0, K, (16 * 12, 4)).astype(np.uint8)
    stored = store_codes(tmp_path / "library.sqlite", codes, K)
    model_id, lut = stored.model.model_id, lut_scoring.snap(rng.dirichlet(np.ones(K), 4))
    with Library.open(stored.path) as library:
        old = CodeIndex.load(library, model_id)
        before = old.search(lut)
        rounds = iter(range(1000))
        answers: list[bool] = []
        is_done = threading.Event()

        def search() -> None:
            while not is_done.is_set() and next(rounds, None) is not None:
                answers.append(np.array_equal(old.search(lut).face_ids, before.face_ids))

        searching = threading.Thread(target=search)
        searching.start()
        gone = np.zeros(len(codes), np.bool_)
        for share in (0.4, 0.7):
            doomed = (rng.random(len(codes)) < share) & ~gone
            stored.delete_photos(doomed)
            gone |= doomed
        is_done.set()
        searching.join()
        assert answers
        assert all(answers)
        stamps = library.code_store.stamps(model_id)
        assert len(stamps) < 8, "of the twelve there were"
        assert all(2 * stamp.n_live > stamp.n for stamp in stamps)
        index = old.refreshed(library)
    assert np.array_equal(np.sort(index.search(lut).face_ids), stored.face_ids[~gone])
    assert_same(index, CodeIndex.of_codes("any", stored.face_ids[~gone], codes[~gone]))
    stored.delete_photos(~gone)
    with Library.open(stored.path) as library:
        assert library.code_store.stamps(model_id) == []
