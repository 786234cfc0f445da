"""`opqn who`: say who is on a photo, and why."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opqn_app.cli.kit import Parsers, emit
from opqn_app.cli.people_kit import called, faces_of_photo, photo_at, read_ledger, when
from opqn_app.core.harmless import in_lines

if TYPE_CHECKING:
    from opqn_app.people.ledger import Ledger, Why


def add(parsers: Parsers) -> None:
    parser = parsers.add("who", run, "Say who is on a photo, from left to right.")
    parser.add_argument("photo", type=Path, metavar="PHOTO", help="a photo of the library")
    parser.add_argument(
        "--why", action="store_true", help="list the decisions that make each face who it is"
    )


def run(arguments: argparse.Namespace) -> int:
    with read_ledger(arguments) as ledger:
        photo = photo_at(ledger, arguments.photo)
        faces = faces_of_photo(ledger, photo)
        rows: list[dict[str, Any]] = []
        lines = []
        for number, face in enumerate(faces, 1):
            why = ledger.why(face.id)
            row: dict[str, Any] = {
                "number": number,
                "face_id": face.id,
                "box": [round(v, 1) for v in asdict(face.box).values()],
                "person": None if why.person is None else why.person.id,
                "name": None if why.person is None else why.person.name,
                "is_face": not ledger.is_left_out(face.id),
            }
            who = called(ledger, row["person"]) if row["is_face"] else "no face"
            lines.append(f"{number:2d}  face {face.id:5d}  {who}")
            if arguments.why:
                row["why"] = [_reason(each) for each in why.rows]
                row["overlap"] = why.overlap
                lines += reasons_in_words(ledger, why)
            rows.append(row)
    shown = in_lines(lines) or "No face was found on it."
    emit(arguments, {"photo": str(photo.path), "faces": rows}, shown)
    return 0


def _reason(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "time": row.time,
        "kind": row.kind,
        "person": row.person,
        "other": row.other,
        "name": row.name,
        "source": row.source,
        "faces": len(row.faces),
    }


def reasons_in_words(ledger: "Ledger", why: "Why") -> list[str]:
    """A line a decision: when, what, and from which program if from one."""
    lines = []
    for row in why.rows:
        kind = row.kind.replace("_", " ").removesuffix(" from")
        about = row.name or (called(ledger, row.person) if row.person is not None else "")
        source = f"(from {row.source})" if row.source else ""
        words = " ".join(filter(None, (kind, about, source)))
        lines.append(f"      {when(row.time)}  {words}")
    if why.overlap is not None and why.overlap < 1:
        lines.append(f"      its box agrees by {why.overlap:.0%} with the one that was decided on")
    return lines
