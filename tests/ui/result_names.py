"""What the Search page answers, by file names."""

from pytestqt.qtbot import QtBot

from opqn_app.ui.search.result_model import FaceRole
from opqn_app.ui.search.search_page import SearchPage


def names_shown(page: SearchPage, qtbot: QtBot) -> list[str]:
    """The photos of the results, best first, once they are read."""
    model = page.results.model
    rows = [model.index(row) for row in range(model.rowCount())]
    qtbot.waitUntil(lambda: all(row.data(FaceRole.RECORD) is not None for row in rows))
    return [row.data(FaceRole.RECORD).photo.path.name for row in rows]
