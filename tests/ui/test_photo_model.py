from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from opqn_app.ui.library.photo_model import PhotoListModel, PhotoRole
from tests.ui.photo_records import photo

NO_PARENT = QModelIndex()


def ids(model: PhotoListModel) -> list[int]:
    return [each.id for each in model.photos]


def test_model_keeps_qts_rules_while_it_is_filled_and_changed(
    qtmodeltester: ModelTester,
) -> None:
    model = PhotoListModel()
    model.refresh([photo(i) for i in range(9, 0, -1)], total=9)
    model.refresh([photo(i) for i in (12, 9, 8, 4, 3, 11)], total=6)
    qtmodeltester.check(model)


def test_the_next_page_is_asked_for_once_and_appended(qtbot: QtBot) -> None:
    model = PhotoListModel()
    model.refresh([photo(9), photo(8)], total=5)
    with qtbot.waitSignal(model.page_wanted) as wanted:
        model.fetchMore(NO_PARENT)
    assert wanted.args == [2]
    assert not model.canFetchMore(NO_PARENT)
    model.append_page(2, [photo(7), photo(6), photo(5)], total=5)
    assert ids(model) == [9, 8, 7, 6, 5]
    assert not model.canFetchMore(NO_PARENT)


def test_a_page_that_no_longer_fits_is_dropped() -> None:
    model = PhotoListModel()
    model.refresh([photo(9)], total=3)
    model.append_page(2, [photo(7)], total=3)
    assert ids(model) == [9]
    assert model.canFetchMore(NO_PARENT)


def test_an_empty_page_ends_the_list() -> None:
    """Photos may vanish between counting and reading; the view must not ask for ever."""
    model = PhotoListModel()
    model.refresh([photo(9)], total=3)
    model.append_page(1, [], total=3)
    assert not model.canFetchMore(NO_PARENT)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 30), unique=True, max_size=20),
    st.lists(st.integers(0, 30), unique=True, max_size=20),
)
def test_refresh_becomes_the_new_list_and_marks_follow_their_photos(
    before: list[int], after: list[int]
) -> None:
    model = PhotoListModel()
    model.refresh([photo(i) for i in before], total=len(before))
    kept_order = [i for i in before if i in after] == [i for i in after if i in before]
    marks = {i: QPersistentModelIndex(model.index(row)) for row, i in enumerate(before)}
    model.refresh([photo(i, n_faces=2) for i in after], total=len(after))
    assert ids(model) == after
    assert all(each.n_faces == 2 for each in model.photos)
    for i, mark in marks.items():
        if i not in after:
            assert not mark.isValid()
        elif kept_order:
            assert mark.row() == after.index(i)


def test_a_photo_is_told_to_a_screen_reader() -> None:
    model = PhotoListModel()
    model.refresh([photo(1, n_faces=3), photo(2, n_faces=0, taken_at=None)], total=2)
    role = Qt.ItemDataRole.AccessibleTextRole
    assert model.index(0).data(role) == "Photo photo_1.jpg, 14 March 2024, 3 faces"
    assert model.index(1).data(role) == "Photo photo_2.jpg, No date, no face"
    assert model.index(0).data(PhotoRole) == photo(1, n_faces=3)
