"""`opqn prepare`: parse, run, print. Nothing heavy is imported before the command runs."""

import argparse
import json
import sys
from collections.abc import Generator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opqn_app.core.errors import DataError, OpqnError
from opqn_app.core.progress import ProgressLine, counted, duration_in_words
from trainer.choices import CROP_FORMATS, OF_SEVERAL_FACES

if TYPE_CHECKING:
    from opqn_app.core.types import FaceDetector
    from trainer.data.prepare import PrepareProgress
    from trainer.data.prepared import PrepareReport

TEXT = "Cut aligned faces out of photos of labelled people, to train on."
SHOWN = 10  # names in the table


def add_command(commands: Any) -> None:
    """Add `prepare` to `commands`, an argparse sub-parser collection."""
    parser = commands.add_parser("prepare", help=TEXT, description=TEXT)
    parser.set_defaults(run=prepare_command, library=None)
    parser.add_argument("source", type=Path, metavar="SRC",
                        help="folder or tar file of PERSON/photo; only read")  # fmt: skip
    parser.add_argument("target", type=Path, metavar="DST", help="folder of the crops, DST/PERSON/"
                        "NAME.webp; the same command again does only what is missing")  # fmt: skip
    parser.add_argument("--side", type=_side, default=112, metavar="PX",
                        help="side of a crop, whose middle 112 px are the app's crop; more leave "
                        "room for random shifts (default 112, such as 124)")  # fmt: skip
    parser.add_argument("--several", choices=OF_SEVERAL_FACES, default="largest",
                        help="a photo of several people: take the largest face (default), or "
                        "skip the photo")  # fmt: skip
    parser.add_argument("--min-side", type=int, default=32, metavar="PX",
                        help="smaller faces in the photo do not count (default 32)")  # fmt: skip
    parser.add_argument("--format", choices=CROP_FORMATS, default="webp",
                        help="of the crops, without loss (default webp)")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    parser.add_argument("--json-lines", action="store_true",
                        help="one JSON object for each event; the result is the last")  # fmt: skip
    parser.add_argument("--verbose", action="store_true", help="say more on stderr")


def prepare_command(arguments: argparse.Namespace) -> int:
    """Run the command; 0 when done. Errors are raised, a stop as well."""
    from trainer.data.prepare import prepare
    from trainer.data.prepared import RECORD, PrepareSettings

    settings = PrepareSettings(
        side=arguments.side,
        several=arguments.several,
        min_side=arguments.min_side,
        format=arguments.format,
    )
    work = prepare(arguments.source, arguments.target, settings, _detector)
    report = _run(work, as_lines=arguments.json_lines)
    if arguments.json or arguments.json_lines:
        _print({"event": "result", "prepared": str(arguments.target), **report.to_dict()})
    else:
        sys.stdout.write(in_words(report, arguments.target) + "\n")
    if not report.kept:
        record = arguments.target / RECORD
        reason = f"no crop came of its {counted(report.photos, 'photo')}; {record} says why"
        raise DataError(arguments.source, reason)
    return 0


def in_words(report: "PrepareReport", target: Path) -> str:
    """What was kept, and what was not and why."""
    from trainer.data.prepared import KINDS

    people = "1 person" if report.people == 1 else f"{report.people:,} people"
    lines = [
        f"{report.kept:,} of {counted(report.photos, 'photo')} kept as crops of "
        f"{people} in {target} ({report.new:,} looked at now, in "
        f"{duration_in_words(report.seconds)})"
    ]
    for kind, text in KINDS.items():
        files = [file for file, found, _ in report.dropped if found == kind]
        if files:
            more = f" and {len(files) - 3:,} more" if len(files) > 3 else ""
            lines.append(f"{len(files):7,}  {text}: {', '.join(files[:3])}{more}")
    if report.partly:
        files = list(report.partly)
        more = f" and {len(files) - 3:,} more" if len(files) > 3 else ""
        lines.append(f"{len(files):7,}  read only in part: {', '.join(files[:3])}{more}")
    if report.loose:
        lines.append(f"{len(report.loose):7,}  in no person's folder, not looked at")
    if report.unlisted:
        lines.append(f"{len(report.unlisted):7,}  folders that can't be read: "
                     f"{', '.join(report.unlisted[:3])}")  # fmt: skip
    for suffix, n in sorted(report.others.items()):
        lines.append(f"{n:7,}  {suffix} files, not read as photos")
    if report.lost:
        more = f" and {len(report.lost) - SHOWN:,} more" if len(report.lost) > SHOWN else ""
        lines.append(f"Nothing is left of {', '.join(report.lost[:SHOWN])}{more}.")
    if report.dropped or report.partly:
        record = target / "prepare.json"
        lines.append(f"{record} names every photo that was dropped or read in part, and why.")
    if report.people > 1:
        lines.append(f"Train on them: opqn train {target}")
    return "\n".join(lines)


def _run(
    work: "Generator[PrepareProgress, None, PrepareReport]", *, as_lines: bool
) -> "PrepareReport":
    """Run the work to its end, showing how far it is; a stop ends it between two photos."""
    from trainer.engine.stopping import stop_requests

    line = ProgressLine()
    with stop_requests() as stop:
        try:
            while True:
                try:
                    progress = next(work)
                except StopIteration as end:
                    report: PrepareReport = end.value
                    return report
                if as_lines:
                    _print({"event": "progress", **asdict(progress)})
                line.show(_progress_in_words(progress))
                if stop.is_set():
                    done = f"{progress.done:,} of {counted(progress.total, 'photo')}"
                    text = f"Stopped after {done}, which are kept. Run the same command to go on."
                    if as_lines:
                        _print({"event": "stopped", "text": text})
                    raise OpqnError(text)
        finally:
            work.close()
            line.clear()


def _detector() -> "FaceDetector":
    from opqn_app.vision.detect import make_detector

    return make_detector("mtcnn")


def _progress_in_words(progress: "PrepareProgress") -> str:
    """ "120/400 photos · 5.1 photos/s · 3 dropped · 55 s left"."""
    parts = [f"{progress.done:,}/{progress.total:,} photos"]
    if progress.photos_per_s > 0:
        parts.append(f"{progress.photos_per_s:.1f} photos/s")
    if progress.done:
        parts.append(f"{progress.dropped:,} dropped")
    if progress.eta_s is not None:
        parts.append(f"{duration_in_words(progress.eta_s)} left")
    return " · ".join(parts)


def _print(values: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def _side(text: str) -> int:
    number = int(text)
    if number < 112 or number % 2 or number > 224:
        raise argparse.ArgumentTypeError("must be an even number from 112 to 224")
    return number
