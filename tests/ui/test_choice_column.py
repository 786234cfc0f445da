"""The choices of Evaluate and Train stand in one line, and none of them is cut."""

from collections import Counter
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from opqn_app.ui.evaluate.evaluate_form import EvaluateForm
from opqn_app.ui.kit import theme
from opqn_app.ui.kit.choice_box import ChoiceBox, QuietComboBox
from opqn_app.ui.train.train_form import TrainForm
from opqn_app.ui.work.session import Session
from tests.ui.test_theme import contrast

UI = Path(theme.__file__).parents[1]


@pytest.mark.parametrize("height", [300, 2000])
@pytest.mark.parametrize("kind", [EvaluateForm, TrainForm])
def test_fields_end_where_the_button_ends_with_and_without_a_scroll_bar(
    session: Session,
    qtbot: QtBot,
    kind: type[EvaluateForm] | type[TrainForm],
    height: int,
) -> None:
    form = kind(session.settings, session.runner)
    qtbot.addWidget(form)
    form.resize(form.width(), height)
    form.show()
    assert (form._bar.maximum() > 0) is (height == 300)
    button = form.train_button if isinstance(form, TrainForm) else form.run_button
    fields: list[QWidget] = [form.data, *form.findChildren(QuietComboBox)]
    qtbot.waitUntil(lambda: {_right(each, form) for each in fields} == {_right(button, form)})


def _right(widget: QWidget, form: QWidget) -> int:
    return widget.mapTo(form, widget.rect().topRight()).x()


def test_the_rows_of_a_list_have_room(qtbot: QtBot, session: Session) -> None:
    form = TrainForm(session.settings, session.runner)
    qtbot.addWidget(form)
    theme.apply_theme(QApplication.instance(), "light")  # type: ignore[arg-type]
    form.show()
    form.method.showPopup()
    view = form.method.view()
    rows = [view.visualRect(view.model().index(row, 0)) for row in range(form.method.count())]
    assert min(row.height() for row in rows) >= 28
    assert all(view.viewport().rect().contains(row) for row in rows), "the last row is cut"
    form.method.hidePopup()


def test_every_list_of_choices_has_room(qtbot: QtBot) -> None:
    theme.apply_theme(QApplication.instance(), "light")  # type: ignore[arg-type]
    box = ChoiceBox("Sort by", {"match": "Best match", "date": "Newest photo"})
    qtbot.addWidget(box)
    box.show()
    box.showPopup()
    rows = [box.view().visualRect(box.model().index(row, 0)) for row in range(box.count())]
    assert min(row.height() for row in rows) >= 28
    box.hidePopup()
    bare = [path for path in UI.rglob("*.py") if "QComboBox" in path.read_text(encoding="utf-8")]
    assert [path.name for path in bare] == ["choice_box.py"], "the other lists are ChoiceBoxes"


@pytest.mark.parametrize("look", ["light", "dark"])
def test_the_row_under_the_pointer_can_be_read(
    look: str, themed: QApplication, qtbot: QtBot
) -> None:
    """Its words were white on white once."""
    theme.apply_theme(themed, look)
    box = ChoiceBox("Sort by", {"match": "Best match", "date": "Newest photo"})
    qtbot.addWidget(box)
    box.show()
    box.showPopup()
    view = box.view()
    for row in range(box.count()):
        index = box.model().index(row, 0)
        view.setCurrentIndex(index)
        for each in range(box.count()):
            place = view.visualRect(box.model().index(each, 0)).adjusted(4, 4, -4, -4)
            colours = _colours(view.viewport().grab(place).toImage())
            ground = colours.most_common(1)[0][0]
            assert max(contrast(ground, other) for other in colours) >= 4.5, (row, each)
    box.hidePopup()


def _colours(image: QImage) -> Counter[str]:
    return Counter(
        image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())
    )
