"""Draws every state of the real window into PNG files: `python -m tests.screenshots --out DIR`.

The window runs off screen on the sample photos, with the bundled model. A copy of the sources
without a model still gets its pictures, with codes that mean nothing.
"""

import argparse
import json
import os
import shutil
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PIL import Image
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from opqn_app.core import paths
from opqn_app.index.indexing import IndexProgress
from opqn_app.ui.evaluate.evaluate_page import EvaluatePage
from opqn_app.ui.shell.settings_dialog import SettingsDialog
from opqn_app.ui.work.people_desk import PeopleDesk
from tests.screenshot_studio import LARGE, NORMAL, SMALL, Studio
from tests.screenshots_kept import backed_up, kept

CHILD_PATIENCE_S = 1800.0  # evaluations and training runs


def take_all(studio: Studio) -> None:
    """Every scene in light and dark; the library of the first one serves the others."""
    chosen = [scene for scene in SCENES if studio.only in scene.__name__]
    if indexing not in chosen and set(chosen) & ON_THE_SAMPLE:
        chosen.insert(0, indexing)
    for is_dark in (False, True):
        studio.is_dark = is_dark
        for scene in chosen:
            scene(studio)


def first_start(studio: Studio) -> None:
    with studio.window(f"empty-{studio.is_dark}") as window:
        studio.shoot(window, "first-start")
        window.resize(*SMALL)
        studio.rest(window.search._session)
        studio.shoot(window, "first-start-small")


def indexing(studio: Studio) -> None:
    """Progress, a pause, and the end of the run: finished in light, cancelled in dark."""
    with studio.window("dark" if studio.is_dark else "sample") as window:
        session = window.search._session
        seen: list[IndexProgress] = []
        session.indexing_progressed.connect(seen.append)
        window.add_folder(studio.sample / "photos")
        studio.wait(lambda: bool(seen) and seen[-1].phase == "indexing" and seen[-1].done >= 90)
        studio.wait(lambda: len(window.library.photos.photos) >= 64)
        studio.shoot(window, "indexing")
        session.pause_indexing()
        studio.shoot(window, "paused")
        session.resume_indexing()
        if studio.is_dark:
            session.cancel_indexing()
        studio.wait(lambda: not session.is_indexing)
        studio.rest(session)
        studio.shoot(window, "cancelled" if studio.is_dark else "finished")


def library(studio: Studio) -> None:
    with studio.window("sample") as window:
        session, page = window.search._session, window.library
        window.show_page("library")
        studio.rest(session)
        row = next(i for i, photo in enumerate(page.photos.photos) if photo.n_faces > 4)
        page.grid.setFocus()
        page.grid.setCurrentIndex(page.photos.index(row))
        for name, size in (("", NORMAL), ("-small", SMALL), ("-large", LARGE)):
            window.resize(*size)
            studio.rest(session)
            studio.shoot(window, f"library{name}")
        window.resize(*NORMAL)
        tile = page.grid.picture_rect(page.photos.index(row + 1))
        _hover(page.grid.viewport(), tile.center())
        studio.rest(session)
        studio.shoot(window, "library-hover")


def failures(studio: Studio) -> None:
    with studio.window("sample") as window:
        window.show_page("library")
        window.library.show_problems(None)
        studio.rest(window.search._session)
        studio.shoot(window, "failures")


def unplugged(studio: Studio) -> None:
    """A folder that was indexed and is not there now."""
    folder = studio.room / f"Travel disk {studio.is_dark}" / "Summer"
    shutil.copytree(studio.sample / "photos" / "Parties", folder)
    with studio.window(f"unplugged-{studio.is_dark}") as window:
        session = window.search._session
        window.add_folder(folder)
        studio.wait(lambda: not session.is_indexing)
        studio.rest(session)
    shutil.rmtree(folder)
    with studio.window(f"unplugged-{studio.is_dark}") as window:
        window.show_page("library")
        studio.rest(window.search._session)
        studio.shoot(window, "unplugged")
        window.library.show_folder(folder)
        studio.rest(window.search._session)
        studio.shoot(window, "folder-missing")
        photos = window.library.photos.photos
        window.viewer.open_photos(photos, 0)
        studio.rest(window.search._session)
        studio.shoot(window, "viewer-unplugged")


