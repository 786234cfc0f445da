"""The command line: parse, call, print. Results on stdout, words on stderr, status 0, 1 or 2."""

import argparse
import io
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from opqn_app import __version__
from opqn_app.core import logs, paths, settings
from opqn_app.core.display import has_display
from opqn_app.core.errors import OpqnError
from opqn_app.core.progress import counted

if TYPE_CHECKING:
    from opqn_app.engine import Engine
    from opqn_app.index.cluster import Cluster
    from opqn_app.store.library import Library
    from opqn_app.store.records import Failure
    from opqn_app.vision.faces import FoundFace

logger = logging.getLogger(__name__)

Command = Callable[[argparse.Namespace], int]


def build_parser(add_more: Callable[[Any], None] | None = None) -> argparse.ArgumentParser:
    """The parser of all commands of the app, and of those that `add_more` adds."""
    parser = argparse.ArgumentParser(
        prog="opqn",
        description="Find a face in your own photos. Everything stays on this machine.",
        epilog="Without a command, the window opens.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    add_commands(commands)
    if add_more is not None:
        add_more(commands)
    return parser


def add_commands(commands: Any) -> None:
    """Add the app's commands to `commands`, an argparse sub-parser collection."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--library", type=Path, metavar="FILE", help="library file to use")
    common.add_argument("--verbose", action="store_true", help="say more on stderr")
    machine = argparse.ArgumentParser(add_help=False)
    machine.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    model = argparse.ArgumentParser(add_help=False)
    model.add_argument("--model", help="name or folder of the OPQN model")
    model.add_argument("--device", choices=("auto", "cpu", "cuda"), help="where to compute")
    model.add_argument(
        "--detector",
        choices=settings.CHOICES["detector"],
        help="what finds faces; photos that are indexed keep theirs",
    )

    def add(name: str, command: Command, text: str, *parents: argparse.ArgumentParser) -> Any:
        parser = commands.add_parser(name, help=text, description=text, parents=[common, *parents])
        parser.set_defaults(run=command)
        return parser

    index = add("index", index_command, "Find the faces in a folder of photos.", machine, model)
    index.add_argument("folder", type=Path, metavar="DIR", help="folder of photos")
    index.add_argument(
        "--exclude", action="append", default=[], metavar="GLOB", help="skip these (repeatable)"
    )
    index.add_argument(
        "--retry", action="store_true", help="try the photos again that could not be read"
    )
    index.add_argument(
        "--thorough",
        action="store_true",
        help="then search large photos again for small faces and others that were missed; faces "
        "that are known stay",
    )
    index.add_argument(
        "--workers",
        type=positive,
        metavar="N",
        help="processes that read photos (default: as many as the cores and the memory can take)",
    )

    index.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="read photos on a Ray cluster that sees DIR at the same path, e.g. HOST:6379; "
        "local:2 starts one of two processes here",
    )

    add(
        "encode",
        encode_command,
        "Give every face of the library a code of the model, from its stored picture.",
        machine,
        model,
    )

    search = add("search", search_command, "Rank every face by a photo.", machine, model)
    search.add_argument(
        "photos", type=Path, nargs="+", metavar="PHOTO", help="one or more photos of one person"
    )
    search.add_argument(
        "--face",
        type=positive,
        metavar="N",
        help="which face of the photo: 1 is the largest (default)",
    )
    search.add_argument(
        "-k", "--limit", type=positive, default=20, metavar="N", help="how many hits (default 20)"
    )

    add("status", status_command, "Say what the library holds.", machine)
    forget = add("forget", forget_command, "Remove a folder from the library.", machine)
    forget.add_argument("folder", type=Path, metavar="DIR", help="folder that was indexed")

    imported = add(
        "import-checkpoint",
        import_command,
        "Import a model in the format the authors of OPQN released.",
        machine,
    )
    imported.add_argument("file", type=Path, metavar="FILE.tar", help="the checkpoint")
    imported.add_argument("--name", help="name of the model (default: the file's name)")

    exported = add(
        "export-faiss", export_faiss_command, "Write the codes as a faiss index.", machine, model
    )
    exported.add_argument("out", type=Path, metavar="DIR", help="folder to write")

    demo = add("demo", demo_command, "Index the sample photos and run the queries.", machine, model)
    demo.add_argument(
        "--out", type=Path, default=Path("demo-out"), metavar="DIR", help="where results go"
    )
    demo.add_argument("--no-window", action="store_true", help="do not open the window at the end")

    gui = add("gui", gui_command, "Open the window.")
    gui.add_argument("--time-to-window", action="store_true", help=argparse.SUPPRESS)


def run(argv: Sequence[str], *, add_more: Callable[[Any], None] | None = None) -> int:
    """Run one command line. Returns 0 when done, 1 for a known problem, 2 for wrong usage.

    Args:
        add_more: adds further commands to the sub-parser collection it is given; each sets `run`
            to a function of the parsed arguments, as the app's own do.
    """
    parser = build_parser(add_more)
    arguments = parser.parse_args(list(argv) or ["gui"])
    if arguments.command is None:
        parser.error("name a command")
    _allow_any_file_name()
    signal.signal(signal.SIGTERM, _interrupt)
    command: Command = arguments.run
    try:
        logs.configure(verbose=arguments.verbose, log_dir=paths.log_dir())
        return command(arguments)
    except OpqnError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("Stopped. Everything done so far is kept; run the command again to go on.")
        return 1
    except BrokenPipeError:  # the reader of stdout went away, e.g. `| head`
        sys.stderr.close()
        return 1


def _allow_any_file_name() -> None:
    """A file name that is not UTF-8 is shown with escapes instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def say(text: str) -> None:
    """A sentence for the person at the terminal."""
    sys.stderr.write(text + "\n")


def positive(text: str) -> int:
    """An argparse type: a whole number from 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def emit(arguments: argparse.Namespace, value: dict[str, Any], text: str) -> None:
    """The result on stdout: `value` as JSON when asked for, else `text`."""
    shown = json.dumps(value, default=str) if arguments.json else text
    sys.stdout.write(shown + "\n")
    sys.stdout.flush()


def library_path(arguments: argparse.Namespace) -> Path:
    return arguments.library or settings.load().library_path


def _engine(arguments: argparse.Namespace) -> "Engine":
    from opqn_app.engine import load_engine

    chosen = settings.load()
    return load_engine(*_choices(arguments, chosen))


def _choices(arguments: argparse.Namespace, chosen: settings.Settings) -> tuple[str, str, str]:
    """Model, device and detector: of the command line, else of the settings."""
    return (
        arguments.model or chosen.model,
        arguments.device or chosen.device,
        arguments.detector or chosen.detector,
    )


def index_command(arguments: argparse.Namespace) -> int:
    from opqn_app.core.errors import FolderUnavailable
    from opqn_app.core.progress import run_with_progress
    from opqn_app.engine import deferred_engine
    from opqn_app.index.in_words import index_report_in_words, progress_in_words
    from opqn_app.index.indexing import index_folder

    if arguments.folder.is_file():
        raise OpqnError(f"{arguments.folder} is a file. Name the folder it lies in.")
    if not arguments.folder.is_dir():
        raise FolderUnavailable(arguments.folder)
    chosen = settings.load()
    model, device, detector = _choices(arguments, chosen)
    engine = deferred_engine(model, device, detector)
    job = index_folder(
        library_path(arguments),
        arguments.folder,
        engine,
        excludes=(*chosen.excludes, *arguments.exclude),
        retry_failures=arguments.retry,
        workers=arguments.workers or chosen.workers,
        thorough=arguments.thorough,
        elsewhere=_cluster(arguments.ray, model, device, engine) if arguments.ray else None,
    )
    report = run_with_progress(job, progress_in_words)
    value = {**asdict(report), "failures": _problems(report.failures)}
    words = index_report_in_words(report)
    if report.failures:
        words += " `opqn status` lists what went wrong."
    emit(arguments, value, words)
    return 0


def encode_command(arguments: argparse.Namespace) -> int:
    from opqn_app.core.progress import run_with_progress
    from opqn_app.index.in_words import faces_in_words
    from opqn_app.index.indexing import encode_library
    from opqn_app.store.library import Library

    path = library_path(arguments)
    with Library.open(path):  # a library that is not there is not made
        engine = _engine(arguments)
    n_faces = run_with_progress(encode_library(path, engine), faces_in_words)
    name = engine.encoder.name
    words = f"{counted(n_faces, 'face')} got a code of the model '{name}'. No photo was read."
    emit(arguments, {"model": name, "faces": n_faces}, words)
    return 0


def _cluster(address: str, model: str, device: str, engine: "Engine") -> "Cluster":
    from opqn_app.engine import worker_recipe
    from opqn_app.index.cluster import Cluster

    has_gpus = device == "cuda"
    recipe = worker_recipe(model, device if has_gpus else "cpu", engine.detector_name)
    return Cluster(address, recipe, engine.encoder.model_id, n_gpus=int(has_gpus))


def _problems(failures: Sequence["Failure"]) -> list[dict[str, str]]:
    return [{"photo": str(failure.path), "reason": failure.reason} for failure in failures]


def search_command(arguments: argparse.Namespace) -> int:
    from opqn_app.search.code_index import CodeIndex
    from opqn_app.search.query import curve_of, faces_in, hits, query_lut
    from opqn_app.store.library import Library

    with Library.open(library_path(arguments)) as library:
        engine = _engine(arguments)
        crops = [
            _choose_face(photo, faces_in(photo, engine.detector), arguments.face).crop
            for photo in arguments.photos
        ]
        index = CodeIndex.load(library, engine.encoder.model_id)
        n_faces = len(index)
        _tell_of_faces_without_code(library.status().faces, n_faces, engine.encoder.name)
        lut = query_lut(engine.encoder, crops)
        ranking = index.search(lut, limit=arguments.limit)
        curve = curve_of(engine.encoder.calibration, index, lut)
        found = hits(library, index, ranking, lut, curve)
    rows = [
        {
            "photo": str(hit.face.photo.path),
            "face_id": hit.face.id,
            "box": [round(v, 1) for v in asdict(hit.face.box).values()],
            "score": hit.score,
            "probability": hit.probability,
            "contributions": list(hit.contributions),
        }
        for hit in found
    ]
    value = {"model": engine.encoder.name, "faces_searched": n_faces, "hits": rows}
    emit(arguments, value, _table_of_hits(rows))
    return 0


def _tell_of_faces_without_code(n_faces: int, n_coded: int, model: str) -> None:
    """Faces that were indexed with another model can't be compared; an empty answer would lie."""
    if n_coded == 0 and n_faces > 0:
        raise OpqnError(
            f"The library holds {counted(n_faces, 'face')}, but none has a code of the model "
            f"'{model}'. Search with the --model they were indexed with, or let `opqn encode`, "
            "with the same --model as here, give them one; no photo is read."
        )
    if n_coded < n_faces:
        say(
            f"{n_faces - n_coded:,} of {counted(n_faces, 'face')} have no code of the model "
            f"'{model}' yet and are not searched; `opqn encode`, with the same --model as "
            "here, gives them one."
        )


def _choose_face(photo: Path, faces: list["FoundFace"], number: int | None) -> "FoundFace":
    """Face `number` of `faces`, counted from 1, largest first; the largest when not named."""
    if number is None:
        if len(faces) > 1:
            say(f"{photo} shows {len(faces)} faces; the largest is used (--face N chooses).")
        return faces[0]
    if not 1 <= number <= len(faces):
        raise OpqnError(f"{photo} shows {counted(len(faces), 'face')}; there is no face {number}.")
    return faces[number - 1]


def _table_of_hits(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "The library holds no faces yet. Index a folder first: opqn index DIR"
    lines = ["likely   score   face  photo"]
    for row in rows:
        likely = "   –  " if row["probability"] is None else f"{row['probability']:6.1%}"
        lines.append(f"{likely}  {row['score']:6.4f}  {row['face_id']:5d}  {row['photo']}")
    return "\n".join(lines)


def status_command(arguments: argparse.Namespace) -> int:
    from opqn_app.store.library import Library

    searching = settings.load().model
    with Library.open(library_path(arguments)) as library:
        status = library.status()
        failures = library.failures()
        roots = library.roots()
        detectors = library.detectors()
        uncoded = _without_code(library, searching)
        coded = library.code_store.coded()
    value = {
        "library": str(library_path(arguments)),
        "photos": status.photos,
        "faces": status.faces,
        "failures": _problems(failures),
        "coded_last_by": {"id": status.model_id, "name": status.model_name},
        "detectors": detectors,
        "codes": [asdict(each) for each in coded],
        "searches_use": searching,
        "faces_without_code": uncoded,
        "not_searched_thoroughly": status.unsearched,
        "revision": status.revision,
        "folders": [asdict(root) for root in roots],
    }
    lines = [
        f"{counted(status.photos, 'photo')}, {counted(status.faces, 'face')}, "
        f"{counted(len(failures), 'problem')}; searches use {searching}"
    ]
    lines += [f"  codes of {each.name}: {counted(each.faces, 'face')}" for each in coded]
    if detectors:
        lines.append(f"  faces found by {_by_detector(detectors)}")
    for name, number in uncoded.items():
        lines.append(
            f"  {number:,} of {counted(status.faces, 'face')} without a code of the model "
            f"'{name}', so not searched (opqn encode)"
        )
    if status.unsearched:
        lines.append(
            f"  {counted(status.unsearched, 'photo')} not searched thoroughly yet "
            "(opqn index DIR --thorough)"
        )
    for root in roots:
        state = "" if root.is_available else "  (not there now; still searchable)"
        lines.append(f"  {root.path}: {counted(root.photos, 'photo')}{state}")
    lines += [f"  problem: {failure.path}: {failure.reason}" for failure in failures]
    emit(arguments, value, "\n".join(lines))
    return 0


def _without_code(library: "Library", name: str) -> dict[str, int]:
    """The model `name`, with how many faces have no code of it; empty if all have."""
    from opqn_app.core.errors import ModelError
    from opqn_app.opqn.model_folder import find_model, read_description

    try:
        model_id = str(read_description(find_model(name)).get("model_id"))
    except ModelError:
        return {}  # a search says what is wrong with it
    number = library.faces_without_code(model_id)
    return {name: number} if number else {}


def _by_detector(photos: dict[str, int]) -> str:
    named = {name.replace("+", " and "): n for name, n in photos.items()}
    if len(named) == 1:
        return next(iter(named))
    return ", ".join(f"{name} on {counted(n, 'photo')}" for name, n in named.items())


def forget_command(arguments: argparse.Namespace) -> int:
    from opqn_app.store.library import Library

    with Library.open(library_path(arguments), write=True) as library:
        report = library.forget_root(arguments.folder)
    text = f"Forgot {counted(report.photos, 'photo')} and {counted(report.faces, 'face')}."
    emit(arguments, asdict(report), text)
    return 0


def import_command(arguments: argparse.Namespace) -> int:
    from opqn_app.opqn.torch.import_official import import_official

    name = arguments.name or arguments.file.stem
    out = _new_model_folder(name)
    report = import_official(arguments.file, out)
    emit(arguments, {"model": str(out), **asdict(report)}, f"Imported as '{name}': {report}")
    return 0


def _new_model_folder(name: str) -> Path:
    """Where an imported model of that name goes; never over another model."""
    from opqn_app.opqn.model_folder import bundled_models, imported_folder, imported_models

    if not name or name != Path(name).name or name.startswith("."):
        raise OpqnError(f"'{name}' can't be a model's name. Choose a plain one with --name.")
    if name in (*bundled_models(), *imported_models()):
        raise OpqnError(f"There is a model '{name}' already. Choose another name with --name.")
    return imported_folder() / name


def export_faiss_command(arguments: argparse.Namespace) -> int:
    from opqn_app.opqn.model_folder import find_model
    from opqn_app.opqn.torch.encoder import OpqnEncoder
    from opqn_app.search.faiss_export import export_faiss
    from opqn_app.store.library import Library

    with Library.open(library_path(arguments)) as library:
        folder = find_model(arguments.model or settings.load().model)
        encoder = OpqnEncoder.load(folder, openvino=False)  # only its codebooks are wanted
        n_faces = export_faiss(
            library, encoder.model_id, encoder.name, encoder.codebooks, arguments.out
        )
    value = {"out": str(arguments.out), "model": encoder.name, "faces": n_faces}
    text = (
        f"Wrote {counted(n_faces, 'face')} to {arguments.out}. README.txt there says how to use it."
    )
    emit(arguments, value, text)
    return 0


def demo_command(arguments: argparse.Namespace) -> int:
    from opqn_app.cli.demo import run_demo

    return run_demo(
        out=arguments.out,
        engine=_engine(arguments),
        as_json=arguments.json,
        open_window=not (arguments.no_window or arguments.json),
    )


def gui_command(arguments: argparse.Namespace) -> int:
    if not (has_display() or os.environ.get("QT_QPA_PLATFORM")):
        raise OpqnError(
            "There is no display to open the window on. 'opqn --help' lists the commands that "
            "need none."
        )
    from opqn_app.ui.shell.app import run_gui

    return run_gui(arguments.library, time_to_window=arguments.time_to_window)
