"""Progress and reports in words."""

import io
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import pytest

from opqn_app.core.progress import counted, duration_in_words, run_with_progress
from opqn_app.index.in_words import index_report_in_words, progress_in_words
from opqn_app.index.indexing import IndexProgress, IndexReport


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def step(done: int) -> IndexProgress:
    return IndexProgress("indexing", done, 1200, 7, 1, 12.34, 95.0, "a.jpg")


REPORT = IndexReport(1203, 0, 2, 0, 40, 1203, 2310, (), 200.0)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-3, "0 s"), (40.4, "40 s"), (60, "1 min"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration_in_words(seconds) == words


def test_counts() -> None:
    assert [counted(n, "photo") for n in (0, 1, 1203)] == ["0 photos", "1 photo", "1,203 photos"]


def test_a_step_says_rate_time_left_and_problems() -> None:
    words = progress_in_words(step(120))
    assert words == "120/1,200 photos · 12.3 photos/s · 1 min 35 s left · 7 faces · 1 problem"


def test_the_report_is_one_sentence() -> None:
    words = index_report_in_words(REPORT)
    assert words == "Indexed 1,203 photos, 2,310 faces, 2 moved, 40 unchanged, in 3 min 20 s."


def test_the_thorough_search_has_words_of_its_own() -> None:
    words = progress_in_words(replace(step(120), phase="thorough"))
    assert words.startswith("Looking for more faces: 120/1,200 photos · ")
    report = index_report_in_words(replace(REPORT, searched=7, more_faces=310, moved=0))
    found = "2,000 faces, 310 more faces found in 7 photos looked at again, 40 unchanged"
    assert found in report


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "No new photos, 40 unchanged, in 2 s."),
        ({"coded": 393}, "393 known faces got a code of this model, 40 unchanged, in 2 s."),
        ({"searched": 1}, "No more faces found in 1 photo looked at again, 40 unchanged, in 2 s."),
        ({"edited": 1}, "New metadata in 1 photo, 40 unchanged, in 2 s."),
        ({"failures": (None,)}, "No new photos, 1 problem, 40 unchanged, in 2 s."),
    ],
)
def test_a_run_that_read_no_photo_does_not_say_it_indexed_some(
    changes: dict[str, Any], words: str
) -> None:
    nothing = IndexReport(0, 0, 0, 0, 40, 0, 0, (), 2.0)
    assert index_report_in_words(replace(nothing, **changes)) == words


def job() -> Generator[IndexProgress, None, IndexReport]:
    yield step(1)
    yield step(2)
    return REPORT


def test_a_terminal_sees_one_line_that_is_wiped_at_the_end() -> None:
    terminal = Terminal()
    assert run_with_progress(job(), progress_in_words, terminal) is REPORT
    shown = terminal.getvalue()
    assert "\n" not in shown
    assert "2/1,200" in shown
    assert shown.endswith("\r")


def test_a_pipe_sees_nothing() -> None:
    pipe = io.StringIO()
    run_with_progress(job(), progress_in_words, pipe)
    assert pipe.getvalue() == ""


def test_an_interrupt_closes_the_job() -> None:
    closed = []

    def endless() -> Generator[IndexProgress, None, IndexReport]:
        try:
            yield step(1)
            raise KeyboardInterrupt
        finally:
            closed.append(True)

    with pytest.raises(KeyboardInterrupt):
        run_with_progress(endless(), progress_in_words, io.StringIO())
    assert closed == [True]
