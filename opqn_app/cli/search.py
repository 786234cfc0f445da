"""`opqn search`: rank every face of the library by one or more photos of a person."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opqn_app.cli.kit import Parsers, emit, library_path, load_engine, positive, say
from opqn_app.core.errors import OpqnError
from opqn_app.core.harmless import in_lines
from opqn_app.core.progress import counted

if TYPE_CHECKING:
    from opqn_app.core.types import Floats
    from opqn_app.opqn.calibration import Calibration
    from opqn_app.opqn.several_photos import People
    from opqn_app.search.code_index import CodeIndex
    from opqn_app.search.query import Hit
    from opqn_app.store.library import Library
    from opqn_app.store.records import FaceRecord
    from opqn_app.vision.faces import FoundFace


def add(parsers: Parsers) -> None:
    parser = parsers.add("search", run, "Rank every face by a photo.", has_model=True)
    parser.add_argument(
        "photos", type=Path, nargs="+", metavar="PHOTO", help="one or more photos of one person"
    )
    parser.add_argument(
        "--face",
        type=positive,
        metavar="N",
        help="which face of the photo: 1 is the largest (default)",
    )
    parser.add_argument(
        "--together",
        action="store_true",
        help="the photos show several people: rank photos on which they are together",
    )
    parser.add_argument(
        "-k", "--limit", type=positive, default=20, metavar="N", help="how many hits (default 20)"
    )


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.index.in_words import away_in_words
    from opqn_app.search.code_index import CodeIndex
    from opqn_app.search.query import curve_of, faces_in, hits, question_of
    from opqn_app.store.library import Library
    from opqn_app.vision import apart

    if arguments.together and len(arguments.photos) < 2:
        raise OpqnError("--together needs a photo of each person, so two or more.")
    with Library.open(library_path(arguments)) as library:
        library.faces_switch.refuse_if_off()
        apart.READERS.warm()
        engine = load_engine(arguments)
        encoder = engine.encoder
        crops = [
            _choose_face(photo, faces_in(photo, engine.detector), arguments.face).crop
            for photo in arguments.photos
        ]
        index = CodeIndex.load(library, encoder.model_id)
        _tell_of_faces_without_code(library.status().faces, len(index), encoder.name)
        asked = question_of(encoder, crops)
        value: dict[str, Any] = {"model": encoder.name, "faces_searched": len(index)}
        if arguments.together:
            people = _each_a_person(asked.people, len(crops))
            tables = [asked.of_person(group) for group in people]
            rows = _photos_together(library, index, tables, encoder.calibration)
            rows = rows[: arguments.limit]
            text = _table_of_photos(rows)
        else:
            people = asked.people
            _tell_of_several_people(people, arguments.photos)
            ranking = index.search(asked.tables, limit=arguments.limit)
            curve = curve_of(encoder.calibration, index, asked.tables)
            found = hits(library, index, ranking, asked.tables, curve)
            rows = [_row_of_hit(hit) for hit in found]
            text = _table_of_hits(rows)
        faces = [row["face_id"] if "face_id" in row else row["faces"][0]["face_id"] for row in rows]
        shown = {face.photo.root_id for face in library.faces(faces)}
        away = away_in_words(library.roots(), shown)
    value["people_in_query"] = [[str(arguments.photos[i]) for i in group] for group in people]
    emit(arguments, {**value, "hits": rows}, text)
    for sentence in away:
        say(sentence)
    return 0


def _row_of_hit(hit: "Hit") -> dict[str, Any]:
    return {
        "photo": str(hit.face.photo.path),
        "face_id": hit.face.id,
        "box": _rounded(hit.face),
        "score": hit.score,
        "probability": hit.probability,
        "contributions": list(hit.contributions),
    }


def _rounded(face: "FaceRecord") -> list[float]:
    return [round(v, 1) for v in asdict(face.box).values()]


def _each_a_person(people: "People", n_photos: int) -> "People":
    """The people that were noticed; where all look like one, the user's word wins."""
    return people if len(people) > 1 else tuple((place,) for place in range(n_photos))


def _photos_together(
    library: "Library", index: "CodeIndex", people: list["Floats"], curve: "Calibration | None"
) -> list[dict[str, Any]]:
    from opqn_app.search.together import photos_together

    return [
        {
            "photo": str(found.faces[0].photo.path),
            "probability": None if curve is None else found.chance,
            "faces": [
                {
                    "face_id": face.id,
                    "box": _rounded(face),
                    "probability": None if curve is None else chance,
                }
                for face, chance in zip(found.faces, found.chances, strict=True)
            ],
        }
        for found in photos_together(library, index, people, curve)
    ]


def _tell_of_several_people(people: "People", photos: list[Path]) -> None:
    if len(people) < 2:
        return
    groups = "; ".join(", ".join(str(photos[place]) for place in group) for group in people)
    say(
        f"These look like {len(people)} people ({groups}). The answer mixes them. --together "
        "ranks photos with all of them; photos of one person alone find that person."
    )


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
    return in_lines(lines)


def _table_of_photos(rows: list[dict[str, Any]]) -> str:
    if not rows:
        return "No photo shows faces for all of them."
    lines = ["likely   faces         photo"]
    for row in rows:
        likely = "   –  " if row["probability"] is None else f"{row['probability']:6.1%}"
        faces = ", ".join(str(face["face_id"]) for face in row["faces"])
        lines.append(f"{likely}  {faces:12s}  {row['photo']}")
    return in_lines(lines)
