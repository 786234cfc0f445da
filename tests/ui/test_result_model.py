"""The results model: Qt's own checks, and fetching only what is looked at."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from opqn_app.ui.kit import wording
from opqn_app.ui.search.result_model import FaceRole, ResultListModel
from opqn_app.ui.work.tasks import TaskRunner
from tests.library_fakes import StoredLibrary, store_codes


@pytest.fixture
def stored(tmp_path: Path) -> StoredLibrary:
    codes = np.random.default_rng(0).integers(0, 256, (60, 8), dtype=np.uint8)
    return store_codes(tmp_path / "library.sqlite", codes, 256)


@pytest.fixture
def runner(qapp: object) -> Iterator[TaskRunner]:
    made = TaskRunner()
    yield made
    made.shutdown()


@pytest.fixture
def model(runner: TaskRunner, stored: StoredLibrary) -> ResultListModel:
    made = ResultListModel(runner, stored.path)
    alike = np.linspace(1.0, 0.0, 60, dtype=np.float32)
    made.set_ranking(stored.face_ids.astype(np.int64), alike * 8, alike)
    return made


def test_the_model_keeps_qts_rules(model: ResultListModel, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(model)
    model.set_rows(np.arange(60), 10)
    qtmodeltester.check(model)
    model.set_rows(np.array([5, 3, 1]), 2)
    qtmodeltester.check(model)


def test_rows_follow_the_order_they_are_given(
    model: ResultListModel, stored: StoredLibrary
) -> None:
    model.set_rows(np.array([5, 3, 1]), 2)
    ids = [model.index(row).data(FaceRole.FACE_ID) for row in range(3)]
    assert ids == stored.face_ids[[5, 3, 1]].tolist()
    assert [model.index(row).data(FaceRole.IS_LIKELY) for row in range(3)] == [True, True, False]
    assert model.row_of(ids[1]) == 1
    assert model.row_of(-1) is None


def test_a_record_is_fetched_when_it_is_first_asked_for(
    model: ResultListModel, stored: StoredLibrary, qtbot: QtBot
) -> None:
    model.set_rows(np.arange(60), 60)
    index = model.index(7)
    assert index.data(FaceRole.RECORD) is None
    with qtbot.waitSignal(model.dataChanged):
        pass
    assert index.data(FaceRole.RECORD).id == stored.face_ids[7]
    assert model._records.held(int(stored.face_ids[8])) is None


def test_a_hundred_thousand_rows_cost_no_record_until_they_are_painted(
    runner: TaskRunner, stored: StoredLibrary
) -> None:
    model = ResultListModel(runner, stored.path)
    alike = np.linspace(1.0, 0.0, 100_000, dtype=np.float32)
    model.set_ranking(np.arange(100_000, dtype=np.int64), alike, alike)
    model.set_rows(np.arange(100_000), 500)
    assert model.rowCount() == 100_000
    assert model.index(99_999).data() == "0 %"
    assert not model._records._waiting


def test_tooltip_has_the_raw_score_and_speech_has_the_place(
    model: ResultListModel, qtbot: QtBot
) -> None:
    model.set_rows(np.arange(60), 60)
    index = model.index(0)
    assert "Score 8.0000" in index.data(Qt.ItemDataRole.ToolTipRole)
    spoken = index.data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.startswith("Face 1 of 60, 99 %")
    index.data(FaceRole.RECORD)
    with qtbot.waitSignal(model.dataChanged):
        pass
    assert index.data(FaceRole.RECORD).photo.rel_path in index.data(Qt.ItemDataRole.ToolTipRole)


@pytest.mark.parametrize(
    ("alike", "words"), [(0.0, "0 %"), (0.504, "50 %"), (0.505, "51 %"), (1.0, "99 %")]
)
def test_percent_never_claims_certainty(alike: float, words: str) -> None:
    assert wording.chance(alike) == words
