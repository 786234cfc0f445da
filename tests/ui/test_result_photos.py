"""Results as whole photos, and what they stand under."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from opqn_app.ui.search.result_order import PhotoKey, headings, order_rows
from opqn_app.ui.search.search_page import SearchPage
from opqn_app.ui.work.session import Session
from tests.ui.result_names import names_shown

TIMEOUT = 120_000


def test_sorted_rows_stand_under_months_or_folders() -> None:
    keys = [
        PhotoKey(1, "2019-05-02T10:00:00", "1/a/x.jpg"),
        PhotoKey(2, "2020-01-01T10:00:00", "1/x.jpg"),
        PhotoKey(3, "2019-05-01T10:00:00", "1/a/y.jpg"),
        PhotoKey(4, "", "1/b/c/z.jpg"),
    ]

    def titles(sort: str) -> list[tuple[str, int]]:
        rows, cut = order_rows(4, 4, sort, keys, False)
        assert cut == 4
        return [(each.title, each.rows) for each in headings(rows, sort, keys)]

    assert titles("date") == [("January 2020", 1), ("May 2019", 2), ("No date", 1)]
    assert titles("folder") == [("a", 2), ("b/c", 1), ("The folder itself", 1)]
    assert titles("match") == [("", 4)]


@pytest.fixture
def red_page(
    search_page: SearchPage,
    session: Session,
    album: Path,
    index_folder_of: Callable[[Path], None],
    ask: Callable[..., None],
    people: Callable[..., Path],
) -> SearchPage:
    """The answer to red, of which the same picture lies in two files and both.png shows it."""
    shutil.copy(album / "a_red.png", album / "c_red.png")
    index_folder_of(album)
    ask(search_page.open_sources, [people("q.png", "red")])
    return search_page


def test_one_switch_shows_each_photo_once(red_page: SearchPage, qtbot: QtBot) -> None:
    page, grid = red_page, red_page.results.grid
    assert len(names_shown(page, qtbot)) == 4  # three files and both.png
    page.results.switch.photos.setFocus()
    QTest.keyClick(page.results.switch.photos, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: grid.row_count() == 2, timeout=TIMEOUT)
    assert grid.shape > 1.0
    assert page.grab().width() > 0
    assert not page.results.group.isEnabled()
    assert page.results._session.settings.results_as_photos
    page.results.switch.faces.click()
    qtbot.waitUntil(lambda: grid.row_count() == 4, timeout=TIMEOUT)
    assert grid.shape == 1.0


def test_results_by_date_have_headings_and_the_band_stays(
    red_page: SearchPage, qtbot: QtBot
) -> None:
    results = red_page.results
    results.sort.setCurrentIndex(1)
    results.show_less_likely(True)
    qtbot.waitUntil(lambda: results.grid.sections()[0].title != "", timeout=TIMEOUT)
    likely, band, others = results.grid.sections()
    assert likely.title == others.title != ""  # the month in which the files were written
    assert (likely.rows, band.rows) == (4, 0)
    place = results.grid.heading_rect(1)
    assert results.band.geometry().top() == place.top()
    assert others.rows == results.model.rowCount() - 4
