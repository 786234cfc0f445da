from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester

from opqn_app.index.indexing import IndexProgress
from opqn_app.ui.library.folder_list import (
    Activity,
    FolderListModel,
    FolderRole,
    Watched,
    folders,
    state_of,
)
from tests.ui.photo_records import root

HOLIDAY, ATTIC = Path("/p/Holiday"), Path("/p/Attic")


def state(activity: Activity, *, failures: int = 0, is_available: bool = True) -> str:
    return state_of(HOLIDAY, activity, failures=failures, is_available=is_available).text


def at(done: int, total: int) -> IndexProgress:
    return IndexProgress("indexing", done, total, 0, 0, 1.0, None, "")


def test_each_state_of_a_folder_has_its_words() -> None:
    assert state(Activity()) == "Ready to search"
    assert state(Activity(finished=frozenset({HOLIDAY}))) == "Up to date"
    assert state(Activity(stopped=frozenset({HOLIDAY}))) == "Stopped before the end"
    assert state(Activity(), failures=7) == "7 problems"
    assert state(Activity(), is_available=False) == "Disk unplugged"
    away = state_of(HOLIDAY, Activity(), failures=7, is_available=True, unreachable=1204)
    assert (away.text, away.is_warning) == ("1,204 not reachable", True)
    assert state(Activity(waiting=(HOLIDAY,))) == "Waiting for its turn"
    assert state(Activity(running=HOLIDAY)) == "Looking for photos"
    assert state(Activity(running=HOLIDAY, progress=at(41, 100))) == "Indexing 41 %"
    again = replace(at(41, 100), phase="thorough")
    assert state(Activity(running=HOLIDAY, progress=again)) == "More faces 41 %"
    paused = Activity(running=HOLIDAY, is_paused=True, progress=at(41, 100))
    assert state(paused) == "Paused at 41 %"


def test_what_runs_now_comes_before_what_was_found_earlier() -> None:
    activity = Activity(running=HOLIDAY, progress=at(1, 2))
    assert state(activity, failures=7) == "Indexing 50 %"


def test_all_photos_stand_first_with_the_sum_of_the_counts() -> None:
    rows = folders([root(1, "/p/Holiday", failures=2), root(2, "/p/Attic")], Activity())
    assert [row.name for row in rows] == ["All photos", "Holiday", "Attic"]
    assert (rows[0].photos, rows[0].faces, rows[0].state.text) == (20, 24, "2 problems")


def test_a_folder_shows_before_the_library_knows_it() -> None:
    rows = folders([], Activity(running=HOLIDAY, waiting=(ATTIC,)))
    assert [row.path for row in rows] == [None, HOLIDAY, ATTIC]
    assert rows[2].state.text == "Waiting for its turn"


def test_no_folder_no_rows() -> None:
    assert folders([], Activity()) == []


def test_model_keeps_rows_of_folders_that_stay(qtmodeltester: ModelTester) -> None:
    model = FolderListModel()
    model.show_folders(folders([root(1, "/p/Holiday"), root(2, "/p/Attic")], Activity()))
    changed = []
    model.dataChanged.connect(lambda top, _bottom, _roles: changed.append(top.row()))
    model.show_folders(
        folders([root(1, "/p/Holiday", failures=1), root(2, "/p/Attic")], Activity())
    )
    assert changed == [0, 1]  # all photos, and the folder with the problem
    model.show_folders(folders([root(2, "/p/Attic")], Activity(waiting=(HOLIDAY,))))
    assert [model.index(row).data(FolderRole).path for row in range(3)] == [None, ATTIC, HOLIDAY]
    assert model.row_of(HOLIDAY) == 2
    assert model.row_of(Path("/elsewhere")) == 0
    qtmodeltester.check(model)


def test_a_folder_that_is_not_watched_says_so_also_with_problems() -> None:
    off = Activity(watched={HOLIDAY: Watched("Not watched", "Press F5.")})
    assert state(off) == "Not watched"
    assert state(off, failures=2) == "2 problems · Not watched"
    assert state(replace(off, running=HOLIDAY)) == "Looking for photos"
    rows = folders([root(1, "/p/Holiday"), root(2, "/p/Attic")], off)
    assert [row.note for row in rows] == ["", "Press F5.", ""]
    model = FolderListModel()
    model.show_folders(rows)
    told = model.index(1).data(Qt.ItemDataRole.AccessibleTextRole)
    assert told.endswith("Not watched. Press F5.")
    assert model.index(1).data(Qt.ItemDataRole.ToolTipRole) == "/p/Holiday\nPress F5."
