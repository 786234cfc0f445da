"""`opqn evaluate`: parse, run, print. Nothing heavy is imported before the command runs."""

import argparse
import json
import sys
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from opqn_app.core import paths
from opqn_app.core.errors import DataError
from opqn_app.core.files import replace_json
from opqn_app.core.harmless import in_lines, in_text
from opqn_app.core.progress import ProgressLine, duration_in_words
from trainer.choices import DEVICES, PROTOCOLS

if TYPE_CHECKING:
    from trainer.data.pictures import PictureSource
    from trainer.evaluate.protocols import QuerySplit
    from trainer.evaluate.results import EvalProgress, EvalReport

Report = TypeVar("Report")

DRAWN_QUERIES = {"single": 5, "cross": 50}  # of each person, as the paper draws them
TEXT = "Measure models on pictures of labelled people."


def add_command(commands: Any) -> None:
    """Add `evaluate` to `commands`, an argparse sub-parser collection."""
    parser = commands.add_parser("evaluate", help=TEXT, description=TEXT)
    parser.set_defaults(run=evaluate_command)
    parser.add_argument(
        "data",
        type=Path,
        metavar="DATA",
        help="folder or tar of PERSON/picture, or a pack (opqn pack)",
    )
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="NAME_OR_FILE",
        help="bundled or imported model, model folder, training run, or the "
        "authors' .tar; repeat to compare (default: the one that the app searches with)",
    )
    parser.add_argument(
        "--protocol",
        choices=PROTOCOLS,
        default="leave-one-out",
        help="default: leave-one-out, every picture asks all others",
    )
    parser.add_argument(
        "--aligned",
        action="store_true",
        help="the pictures are aligned crops of 112 px or more, their centre is "
        "used; without it, the largest face of each photo is found, except in packs and what "
        "`opqn prepare` made",
    )
    parser.add_argument(
        "--controls",
        action="store_true",
        help="also the float features, and faiss PQ and OPQ at equal bits",
    )
    parser.add_argument(
        "--controls-from",
        type=Path,
        metavar="DATA",
        help="pictures PQ and OPQ learn from (default: the searched ones)",
    )
    _add_query_split(parser.add_argument_group("who asks whom"))
    output = parser.add_argument_group("output")
    output.add_argument(
        "--out", type=Path, metavar="DIR", help="write JSON, CSV, charts and an HTML report there"
    )
    output.add_argument("--no-pictures", action="store_true", help="no faces in the report")
    output.add_argument(
        "--benchmark",
        metavar="NAME",
        help="the data is this benchmark of the paper: facescrub, cfw60k, "
        "vggface2, vggface2-cross or cfw60k-cross",
    )
    output.add_argument(
        "--at",
        type=_positive,
        nargs="+",
        default=[1, 5, 10, 50],
        metavar="T",
        help="the T of P@T (default 1 5 10 50)",
    )
    output.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    output.add_argument(
        "--json-lines",
        action="store_true",
        help="progress as JSON objects too, one a line; the result is the last",
    )
    parser.add_argument("--device", choices=DEVICES, default="auto", help="where to compute")
    parser.add_argument("--verbose", action="store_true", help="say more on stderr")
    parser.set_defaults(library=None)  # the app's runner looks for it


def _add_query_split(group: Any) -> None:
    group.add_argument(
        "--gallery",
        type=Path,
        metavar="DATA",
        help="single, cross: search this set; all of DATA asks",
    )
    group.add_argument(
        "--queries-per-person",
        type=_positive,
        metavar="N",
        help="single, cross: pictures drawn from each person to ask, where no "
        "folders train and test say so (default 5; cross 50)",
    )
    group.add_argument("--seed", type=int, default=0, metavar="N", help="of what is drawn")
    group.add_argument(
        "--split-file", type=Path, metavar="FILE", help="the split.json of a training run"
    )
    group.add_argument(
        "--pairs",
        type=Path,
        metavar="FILE",
        help="pairs: LFW's pairs.txt, or CSV with first,second,same (default: "
        "pairs.txt of DATA if there is one, else all pairs)",
    )


