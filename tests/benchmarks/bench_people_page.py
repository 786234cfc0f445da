"""How soon the People page answers, and how smoothly it scrolls.

    QT_QPA_PLATFORM=offscreen python -m tests.benchmarks.bench_people_page [--model NAME]

First a user who knows everybody names a family library of 1,000 faces through the window (of
../shared/data, part val; left out where it is not there): the time of each answer, from the key
until the window has drawn it, and the clicks beside those of the table. Then 5,000 people with
100,000 faces with drawn codes: the time of an answer there and in the view of the person with the
most faces, and of drawing each step of a scroll. Each part of drawing and grouping these says where
it stands; --keep FOLDER draws and groups them once.
Beside each time stands the processor time of all threads, which says what it would be on a machine
that does nothing else. The last line is one JSON object. The goal: an answer within 100 ms, a step
within 16 ms.
"""

import argparse
import json
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from opqn_app.core.progress import finished
from opqn_app.core.settings import Settings
from opqn_app.engine import Engine, load_engine
from opqn_app.people.guessing import update_groups
from opqn_app.people.kinds import Kind
from opqn_app.people.ledger import Ledger
from opqn_app.people.neighbours import nearest_faces
from opqn_app.people.word_sums import WordSums
from opqn_app.store.crops import crop_to_webp
from opqn_app.store.decision_records import NewDecision
from opqn_app.store.library import Library
from opqn_app.ui.kit import theme
from opqn_app.ui.shell.main_window import MainWindow
from opqn_app.ui.work.session import Session
from tests.family_faces import SHARED, family_faces, make_library, put_in_library
from tests.ui import click_times
from tests.ui.naming_user import NamingUser
from trainer.evaluate.group_figures import group_figures
from trainer.evaluate.grouping import grouped

N_PEOPLE, N_FACES = 5000, 100_000
FAMILY = 1000
CHANGED = 0.15  # share of a face's words that are not the person's
STEPS = 300  # of a scroll
FACES_A_STEP, PEOPLE_A_STEP = 10_000, 500  # of drawing the crowd
SAY_EVERY_S = 5


def open_window(path: Path, engine: Engine) -> tuple[Session, MainWindow]:
    """A window on its People page whose library is read and grouped."""
    session = Session(Settings(library=str(path)), engine_factory=lambda _model, _device: engine)
    window = MainWindow(session)
    window.resize(1280, 800)
    window.show()
    window.show_page("people")
    ended: list[str] = []
    session.people.grouping.ended.connect(ended.append)
    session.load_engine()
    session.refresh_status()
    wait(lambda: bool(ended) and not session.runner._tasks)
    window.activateWindow()
    return session, window


def wait(is_so: Any) -> None:
    """Let things happen; it sleeps meanwhile, since who spins takes time from the lanes."""
    timer = QTimer(interval=1000)
    timer.start()
    while not is_so():
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


def family(folder: Path, model: str) -> dict[str, Any]:
    """A user names everybody of a family library."""
    engine, faces = load_engine(model, "cpu"), family_faces(FAMILY)
    encoder: Any = engine.encoder
    codes = make_library(folder / "family.sqlite", faces, encoder)
    sums = WordSums.of(encoder)
    edges = finished(nearest_faces(codes, sums))
    table = group_figures(
        grouped(codes, sums, edges, encoder.links, encoder.links.joins_from), faces.people
    )
    session, window = open_window(folder / "family.sqlite", engine)
    user = NamingUser(session, window, [str(person) for person in faces.people])
    user.name_everybody()
    assert not user.wrong_people()
    window.close()
    print(click_times.table(user.times.clicks), flush=True)
    return {
        "model": model,
        "faces": FAMILY,
        "clicks": user.clicks,
        "clicks_spared": user.spared,
        "clicks_of_the_table": table.clicks,
        "answers": dict(user.answers),
        "times": click_times.figures(user.times.clicks),
    }


