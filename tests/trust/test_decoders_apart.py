"""A decoder that crashes, hangs or eats memory costs its photo, and nothing else, wherever it runs.

The decoders are those of `bad_decoders`, which only the processes of these tests have.
"""

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from opqn_app.cli import commands
from opqn_app.core.apart import Pool
from opqn_app.core.errors import PhotoUnreadable
from opqn_app.core.progress import finished
from opqn_app.core.types import Box
from opqn_app.exchange.frames import turn_of
from opqn_app.index import run_steps, workers
from opqn_app.index.indexing import index_folder
from opqn_app.people.drawing import draw_box
from opqn_app.people.ledger import Ledger
from opqn_app.search.query import faces_in
from opqn_app.store.library import Library
from opqn_app.ui.kit import contact_sheet, file_drag
from opqn_app.ui.kit.photo_thumbnails import load_photo_thumbnails
from opqn_app.ui.library.photo_canvas import view_photo
from opqn_app.ui.shell import example_strip
from opqn_app.ui.work import jobs
from opqn_app.vision import apart, images
from tests.exchange.going_photos import going
from tests.library_fakes import PixelDetector, fake_engine
from tests.odd_files import corners, encoded
from tests.trust import bad_decoders
from tests.trust.bad_decoders import CRASHES, EATS, HANGS
from tests.trust.fuzz import photos
from trainer.data.pictures import AlignedCrops, PhotoCrops
from trainer.data.prepare import prepare
from trainer.data.prepared import PrepareSettings

ROOT = Path(__file__).parents[2]
REASONS = {CRASHES: "crashed the process", EATS: "not enough memory", HANGS: "longer than 1 second"}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")


@pytest.fixture(scope="module")
def bad_pool() -> Iterator[Pool]:
    pool = bad_decoders.pool()
    yield pool
    pool.close()


@pytest.fixture(autouse=True)
def readers(bad_pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "READERS", bad_pool)


def _fine(folder: Path, name: str = "fine.jpg") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(corners(), "JPEG"))
    return path


def _query(photo: Path) -> object:
    return faces_in(photo, PixelDetector(1))


def _pasted(photo: Path) -> object:
    return faces_in(photo.read_bytes(), PixelDetector(1), name="a picture")


def _in_the_window(photo: Path) -> object:
    slot = jobs.EngineSlot()
    slot.fill(lambda: fake_engine(n_faces=1))
    return finished(jobs.open_query(photo, photo.name, slot))


def _evaluated(photo: Path) -> object:
    return PhotoCrops(photo.parents[1], PixelDetector(1)).crop(_row(photo, photo.parents[1]))


def _cropped(photo: Path) -> object:
    return AlignedCrops(photo.parents[1]).crop(_row(photo, photo.parents[1]))


def _row(photo: Path, folder: Path) -> int:
    return sorted(folder.rglob("*.jpg")).index(photo)


PLACES: dict[str, Callable[[Path], object]] = {
    "query": _query,
    "pasted": _pasted,
    "window": _in_the_window,
    "exchange": turn_of,
    "evaluate photos": _evaluated,
    "evaluate crops": _cropped,
}


@pytest.mark.parametrize("what", [CRASHES, EATS])
@pytest.mark.parametrize("place", PLACES)
def test_a_photo_that_kills_its_decoder_is_unreadable(
    tmp_path: Path, place: str, what: str
) -> None:
    (bad,) = bad_decoders.write(tmp_path / "Anna", [what])
    fine = _fine(tmp_path / "Anna", "a_fine_one.jpg")
    with pytest.raises(PhotoUnreadable) as caught:
        PLACES[place](bad)
    assert REASONS[what] in caught.value.reason
    assert PLACES[place](fine) is not None


@pytest.mark.parametrize("name", photos())
def test_every_format_comes_back_as_it_is_here(name: str) -> None:
    """Where the picture is neither turned nor shrunk it may be of the format's own class."""
    data = photos()[name]
    here, there = images.read_photo(data, name), apart.read_photo(data, name)
    assert there.image.tobytes() == here.image.tobytes()
    assert (there.width, there.height, there.taken_at) == (here.width, here.height, here.taken_at)
    assert there.in_srgb(there.image).tobytes() == here.in_srgb(here.image).tobytes()


@pytest.mark.parametrize("opened", [apart.open_photo, turn_of])
def test_a_relative_path_is_of_the_folder_where_we_are_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: Callable[[Path], object]
) -> None:
    """The process waits from an earlier call, in the folder where we were then."""
    old, new = _fine(tmp_path / "old", "Ben.jpg"), _fine(tmp_path / "new", "Anna.jpg")
    monkeypatch.chdir(old.parent)
    opened(old)
    monkeypatch.chdir(new.parent)
    assert opened(Path(new.name)) is not None
    with pytest.raises(PhotoUnreadable, match=r"Can't read Ben\.jpg: it is not there"):
        opened(Path(old.name))


def test_a_relative_path_in_a_folder_that_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(PhotoUnreadable, match=r"Can't read Anna\.jpg: it is not there"):
        apart.open_photo(Path("Anna.jpg"))


def test_a_decoder_that_never_ends_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = bad_decoders.pool(longest_s=bad_decoders.SOON_S)
    monkeypatch.setattr(apart, "READERS", pool)
    (bad,) = bad_decoders.write(tmp_path, [HANGS])
    with pytest.raises(PhotoUnreadable, match=REASONS[HANGS]):
        apart.open_photo(bad)
    pool.close()


