"""The Search page as a person uses it: photos in, a face picked, answers read, all by keyboard."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from opqn_app.core.errors import LibraryError
from opqn_app.engine import Engine
from opqn_app.ui.search.result_model import FaceRole
from opqn_app.ui.search.search_page import SearchPage
from opqn_app.ui.shell.status_line import StatusLine
from opqn_app.ui.work.session import Session
from tests.library_fakes import PixelEncoder
from tests.ui.result_names import names_shown
from tests.ui.tint_engine import TintDetector

MakePeople = Callable[..., Path]
TIMEOUT = 120_000


@pytest.fixture
def page(search_page: SearchPage) -> SearchPage:
    return search_page


def mime_of(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


@pytest.mark.slow
def test_a_library_of_another_model_is_not_called_empty(
    page: SearchPage,
    session: Session,
    people: MakePeople,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Until its faces have codes of the model, which five faces have in no time."""
    other = Engine(TintDetector(), PixelEncoder("other"))
    late = Session(session.settings, engine_factory=lambda *_: other)
    monkeypatch.setattr(late, "switch_model", lambda _model: None)
    late_page = SearchPage(late)
    qtbot.addWidget(late_page)
    with qtbot.waitSignal(late.status_read, timeout=TIMEOUT):
        late.refresh_status()
    with qtbot.waitSignal(late.results_ready, timeout=TIMEOUT):
        late_page.open_sources([people("query.png", "red")])
        qtbot.waitUntil(lambda: late_page.query is not None, timeout=TIMEOUT)
    assert late_page.bar.title == "Your library can't be compared yet"
    assert "5 faces were found with another model" in late_page.messages.text
    late.shut_down()


@pytest.mark.slow
def test_a_library_that_can_not_be_coded_anew_says_what_to_do(
    page: SearchPage, session: Session, people: MakePeople, qtbot: QtBot
) -> None:
    """As on a read-only disk; looking for new photos would not help."""
    session.library_path.with_name("library.sqlite.lock").unlink(missing_ok=True)
    session.library_path.with_name("library.sqlite.lock").mkdir()  # nor may root write into this
    other = Engine(TintDetector(), PixelEncoder("other"))
    late = Session(session.settings, engine_factory=lambda *_: other)
    late_page, line = SearchPage(late), StatusLine(late)
    qtbot.addWidget(late_page)
    qtbot.addWidget(line)
    with qtbot.waitSignals([late.status_read, late.model_switch_ended], timeout=TIMEOUT):
        late.refresh_status()
        late.load_engine()
    with qtbot.waitSignal(late.results_ready, timeout=TIMEOUT):
        late_page.open_sources([people("query.png", "red")])
        qtbot.waitUntil(lambda: late_page.query is not None, timeout=TIMEOUT)
    for said in (late_page.messages.text, line.text):
        assert "can't be written" in said
        assert "copy the file" in said
        assert "F5" not in said
    late.shut_down()


def test_a_dropped_photo_ranks_the_library(
    page: SearchPage, ask: Callable[..., None], people: MakePeople, qtbot: QtBot
) -> None:
    ask(page.intake.take, mime_of(people("q.png", "red")))
    assert page.bar.title == "3 faces are likely this person"
    assert sorted(names_shown(page, qtbot)) == ["a_red.png", "b_red.png", "both.png"]
    assert page.results.grid.hasFocus()


def test_the_photo_shows_before_its_faces_are_found(
    page: SearchPage, session: Session, people: MakePeople, qtbot: QtBot
) -> None:
    page.open_sources([people("q.png", "red")])
    assert page.bar.title == "Opening q.png…"
    assert page.is_in_use
    assert page.results.grid.is_dimmed
    with qtbot.waitSignal(session.query_photo_opened, timeout=TIMEOUT):
        pass
    qtbot.waitSignal(session.results_ready, timeout=TIMEOUT).wait()
    assert not page.results.grid.is_dimmed