def crowd(folder: Path, model: str, n_people: int, n_faces: int) -> dict[str, Any]:
    """People who are named already: one more is named, and the page is scrolled."""
    path, engine = folder / f"crowd-{n_people}-{n_faces}-{model}.sqlite", load_engine(model, "cpu")
    if not path.is_file():
        made = path.with_suffix(".part")
        made.unlink(missing_ok=True)
        draw_crowd(made, engine.encoder, n_people, n_faces)
        made.rename(path)
    with Library.open_to_decide(path) as library:
        job = update_groups(library, engine.encoder)
        report = shown("grouping", job, lambda progress: f"{progress.stage}: {progress.done:,}")
    print(f"grouped: {report.groups:,} groups", flush=True)
    session, window = open_window(path, engine)
    page = window.people
    assert page is not None
    told_of = {"people": n_people, "faces": n_faces, "tiles": len(page.model.tiles)}
    print("answers", flush=True)
    told_of |= answers(session, page)
    print("scrolling", flush=True)
    told_of |= scrolling(page.grid)
    person = max(page.model.tiles.tiles, key=lambda tile: len(tile.faces))
    row = next(row for row, tile in enumerate(page.model.tiles.tiles) if tile is person)
    print(f"a person of {len(person.faces):,} faces", flush=True)
    told_of |= large_person(session, page, row)
    window.close()
    return told_of


