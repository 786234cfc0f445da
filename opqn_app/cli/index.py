"""`opqn index`: find the faces in a folder of photos."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from opqn_app.cli.kit import Parsers, emit, engine_choices, library_path, positive, problems, say
from opqn_app.core import settings
from opqn_app.core.errors import FolderUnavailable, OpqnError

if TYPE_CHECKING:
    from opqn_app.engine import Engine
    from opqn_app.index.cluster import Cluster


def add(parsers: Parsers) -> None:
    parser = parsers.add("index", run, "Find the faces in a folder of photos.", has_model=True)
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of photos")
    parser.add_argument(
        "--exclude", action="append", default=[], metavar="GLOB", help="skip these (repeatable)"
    )
    parser.add_argument(
        "--retry", action="store_true", help="try the photos again that could not be read"
    )
    parser.add_argument(
        "--thorough",
        action="store_true",
        help="then search large photos again for small faces and others that were missed; faces "
        "that are known stay",
    )
    parser.add_argument(
        "--accept-missing",
        action="store_true",
        help="photos below DIR that can't be reached were deleted: they are hidden, and forgotten "
        "after 30 days",
    )
    parser.add_argument(
        "--verify-content",
        action="store_true",
        help="read every file of DIR whole and compare it with what it was, not only its size and "
        "time; photos are decoded only where they differ",
    )
    parser.add_argument(
        "--workers",
        type=positive,
        metavar="N",
        help="processes that read photos (default: as many as the cores and the memory can take)",
    )
    parser.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="read photos on a Ray cluster that sees DIR at the same path, e.g. HOST:6379; "
        "local:2 starts one of two processes here",
    )


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.core.progress import run_with_progress
    from opqn_app.engine import load_engine
    from opqn_app.index.in_words import (
        index_report_in_words,
        progress_in_words,
        unreachable_in_words,
    )
    from opqn_app.index.indexing import index_folder
    from opqn_app.people.drawing import draw_all_missing

    _refuse_impossible(arguments.folder)
    if arguments.folder.is_file():
        raise OpqnError(f"{arguments.folder} is a file. Name the folder it lies in.")
    if not arguments.folder.is_dir() and not arguments.accept_missing:
        raise FolderUnavailable(arguments.folder)
    chosen = settings.load()
    model, device, detector = engine_choices(arguments, chosen)
    engine = load_engine(model, device, detector, is_lazy=True)
    job = index_folder(
        library_path(arguments),
        arguments.folder,
        engine,
        excludes=(*chosen.excludes, *arguments.exclude),
        retry_failures=arguments.retry,
        workers=arguments.workers or chosen.workers,
        thorough=arguments.thorough,
        accept_missing=arguments.accept_missing,
        verify_content=arguments.verify_content,
        elsewhere=cluster_of(arguments.ray, model, device, engine) if arguments.ray else None,
    )
    report = run_with_progress(job, progress_in_words)
    draw_all_missing(library_path(arguments), engine)
    value = {**asdict(report), "failures": problems(report.failures)}
    words = index_report_in_words(report)
    if report.failures:
        words += " `opqn status` lists what went wrong."
    emit(arguments, value, words)
    for sentence in unreachable_in_words(report.unreachable):
        say(sentence)
    return 1 if report.unreachable else 0


def cluster_of(address: str, model: str, device: str, engine: "Engine") -> "Cluster":
    """The Ray cluster of an address, whose machines build an engine equal to `engine`."""
    from opqn_app.engine import engine_builder
    from opqn_app.index.cluster import Cluster

    has_gpus = device == "cuda"
    build = engine_builder(model, device if has_gpus else "cpu", engine.detector_name)
    return Cluster(address, build, engine.encoder.model_id, n_gpus=int(has_gpus))


def _refuse_impossible(folder: Path) -> None:
    """A path that the system does not even look up, such as one with a name that is too long."""
    try:
        folder.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return  # what is said of these depends on more
    except OSError as error:
        raise FolderUnavailable(folder, f"{error.strerror}".lower()) from error
