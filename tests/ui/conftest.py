"""A window without a screen, an engine without a model, and a check for leaked lanes."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from opqn_app.core.settings import Settings
from opqn_app.ui.kit import theme
from opqn_app.ui.search.search_page import SearchPage
from opqn_app.ui.work.session import Session
from tests.ui.gated_engine import GatedDetector
from tests.ui.people_room import PeopleRoom
from tests.ui.person_album import ANNA, Album, Face, album_engine
from tests.ui.tint_engine import SQUARE, TINTS, tint_engine

YOUNG, BETWEEN = [2, 6, 12, 5], [2, 2, 3, 5]  # words of a code that is like Anna's and like YOUNG
CARL = [12, 13, 14, 15]
OUTSIDE = QPoint(20_000, 20_000)  # of every window


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The offscreen platform says what it can't do, as to raise a menu; other warnings fail."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support"))


@pytest.fixture(autouse=True)
def pointer_elsewhere(qapp: QApplication) -> None:
    """What one test has pointed at is not under the pointer in the next."""
    QCursor.setPos(OUTSIDE)


MakePeople = Callable[..., Path]


@pytest.fixture
def people(tmp_path: Path) -> MakePeople:
    """A function that writes a photo of the named tints, the first the largest."""

    def write(name: str, *tints: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.new("RGB", (40 + 120 * max(len(tints), 1), 140), (128, 128, 128))
        for place, tint in enumerate(tints):
            side = SQUARE + 20 - 8 * place
            image.paste(TINTS[tint], (20 + 120 * place, 30, 20 + 120 * place + side, 30 + side))
        image.save(path)
        return path

    return write


@pytest.fixture
def themed(qapp: QApplication) -> Iterator[QApplication]:
    """The application in its light colours."""
    theme.apply_theme(qapp, "light")
    yield qapp
    theme.apply_theme(qapp, "light")


@pytest.fixture
def session(qtbot: QtBot, themed: QApplication, tmp_path: Path) -> Iterator[Session]:
    """A session on a library of its own, with an engine that knows tints instead of people."""
    made = Session(Settings(library=str(tmp_path / "library.sqlite")), engine_factory=tint_engine)
    yield made
    made.shut_down()


@pytest.fixture
def index_folder_of(session: Session, qtbot: QtBot) -> Callable[[Path], None]:
    """A function that indexes a folder and waits for its end."""

    def index(folder: Path) -> None:
        with qtbot.waitSignal(session.indexing_finished, timeout=120_000):
            session.index(folder)

    return index


@pytest.fixture(autouse=True)
def no_leaked_lanes(qapp: QApplication) -> Iterator[None]:
    """A lane thread that is still alive after a test fails it."""
    yield
    qapp.processEvents()
    leaked = [thread.name for thread in threading.enumerate() if thread.name.startswith("lane-")]
    assert not leaked, f"lanes that were never shut down: {leaked}"


@pytest.fixture
def gate() -> GatedDetector:
    """A detector that waits until a test lets a photo pass."""
    return GatedDetector()


@pytest.fixture
def gated_session(themed: QApplication, tmp_path: Path, gate: GatedDetector) -> Iterator[Session]:
    made = Session(
        Settings(library=str(tmp_path / "gated.sqlite")),
        engine_factory=lambda _model, _device: gate.engine(),
    )
    yield made
    gate.let_pass(1000)
    made.shut_down()


@pytest.fixture
def album(people: MakePeople, tmp_path: Path) -> Path:
    people("album/a_red.png", "red")
    people("album/b_red.png", "red")
    people("album/green.png", "green")
    people("album/both.png", "blue", "red")
    return tmp_path / "album"


@pytest.fixture
def varied_album(album: Path) -> Path:
    """The album with no two photos of one content: what is said of a face holds for all copies."""
    for number, path in enumerate(sorted(album.iterdir())):
        with Image.open(path) as image:
            image.putpixel((0, number), (140, 140, 140))
            image.save(path)
    return album


@pytest.fixture
def search_page(
    session: Session, album: Path, index_folder_of: Callable[[Path], None], qtbot: QtBot
) -> SearchPage:
    """A page on a library of three red faces, one green and one blue."""
    index_folder_of(album)
    made = SearchPage(session)
    qtbot.addWidget(made)
    made.resize(1000, 760)
    made.show()
    qtbot.waitExposed(made)
    qtbot.waitSignal(session.status_read, timeout=120_000).wait()  # the burst of indexing is over
    return made


@pytest.fixture
def ask(session: Session, search_page: SearchPage, qtbot: QtBot) -> Callable[..., None]:
    """A function that does something and waits for the results it leads to."""

    def wait(act: Callable[..., Any], *args: Any) -> None:
        with qtbot.waitSignal(session.results_ready, timeout=120_000):
            act(*args)

    return wait


@pytest.fixture
def told(session: Session, qtbot: QtBot) -> Callable[[Callable[[], object]], str]:
    """A function that does something and waits until the desk has told what was done."""

    def wait(act: Callable[[], object]) -> str:
        with qtbot.waitSignal(session.people.told, timeout=120_000) as signal:
            act()
        return str(signal.args[0])

    return wait


@pytest.fixture
def room(tmp_path: Path, qtbot: QtBot, themed: QApplication) -> Iterator[PeopleRoom]:
    """Four faces of Anna (1 to 4), three of her as a child (5 to 7), who may be anybody, two of
    Carl (8, 9), and one (10) that is like both of Anna. The tiles are in this order.
    """
    album = Album(tmp_path / "library.sqlite")
    for code, times in ((ANNA, 4), (YOUNG, 3), (CARL, 2), (BETWEEN, 1)):
        for _ in range(times):
            album.add(2020, Face(code))
    session = Session(Settings(library=str(album.path)), engine_factory=album_engine)
    made = PeopleRoom(session, qtbot)
    made.start()
    yield made
    session.shut_down()


@pytest.fixture
def asked(room: PeopleRoom) -> PeopleRoom:
    """Anna is named, young and old, so that the last tile asks "Anna?"."""
    room.press(Qt.Key.Key_N)
    room.give("Anna")
    room.give("Anna")
    room.press(Qt.Key.Key_Escape)
    room.wait(lambda: room.page.hints.guess(room.tiles[3]) is not None)
    return room


@pytest.fixture
def page(
    search_page: SearchPage,
    session: Session,
    ask: Callable[..., None],
    people: MakePeople,
    qtbot: QtBot,
) -> SearchPage:
    """Three red faces were found, and the desk is there."""
    ask(search_page.open_sources, [people("q.png", "red")])
    desk = session.people
    qtbot.waitUntil(lambda: desk.view is not None and len(desk.view.photo_of) == 5, timeout=120_000)
    return search_page
