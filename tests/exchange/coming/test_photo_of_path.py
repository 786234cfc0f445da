"""Which photo of the library another program means by a path."""

import os
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from opqn_app.core.files import real_path
from opqn_app.core.types import Box
from opqn_app.exchange.coming.import_plan import Reason
from opqn_app.exchange.coming.photo_of_path import PhotosOfPaths
from opqn_app.exchange.records import PhotoNames, Region
from opqn_app.index.content import content_hash
from opqn_app.people.ledger import Ledger
from opqn_app.store.library import Library
from opqn_app.store.records import ModelInfo, NewPhoto
from opqn_app.vision.images import read_photo
from opqn_app.vision.photo_folder import FolderScan
from tests.exchange.imports import planned
from tests.odd_files import dng, encoded, exif_bytes, turned

SUFFIX = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "TIFF": ".tif", "GIF": ".gif"} | {
    "HEIF": ".heic",
    "AVIF": ".avif",
}
CASES = [
    *[each for each in product(SUFFIX, (1, 3, 6), (True, False)) if each[0] != "GIF"],
    ("GIF", 1, True),  # it has no turn, and is known by its file alone
]
MODEL = ModelInfo("model-1", "model 1", 8, 256)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    (tmp_path / "photos").mkdir()
    with Library.open(tmp_path / "library.sqlite", write=True) as library:
        yield library


def picture(n: int = 0) -> Image.Image:
    return Image.linear_gradient("L").resize((120, 80)).rotate(n * 30).convert("RGB")


def index(library: Library, root: Path, *, is_file_known: bool = True) -> None:
    """Put the photos of a folder into the library, with hashes as indexing has them.

    Args:
        is_file_known: else each file is another one since, with the same picture in it.
    """
    root_id = library.add_root(root).id
    scan = FolderScan(root)
    list(scan.steps())
    for file in scan.result().files:
        data = (root / file.rel_path).read_bytes()
        photo = read_photo(data, file.rel_path, hashed=True)
        new = NewPhoto(
            rel_path=file.rel_path,
            size=file.size,
            mtime_ns=file.mtime_ns,
            content_hash=content_hash(data if is_file_known else data + b"before"),
            picture_hash=photo.picture_hash,
            width=photo.width,
            height=photo.height,
            taken_at=None,
            faces=(),
        )
        library.writer.save_batch(root_id, MODEL, [new])


def found(library: Library, path: Path) -> Path | None:
    photo = PhotosOfPaths(library).find(path)
    return None if photo is None else photo.path


@pytest.mark.parametrize(("kind", "turn", "is_file_known"), CASES)
def test_a_copy_elsewhere_is_the_photo_with_the_same_picture(
    kind: str, turn: int, library: Library, tmp_path: Path, *, is_file_known: bool
) -> None:
    options: dict[str, Any] = {"exif": exif_bytes(turn)}
    if kind in ("TIFF", "GIF"):
        options = {"tiffinfo": {274: turn}} if kind == "TIFF" else {}
    for n in range(2):
        path = tmp_path / "photos" / f"{n}{SUFFIX[kind]}"
        path.write_bytes(encoded(turned(picture(n), turn), kind, **options))
    index(library, tmp_path / "photos", is_file_known=is_file_known)
    copy = tmp_path / f"IMG_7{SUFFIX[kind]}"
    copy.write_bytes((tmp_path / "photos" / f"1{SUFFIX[kind]}").read_bytes())
    assert found(library, copy) == real_path(tmp_path / "photos" / f"1{SUFFIX[kind]}")
    other = tmp_path / f"other{SUFFIX[kind]}"
    other.write_bytes(encoded(turned(picture(2), turn), kind, **options))
    assert found(library, other) is None
    assert found(library, tmp_path / f"none{SUFFIX[kind]}") is None
    assert found(library, tmp_path) is None


def test_a_raw_photo_elsewhere_is_the_same_file(library: Library, tmp_path: Path) -> None:
    pytest.importorskip("rawpy")
    path = tmp_path / "photos" / "a.dng"
    path.write_bytes(dng(encoded(picture(), "JPEG"), 6))
    index(library, tmp_path / "photos")
    copy = tmp_path / "b.dng"
    copy.write_bytes(path.read_bytes())
    assert found(library, copy) == real_path(path)
    copy.write_bytes(path.read_bytes() + b"more")
    assert found(library, copy) is None


def test_names_come_from_an_archive_that_was_unpacked_elsewhere(
    library: Library, tmp_path: Path
) -> None:
    path, copy = tmp_path / "photos" / "a.jpg", tmp_path / "Takeout" / "IMG(1).jpg"
    path.write_bytes(encoded(turned(picture(), 6), "JPEG", exif=exif_bytes(6)))
    index(library, tmp_path / "photos")
    copy.parent.mkdir()
    copy.write_bytes(path.read_bytes())
    gone = PhotoNames(tmp_path / "Takeout" / "gone.jpg", people=("Ben",))
    names = PhotoNames(copy, (Region("Ann", Box(0.25, 0.25, 0.75, 0.75)),))
    plan = planned(Ledger(library), names, gone)
    (ann,) = plan.names
    (drawn,) = ann.boxes
    assert drawn.photo == real_path(path)
    assert drawn.box == Box(30, 20, 90, 60)
    assert [(left.name, left.reason) for left in plan.left] == [("Ben", Reason.NOT_THERE)]


def test_a_photo_in_the_library_is_not_read(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "photos" / "a.jpg"
    path.write_bytes(encoded(picture(), "JPEG"))
    index(library, tmp_path / "photos")
    path.unlink()  # its disk is away
    assert found(library, path) == real_path(path)


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="links")
def test_a_folder_behind_a_link_is_found_by_either_path(library: Library, tmp_path: Path) -> None:
    root, outside = tmp_path / "photos", tmp_path / "disk" / "2020"
    outside.mkdir(parents=True)
    for n in range(2):
        (outside / f"{n}.jpg").write_bytes(encoded(picture(n), "JPEG"))
    (root / "deep").mkdir()
    (root / "deep" / "link").symlink_to(tmp_path / "disk", target_is_directory=True)
    (tmp_path / "home").symlink_to(root, target_is_directory=True)
    index(library, root)
    known = real_path(root) / "deep" / "link" / "2020" / "1.jpg"
    assert found(library, root / "deep" / "link" / "2020" / "1.jpg") == known
    assert found(library, tmp_path / "home" / "deep" / "link" / "2020" / "1.jpg") == known
    assert found(library, outside / "1.jpg") == known
    (outside / "1.jpg").unlink()
    assert found(library, root / "deep" / "link" / "2020" / "1.jpg") == known
