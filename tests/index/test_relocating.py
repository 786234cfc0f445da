"""A folder that lies elsewhere now: everything follows, nothing is read again, it can go back."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opqn_app.core.progress import result_of
from opqn_app.index import relocating
from opqn_app.index.relocating import Comparison, RelocationError, compare, relocate, take_back
from opqn_app.people.gestures import name_faces
from opqn_app.people.ledger import Ledger
from opqn_app.people.photo_filter import PhotoFilter
from opqn_app.store.library import Library
from tests.library_fakes import FacesByPath, RunIndex, WritePhoto, calls_of, fake_engine


@pytest.fixture
def photos(folder: Path, write_photo: WritePhoto) -> Path:
    for i in range(6):
        write_photo(f"{'trip' if i % 2 else 'home'}/{i}.png", seed=i)
    (folder / "trip" / "broken.jpg").write_bytes(b"no photo")
    return folder


def move(library_path: Path, old: Path, new: Path) -> Comparison:
    with Library.written(library_path) as library:
        found = result_of(compare(library, old, new))
        relocate(library, found)
    return found


def refused(library_path: Path, old: Path, new: Path) -> str:
    before = rows(library_path)
    with Library.open(library_path) as library, pytest.raises(RelocationError) as caught:
        result_of(compare(library, old, new))
    assert rows(library_path) == before
    return str(caught.value)


def back(library_path: Path, place: Path) -> Comparison:
    with Library.written(library_path) as library:
        return result_of(take_back(library, place))


def rows(path: Path) -> dict[str, Any]:
    """All of the library but its revision, and where folders have been."""
    found = {}
    with sqlite3.connect(path) as raw:
        names = [row[0] for row in raw.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        for name in names:
            if name not in ("meta", "sqlite_sequence"):
                found[name] = sorted(raw.execute(f"SELECT * FROM {name}").fetchall(), key=repr)
    raw.close()
    return found


def test_faces_names_problems_and_searches_follow_and_nothing_is_read_again(
    photos: Path,
    library_path: Path,
    run_index: RunIndex,
    faces_by_path: FacesByPath,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_index()
    faces = faces_by_path()
    with Library.open_to_decide(library_path) as library:
        name_faces(Ledger(library), [faces["trip/1.png"][0]], "Anna")
        asked = PhotoFilter(under=photos / "trip").as_json()
        library.saved_searches.save("The trip", asked)
        library.watch_root(photos, is_watched=False)
    before = rows(library_path)
    new = photos.parent / "other disk" / "pictures"
    new.parent.mkdir()
    photos.rename(new)

    found = move(library_path, photos, new)
    assert (found.photos, found.there, found.words) == (6, 6, "All 6 photos are there.")
    assert faces_by_path() == faces
    with Library.open(library_path) as library:
        [root] = library.roots()
        assert (root.path, root.moved_from, root.failures) == (new, photos, 1)
        assert library.watched_roots() == {new: False}
        [search] = library.saved_searches.all()
        assert PhotoFilter.from_json(search.asked).under == new / "trip"
        ledger = Ledger(library)
        [person] = ledger.persons()
        assert (person.name, len(person.faces)) == ("Anna", 1)
        listed = PhotoFilter.from_json(search.asked).find(ledger)
        assert sorted(photo.path.name for photo in listed) == ["1.png", "3.png", "5.png"]

    engine = fake_engine(n_faces=2)
    read: list[Path] = []
    monkeypatch.setattr("opqn_app.index.run_steps.hash_file", read.append)
    report = run_index(new, engine)
    assert (report.unchanged, report.decoded, report.moved, report.removed) == (6, 0, 0, 0)
    assert (calls_of(engine), read, faces_by_path()) == (0, [], faces)

    new.rename(photos)
    assert back(library_path, new).there == 6
    after = rows(library_path)
    assert after == before


def test_copies_with_other_times_are_compared_by_content_and_not_decoded(
    photos: Path, library_path: Path, run_index: RunIndex, faces_by_path: FacesByPath
) -> None:
    run_index()
    faces = faces_by_path()
    new = photos.parent / "copy"
    shutil.copytree(photos, new, copy_function=shutil.copyfile)
    found = move(library_path, photos, new)
    assert (found.there, found.compared) == (6, 6)
    engine = fake_engine(n_faces=2)
    report = run_index(new, engine)
    assert (report.unchanged, report.added, calls_of(engine)) == (6, 0, 0)
    assert faces_by_path() == faces


def test_what_is_missing_is_told_kept_and_found_when_it_comes(
    photos: Path, library_path: Path, run_index: RunIndex, faces_by_path: FacesByPath
) -> None:
    run_index()
    faces = faces_by_path()
    new = photos.parent / "new"
    photos.rename(new)
    (new / "home" / "0.png").rename(photos.parent / "0.png")
    found = move(library_path, photos, new)
    assert found.words == "5 of 6 photos are there, 1 is missing."
    report = run_index(new)
    assert (report.removed, [each.photos for each in report.unreachable]) == (0, [1])
    (photos.parent / "0.png").rename(new / "home" / "0.png")
    assert (run_index(new).returned, faces_by_path()) == (1, faces)


def test_photos_that_could_not_be_reached_can_again(
    photos: Path, library_path: Path, run_index: RunIndex
) -> None:
    run_index()
    with Library.open(library_path, write=True) as library:
        ids = [photo.id for photo in library.photos()]
        library.writer.mark(ids, [])
        assert library.status().unreachable == 6
    new = photos.parent / "new"
    photos.rename(new)
    assert len(move(library_path, photos, new).returned) == 6
    with Library.open(library_path) as library:
        assert library.status().unreachable == 0


def test_another_picture_of_the_same_name_size_and_time_is_noticed(
    photos: Path, library_path: Path, run_index: RunIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sample has one of two; what differs lets all be compared, and is read by the next run."""
    monkeypatch.setattr(relocating, "SAMPLE", 3)
    run_index()
    new = photos.parent / "new"
    shutil.copytree(photos, new)
    changed = new / "home" / "0.png"
    time = changed.stat().st_mtime_ns
    data = bytearray(changed.read_bytes())
    data[-1] ^= 1  # of the last chunk's checksum, which no decoder needs
    changed.write_bytes(bytes(data))
    os.utime(changed, ns=(time, time))
    found = move(library_path, photos, new)
    assert [photo.rel_path for photo in found.differing] == ["home/0.png"]
    assert found.compared == 6
    assert found.words == "5 of 6 photos are there, in place of 1 there is others."
    engine = fake_engine(n_faces=2)
    report = run_index(new, engine)
    assert (report.unchanged, report.changed + report.edited) == (5, 1)