def draw_crowd(path: Path, encoder: Any, n_people: int, n_faces: int) -> None:
    """A library of people with drawn codes, few of them with thousands of faces; most are named."""
    draws = np.random.default_rng(0)
    share = 1 / np.arange(1, n_people + 1)
    some = np.concatenate([np.arange(n_people)] * 3)  # of each three faces, or more
    people = np.concatenate(
        [some, draws.choice(n_people, size=n_faces - len(some), p=share / share.sum())]
    )
    people = draws.permutation(people)
    codes = draws.integers(encoder.n_words, size=(n_people, encoder.n_books))[people]
    is_changed = draws.random(codes.shape) < CHANGED
    codes[is_changed] = draws.integers(encoder.n_words, size=int(is_changed.sum()))
    codes = codes.astype(np.uint8)
    crop = crop_to_webp(np.full((112, 112, 3), 90, np.uint8))
    for start in range(0, n_faces, FACES_A_STEP):
        rows = range(start, min(start + FACES_A_STEP, n_faces))
        put_in_library(path, [crop] * len(rows), codes[start : rows.stop], encoder, first=start)
        print(f"drawing: {rows.stop:,} faces", flush=True)
    with Library.open_to_decide(path) as library:
        ledger = Ledger(library)
        order = np.argsort(people, kind="stable")
        names, starts = np.unique(people[order], return_index=True)
        rows_of = np.split(order + 1, starts[1:])
        few = [some[: max(1, len(some) * 3 // 4)].tolist() for some in rows_of]
        named = list(zip(names.tolist(), few, strict=True))[: len(names) * 19 // 20]
        for start in range(0, len(named), PEOPLE_A_STEP):
            part = named[start : start + PEOPLE_A_STEP]
            ledger.decide(partial(_naming, ledger, part))
            print(f"naming: {start + len(part):,} people", flush=True)


def _naming(ledger: Ledger, people: list[tuple[int, list[int]]]) -> list[NewDecision]:
    return [NewDecision(Kind.NAMED, ledger.keys(faces), name=f"Person {n}") for n, faces in people]


def shown(word: str, job: Any, words: Any) -> Any:
    """What a generator returns; where it stands is printed every few seconds."""
    last = time.monotonic()
    while True:
        try:
            progress = next(job)
        except StopIteration as stop:
            return stop.value
        if time.monotonic() > last + SAY_EVERY_S:
            print(f"{word}: {words(progress)}", flush=True)
            last = time.monotonic()


def answers(session: Session, page: Any) -> dict[str, Any]:
    """Name somebody, ten times."""
    seconds, cpu_seconds = [], []
    for row in [page.model.next_nameless(-1)] * 10:
        assert row is not None
        page.grid.go_to(row)
        page.grid.begin_naming([row])
        QTest.keyClicks(page.grid.field, "Somebody new")
        key = partial(QTest.keyClick, page.grid.field, Qt.Key.Key_Return)
        taken = answer(session, key)
        seconds.append(taken[0])
        cpu_seconds.append(taken[1])
        session.people.undo()
        wait(lambda: not session.runner._tasks)
    page.grid.end_naming()
    return {"answer": in_ms(seconds), "answer_cpu": in_ms(cpu_seconds)}


def large_person(session: Session, page: Any, row: int) -> dict[str, Any]:
    """Open the person with the most faces, scroll, and take out a face, ten times."""
    begun, cpu = time.perf_counter(), time.process_time()
    page._open(row)
    view = page.person
    wait(lambda: view.grid.faces.rowCount() > 0)
    QApplication.processEvents()
    opened = [time.perf_counter() - begun], [time.process_time() - cpu]
    wait(lambda: not session.runner._tasks)
    told = scrolling(view.grid)
    seconds, cpu_seconds = [], []
    for place in range(10):
        index = view.grid.faces.index(place)
        view.grid.setCurrentIndex(index)
        view.grid.scrollTo(index)
        view.grid.setFocus()
        taken = answer(session, partial(QTest.keyClick, view.grid, Qt.Key.Key_Delete))
        seconds.append(taken[0])
        cpu_seconds.append(taken[1])
    return {
        "person_opens": in_ms(opened[0]),
        "person_opens_cpu": in_ms(opened[1]),
        "person_answer": in_ms(seconds),
        "person_answer_cpu": in_ms(cpu_seconds),
        **{f"person_{key}": value for key, value in told.items()},
    }


def answer(session: Session, act: Any) -> tuple[float, float]:
    """Seconds from `act` until what came of it is drawn: of the clock, and of all threads."""
    told: list[str] = []
    connection = session.people.told.connect(told.append)
    begun, cpu = time.perf_counter(), time.process_time()
    act()
    wait(lambda: bool(told))
    QApplication.processEvents()
    taken = time.perf_counter() - begun, time.process_time() - cpu
    session.people.told.disconnect(connection)
    wait(lambda: not session.runner._tasks)
    return taken


def scrolling(grid: Any) -> dict[str, Any]:
    """Draw each step of a scroll from top to bottom."""
    bar, steps, cpu_steps = grid.verticalScrollBar(), [], []
    for step in range(STEPS):
        begun, cpu = time.perf_counter(), time.thread_time()
        bar.setValue(bar.maximum() * step // STEPS)
        grid.viewport().repaint()
        steps.append(time.perf_counter() - begun)
        cpu_steps.append(time.thread_time() - cpu)
        QApplication.processEvents()
    return {"scroll_step": in_ms(steps), "scroll_step_cpu": in_ms(cpu_steps)}


def in_ms(seconds: list[float]) -> dict[str, float]:
    ms = 1000 * np.array(seconds)
    return {
        "median_ms": round(float(np.median(ms)), 1),
        "p95_ms": round(float(np.quantile(ms, 0.95)), 1),
        "max_ms": round(float(ms.max()), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="bundled-64")
    parser.add_argument("--keep", type=Path, help="folder in which the crowd's library is kept")
    parser.add_argument("--only", choices=("family", "crowd"))
    parser.add_argument("--people", type=int, default=N_PEOPLE, help="of the crowd")
    parser.add_argument("--faces", type=int, default=N_FACES, help="of the crowd")
    arguments = parser.parse_args()
    app = QApplication([])
    theme.apply_theme(app, "light")
    told: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        if arguments.only != "crowd" and (SHARED / "faces.csv").is_file():
            told["family"] = family(Path(folder), arguments.model)
            print("family:", told["family"], flush=True)
        if arguments.only != "family":
            keep = arguments.keep or Path(folder)
            keep.mkdir(parents=True, exist_ok=True)
            told["crowd"] = crowd(keep, arguments.model, arguments.people, arguments.faces)
            print("crowd:", told["crowd"], flush=True)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
