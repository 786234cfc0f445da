"""Photos and faces as a list: CSV for spreadsheets, JSON for programs.

Both are generators of `Progress` and return how many faces they wrote. The file is there
whole or not at all.
"""

import csv
import io
import json
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

from opqn_app.core.files import replacing
from opqn_app.exchange.going.exports import Pace, unwritten
from opqn_app.exchange.going.selection import GoingFace, GoingPhoto
from opqn_app.exchange.going.targets import refuse_what_is_there
from opqn_app.exchange.records import Progress

COLUMNS = (
    *("person", "person_id", "probability", "date", "photo", "face_id"),
    *("left", "top", "right", "bottom", "photo_width", "photo_height"),
)
_FORMULA = tuple("=+-@＝＋－＠")  # spreadsheets run what begins so
AT_ONCE = 1000  # photos between two looks whether it is to stop


def write_csv(
    photos: Sequence[GoingPhoto], path: Path, *, force: bool = False
) -> Generator[Progress, None, int]:
    """A row a face; a photo without faces has one too. UTF-8 with a mark, as spreadsheets need.

    Boxes are in pixels of the upright photo. A text that a spreadsheet would run as a formula gets
    an apostrophe before it.

    Args:
        force: a file that is there is replaced.

    Raises:
        ExportError: the file can't be written.
    """
    refuse_what_is_there([path], force=force)
    return (yield from _written(photos, path, _csv_parts(photos)))


def write_json(
    photos: Sequence[GoingPhoto], path: Path, *, force: bool = False
) -> Generator[Progress, None, int]:
    """One object: `photos`, each with its `faces`. Boxes are in pixels of the upright photo.

    Args:
        force: a file that is there is replaced.

    Raises:
        ExportError: the file can't be written.
    """
    refuse_what_is_there([path], force=force)
    return (yield from _written(photos, path, _json_parts(photos)))


def row_of_photo(going: GoingPhoto) -> dict[str, Any]:
    """A photo as it stands in a JSON object."""
    photo = going.photo
    return {
        "photo": str(photo.path),
        "date": photo.taken_at,
        "width": photo.width,
        "height": photo.height,
        "faces": [
            {
                "face_id": face.id,
                "person": face.name,
                "person_id": face.person,
                "probability": face.probability,
                "box": _sides(face),
            }
            for face in going.faces
        ],
    }


def _written(
    photos: Sequence[GoingPhoto], path: Path, parts: Iterator[str]
) -> Generator[Progress, None, int]:
    pace = Pace(len(photos), len(photos))
    try:
        with replacing(path, among_others=True) as file:
            # The last part, after those of the photos, closes what the first one opens.
            for number, part in enumerate(parts):
                file.write(part.encode("utf-8", errors="backslashreplace"))
                if 0 < number <= len(photos):
                    step = pace.at(photos[number - 1].photo.path.name, photos=1, work=1)
                    if number % AT_ONCE == 0 or number == len(photos):
                        yield step
    except OSError as error:
        raise unwritten(path, error) from error
    return sum(len(going.faces) for going in photos)


def _csv_parts(photos: Sequence[GoingPhoto]) -> Iterator[str]:
    yield "\ufeff" + _csv_line(COLUMNS)
    for going in photos:
        photo = going.photo
        yield "".join(
            _csv_line(
                [
                    *_who(face),
                    photo.taken_at,
                    str(photo.path),
                    *([face.id, *_sides(face)] if face else [None] * 5),
                    photo.width,
                    photo.height,
                ]
            )
            for face in (going.faces or (None,))
        )


def _who(face: GoingFace | None) -> list[Any]:
    return [None] * 3 if face is None else [face.name, face.person, face.probability]


def _json_parts(photos: Sequence[GoingPhoto]) -> Iterator[str]:
    yield '{"photos": ['
    for number, going in enumerate(photos):
        yield ("" if number == 0 else ",") + "\n" + json.dumps(row_of_photo(going))
    yield "\n]}\n"


def _csv_line(values: Sequence[Any]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([_harmless(value) for value in values])
    return line.getvalue()


def _harmless(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    is_formula = value.lstrip().startswith(_FORMULA) or value.startswith(("\t", "\r", "\n"))
    return f"'{value}" if is_formula else value


def _sides(face: GoingFace) -> list[float]:
    box = face.box
    return [round(side, 1) for side in (box.left, box.top, box.right, box.bottom)]
