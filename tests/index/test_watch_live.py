"""Real threads and real events: whatever happens to a folder, a fresh scan says the same."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opqn_app.index import unrest, watching
from opqn_app.index.indexing import index_folder
from tests.index.photo_disk import run_to_end
from tests.index.test_incremental import content
from tests.index.watch_room import LiveRoom
from tests.library_fakes import FacesByPath, RunIndex, WritePhoto, fake_engine

QUICK_S = 0.1


@pytest.fixture
def live(
    library_path: Path,
    folder: Path,
    write_photo: WritePhoto,
    run_index: RunIndex,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[LiveRoom]:
    for module in (unrest, watching):
        monkeypatch.setattr(module, "REST_S", QUICK_S)
    monkeypatch.setattr(watching, "TICK_S", QUICK_S)
    for i in range(6):
        write_photo(f"trip/{i}.png", seed=i)
        write_photo(f"home/{i}.png", seed=10 + i)
    run_index(engine=fake_engine())
    with LiveRoom(library_path, fake_engine, folder) as room:
        room.wait_for(lambda: bool(room.watcher.ways()))
        yield room


@pytest.fixture
def fresh(tmp_path: Path, folder: Path) -> "Fresh":
    return Fresh(tmp_path, folder)


class Fresh:
    """What a first run over the folder, as it is now, would give."""

    def __init__(self, place: Path, folder: Path) -> None:
        self._place, self._folder, self._n = place, folder, 0

    def content(self) -> dict[str, Any]:
        self._n += 1
        path = self._place / f"fresh{self._n}.sqlite"
        run_to_end(index_folder(path, self._folder, fake_engine()))
        return content(path)


def becomes(live: LiveRoom, fresh: Fresh) -> None:
    wanted = fresh.content()
    live.wait_for(lambda: content(live.library) == wanted)


@pytest.mark.slow
def test_photos_that_come_change_and_go(
    live: LiveRoom, fresh: Fresh, folder: Path, write_photo: WritePhoto
) -> None:
    for i in range(30):
        write_photo(f"new/{i % 3}/deep/{i}.png", seed=100 + i)
    becomes(live, fresh)
    write_photo("trip/0.png", seed=55)
    (folder / "trip" / "1.png").unlink()
    (folder / "trip" / "broken.png").write_bytes(b"no photo")
    becomes(live, fresh)
    (folder / "home" / ".nomedia").touch()
    becomes(live, fresh)
    (folder / "home" / ".nomedia").unlink()
    becomes(live, fresh)


@pytest.mark.slow
def test_renamed_photos_and_folders_keep_their_faces(
    live: LiveRoom, fresh: Fresh, folder: Path, faces_by_path: FacesByPath
) -> None:
    before = faces_by_path()
    (folder / "trip" / "0.png").rename(folder / "home" / "x.png")
    (folder / "trip").rename(folder / "journey")
    becomes(live, fresh)
    after = faces_by_path()
    assert after["home/x.png"] == before["trip/0.png"]
    assert after["journey/1.png"] == before["trip/1.png"]
    (folder / "journey" / "2.png").rename(folder / "journey" / "y.png")  # is it still watched?
    becomes(live, fresh)
    assert faces_by_path()["journey/y.png"] == before["trip/2.png"]


@pytest.mark.slow
def test_a_folder_that_is_moved_out_and_in_again(
    live: LiveRoom,
    fresh: Fresh,
    folder: Path,
    write_photo: WritePhoto,
    faces_by_path: FacesByPath,
) -> None:
    before = faces_by_path()
    outside = folder.parent / "outside"
    (folder / "trip").rename(outside)
    becomes(live, fresh)
    write_photo("../outside/later.png", seed=77)  # the old watch would report it under `trip`
    outside.rename(folder / "back")
    becomes(live, fresh)
    assert faces_by_path()["back/1.png"] == before["trip/1.png"]
    write_photo("back/last.png", seed=78)
    becomes(live, fresh)


@pytest.mark.slow
def test_a_disk_that_is_unplugged_and_plugged_in(
    live: LiveRoom, fresh: Fresh, folder: Path, write_photo: WritePhoto, faces_by_path: FacesByPath
) -> None:
    before = faces_by_path()
    unplugged = folder.parent / "unplugged"
    folder.rename(unplugged)
    folder.mkdir()
    there = live.watcher._places[folder]
    live.wait_for(lambda: there.identity is not None and not there.identity[2])  # it has noticed
    assert faces_by_path() == before
    folder.rmdir()
    write_photo("../unplugged/trip/elsewhere.png", seed=99)
    unplugged.rename(folder)
    becomes(live, fresh)
    assert {name: ids for name, ids in faces_by_path().items() if name in before} == before
    shutil.rmtree(folder / "trip")
    write_photo("home/new.png", seed=98)  # watched again
    live.wait_for(lambda: "home/new.png" in faces_by_path())
