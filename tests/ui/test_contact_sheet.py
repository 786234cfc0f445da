"""Contact sheets: every photo has its place, its names and its day; no half file."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtGui import QImage

from opqn_app.core.progress import finished
from opqn_app.core.types import Box
from opqn_app.exchange.going.exports import ExportError
from opqn_app.exchange.going.selection import GoingPhoto
from opqn_app.ui.kit import contact_sheet
from opqn_app.ui.kit.contact_sheet import captions, isolated, pages_of, paths_of, write_sheet
from tests.exchange.going_photos import going, stopped_at, write_photo

BOX = Box(1, 1, 20, 20)
RED = (200, 20, 20)

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def album(tmp_path: Path) -> Callable[[int], list[GoingPhoto]]:
    """So many red photos of Ann."""

    def make(n_photos: int) -> list[GoingPhoto]:
        path = write_photo(tmp_path / "photos" / "a.png")
        Image.new("RGB", (80, 60), RED).save(path)
        return [going(path, [("Ann", BOX)], number=at) for at in range(1, n_photos + 1)]

    return make


def red_share(page: QImage) -> float:
    """How much of a page is of the photos' colour."""
    small = page.scaled(60, 84)
    pixels = [small.pixelColor(x, y) for x in range(60) for y in range(84)]
    return sum(colour.red() - colour.green() > 100 for colour in pixels) / len(pixels)


def test_a_png_has_a_file_a_page(album: Callable[[int], list[GoingPhoto]], tmp_path: Path) -> None:
    report = finished(write_sheet(album(25), tmp_path / "sheet.png", "Ann"))
    assert report.paths == (tmp_path / "sheet-1.png", tmp_path / "sheet-2.png")
    full, part = (red_share(QImage(str(path))) for path in report.paths)
    assert full > 0.2
    assert part == pytest.approx(full / 4, rel=0.3)  # 5 of 20 places
    assert paths_of(tmp_path / "sheet.png", 20) == (tmp_path / "sheet.png",)
    assert (pages_of(20), pages_of(21)) == (1, 2)


def test_a_pdf_has_all_pages(album: Callable[[int], list[GoingPhoto]], tmp_path: Path) -> None:
    path = tmp_path / "sheet.PDF"
    steps = list(write_sheet(album(41), path, "Ann"))
    assert [step.done for step in steps] == list(range(1, 42))
    data = path.read_bytes()
    assert data.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", data)) == 3
    assert len(re.findall(rb"/Subtype\s*/Image", data)) >= 1


@pytest.mark.parametrize("name", ["sheet.pdf", "sheet.png"])
def test_a_sheet_that_is_stopped_is_not_there(
    album: Callable[[int], list[GoingPhoto]], tmp_path: Path, name: str
) -> None:
    for step in (1, 2):
        assert not stopped_at(write_sheet(album(3), tmp_path / name, "Ann"), step)
        assert [each.name for each in tmp_path.iterdir()] == ["photos"]


def test_an_older_sheet_stays_until_the_new_one_is_done(
    album: Callable[[int], list[GoingPhoto]], tmp_path: Path
) -> None:
    for name in ("sheet.pdf", "sheet.png"):
        (tmp_path / name).write_bytes(b"an older one")
        with pytest.raises(ExportError, match="is there already"):
            finished(write_sheet(album(3), tmp_path / name, "Ann"))
    assert not stopped_at(write_sheet(album(3), tmp_path / "sheet.pdf", "Ann", force=True), 2)
    for name in ("sheet.pdf", "sheet.png"):
        assert (tmp_path / name).read_bytes() == b"an older one"
    with pytest.raises(ExportError, match="no picture is ever replaced"):
        finished(write_sheet(album(3), tmp_path / "sheet.png", "Ann", force=True))


def test_a_photo_that_is_away_has_a_grey_field(
    album: Callable[[int], list[GoingPhoto]], tmp_path: Path
) -> None:
    photos = album(1)
    photos[0].photo.path.unlink()
    report = finished(write_sheet(photos, tmp_path / "sheet.png", "Ann"))
    (problem,) = report.problems
    assert problem.path == photos[0].photo.path
    page = QImage(str(tmp_path / "sheet.png"))
    assert red_share(page) == 0
    at = (contact_sheet.MARGIN + 4) * 2, (contact_sheet.MARGIN + contact_sheet.TITLE + 4) * 2
    assert page.pixelColor(*map(int, at)) == contact_sheet._EMPTY


def test_names_keep_their_own_direction_and_what_is_not_known_takes_no_line(
    tmp_path: Path,
) -> None:
    photo = going(tmp_path / "a.png", [("דוד", BOX), ("Ann", BOX), (None, BOX)])
    assert [text for text, _ in captions(photo)] == [
        f"{isolated('דוד')}, {isolated('Ann')}",
        "2019-08-24",
        isolated("a.png"),
    ]
    assert len(captions(going(tmp_path / "a.png"))) == 2


@pytest.mark.parametrize("name", ["sheet.jpg", "nowhere/sheet.pdf", "nowhere/sheet.png"])
def test_what_can_not_be_written_is_one_sentence(
    album: Callable[[int], list[GoingPhoto]], tmp_path: Path, name: str
) -> None:
    with pytest.raises(ExportError, match=r"neither\.$|There is no folder .*nowhere\. Make it"):
        finished(write_sheet(album(1), tmp_path / name, "Ann"))
