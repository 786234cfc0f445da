"""Records of photos, faces, roots and failures that no library holds."""

from collections.abc import Iterable
from pathlib import Path

from opqn_app.core.types import Box, FaceQuality
from opqn_app.store.photo_list import PhotoList
from opqn_app.store.records import FaceRecord, Failure, PhotoRecord, Root
from opqn_app.ui.library.photo_rows import Look, Shown, arrange


def photo(
    id: int, *, taken_at: str | None = "2024-03-14T10:00:00", n_faces: int = 1, name: str = ""
) -> PhotoRecord:
    rel_path = name or f"photo_{id}.jpg"
    return PhotoRecord(
        id=id,
        root_id=1,
        path=Path("/nowhere") / rel_path,
        rel_path=rel_path,
        size=1000,
        width=400,
        height=300,
        taken_at=taken_at,
        n_faces=n_faces,
        sort_time=taken_at or "",
    )


def photo_list(photos: Iterable[PhotoRecord]) -> PhotoList:
    """Records as the library lists them; each is a picture of its own."""
    rows = [
        (
            *(p.id, p.root_id, p.rel_path, p.size, p.width, p.height),
            *(p.taken_at is not None, p.n_faces, p.sort_time, p.id.to_bytes(20), False),
        )
        for p in photos
    ]
    return PhotoList({1: "/nowhere", 2: "/elsewhere"}, rows)


def shown(photos: Iterable[PhotoRecord], headings: str = "month") -> Shown:
    """Photos as the grid of the Library page shows them."""
    with_rows = photo_list(photos)
    return arrange(None, with_rows, Look(headings))  # type: ignore[arg-type]


def face(
    id: int, box: Box, *, confidence: float = 0.99, of: PhotoRecord | None = None
) -> FaceRecord:
    quality = FaceQuality(min(box.width, box.height), confidence, sharpness=100.0)
    return FaceRecord(id, of or photo(1), box, quality)


def root(id: int, path: str, *, failures: int = 0, is_available: bool = True) -> Root:
    return Root(id, Path(path), photos=10, faces=12, failures=failures, is_available=is_available)


def failure(id: int, *, is_ignored: bool = False, reason: str = "the file is empty") -> Failure:
    return Failure(id, 1, Path(f"/nowhere/broken_{id}.jpg"), reason, is_ignored)