def test_the_command_line_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("opqn_app.engine.load_engine", lambda *_, **__: fake_engine(n_faces=1))
    library, album = tmp_path / "l.sqlite", _fine(tmp_path / "album").parent
    (bad,) = bad_decoders.write(tmp_path, [CRASHES])
    assert commands.run(["index", "--library", str(library), str(album)]) == 0
    capfd.readouterr()
    assert commands.run(["search", "--library", str(library), str(bad)]) == 1
    told = capfd.readouterr().err
    assert REASONS[CRASHES] in told
    assert "Traceback" not in told


@pytest.mark.parametrize("n_workers", [1, 2])
def test_indexing_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_workers: int) -> None:
    monkeypatch.setattr(run_steps, "MIN_FOR_WORKERS", 2)
    monkeypatch.setattr(workers, "LONGEST_S", 60.0)
    album = tmp_path / "album"
    for i in range(4):
        _fine(album, f"{i}.jpg")
    bad_decoders.write(album)
    run = index_folder(tmp_path / "l.sqlite", album, bad_decoders.here(), workers=n_workers)
    report = finished(run)
    assert report.added == 4
    found = {failure.path.stem: failure.reason for failure in report.failures}
    assert REASONS[CRASHES] in found["crashes"]
    assert REASONS[EATS] in found["eats_memory"]


def test_a_worker_of_indexing_that_never_ends_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three photos all hang: how fast this machine reads others does not count."""
    monkeypatch.setattr(run_steps, "MIN_FOR_WORKERS", 1)
    monkeypatch.setattr(workers, "LONGEST_S", bad_decoders.SOON_S)
    for i in range(3):
        (tmp_path / "album").mkdir(exist_ok=True)
        (tmp_path / "album" / f"{i}.jpg").write_bytes(bad_decoders.picture(HANGS) + bytes([i]))
    run = index_folder(tmp_path / "l.sqlite", tmp_path / "album", bad_decoders.here(), workers=2)
    assert [REASONS[HANGS] in each.reason for each in finished(run).failures] == [True] * 3


def test_what_the_window_shows_goes_on(tmp_path: Path, qapp: object) -> None:
    """Tiles, the viewer, a contact sheet, what hangs at the mouse, the strip of examples, boxes."""
    album, path = tmp_path / "album", tmp_path / "l.sqlite"
    _fine(album)
    engine = fake_engine(n_faces=1)
    for name in ("bad.jpg", "worse.jpg"):
        (album / name).write_bytes(encoded(corners(), "JPEG", quality=90) + name.encode())
    finished(index_folder(path, album, engine))
    (album / "bad.jpg").write_bytes(bad_decoders.picture(CRASHES))
    (album / "worse.jpg").write_bytes(bad_decoders.picture(EATS))
    with Library.open(path) as library:
        photos = sorted(library.photos(), key=lambda each: each.rel_path)
        bad, fine, worse = photos
        assert REASONS[CRASHES] in view_photo(library, bad).problem
        assert REASONS[EATS] in view_photo(library, worse).problem
        assert view_photo(library, fine).image is not None
    assert load_photo_thumbnails(path, photos).keys() == set(photos)
    assert file_drag._picture(bad.path).isNull()
    assert len(example_strip._decode([photo.path for photo in photos])) == 1
    sheet = contact_sheet.write_sheet([going(p.path) for p in photos], tmp_path / "s.png", "Anna")
    told = [problem.sentence for problem in finished(sheet).problems]
    assert REASONS[CRASHES] in told[0]
    assert REASONS[EATS] in told[1]
    with Library.open(path, write=True) as library, pytest.raises(PhotoUnreadable):
        draw_box(Ledger(library), bad, Box(10, 10, 30, 30), engine)


def test_prepare_lists_them(tmp_path: Path) -> None:
    bad_decoders.write(tmp_path / "in" / "Anna")
    _fine(tmp_path / "in" / "Anna")
    settings = PrepareSettings(min_side=1)
    report = finished(
        prepare(tmp_path / "in", tmp_path / "out", settings, lambda: PixelDetector(1))
    )
    assert report.kept == 1
    reasons = {Path(file).stem: reason for file, _, reason in report.dropped}
    assert REASONS[CRASHES] in reasons["crashes"]
    assert REASONS[EATS] in reasons["eats_memory"]


ALONE = {"opqn_app/index/analysis.py"}  # its callers are workers, or ask for it apart
OF_THE_LIBRARY = {"opqn_app/store/crops.py", "opqn_app/cli/demo.py"}  # crops that we wrote


def test_nobody_else_decodes_photos() -> None:
    """By what the modules outside of `vision` import and call."""
    found = set()
    for top in ("opqn_app", "trainer"):
        for path in (ROOT / top).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            if name.startswith(("opqn_app/vision/", "trainer/recipes/")):
                continue
            tree = ast.parse(path.read_text(encoding="utf-8"))
            if any(_decodes(node) for node in ast.walk(tree)):
                found.add(name)
    assert found == ALONE | OF_THE_LIBRARY | {"opqn_app/exchange/frames.py"}


def _decodes(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        reads = {"open_photo", "read_photo"} & {each.name for each in node.names}
        return node.module == "opqn_app.vision.images" and bool(reads)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        what = ast.unparse(node.func)
        return what in ("Image.open", "decoders.opened", "images.open_photo", "images.read_photo")
    return isinstance(node, ast.Name) and node.id == "QImageReader"
