from pathlib import Path

import pytest

from opqn_app.core import paths
from opqn_app.index.indexing import IndexProgress, IndexReport
from opqn_app.store.records import UnreachableFolder
from opqn_app.ui.kit import wording


def progress(**changes: object) -> IndexProgress:
    values: dict[str, object] = {
        "phase": "indexing",
        "done": 120,
        "total": 1203,
        "faces": 300,
        "failures": 2,
        "photos_per_s": 12.2,
        "eta_s": 88.0,
        "current": "a.jpg",
    }
    return IndexProgress(**(values | changes))  # type: ignore[arg-type]


def report(**changes: object) -> IndexReport:
    values: dict[str, object] = dict.fromkeys(
        ("added", "changed", "moved", "removed", "unchanged", "decoded", "faces"), 0
    )
    return IndexReport(**(values | {"failures": (), "seconds": 1.0} | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (3.0, "a few seconds left"),
        (34.0, "about 30 seconds left"),
        (56.0, "about 1 minute left"),
        (250.0, "about 4 minutes left"),
        (3600.0, "about 1 hour left"),
        (3 * 86400.0, "about 3 days left"),
    ],
)
def test_time_left_is_rounded_to_what_people_say(seconds: float | None, words: str) -> None:
    assert wording.time_left(seconds) == words


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (0.0, ""),
        (12.2, "12 photos a second"),
        (1.1, "1 photo a second"),
        (0.25, "4 seconds a photo"),
    ],
)
def test_speed_is_told_the_way_that_gives_a_number_above_one(rate: float, words: str) -> None:
    assert wording.speed(rate) == words


def test_a_run_is_described_with_folder_count_rate_and_time() -> None:
    assert wording.running(progress(), "Holiday") == "Finding faces in Holiday: 120 of 1,203 photos"
    assert wording.pace(progress()) == "12 photos a second · about 1 minute left"
    assert wording.running(progress(phase="scanning"), "Holiday") == "Looking for photos in Holiday"


def test_hundred_percent_is_only_said_when_nothing_is_left() -> None:
    assert wording.percent(progress(done=1202)) == 99
    assert wording.percent(progress(done=1203)) == 100
    assert wording.percent(progress(done=0, total=0)) == 0


def test_a_report_tells_photos_faces_and_problems() -> None:
    failures = (object(),) * 4
    words = wording.finished(
        report(added=1200, changed=3, faces=2310, failures=failures), "Holiday"
    )
    assert words == "Indexed 1,203 photos, 2,310 faces, 4 problems."


def test_the_thorough_search_is_told_apart() -> None:
    words = wording.running(progress(phase="thorough"), "Holiday")
    assert words == "Looking for more faces in Holiday: 120 of 1,203 photos"
    assert wording.unsearched(1203) == "1,203 not searched thoroughly yet"
    assert wording.unsearched(0) == ""
    words = wording.finished(report(added=1, faces=9, searched=4, more_faces=7), "Holiday")
    assert words == "Indexed 1 photo, 2 faces, 7 more faces found in 4 photos looked at again."
    words = wording.finished(report(searched=1, unchanged=9), "Holiday")
    assert words == "No more faces found in 1 photo looked at again."


def test_a_run_that_found_only_moves_says_so() -> None:
    assert wording.finished(report(moved=3, removed=1), "Holiday") == "3 moved, 1 no longer there."


def test_a_run_tells_what_is_away_and_what_came_back() -> None:
    away = UnreachableFolder(Path("/p"), Path("/p/a"), 1204, 0)
    words = wording.finished(report(returned=2, unreachable=(away,)), "Holiday")
    assert words == "2 there again, 1,204 photos can't be reached."
    assert wording.unreachable(1204) == "1,204 can't be reached"
    assert wording.unreachable(0) == ""


def test_a_run_without_news_says_the_folder_is_up_to_date() -> None:
    words = wording.finished(report(unchanged=225), "Holiday")
    assert words == "Holiday is up to date: 225 photos unchanged."


def test_dates_that_can_not_be_read_are_no_dates() -> None:
    assert wording.day("2024-03-04T10:11:12") == "4 March 2024"
    assert wording.month("2024-03-04") == "March 2024"
    assert wording.day("0000:00:00") == "No date"
    assert wording.month(None) == ""


def test_the_sample_is_called_by_its_purpose_not_its_folder() -> None:
    assert wording.folder_name(paths.resource("sample") / "photos") == "Sample photos"
    assert wording.folder_name(Path("/photos/Holiday")) == "Holiday"
    assert wording.folder_name(Path("/")) == "/"
