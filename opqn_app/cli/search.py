"""`opqn search`: rank every face of the library by one or more photos of a person."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opqn_app.cli.kit import Parsers, emit, library_path, load_engine, positive, say
from opqn_app.core.errors import OpqnError
from opqn_app.core.progress import counted

if TYPE_CHECKING:
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
        "-k", "--limit", type=positive, default=20, metavar="N", help="how many hits (default 20)"
    )


def run(arguments: argparse.Namespace) -> int:
    from opqn_app.search.code_index import CodeIndex
    from opqn_app.search.query import curve_of, faces_in, hits, query_lut
    from opqn_app.store.library import Library

    with Library.open(library_path(arguments)) as library:
        engine = load_engine(arguments)
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
