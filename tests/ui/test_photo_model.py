from dataclasses import replace

from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from opqn_app.ui.library.photo_model import PhotoListModel, PhotoRole
from tests.ui.photo_records import photo, photo_list, shown


def test_model_keeps_qts_rules_while_it_is_filled_and_changed(
    qtmodeltester: ModelTester,
) -> None:
    model = PhotoListModel()
    model.show(shown(photo(i) for i in range(9, 0, -1)))
    model.show(shown(photo(i) for i in (12, 9, 8, 4, 3, 11)))
    qtmodeltester.check(model)


def test_the_same_rows_are_changed_and_others_put_in_their_place(qtbot: QtBot) -> None:
    """A reset would take the choice away for nothing."""
    model = PhotoListModel()
    assert model.show(shown(photo(i) for i in (3, 2, 1)))
    with qtbot.assertNotEmitted(model.modelReset), qtbot.waitSignal(model.dataChanged):
        assert not model.show(shown(photo(i, n_faces=2) for i in (3, 2, 1)))
    assert model.photos[0].n_faces == 2
    with qtbot.waitSignal(model.modelReset):
        assert model.show(shown(photo(i) for i in (3, 1)))
    assert model.row_of(1) == 1
    assert model.row_of(2) is None
    assert not model.show(shown(photo(i) for i in (3, 1)))


def test_a_photo_is_told_to_a_screen_reader() -> None:
    model = PhotoListModel()
    undated = replace(photo(2, n_faces=0, taken_at=None), sort_time="2020-05-01T10:00:00")
    rows = shown([photo(1, n_faces=3), undated, photo(3, taken_at=None)])
    model.show(replace(rows, copies={1: photo_list([photo(7, name="copy.jpg")])}))
    role, tip = Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole
    told = "Photo photo_1.jpg, 14 March 2024, 3 faces, 2 copies"
    assert model.index(0).data(role) == told
    assert model.index(0).data(tip) == "photo_1.jpg\n14 March 2024\ncopy.jpg"
    assert model.index(1).data(role) == "Photo photo_2.jpg, 1 May 2020 (date of the file), no face"
    assert model.index(2).data(role) == "Photo photo_3.jpg, No date, 1 face"
    assert model.index(0).data(PhotoRole) == photo(1, n_faces=3)


def test_faces_are_rows_of_their_photo() -> None:
    model = PhotoListModel()
    twice = photo_list([photo(5), photo(5), photo(4)])
    rows = shown([])
    faces = replace(rows, photos=twice, keys=[71, 72, 60], has_faces=True)
    model.show(faces)
    assert [model.face_id(row) for row in range(4)] == [71, 72, 60, None]
    assert model.row_of(5) == 0
    told = model.index(1).data(Qt.ItemDataRole.AccessibleTextRole)
    assert told == "Face 2 of 3, photo_5.jpg, 14 March 2024"