def unreachable(studio: Studio) -> None:
    """A folder of which a part is on a disk that is not there now."""
    folder = studio.room / f"Attic {studio.is_dark}" / "Family"
    shutil.copytree(studio.sample / "photos" / "Parties", folder / "Travel disk" / "Parties")
    for path in sorted((studio.sample / "photos" / "Parties").glob("*.jpg"))[:4]:
        shutil.copy(path, folder / f"home {path.name}")
        with (folder / f"home {path.name}").open("ab") as file:
            file.write(b"another file")
    with studio.window(f"unreachable-{studio.is_dark}") as window:
        session = window.search._session
        window.add_folder(folder)
        studio.wait(lambda: not session.is_indexing)
        shutil.rmtree(folder / "Travel disk" / "Parties")
        window.show_page("library")
        session.index(folder)
        studio.wait(lambda: not session.is_indexing)
        for name, size in (("", NORMAL), ("-small", SMALL)):
            window.resize(*size)
            studio.rest(session)
            studio.shoot(window, f"unreachable{name}")


def small_faces(studio: Studio) -> None:
    """A folder of large photos that awaits the thorough search, and the search itself."""
    folder = studio.room / f"Reunion {studio.is_dark}" / "Reunion"
    folder.mkdir(parents=True)
    labels = json.loads((studio.sample / "labels.json").read_text(encoding="utf-8"))
    singles = [path for path in sorted(labels["singles"]) if path.endswith(".jpg")]
    for n, path in enumerate(sorted((studio.sample / "photos" / "Parties").glob("*.jpg"))[:12]):
        with Image.open(path) as photo:
            large = photo.resize((4032, 4032 * photo.height // photo.width))
        for place, single in enumerate(singles[7 * n : 7 * n + 7]):  # far away, at the bottom
            with Image.open(studio.sample / "photos" / single) as portrait:
                small = portrait.resize((80, 80))
            large.paste(small, (100 + 560 * place, large.height - 120))
        large.save(folder / path.name)
    with studio.window(f"small-faces-{studio.is_dark}") as window:
        session, page = window.search._session, window.library
        window.add_folder(folder)
        studio.wait(lambda: not session.is_indexing)
        window.show_page("library")
        studio.wait(lambda: len(page.photos.photos) == 12)
        for name, size in (("", NORMAL), ("-small", SMALL)):
            window.resize(*size)
            studio.rest(session)
            studio.shoot(window, f"small-faces{name}")
        window.resize(*NORMAL)
        seen: list[IndexProgress] = []
        session.indexing_progressed.connect(seen.append)
        page.look_for_more_faces()
        studio.wait(lambda: bool(seen) and seen[-1].phase == "thorough" and seen[-1].done >= 6)
        studio.shoot(window, "small-faces-running")
        studio.wait(lambda: not session.is_indexing and "not searched" not in page.header.counts)
        studio.rest(session)
        studio.shoot(window, "small-faces-found")


def viewer(studio: Studio) -> None:
    with studio.window("sample") as window:
        session = window.search._session
        window.show_page("library")
        studio.rest(session)
        photos = window.library.photos.photos
        row = next(i for i, photo in enumerate(photos) if photo.n_faces > 5)
        window.viewer.open_photos(photos, row)
        studio.rest(session)
        studio.shoot(window, "viewer")


def search(studio: Studio) -> None:
    """The empty page, a photo of several people, results, a moved threshold, why a face matches."""
    with studio.window("sample") as window:
        session, page = window.search._session, window.search
        window.show_page("search")
        studio.rest(session)
        studio.shoot(window, "search-empty")
        page.open_sources([studio.sample / "photos" / "Parties" / "party_02.jpg"])
        studio.rest(session)
        studio.shoot(window, "several-faces")
        page.open_sources([studio.sample / "queries" / "query_s02.jpg"])
        studio.rest(session)
        for name, size in (("", NORMAL), ("-small", SMALL), ("-large", LARGE)):
            window.resize(*size)
            studio.rest(session)
            studio.shoot(window, f"results{name}")
        window.resize(*NORMAL)
        grid = page.results.grid
        grid.setFocus()
        grid.setCurrentIndex(grid.model().index(2, 0))
        studio.rest(session)
        studio.shoot(window, "why")
        page.results.threshold.slider.setValue(99)
        studio.rest(session)
        studio.shoot(window, "threshold")


def people(studio: Studio) -> None:
    """The People page with six names, a person, and the page with chips in the library."""
    name = f"people-{studio.is_dark}"
    shutil.copy(studio.room / "sample.sqlite", studio.room / f"{name}.sqlite")
    with studio.window(name) as window:
        session, desk = window.search._session, window.search._session.people
        window.show_page("people")
        studio.wait(lambda: desk.view is not None and len(desk.view.groups) > 20)
        for number, given in enumerate(("Anna", "Ben", "Carl", "Dora", "Eve", "Finn"), start=1):
            assert desk.view is not None
            faces = desk.view.groups[0].faces
            desk.name(faces[: len(faces) - number % 3], given)
            studio.wait(partial(_has_names, desk, number))
        studio.rest(session)
        window.show_page("search")
        window.show_page("people")
        for suffix, size in (("", NORMAL), ("-small", SMALL), ("-large", LARGE)):
            window.resize(*size)
            studio.rest(session)
            studio.shoot(window, f"people{suffix}")
        window.resize(*NORMAL)
        page = window.people
        assert page is not None
        assert desk.view is not None
        page.show_person(desk.view.persons[0].id)
        studio.rest(session)
        studio.shoot(window, "person")


def nobody(studio: Studio) -> None:
    """A person of whom the library has no photo."""
    name = f"strangers-{studio.is_dark}"
    labels = json.loads((studio.sample / "labels.json").read_text(encoding="utf-8"))
    others = [path for path, one in labels["singles"].items() if one["person"] != "s1"][:120]
    for path in others:
        target = studio.room / name / Path(path).name
        target.parent.mkdir(exist_ok=True)
        shutil.copy(studio.sample / "photos" / path, target)
    with studio.window(name) as window:
        session = window.search._session
        session.index(studio.room / name)
        studio.wait(lambda: not session.is_indexing)
        window.search.open_sources([studio.sample / "queries" / "query_s01.jpg"])
        studio.rest(session)
        studio.shoot(window, "nobody")


def settings(studio: Studio) -> None:
    with studio.window("sample") as window:
        session = window.search._session
        shown = replace(session.settings, library="", excludes=("Screenshots", "*.gif"))
        dialog = SettingsDialog(shown, session.runner, parent=window)
        dialog.show()
        studio.rest(session)
        studio.shoot(dialog, "settings")
        dialog.close()


def shortcuts(studio: Studio) -> None:
    with studio.window("sample") as window:
        window.shortcuts.open_sheet()
        studio.rest(window.search._session)
        studio.shoot(window, "shortcuts")
        window.resize(*SMALL)
        studio.rest(window.search._session)
        studio.shoot(window, "shortcuts-small")


def evaluation(studio: Studio) -> None:
    """The bundled model on the sample's portraits: before, meanwhile, after; and what can fail."""
    faces = studio.labelled_faces()
    with studio.window(f"evaluation-{studio.is_dark}") as window:
        session = window.search._session
        window.show_page("evaluate")
        page = window.evaluate
        assert page is not None
        studio.rest(session)
        for name, size in (("", NORMAL), ("-small", SMALL)):
            window.resize(*size)
            studio.rest(session)
            studio.shoot(window, f"evaluate-empty{name}")
        window.resize(*NORMAL)
        page.form.set_data(faces)
        page.form.kind.choose("aligned")
        page.form.controls.setChecked(True)
        studio.wait(page.form.run_button.isEnabled)
        page.form.run_button.click()
        work = page.work
        studio.wait(lambda: work._bar.value() > 0, CHILD_PATIENCE_S)
        studio.shoot(window, "evaluate-running")
        studio.wait(partial(_has_finished, page), CHILD_PATIENCE_S)
        assert page.view is not None
        for name, size in (("", NORMAL), ("-small", SMALL), ("-large", LARGE)):
            window.resize(*size)
            studio.rest(session)
            studio.shoot(window, f"evaluate{name}")
        window.resize(*NORMAL)
        bar = page.view.verticalScrollBar()
        bar.setValue(bar.maximum())
        studio.rest(session)
        studio.shoot(window, "evaluate-figures")
    with studio.window(f"evaluation-{studio.is_dark}") as window:
        window.show_page("evaluate")
        page, gone = window.evaluate, studio.room / "Portraits"
        assert page is not None
        shutil.copytree(faces, gone)
        page.form.set_data(gone)
        studio.rest(window.search._session)
        studio.wait(page.form.run_button.isEnabled)
        shutil.rmtree(gone)
        page.form.run_button.click()
        studio.wait(lambda: not page.is_running, CHILD_PATIENCE_S)
        studio.rest(window.search._session)
        studio.shoot(window, "evaluate-error")


def training(studio: Studio) -> None:
    """A run of the small network on the sample's portraits, paused and finished."""
    faces = studio.labelled_faces()
    shutil.rmtree(paths.data_dir() / "runs", ignore_errors=True)
    with studio.window(f"training-{studio.is_dark}") as window:
        session = window.search._session
        window.show_page("train")
        page = window.train
        assert page is not None
        studio.rest(session)
        for name, size in (("", NORMAL), ("-small", SMALL)):
            window.resize(*size)
            studio.rest(session)
            studio.shoot(window, f"train-empty{name}")
        window.resize(*NORMAL)
        page.form.set_data(faces)
        page.form.queries.setValue(40)
        studio.wait(page.form.train_button.isEnabled)
        page.form.train_button.click()
        studio.wait(lambda: not page.is_running, CHILD_PATIENCE_S)
        studio.rest(session)
        studio.shoot(window, "train-error")
        page.form.queries.setValue(1)
        page.form.epochs.setValue(60)
        small = ["--backbone", "resnet20-narrow", "--lr", "0.02", "--batch-size", "32"]
        arguments = page.form.arguments
        page.form.arguments = lambda: [*arguments(), *small]  # type: ignore[method-assign]
        page.form.train_button.click()
        studio.wait(lambda: len(page._live.epochs) >= 20, CHILD_PATIENCE_S)
        for name, size in (("", NORMAL), ("-small", SMALL)):
            window.resize(*size)
            studio.rest(session)
            studio.shoot(window, f"train-running{name}")
        window.resize(*NORMAL)
        page.pause()
        studio.wait(lambda: not page.is_running, CHILD_PATIENCE_S)
        studio.rest(session)
        studio.shoot(window, "train-paused")
        page._pause.click()
        studio.wait(lambda: not page.is_running, CHILD_PATIENCE_S)
        for name, size in (("", NORMAL), ("-small", SMALL), ("-large", LARGE)):
            window.resize(*size)
            studio.rest(session)
            studio.shoot(window, f"train{name}")


SCENES = (
    first_start,
    indexing,
    library,
    failures,
    unplugged,
    unreachable,
    small_faces,
    viewer,
    search,
    people,
    nobody,
    settings,
    kept,
    backed_up,
    shortcuts,
    evaluation,
    training,
)
ON_THE_SAMPLE = {library, failures, viewer, search, people, settings, shortcuts}


def _hover(widget: QWidget, point: QPoint) -> None:
    QTest.mouseMove(widget, point)


def main() -> int:
    """Take the pictures; returns the exit status."""
    parser = argparse.ArgumentParser(description="Regenerate the screenshots.")
    parser.add_argument("--out", type=Path, default=Path("screenshots-out"))
    parser.add_argument("--only", default="", help="scenes whose name holds this word")
    arguments = parser.parse_args()
    names = [scene.__name__ for scene in SCENES]
    if not any(arguments.only in name for name in names):
        parser.error(f"no scene's name holds '{arguments.only}': there are {', '.join(names)}")
    studio = Studio(arguments.out, arguments.only)
    try:
        take_all(studio)
    finally:
        shutil.rmtree(studio.room, ignore_errors=True)
    return 0


def _has_names(desk: PeopleDesk, number: int) -> bool:
    return desk.view is not None and len(desk.view.persons) == number


def _has_finished(page: EvaluatePage) -> bool:
    return not page.is_running and page.view is not None


if __name__ == "__main__":
    sys.exit(main())