def evaluate_command(arguments: argparse.Namespace) -> int:
    """Run the command; 0 when done. Errors are raised, an interrupt gives 1."""
    from opqn_app.opqn.device import uses_cuda
    from trainer.evaluate.evaluate import evaluate
    from trainer.evaluate.results import EvalSettings

    models = arguments.model or [paths.DEFAULT_MODEL]
    device = "cuda" if uses_cuda(arguments.device) else "cpu"
    _check_output(arguments.out, arguments.benchmark)
    if arguments.protocol == "grouping":
        return _grouping(arguments, tuple(models), device)
    source, query_split = _pictures_and_split(arguments)
    learn = arguments.controls_from
    learned_from = _open(learn, aligned=arguments.aligned) if learn else None
    settings = EvalSettings(
        models=tuple(models),
        device=device,
        cutoffs=tuple(sorted(set(arguments.at))),
        controls=arguments.controls or learned_from is not None,
        wants_map=arguments.out is not None,
        seed=arguments.seed,
    )
    work = evaluate(settings, source, query_split, controls_source=learned_from)
    try:
        report = _run(work, as_lines=arguments.json_lines)
        return _finish(arguments, source, report)
    except KeyboardInterrupt:
        sys.stderr.write("Stopped; no result was written.\n")
        return 1
    finally:
        work.close()


def _grouping(arguments: argparse.Namespace, models: tuple[str, ...], device: str) -> int:
    from trainer.evaluate.grouping import evaluate_grouping
    from trainer.evaluate.results import EvalSettings
    from trainer.report.group_table import group_table

    source = _open(arguments.data, aligned=arguments.aligned)
    work = evaluate_grouping(EvalSettings(models=models, device=device), source)
    try:
        report = _run(work, as_lines=arguments.json_lines)
    except KeyboardInterrupt:
        sys.stderr.write("Stopped; no result was written.\n")
        return 1
    finally:
        work.close()
    values = report.to_dict() | {"data_set": str(arguments.data)}
    if arguments.out:
        replace_json(arguments.out / "grouping.json", values)
    is_json = arguments.json or arguments.json_lines
    sys.stdout.write((json.dumps(values) if is_json else group_table(report)) + "\n")
    sys.stdout.flush()
    return 0


def _check_output(out: Path | None, benchmark: str | None) -> None:
    """Fail before the work, not after it."""
    from trainer.report.published import entry_of

    if benchmark is not None:
        entry_of(benchmark)
    if out is not None:
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(out, f"the report can't be written there ({error})") from error


def _finish(arguments: argparse.Namespace, source: "PictureSource", report: "EvalReport") -> int:
    from trainer.report.published import compare
    from trainer.report.tables import table_of_figures

    comparison = compare(report, arguments.benchmark)
    values = report.to_dict() | {"data_set": str(arguments.data), "published": comparison.to_dict()}
    values["data"] |= _left_out(report, source)
    if arguments.out:
        from trainer.report.write_report import write_all

        notes = write_all(
            arguments.out, report, values, source, comparison, pictures=not arguments.no_pictures
        )
        values["notes"] += notes
        values["written"] = str(arguments.out)
    if arguments.json or arguments.json_lines:
        sys.stdout.write(json.dumps(values) + "\n")
    else:
        lines = _words(report, values, source)
        sys.stdout.write(in_text(table_of_figures(report)) + "\n" + in_lines(lines) + "\n")
    sys.stdout.flush()
    return 0


def _words(report: "EvalReport", values: dict[str, Any], source: "PictureSource") -> list[str]:
    """What the table does not say."""
    from trainer.data.picture_files import left_out_in_words, partly_in_words

    lines = [
        f"Queries: {report.queries:,} (without a match: {report.skipped:,}). Searched: "
        f"{report.gallery:,}. People: {report.people:,}. Protocol: {report.query_split.rule}.",
        f"Took {duration_in_words(report.seconds)} on {report.settings.device}.",
    ]
    lines += left_out_in_words(
        [*report.dropped, *source.left_out], _who_took_part(report, source), "; --json lists all"
    )
    lines += partly_in_words(source.partly, "; --json lists all")
    lines += values["notes"]
    if "written" in values:
        page = Path(values["written"]) / "report.html"
        lines.append(f"Report: {page if page.is_file() else page.parent}")
    return lines


