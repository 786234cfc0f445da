"""What the program keeps, in the window; and the switch "remember no faces"."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from opqn_app.core import paths, places
from opqn_app.core.errors import RemembersNoFaces
from opqn_app.store.library import Library
from opqn_app.ui.kit import wording
from opqn_app.ui.kit.listed_question import ListedQuestion, Question
from opqn_app.ui.library.folder_list import FolderRole
from opqn_app.ui.library.library_page import LibraryPage
from opqn_app.ui.people.people_page import PeoplePage
from opqn_app.ui.search.search_page import SearchPage
from opqn_app.ui.shell.kept_dialog import DELETE, EVERYTHING, OFF, OPEN, KeptDialog
from opqn_app.ui.work.session import Session

TIMEOUT = 120_000
Index = Callable[[Path], None]


class User:
    """Answers questions, and keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[Question] = []
        self.opened: list[Path] = []
        self.is_sure = True

    def ask(self, _parent: object, question: Question) -> bool:
        self.asked.append(question)
        return self.is_sure

    def open(self, path: Path) -> bool:
        self.opened.append(path)
        return True


@pytest.fixture
def user() -> User:
    return User()


@pytest.fixture
def dialog(session: Session, album: Path, index_folder_of: Index, user: User,
           qtbot: QtBot) -> KeptDialog:  # fmt: skip
    index_folder_of(album)
    made = KeptDialog(session, ask=user.ask, show_file=user.open)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: "5 faces on 4 photos" in made.faces.words, timeout=TIMEOUT)
    qtbot.waitUntil(lambda: bool(made._seen), timeout=TIMEOUT)
    return made


def n_faces(session: Session) -> int:
    with Library.open(session.library_path) as library:
        return library.n_faces()


def test_it_says_the_same_as_the_command(dialog: KeptDialog, session: Session) -> None:
    kept = places.places(session.library_path)
    assert list(dialog.cards) == ["faces", *(place.key for place in kept)]
    for place in kept:
        words = dialog.cards[place.key].words
        assert all(each in words for each in (place.title, place.holds, place.why))
    assert str(session.library_path) in dialog.cards["library"].words
    assert "holds faces or names" in dialog.cards["library"].words
    assert "nothing there now" in dialog.cards["crops"].words


def test_a_folder_is_opened(dialog: KeptDialog, session: Session, user: User) -> None:
    dialog.cards["library"].buttons[OPEN].click()
    assert user.opened == [session.library_path]
    assert not dialog.cards["crops"].buttons[OPEN].isEnabled()


def test_crops_and_reports_are_deleted(dialog: KeptDialog, user: User, qtbot: QtBot) -> None:
    file = paths.data_dir() / "crops" / "someone" / "face.png"
    file.parent.mkdir(parents=True)
    file.write_bytes(bytes(200_000))
    dialog._look()
    card = dialog.cards["crops"]
    qtbot.waitUntil(lambda: "0.2 MB" in card.words, timeout=TIMEOUT)
    user.is_sure = False
    card.buttons[DELETE].click()
    assert "have to be cut out again" in user.asked[-1].before
    assert file.exists()
    user.is_sure = True
    card.buttons[DELETE].click()
    qtbot.waitUntil(lambda: "nothing there now" in card.words, timeout=TIMEOUT)
    assert not (paths.data_dir() / "crops").exists()


def test_off_asks_with_counts_and_deletes(
    dialog: KeptDialog, session: Session, album: Path, user: User, qtbot: QtBot
) -> None:
    user.is_sure = False
    dialog.faces.buttons[OFF].click()
    (question,) = user.asked
    assert "5 faces: their pictures" in question.lines[0]
    assert "1 folder, the settings" in question.after
    assert n_faces(session) == 5
    user.is_sure = True
    with qtbot.waitSignal(session.memory.changed, timeout=TIMEOUT) as changed:
        dialog.faces.buttons[OFF].click()
    assert changed.args == [False]
    assert n_faces(session) == 0
    qtbot.waitUntil(lambda: "Deleted: 5 faces" in dialog.messages.text, timeout=TIMEOUT)
    qtbot.waitUntil(lambda: "remembers no faces" in dialog.faces.words, timeout=TIMEOUT)
    assert dialog.faces.buttons[OFF].isHidden()
    with qtbot.waitSignal(session.indexing_failed, timeout=TIMEOUT) as failed:
        session.index(album)
    assert isinstance(failed.args[1], RemembersNoFaces)
    with qtbot.waitSignal(session.indexing_finished, timeout=TIMEOUT):
        dialog.faces.buttons[wording.REMEMBER_AGAIN].click()
    assert n_faces(session) == 5
    qtbot.waitUntil(lambda: "5 faces on 4 photos" in dialog.faces.words, timeout=TIMEOUT)


