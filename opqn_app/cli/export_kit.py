"""What the parts of `opqn export` share: which photos, and how their problems are told."""

import argparse
import json
import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from opqn_app.cli.kit import Parsers, say
from opqn_app.cli.people_kit import FACE_HELP, PERSON_HELP, face_ids, photo_at, read_ledger
from opqn_app.cli.photo_options import add_photo_options, asked_photos
from opqn_app.core.errors import OpqnError
from opqn_app.core.progress import counted, run_with_progress

if TYPE_CHECKING:
    from opqn_app.exchange.going.selection import GoingPhoto, Wanted
    from opqn_app.exchange.records import Problem, Progress
    from opqn_app.people.ledger import Ledger

TOLD = 20  # problems that are told one by one
Result = TypeVar("Result")


def add_part(parsers: Parsers, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    """The parser of one part, with the options that say which photos go out."""
    parser = parsers.add(name, run, text)
    parser.add_argument("--dry-run", action="store_true", help="only show what it would do")
    which = parser.add_argument_group("which photos", "all of the library, unless you say")
    which.add_argument(
        "--person",
        action="append",
        default=[],
        metavar="PERSON",
        help=f"{PERSON_HELP}; photos with any of them, and of their faces no others (repeatable)",
    )
    add_photo_options(which)
    which.add_argument("--photos", nargs="+", type=Path, metavar="PHOTO", help="these photos")
    which.add_argument("--face", nargs="+", metavar="FACE", help=FACE_HELP)
    which.add_argument(
        "--hits",
        metavar="FILE",
        help="faces and probabilities that `opqn search --json` printed into FILE; - for what it "
        "prints now: opqn search PHOTO --json | opqn export list out.csv --hits -",
    )
    return parser


def going_out(arguments: argparse.Namespace) -> "list[GoingPhoto]":
    """The photos that go out, with their faces.

    Raises:
        OpqnError: there are none.
    """
    from opqn_app.exchange.going.selection import chosen

    with read_ledger(arguments) as ledger:
        found = told_progress(chosen(ledger, _wanted(ledger, arguments)))
    if not found:
        raise OpqnError("No photo of the library is like that.")
    return found


def told_progress(job: "Generator[Progress, None, Result]") -> Result:
    """Run an export to its end, showing how far it has come."""
    return run_with_progress(job, lambda progress: progress.in_words())


def tell_problems(problems: "Sequence[Problem]") -> None:
    """On stderr; the first ones, and how many more there are."""
    for problem in problems[:TOLD]:
        say(problem.sentence)
    if len(problems) > TOLD:
        say(f"And {counted(len(problems) - TOLD, 'more problem')}; --json lists all.")


def rows_of(problems: "Sequence[Problem]") -> list[dict[str, str]]:
    """Problems as they stand in a JSON object."""
    return [{"path": str(problem.path), "problem": problem.sentence} for problem in problems]


def _wanted(ledger: "Ledger", arguments: argparse.Namespace) -> "Wanted":
    from opqn_app.exchange.going.selection import Wanted
    from opqn_app.people.gestures import find_person

    chances = {} if arguments.hits is None else _hits(arguments.hits)
    faces = None if arguments.face is None else set(face_ids(ledger, arguments.face))
    if arguments.hits is not None:
        faces = set(chances) if faces is None else faces & set(chances)
    photos = arguments.photos
    return Wanted(
        which=asked_photos(ledger, arguments),
        people=tuple(find_person(ledger, name) for name in arguments.person),
        photos=None if photos is None else tuple(photo_at(ledger, path).id for path in photos),
        faces=None if faces is None else tuple(sorted(faces)),
        chances={face: chance for face, chance in chances.items() if chance is not None},
    )


def _hits(file: str) -> dict[int, float | None]:
    """Face → probability, of what `opqn search --json` prints, with --together too."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        hits = json.loads(text)["hits"]
        faces = [face for hit in hits for face in hit.get("faces", [hit])]
        return {int(face["face_id"]): face["probability"] for face in faces}
    except OSError as error:
        raise OpqnError(f"{file} can't be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise OpqnError(
            f"{'What came' if file == '-' else file} is not what `opqn search --json` prints."
        ) from error
