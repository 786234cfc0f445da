"""Records of photos, faces, roots and failures that no library holds."""

from pathlib import Path

from opqn_app.core.types import Box, FaceQuality
from opqn_app.store.records import FaceRecord, Failure, PhotoRecord, Root


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
    )


def face(
    id: int, box: Box, *, confidence: float = 0.99, of: PhotoRecord | None = None
) -> FaceRecord:
    quality = FaceQuality(min(box.width, box.height), confidence, sharpness=100.0)
    return FaceRecord(id, of or photo(1), box, quality)


def root(id: int, path: str, *, failures: int = 0, is_available: bool = True) -> Root:
    return Root(id, Path(path), photos=10, faces=12, failures=failures, is_available=is_available)


def failure(id: int, *, is_ignored: bool = False, reason: str = "the file is empty") -> Failure:
    return Failure(id, 1, Path(f"/nowhere/broken_{id}.jpg"), reason, is_ignored)