def test_everything_is_forgotten(
    dialog: KeptDialog, session: Session, user: User, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(session.memory.told, timeout=TIMEOUT):
        dialog.cards["library"].buttons[EVERYTHING].click()
    assert "1 folder" in user.asked[-1].lines[0]
    with Library.open(session.library_path) as library:
        assert (library.n_faces(), library.roots()) == (0, [])
        assert library.faces_switch.is_on


def test_off_stops_what_runs(
    dialog: KeptDialog, session: Session, album: Path, qtbot: QtBot
) -> None:
    """A run that waits would bring the faces back."""
    with qtbot.waitSignal(session.memory.told, timeout=TIMEOUT):
        session.index(album, thorough=True)
        session.index(album, retry_failures=True)
        dialog.faces.buttons[OFF].click()
    assert (session.waiting_roots, n_faces(session)) == ((), 0)


def test_the_pages_say_it(
    search_page: SearchPage,
    session: Session,
    ask: Callable[..., None],
    people: Callable[..., Path],
    qtbot: QtBot,
) -> None:
    """Also of what was searched before nothing is left to go back to."""
    library, persons = LibraryPage(session), PeoplePage(session)
    for page in (library, persons):
        qtbot.addWidget(page)
        page.show()
    photo = people("q.png", "red")
    ask(search_page.open_sources, [photo])
    search_page.clear()
    ask(search_page.open_sources, [photo])
    with qtbot.waitSignal(session.memory.changed, timeout=TIMEOUT):
        session.memory.turn_off()
    assert (search_page.query, search_page.is_in_use) == (None, False)
    assert not search_page.back_action.isEnabled()
    assert search_page.drop_zone.remember.isVisible()
    assert not search_page.drop_zone.choose.isVisible()
    search_page.open_sources([photo])
    assert not search_page.is_in_use
    qtbot.waitUntil(lambda: wording.NO_FACES in library.empty.words, timeout=TIMEOUT)
    qtbot.waitUntil(lambda: wording.NO_FACES in persons.empty.words, timeout=TIMEOUT)
    row = library.folder_model.index(1)
    assert row.data(FolderRole).state.text == "Kept, not read"
    for wanted, button in (
        (search_page.faces_wanted, search_page.drop_zone.remember),
        (library.faces_wanted, library.empty.button),
        (persons.faces_wanted, persons.empty.button),
    ):
        with qtbot.waitSignal(wanted, timeout=TIMEOUT):
            button.click()
    with qtbot.waitSignal(session.indexing_finished, timeout=TIMEOUT):
        session.memory.turn_on()
    qtbot.waitUntil(search_page.drop_zone.choose.isVisible, timeout=TIMEOUT)
    ask(search_page.open_sources, [photo])


def test_a_folder_that_changes_is_not_read(
    session: Session, album: Path, people: Callable[..., Path], index_folder_of: Index, qtbot: QtBot
) -> None:
    """The watch rests while no faces are remembered."""
    session.watch.start()
    session.load_engine()
    index_folder_of(album)
    qtbot.waitUntil(lambda: session.watch.way_of(album) is not None, timeout=TIMEOUT)
    with qtbot.waitSignal(session.memory.changed, timeout=TIMEOUT):
        session.memory.turn_off()
    qtbot.waitUntil(lambda: session.watch.way_of(album) is None, timeout=TIMEOUT)


def test_the_safe_answer_is_the_default(qtbot: QtBot) -> None:
    question = ListedQuestion(Question("Sure?", "This goes:", ["<b>one</b>"], "", "Go", "Stay"))
    qtbot.addWidget(question)
    question.show()
    assert question.no_button.isDefault()
    assert not question.yes_button.isDefault()