def _left_out(report: "EvalReport", source: "PictureSource") -> dict[str, Any]:
    """What nobody looked at, what was read in part, and who is left without a picture."""
    from trainer.data.picture_files import without_pictures

    people = without_pictures([*report.dropped, *source.left_out], _who_took_part(report, source))
    return {
        "left_out": [[entry.file, entry.reason] for entry in source.left_out],
        "read_in_part": dict(sorted(source.partly.items())),
        "people_without_a_picture": people,
    }


def _who_took_part(report: "EvalReport", source: "PictureSource") -> set[str]:
    dropped = {entry.file for entry in report.dropped}
    listed = zip(source.files.tolist(), source.people.tolist(), strict=True)
    return {person for file, person in listed if file not in dropped}


def _pictures_and_split(
    arguments: argparse.Namespace,
) -> "tuple[PictureSource, QuerySplit]":
    from trainer.data.pictures import JoinedPictures
    from trainer.evaluate import protocols

    name = arguments.protocol
    asking = _open(arguments.data, aligned=arguments.aligned)
    if name in ("leave-one-out", "pairs") and (arguments.gallery or arguments.queries_per_person):
        raise DataError(arguments.data, f"--protocol {name} draws no queries and has no gallery")
    if arguments.gallery:
        searched = _open(arguments.gallery, aligned=arguments.aligned)
        joined = JoinedPictures([searched, asking])
        sizes = len(searched.files), len(asking.files)
        return joined, protocols.gallery_and_queries(*sizes, name)
    if arguments.split_file:
        return asking, protocols.recorded_split(arguments.split_file, asking.files, name)
    if name == "leave-one-out":
        return asking, protocols.leave_one_out(asking.files)
    if name == "pairs":
        listed = arguments.pairs or arguments.data / "pairs.txt"
        if arguments.pairs or listed.is_file():
            return asking, protocols.listed_pairs(listed, asking.files)
        return asking, protocols.all_pairs(asking.files)
    by_folder = None
    if not arguments.queries_per_person:
        by_folder = protocols.split_by_folder(asking.files, name)
    return asking, by_folder or protocols.draw_queries(
        asking.people,
        name,
        per_person=arguments.queries_per_person or DRAWN_QUERIES[name],
        seed=arguments.seed,
        source=arguments.data,
    )


def _open(path: Path, *, aligned: bool) -> "PictureSource":
    from trainer.data.packs import is_pack
    from trainer.data.pictures import AlignedCrops, PackedCrops, PhotoCrops
    from trainer.data.prepared import crops_of

    if is_pack(path):
        return PackedCrops(path)
    if aligned or crops_of(path) is not None:
        return AlignedCrops(path)
    from opqn_app.vision.detect import make_detector

    return PhotoCrops(path, make_detector("mtcnn"))


def _run(work: "Generator[EvalProgress, None, Report]", *, as_lines: bool) -> Report:
    """Run the work to its end, showing how far it is."""
    line = ProgressLine()
    try:
        while True:
            try:
                progress = next(work)
            except StopIteration as stop:
                report: Report = stop.value
                return report
            if as_lines:
                event = {"event": "progress", "phase": progress.phase, "done": progress.done,
                         "total": progress.total, "eta_s": progress.eta_s,
                         "share": progress.share}  # fmt: skip
                sys.stdout.write(json.dumps(event) + "\n")
                sys.stdout.flush()
            line.show(_progress_in_words(progress))
    finally:
        line.clear()


def _progress_in_words(progress: "EvalProgress") -> str:
    """ "bundled-64: reading and encoding: 1,200/5,445 · 40 s left"."""
    parts = [f"{progress.phase}: {progress.done:,}/{progress.total:,}"]
    if progress.total <= 1:
        parts = [f"{progress.phase} …"]
    if progress.eta_s is not None:
        parts.append(f"{duration_in_words(progress.eta_s)} left")
    return " · ".join(parts)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number