def test_a_folder_below_a_root_becomes_one_and_goes_back_into_it(
    photos: Path, library_path: Path, run_index: RunIndex, faces_by_path: FacesByPath
) -> None:
    run_index()
    (photos / "trip" / "5.png").unlink()
    assert run_index().removed == 1  # one that is kept for a while goes along
    before = rows(library_path)
    ids = {i for each in faces_by_path().values() for i in each}
    new = photos.parent / "archive"
    shutil.move(photos / "trip", new)
    assert move(library_path, photos / "trip", new).there == 2
    with Library.open(library_path) as library:
        assert {r.path: (r.photos, r.failures) for r in library.roots()} == {
            photos: (3, 0),
            new: (2, 1),
        }
        assert {photo.rel_path for photo in library.photos(library.roots()[1].id)} == {
            "1.png",
            "3.png",
        }
    engine = fake_engine(n_faces=2)
    assert (run_index(photos, engine).removed, run_index(new, engine).added) == (0, 0)
    assert calls_of(engine) == 0
    assert {i for each in faces_by_path().values() for i in each} == ids

    shutil.move(new, photos / "trip")
    back(library_path, new)
    after = rows(library_path)
    assert after == before


def test_what_can_not_be(
    photos: Path, library_path: Path, write_photo: WritePhoto, run_index: RunIndex
) -> None:
    run_index()
    other = photos.parent / "other"
    write_photo("../other/inner/0.png", seed=0)
    run_index(other)
    assert "is not a folder of the library. Its folders are" in refused(
        library_path, photos.parent / "unknown", photos
    )
    assert "is not there" in refused(library_path, photos, photos.parent / "none")
    assert "is a file" in refused(library_path, photos, photos / "home" / "0.png")
    assert "known already" in refused(library_path, photos, photos)
    assert f"belongs to the folder {other}" in refused(library_path, photos, other / "inner")
    assert f"holds the folder {other}" in refused(library_path, photos, photos.parent)
    assert f"belongs to the folder {photos}" in refused(
        library_path, photos / "trip", photos / "home"
    )
    strangers = photos.parent / "strangers"
    for i in range(6):
        write_photo(f"../strangers/{'trip' if i % 2 else 'home'}/{i}.png", seed=50 + i)
    words = refused(library_path, photos, strangers)
    assert "another set of photos: 0 of the 6 of" in words
    empty = photos.parent / "empty"
    empty.mkdir()
    assert "another set of photos" in refused(library_path, photos, empty)
    run_index(empty)
    assert "nothing to compare" in refused(library_path, empty, strangers)