def test_a_pasted_image_is_a_query(
    page: SearchPage, ask: Callable[..., None], people: MakePeople
) -> None:
    QApplication.clipboard().setImage(QImage(str(people("q.png", "green"))))
    ask(QTest.keyClick, page, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert page.bar.title == "1 face is likely this person"
    assert page.query is not None
    assert page.query.source == "the pasted picture"


def test_the_largest_face_is_taken_and_another_one_is_a_click_away(
    page: SearchPage, ask: Callable[..., None], people: MakePeople, qtbot: QtBot
) -> None:
    ask(page.open_sources, [people("q.png", "green", "red")])
    assert len(page.bar.strip) == 2
    assert page.bar.title == "1 face is likely this person"
    ask(page.bar.strip[1].click)
    assert page.bar.title == "3 faces are likely this person"
    assert page.bar.strip[1].isChecked()
    ask(QTest.keyClick, page.results.grid, Qt.Key.Key_1)
    assert page.bar.title == "1 face is likely this person"


@pytest.mark.slow
def test_photos_are_combined_and_a_face_can_be_taken_out(
    page: SearchPage, ask: Callable[..., None], people: MakePeople
) -> None:
    ask(page.open_sources, [people("q1.png", "red"), people("q2.png", "green")])
    assert page.query is not None
    assert len(page.query.faces) == len(page.bar.tiles) == 2
    assert page.query.source == "2 faces combined"
    assert page.bar.title == "4 faces are likely one of them"  # what each of them finds
    ask(page.bar.face_removed.emit, 1)
    assert page.bar.title == "3 faces are likely this person"


@pytest.mark.slow
def test_esc_says_what_it_cleared_and_a_button_brings_it_back(
    page: SearchPage, ask: Callable[..., None], people: MakePeople
) -> None:
    ask(page.open_sources, [people("q1.png", "red"), people("q2.png", "red")])
    query = page.query
    page.clear_action.trigger()
    assert page.messages.text == "The search with 2 photos was cleared."
    ask(QTest.mouseClick, page.messages._button, Qt.MouseButton.LeftButton)
    assert page.query is query
    assert page.messages.text == ""
    page.clear_action.trigger()
    ask(page.back_action.trigger)
    assert page.query is query
    assert page.messages.text == ""


@pytest.mark.slow
def test_ctrl_drop_adds_to_the_query(
    page: SearchPage, ask: Callable[..., None], people: MakePeople
) -> None:
    ask(page.open_sources, [people("q1.png", "red")])
    with_two = mime_of(people("q2.png", "red"))
    ask(lambda: page.intake.take(with_two, add=True))
    assert page.query is not None
    assert len(page.query.faces) == 2


def test_one_bad_photo_of_several_does_not_stop_the_others(
    page: SearchPage, ask: Callable[..., None], people: MakePeople, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.jpg"
    empty.touch()
    ask(page.open_sources, [empty, people("q.png", "red")])
    assert "empty.jpg" in page.messages.text
    assert page.bar.title == "3 faces are likely this person"


def test_a_photo_without_faces_is_said_in_the_page_and_the_old_answer_stays(
    page: SearchPage, ask: Callable[..., None], people: MakePeople, qtbot: QtBot
) -> None:
    ask(page.open_sources, [people("q.png", "red")])
    with qtbot.waitSignal(page._session.query_failed, timeout=TIMEOUT):
        page.open_sources([people("grey.png")])
    assert page.messages.text.startswith("No face was found in grey.png.")
    assert page.query is not None
    assert page.query.source == "q.png"
    assert page.bar.title == "3 faces are likely this person"
    assert not page.results.grid.is_dimmed


def test_a_last_bad_photo_does_not_keep_the_others_from_being_searched(
    page: SearchPage, ask: Callable[..., None], people: MakePeople
) -> None:
    ask(page.open_sources, [people("q.png", "red"), people("grey.png")])
    assert "grey.png" in page.messages.text
    assert page.bar.title == "3 faces are likely this person"


def test_a_search_that_fails_is_not_tried_again_and_again(
    page: SearchPage,
    session: Session,
    ask: Callable[..., None],
    people: MakePeople,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask(page.open_sources, [people("q.png", "red")])
    tries: list[int] = []

    def fail(*_given: Any) -> None:
        tries.append(1)
        raise LibraryError("The library is gone. Choose another one.")

    monkeypatch.setattr(session._searcher, "search", fail)
    with qtbot.waitSignal(session.query_failed, timeout=TIMEOUT):
        page.open_sources([people("q2.png", "green")])
    with qtbot.waitSignal(session.status_read, timeout=TIMEOUT):
        session.refresh_status()
    assert len(tries) == 1
    assert page.messages.text == "The library is gone. Choose another one."


def test_a_failed_first_query_leads_back_to_the_drop_zone(
    page: SearchPage, session: Session, people: MakePeople, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(session.query_failed, timeout=TIMEOUT):
        page.open_sources([people("grey.png")])
    assert not page.is_in_use
    assert page.messages.text


def test_moving_the_threshold_ranks_again_without_a_search(
    page: SearchPage, session: Session, ask: Callable[..., None], people: MakePeople
) -> None:
    ask(page.open_sources, [people("q.png", "red")])
    searches: list[Any] = []
    session.results_ready.connect(searches.append)
    page.results.threshold.slider.setValue(0)
    assert page.results.model.rowCount() == 5
    assert page.bar.title == "5 faces reach the 0\N{NO-BREAK SPACE}% you ask for"
    page.results.threshold.slider.setValue(50)
    assert page.results.model.rowCount() == 3
    assert not searches


def test_the_threshold_is_remembered_once_it_rests(
    page: SearchPage, session: Session, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(session.settings_changed, timeout=TIMEOUT):
        page.results.threshold.slider.setValue(70)
    assert session.settings.min_probability == pytest.approx(0.7)


@pytest.mark.slow
def test_below_the_usual_bar_nothing_is_called_likely_and_one_click_leads_back(
    page: SearchPage, session: Session, ask: Callable[..., None], people: MakePeople, qtbot: QtBot
) -> None:
    ask(page.open_sources, [people("q.png", "red")])
    bar = page.results.threshold
    assert bar.reset.isHidden()
    bar.slider.setValue(0)
    assert page.bar.title == "5 faces reach the 0\N{NO-BREAK SPACE}% you ask for"
    assert bar.reset.isVisible()
    qtbot.waitUntil(lambda: session.settings.min_probability == 0.0, timeout=TIMEOUT)
    again = SearchPage(session)  # as at the next start
    qtbot.addWidget(again)
    assert not again.results.threshold.reset.isHidden()
    QTest.mouseClick(bar.reset, Qt.MouseButton.LeftButton)
    assert page.bar.title == "3 faces are likely this person"
    assert bar.reset.isHidden()
    qtbot.waitUntil(lambda: session.settings.min_probability == 0.5, timeout=TIMEOUT)


@pytest.mark.slow
def test_less_likely_faces_are_folded_and_can_be_shown(
    page: SearchPage, ask: Callable[..., None], people: MakePeople
) -> None:
    ask(page.open_sources, [people("q.png", "red")])
    band = page.results.band
    assert band.isVisible()
    assert band.button.text() == "Show 2 faces"
    band.button.click()
    assert page.results.model.rowCount() == 5
    likely = [page.results.model.index(row).data(FaceRole.IS_LIKELY) for row in range(5)]
    assert likely == [True, True, True, False, False]
    band.button.click()
    assert page.results.model.rowCount() == 3


def test_nobody_matches_is_an_answer_with_the_nearest_faces_folded(
    page: SearchPage, session: Session, ask: Callable[..., None], people: MakePeople, album: Path
) -> None:
    ask(page.open_sources, [people("q.png", "red")])
    page.results.threshold.slider.setValue(100)
    assert page.bar.title == "Nobody in your library matches"
    assert page.results.nobody.isVisible()
    assert page.results.model.rowCount() == 0
    page.results.band.button.click()
    assert page.results.model.rowCount() == 5
    assert not page.results.nobody.isVisible()


@pytest.mark.slow
def test_sorting_by_folder_and_one_face_a_photo(
    page: SearchPage, ask: Callable[..., None], people: MakePeople, qtbot: QtBot
) -> None:
    ask(page.open_sources, [people("q.png", "red")])
    page.results.threshold.slider.setValue(0)
    page.results.sort.setCurrentIndex(page.results.sort.findData("folder"))
    expected = ["a_red.png", "b_red.png", "both.png", "both.png", "green.png"]
    qtbot.waitUntil(lambda: names_shown(page, qtbot) == expected)
    page.results.group.setChecked(True)
    qtbot.waitUntil(lambda: page.results.model.rowCount() == 3)
    # b_red.png holds the same picture as a_red.png
    assert names_shown(page, qtbot) == ["a_red.png", "both.png", "green.png"]


@pytest.mark.slow
def test_the_why_panel_explains_the_current_face(
    page: SearchPage, ask: Callable[..., None], people: MakePeople, qtbot: QtBot
) -> None:
    ask(page.open_sources, [people("q.png", "red")])
    why = page.results.why
    assert why.bars.values == pytest.approx((0.9,) * 8, abs=1e-5)
    assert why.bars.n_agreeing == 8
    assert "part 8: 100 %" in why.bars.accessibleDescription()
    page.results.show_less_likely(True)
    QTest.keyClick(page.results.grid, Qt.Key.Key_End)
    assert why.bars.values == pytest.approx((0.05,) * 8, abs=1e-5)
    assert why.bars.n_agreeing == 0
    qtbot.waitUntil(lambda: why._photo.text() in ("green.png", "both.png"))


def test_a_dropped_folder_is_offered_not_taken(page: SearchPage, album: Path, qtbot: QtBot) -> None:
    page.intake.take(mime_of(album))
    assert "album" in page.messages.text
    with qtbot.waitSignal(page.folder_offered) as offered:
        page.messages._button.click()
    assert offered.args == [album]


def test_an_address_on_the_internet_is_refused(page: SearchPage) -> None:
    data = QMimeData()
    data.setUrls([QUrl("https://example.org/face.jpg")])
    page.intake.take(data)
    assert "never connects" in page.messages.text


def test_new_faces_come_into_the_answer_by_themselves(
    page: SearchPage,
    session: Session,
    ask: Callable[..., None],
    people: MakePeople,
    index_folder_of: Callable[[Path], None],
    qtbot: QtBot,
) -> None:
    ask(page.open_sources, [people("q.png", "red")])
    index_folder_of(people("more/c_red.png", "red").parent)
    qtbot.waitUntil(lambda: page.bar.title == "4 faces are likely this person", timeout=TIMEOUT)


def test_an_empty_library_says_what_to_do(
    session: Session, people: MakePeople, qtbot: QtBot
) -> None:
    page = SearchPage(session)
    qtbot.addWidget(page)
    with qtbot.waitSignal(session.results_ready, timeout=TIMEOUT):
        page.open_sources([people("q.png", "red")])
    assert page.bar.title == "Your library has no faces yet"
    assert "Add a folder" in page.messages.text


@pytest.mark.slow
def test_a_low_window_draws_the_query_small(
    page: SearchPage, ask: Callable[..., None], people: MakePeople
) -> None:
    ask(page.open_sources, [people("q.png", "red")])
    large = page.bar.tiles[0].sizeHint()
    page.resize(900, 560)
    assert page.bar.tiles[0].sizeHint().width() < large.width()


@pytest.mark.slow
def test_nothing_is_cut_off_in_the_smallest_window(
    page: SearchPage, ask: Callable[..., None], people: MakePeople
) -> None:
    ask(page.open_sources, [people("q.png", "red")])
    page.resize(784 - 132, 500)
    controls = page.results
    for widget in (page.bar._add, page.bar._clear, controls.group, controls.sort):
        assert widget.width() >= widget.sizeHint().width()
        assert widget.mapTo(page, widget.rect().topRight()).x() < page.width()


def test_the_histogram_has_a_bar_where_there_are_faces(page: SearchPage) -> None:
    slider = page.results.threshold.slider
    counts = np.zeros(50, dtype=np.int64)
    counts[[0, 40]] = [900, 3]
    slider.set_counts(counts)
    slider.resize(300, 64)
    slider.setValue(50)
    image = slider.grab().toImage()
    ground = image.pixelColor(image.width() // 2 - 20, 30)
    assert image.pixelColor(int(slider.x_of(81)), 42) != ground
    assert image.pixelColor(int(slider.x_of(1)), 20) != ground
    assert image.pixelColor(int(slider.x_of(20)), 30) == ground


@pytest.mark.slow
def test_dragging_over_the_histogram_moves_the_threshold(page: SearchPage) -> None:
    slider = page.results.threshold.slider
    at = QPoint(round(slider.x_of(80)), slider.height() // 2)
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=at)
    assert slider.value() == 80
    QTest.keyClick(slider, Qt.Key.Key_Left)
    assert slider.value() == 79
