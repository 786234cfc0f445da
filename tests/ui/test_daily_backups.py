"""A window that stays open for days makes a backup each day that something changed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from opqn_app.store import backups
from opqn_app.store.library import Library
from opqn_app.ui.work.daily_backups import DailyBackups
from opqn_app.ui.work.session import Session

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _save(path: Path, name: str) -> None:
    with Library.open(path, write=True) as library:
        library.saved_searches.save(name, "{}")


def test_each_day_that_something_changed(session: Session, qtbot: QtBot, clock: Clock) -> None:
    path = session.library_path
    _save(path, "By the sea")
    daily = DailyBackups(session, every_ms=20, clock=clock)
    daily.start()
    qtbot.waitUntil(lambda: len(backups.files(path)) == 1)
    _save(path, "In the hills")
    clock.now += timedelta(hours=3)
    qtbot.wait(100)  # some looks of the same day
    assert len(backups.files(path)) == 1
    clock.now += timedelta(days=1)
    qtbot.waitUntil(lambda: len(backups.files(path)) == 2)
    clock.now += timedelta(days=1)  # nothing changed
    qtbot.wait(100)
    assert [each.searches for each in backups.listed(path)] == [2, 1]


def test_what_hinders_it_is_said_once(session: Session, qtbot: QtBot, clock: Clock) -> None:
    path = session.library_path
    _save(path, "By the sea")
    backups.folder_of(path).write_bytes(b"in the way")
    daily = DailyBackups(session, every_ms=20, clock=clock)
    said: list[str] = []
    daily.failed.connect(said.append)
    daily.start()
    qtbot.waitUntil(lambda: bool(said))
    qtbot.wait(100)
    (words,) = said
    assert words.startswith("The backup of today was not made.")