def test_going_back_is_refused_where_it_would_mix(
    photos: Path, library_path: Path, run_index: RunIndex
) -> None:
    run_index()
    new = photos.parent / "archive"
    shutil.copytree(photos / "trip", new)
    with pytest.raises(RelocationError, match="was not relocated"):
        back(library_path, photos)
    move(library_path, photos / "trip", new)
    run_index()  # the copies that stayed are photos of their own now
    with pytest.raises(RelocationError, match="known by themselves now"):
        back(library_path, new)


def test_a_folder_that_is_away_goes_back_as_it_was(
    photos: Path, library_path: Path, run_index: RunIndex
) -> None:
    run_index()
    before = rows(library_path)
    new = photos.parent / "new"
    photos.rename(new)
    move(library_path, photos, new)
    back(library_path, new)
    assert rows(library_path) == before


def test_a_path_of_another_machine_is_taken_as_it_stands(
    photos: Path, library_path: Path, run_index: RunIndex
) -> None:
    run_index()
    theirs = "C:\\Users\\Anna\\Pictures"
    with sqlite3.connect(library_path) as raw:
        raw.execute("UPDATE roots SET path = ?", [theirs])
    raw.close()
    assert move(library_path, Path(theirs), photos).there == 6
    with Library.open(library_path) as library:
        assert [root.path for root in library.roots()] == [photos]


def test_forgetting_leaves_no_trace_of_where_a_folder_was(
    photos: Path, library_path: Path, run_index: RunIndex
) -> None:
    run_index()
    new = photos.parent / "archive"
    shutil.copytree(photos / "trip", new)
    move(library_path, photos / "trip", new)
    with Library.open(library_path, write=True) as library:
        library.forget_root(photos)
    found = b"".join(
        each.read_bytes()
        for each in library_path.parent.iterdir()
        if each.name.startswith(library_path.name)
    )
    assert str(photos).encode() not in found


@pytest.mark.parametrize("n", range(12))
def test_a_kill_at_any_write_leaves_it_here_or_there(
    photos: Path,
    library_path: Path,
    run_index: RunIndex,
    monkeypatch: pytest.MonkeyPatch,
    n: int,
) -> None:
    """All is one transaction: an error at any of its statements takes it back."""
    run_index()
    with Library.open_to_decide(library_path) as library:
        library.saved_searches.save("All", json.dumps({"under": str(photos)}))
    before = rows(library_path)
    new = photos.parent / "new"
    shutil.copytree(photos, new)
    with Library.open(library_path, write=True) as library:
        found = result_of(compare(library, photos, new))
        run: Callable[..., int] = library._db.run
        left = n

        def fail_at_last(*args: Any) -> int:
            nonlocal left
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
            return run(*args)

        monkeypatch.setattr(library._db, "run", fail_at_last)
        is_done = True
        try:
            relocate(library, found)
        except KeyboardInterrupt:
            is_done = False
    after = rows(library_path)
    assert is_done is (after != before)
