"""Photos that go out, made on the spot, and what exports leave."""

import hashlib
from collections.abc import Generator, Sequence
from pathlib import Path

from PIL import Image

from opqn_app.core.types import Box
from opqn_app.exchange.going.selection import GoingFace, GoingPhoto
from opqn_app.store.records import PhotoRecord

Named = tuple[str | None, Box]
_people: dict[str, int] = {}


def write_photo(path: Path, *, seed: int = 0, size: tuple[int, int] = (80, 60)) -> Path:
    """A picture of one colour, another for each seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (seed % 256, seed // 256, 90)).save(path)
    return path


def going(
    path: Path, faces: Sequence[Named] = (), *, size: tuple[int, int] = (80, 60), number: int = 1
) -> GoingPhoto:
    """A photo with faces; boxes in pixels. People of one name are one person."""
    n_bytes = path.stat().st_size if path.exists() else 0
    photo = PhotoRecord(
        number, 1, path, path.name, n_bytes, *size, "2019-08-24T17:05:33", len(faces)
    )
    return GoingPhoto(
        photo,
        tuple(
            GoingFace(
                100 * number + at,
                box,
                None if name is None else _people.setdefault(name, 1 + len(_people)),
                name,
            )
            for at, (name, box) in enumerate(faces)
        ),
    )


def stopped_at(job: Generator[object, None, object], step: int) -> bool:
    """Take so many steps and close the job. Returns whether it was over before."""
    try:
        for _ in range(step):
            next(job)
    except StopIteration:
        return True
    job.close()
    return False


def tree(folder: Path, *, times: bool = True) -> dict[str, tuple[str, int]]:
    """Of every file below a folder the hash, and the time it was changed if asked for."""
    return {
        path.relative_to(folder).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mtime_ns if times else 0,
        )
        for path in folder.rglob("*")
        if path.is_file()
    }
