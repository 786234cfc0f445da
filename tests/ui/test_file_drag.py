"""Photos go to other programs as files: copied, never moved, and their absence is said."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDrag, QImage, QPixmap
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from opqn_app.ui.kit.file_drag import FACES, GNOME, copy_files, drag_files, faces_in
from opqn_app.ui.work.session import Session

MakePeople = Callable[..., Path]
TIMEOUT = 120_000


@pytest.fixture
def dragged(monkeypatch: pytest.MonkeyPatch) -> list[tuple[QMimeData, Qt.DropAction]]:
    """What was dragged out and what the other program may do with it."""
    found: list[tuple[QMimeData, Qt.DropAction]] = []

    def run(drag: QDrag, actions: Qt.DropAction) -> Qt.DropAction:
        assert not drag.pixmap().isNull()
        found.append((drag.mimeData(), actions))
        return actions

    monkeypatch.setattr(QDrag, "exec", run)
    return found


def test_a_copied_photo_is_a_file_and_a_picture(
    session: Session, people: MakePeople, qtbot: QtBot
) -> None:
    photo, clipboard = people("one photo.png", "red"), QApplication.clipboard()
    assert copy_files([photo], runner=session.runner) == ""
    data = clipboard.mimeData()
    assert [url.toLocalFile() for url in data.urls()] == [str(photo)]
    url = QUrl.fromLocalFile(str(photo)).toEncoded().data()
    assert bytes(data.data(GNOME).data()) == b"copy\n" + bytes(url)
    qtbot.waitUntil(lambda: clipboard.image().size() == QImage(str(photo)).size(), timeout=TIMEOUT)
    assert clipboard.mimeData().hasUrls()


def test_several_photos_are_files_only(session: Session, people: MakePeople) -> None:
    photos = [people(f"{name}.png", "red") for name in "abc"]
    assert copy_files([*photos, photos[0]], runner=session.runner) == ""
    data = QApplication.clipboard().mimeData()
    assert [url.toLocalFile() for url in data.urls()] == [str(photo) for photo in photos]
    assert not session.runner._tasks  # no picture is on its way


def test_a_picture_that_comes_late_does_not_take_the_clipboard_back(
    session: Session, people: MakePeople, qtbot: QtBot
) -> None:
    copy_files([people("a.png", "red")], runner=session.runner)
    QApplication.clipboard().setText("something else")
    (task,) = session.runner._tasks
    with qtbot.waitSignal(task.finished, timeout=TIMEOUT):
        pass
    assert QApplication.clipboard().text() == "something else"


def test_a_photo_that_can_not_be_read_is_still_a_file(
    session: Session, people: MakePeople, qtbot: QtBot
) -> None:
    photo = people("a.png", "red")
    photo.write_bytes(b"")
    copy_files([photo], runner=session.runner)
    (task,) = session.runner._tasks
    with qtbot.waitSignal(task.finished, timeout=TIMEOUT):
        pass
    assert QApplication.clipboard().mimeData().hasUrls()
    assert not QApplication.clipboard().mimeData().hasImage()


def test_what_is_away_is_said_and_the_rest_is_copied(
    session: Session, people: MakePeople, tmp_path: Path
) -> None:
    there, away = people("there.png", "red"), tmp_path / "away.png"
    QApplication.clipboard().setText("before")
    assert copy_files([away], runner=session.runner).startswith("away.png is not there now.")
    assert QApplication.clipboard().text() == "before"
    several = [there, away, tmp_path / "b.png"]
    assert copy_files(several, runner=session.runner).startswith("2 of 3 photos are not there")
    assert len(QApplication.clipboard().mimeData().urls()) == 1


def test_a_drag_offers_to_copy_and_nothing_else(
    people: MakePeople,
    qtbot: QtBot,
    dragged: list[tuple[QMimeData, Qt.DropAction]],
    tmp_path: Path,
) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    photos = [people(f"{name}.png", "red") for name in "ab"]
    assert drag_files(widget, photos, face_ids=[4, 5], pixmap=QPixmap(50, 30)) == ""
    ((data, actions),) = dragged
    assert actions == Qt.DropAction.CopyAction
    assert faces_in(data) == [4, 5]
    assert "plug it in" in drag_files(widget, [tmp_path / "away.png"])
    assert len(dragged) == 1


def test_faces_of_another_program_are_none(qapp: QApplication) -> None:
    data = QMimeData()
    assert faces_in(data) == []
    for odd in (b"\xff", b"{}", b'["a"]', b"[true]"):
        data.setData(FACES, odd)
        assert faces_in(data) == []


def test_the_program_ends_well_with_a_photo_on_the_clipboard(people: MakePeople) -> None:
    photo = people("left there.png", "red")
    program = (
        "import sys; from pathlib import Path; from PySide6.QtWidgets import QApplication; "
        "app = QApplication([]); from opqn_app.ui.kit.file_drag import copy_files; "
        "assert copy_files([Path(sys.argv[1])], runner=None) == ''"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(photo)], check=False)
    assert ended.returncode == 0
